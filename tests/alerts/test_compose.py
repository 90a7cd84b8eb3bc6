"""The narrow whole: findings in, one mail a recipient out, nothing twice."""

from __future__ import annotations

from datetime import date

from tests.alerts.world import World, check, due, html, one, text, to

TUE, WED = date(2026, 6, 30), date(2026, 7, 1)
ROWS = [
    due("appeal.acknowledge", "A1", "2026-06-29"),
    due("appeal.acknowledge", "A2", "2026-07-01", state="due_soon"),
    due("restriction.review", "R1", "2026-07-20", state="due_soon"),
]


def test_one_mail_a_recipient_and_none_the_second_time(world: World) -> None:
    mails = world.run(ROWS, TUE)
    assert to(mails) == ["appeals@example.org", "decider@example.org"]
    assert world.mails(TUE) == []
    assert world.run(ROWS, date(2026, 6, 29)) == []


def test_a_mail_says_what_by_when_clause_remedy_and_who_is_next(world: World) -> None:
    mail = one(world.run(ROWS, TUE), "decider@example.org")
    for words in (text(mail), html(mail)):
        assert "F-000001" in words
        assert "A first answer under 7.3 is due" in words
        assert "Was due Mon 29 June 2026, 1 working day late" in words
        assert "Clause 7.3" in words
        assert "Answer, and record the date." in words
        assert "If it is still open on Mon 6 July 2026, the line manager is told." in words
        assert "Due by Mon 20 July 2026, in 20 days" in words
        assert "export taken in on Mon 29 June 2026" in words
    assert mail["Subject"] == "1 overdue, 1 due soon - Example Homes"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "example" in mail["List-Id"]


def test_a_dry_run_writes_files_and_leaves_the_register_alone(world: World, tmp_path) -> None:
    world.assess(ROWS, TUE)
    report = world.compose(TUE, dry_run=tmp_path / "mails")
    assert report.composed == len(list((tmp_path / "mails").glob("*.eml"))) == 3
    assert world.messages() == [] and world.told() == []
    assert len(world.mails(TUE)) == 2 and len(world.dates) == 1


def test_stage_and_outbox_are_written_together(world: World) -> None:
    world.run(ROWS, TUE)
    told = {(row["finding_id"], row["stage"], row["recipient"]) for row in world.told()}
    assert told == {
        (1, "overdue", "decider@example.org"),
        (2, "ahead", "appeals@example.org"),
        (3, "ahead", "decider@example.org"),
    }
    assert {row["status"] for row in world.messages()} == {"sent"}


def test_a_check_waits_for_its_grace(world: World) -> None:
    rows = [check("restriction.system_flag", "R1")]
    assert world.run(rows, TUE) == []
    assert world.run(rows, WED) == []
    assert to(world.run(rows, date(2026, 7, 2))) == ["decider@example.org"]
