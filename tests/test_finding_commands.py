"""A person's questions and decisions on one finding, through the command line, on a landlord's own policy."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from due_regard import register
from due_regard.__main__ import main
from due_regard.calendars.quarters import find_london_day
from due_regard.config.settings import Settings
from due_regard.errors import RegisterError, UnknownReference
from due_regard.intake.drop_reading import read_drop
from due_regard.intake.source_mapping import load_source_mapping
from due_regard.register.schema.drop_tables import AuditRow
from due_regard.services.assess_landlord import assess_landlord
from due_regard.services.decide_on_finding import Decision, decide_on_finding
from due_regard.services.landlord_context import open_landlord_register
from due_regard.services.list_findings import list_findings
from due_regard.services.run_alerts import run_alerts
from due_regard.services.show_finding import show_finding
from tests.contract_examples import CONTRACT
from tests.register.drops import accepted, drop

L = "hanover"
NOW, AS_AT = datetime(2026, 7, 1, 9, tzinfo=UTC), date(2026, 7, 1)
UNTIL = (datetime.now(UTC) + timedelta(days=60)).date().isoformat()
"""Within a landlord's longest silence, by the clock of the command line."""
WORDS = ["--by", "governance officer", "--why", "with the ombudsman"]

ONLY = "restricted_to: [governance]"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A var folder in which a landlord's export was taken in, judged and mailed about. Copy it, never write to it."""
    var = tmp_path_factory.mktemp("lived") / "var"
    settings = Settings(var_dir=var, landlords=(L,))
    source = load_source_mapping(settings.sources_dir, "canonical")
    exports = CONTRACT / "examples" / L / "exports"
    validated = read_drop(exports, L, source, on=AS_AT, known=lambda _: None, great_expectations=False)
    with open_landlord_register(settings, L, upgrade=True) as engine:
        register.load_drop(engine, validated, now=NOW)
    assess_landlord(settings, L, as_at=AS_AT, now=NOW)
    run_alerts(settings, as_at=AS_AT, now=NOW)
    return var


@pytest.fixture
def settings(lived: Path, tmp_path: Path) -> Settings:
    shutil.copytree(lived, tmp_path / "var")
    return Settings(var_dir=tmp_path / "var", landlords=(L,))


@pytest.fixture
def run(settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs one command on the register; gives exit code, stdout and stderr."""
    monkeypatch.setenv("DUE_REGARD_VAR_DIR", str(settings.var_dir))
    monkeypatch.setenv("DUE_REGARD_LANDLORDS", json.dumps([L]))

    def command(*words: object) -> tuple[int, str, str]:
        code = main([str(word) for word in words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return command


def find_ref(settings: Settings, rule: str, as_at: date = AS_AT) -> str:
    found = list_findings(settings, as_at=as_at, landlord=L).rows
    return str(found.loc[found["rule"] == rule, "register_ref"].iloc[0])


def shown(run: Run, ref: str) -> dict[str, Any]:
    code, out, err = run("--json", "finding", "show", ref)
    assert code == 0, err
    found: dict[str, Any] = json.loads(out)
    return found


def test_a_finding_is_shown_from_its_promise_to_its_row(run: Run, settings: Settings) -> None:
    found = shown(run, find_ref(settings, "restriction.review"))
    assert (found["status"], found["state"], found["severity"]) == ("open", "overdue", "breach")
    assert found["clause"]
    assert found["promise"]
    origin = found["origin"]
    assert (origin["entity"], origin["file"], origin["version"]) == ("restrictions", "restrictions.csv", 1)
    assert origin["known_from"] == "2026-07-01T09:00:00+00:00"
    lines = (CONTRACT / "examples" / L / "exports" / origin["file"]).read_text(encoding="utf-8").splitlines()
    assert lines[origin["row_number"] - 1].startswith(found["subject_ref"] + ",")
    assert any(found["promise"] in line for line in found["explanation"])
    assert [(event["event"], event["as_at"]) for event in found["life"]] == [("opened", "2026-07-01")]
    assert date.fromisoformat(found["due_on"]) < AS_AT


def test_a_finding_says_who_owns_it_who_would_be_told_and_who_was(run: Run, settings: Settings) -> None:
    told = [shown(run, ref) for ref in list_findings(settings, as_at=AS_AT, landlord=L).rows["register_ref"]]
    assert all(found["owner"]["post"] and found["owner"]["why"] for found in told)
    mailed = [found for found in told if found["told"]]
    assert len(mailed) > 3
    for found in mailed:
        assert {each["on"] for each in found["told"]} == {"2026-07-01"}
        assert {each["status"] for each in found["told"]} == {"sent"}
    assert any(each["would_be_told"] for each in told)
    for found in told:
        assert bool(found["would_be_told"]) or found["held_back"]
    everything = json.dumps(told)
    assert "@hanover" not in everything, "an address stands in an answer"


def test_lines_for_a_person_say_the_same(run: Run, settings: Settings) -> None:
    ref = find_ref(settings, "restriction.review")
    found, text = shown(run, ref), run("finding", "show", ref)[1]
    origin = found["origin"]
    assert text.startswith(f"{ref}  {L}  restriction.review: ")
    assert f"row {origin['row_number']} of restrictions.csv in batch 1" in text
    assert found["promise"] in text
    assert "Owner: " in text
    assert "2026-07-01 opened (overdue)" in text
    assert f"Owner: {found['owner']['post']} ({found['owner']['why']})\n" in text
    assert "days late, as at 2026-07-01; severity: breach\n" in text
    assert "known from 2026-07-01 09:00 UTC)" in text
    assert f"today: {found['held_back']}.\n" in text
    assert all(f"\n  {each['post']}, stage " in text for each in found["would_be_told"])
    assert "\nHow it was assessed:\n" in text
    customer = next(each["ref"] for each in found["references"] if each["of"] == "customer")
    assert f"Its case: customer {customer}" in text


def test_lines_say_what_holds_a_mail_back_and_when_a_person_decided(run: Run, settings: Settings) -> None:
    ref = find_ref(settings, "restriction.review")
    run("finding", "silence", ref, *WORDS, "--until", UNTIL)
    text = run("finding", "show", ref)[1]
    assert "Held back today: a silence holds.\nWho would be told otherwise:\n" in text
    event = next(line for line in text.splitlines() if "UTC silenced " in line)
    assert re.fullmatch(
        rf"  \d{{4}}-\d\d-\d\d \d\d:\d\d UTC silenced \(overdue\) until {UNTIL},"
        r" by governance officer: with the ombudsman",
        event,
    )
    assert run("silences")[1].endswith("\n1 silence\n")


def test_the_duty_to_report_is_shown_without_a_record(run: Run, settings: Settings) -> None:
    assess_landlord(settings, L, as_at=date(2026, 10, 2), now=datetime(2026, 10, 2, 9, tzinfo=UTC))
    found = shown(run, find_ref(settings, "report.issued", date(2026, 10, 2)))
    assert found["origin"] is None
    assert found["promise"]
    assert found["explanation"] == []


def test_a_silence_is_listed_shown_and_taken_back(run: Run, settings: Settings) -> None:
    ref = find_ref(settings, "restriction.review")
    assert run("silences")[1] == "0 silences\n"
    assert run("finding", "silence", ref, *WORDS, "--until", UNTIL)[0] == 0
    (row,) = json.loads(run("--json", "silences", "--landlord", L)[1])["silences"]
    assert (row["register_ref"], row["actor"], row["why"]) == (ref, "cli:governance officer", "with the ombudsman")
    assert row["silenced_until"] == UNTIL
    assert "by governance officer: with the ombudsman" in run("silences")[1]
    assert shown(run, ref)["held_back"] == "a silence holds"
    code, out, _ = run("finding", "undo", ref, "--by", "director", "--why", "settled")
    assert (code, out) == (0, f"{ref}: its silence is over\n")
    assert json.loads(run("--json", "silences")[1])["silences"] == []
    life = shown(run, ref)["life"]
    assert [(event["event"], event["actor"]) for event in life[1:]] == [
        ("silenced", "cli:governance officer"), ("unsilenced", "cli:director"),
    ]  # fmt: skip


def test_undo_takes_back_the_last_decision_first_and_is_audited(run: Run, settings: Settings) -> None:
    ref = find_ref(settings, "restriction.review")
    run("finding", "silence", ref, *WORDS, "--until", UNTIL)
    run("finding", "resolve", ref, *WORDS)
    assert shown(run, ref)["awaiting_since"]
    undone = [json.loads(run("--json", "finding", "undo", ref, *WORDS)[1])["undone"] for _ in range(2)]
    assert undone == ["reported_done", "silenced"]
    found = shown(run, ref)
    assert (found["awaiting_since"], found["silenced_until"], found["status"]) == (None, None, "open")
    assert [event["event"] for event in found["life"]] == [
        "opened", "silenced", "reported_done", "report_withdrawn", "unsilenced",
    ]  # fmt: skip
    with open_landlord_register(settings, L) as engine:
        register.verify_audit(engine)
        with register.reading(engine, L) as connection:
            acts = connection.scalars(select(AuditRow.action).where(AuditRow.subject == ref).order_by(AuditRow.seq))
            assert acts.all() == ["silence", "resolve", "unresolve", "unsilence"]


def test_nothing_to_undo_and_no_such_finding_are_said(run: Run, settings: Settings) -> None:
    ref = find_ref(settings, "restriction.review")
    code, _, err = run("finding", "undo", ref, *WORDS)
    assert (code, "nothing to undo" in err) == (5, True)
    for words in (["show", "F-999999"], ["undo", "F-999999", *WORDS]):
        code, _, err = run("finding", *words)
        assert (code, "no finding has that reference" in err) == (5, True)
    assert [event["event"] for event in shown(run, ref)["life"]] == ["opened"]


def test_a_silence_that_has_run_out_is_neither_listed_nor_undone(settings: Settings) -> None:
    ref = find_ref(settings, "restriction.review")
    with open_landlord_register(settings, L) as engine:
        register.silence_finding(engine, ref, actor="a", why="b", until=AS_AT, now=NOW)
        assert len(register.list_silences(engine, L, on=AS_AT)) == 1
        assert register.list_silences(engine, L, on=date(2026, 7, 2)).empty
        with pytest.raises(RegisterError, match="nothing to undo"):
            register.undo_decision(engine, ref, actor="a", why="b", now=datetime(2026, 7, 2, 9, tzinfo=UTC))
    assert show_finding(settings, ref, now=NOW)["held_back"] == "a silence holds"


def test_a_missing_record_is_listed_and_named_on_its_finding(run: Run, settings: Settings) -> None:
    ref = find_ref(settings, "restriction.review")
    subject = shown(run, ref)["subject_ref"]
    with open_landlord_register(settings, L) as engine:
        rows = register.read_records(engine, L)["restrictions"]
    left = rows[rows["restriction_ref"] != subject]
    with open_landlord_register(settings, L) as engine:
        part = accepted("restrictions", left.astype(object).where(left.notna(), None), disappeared=(subject,))
        register.load_drop(engine, drop(part, landlord=L), now=datetime(2026, 7, 2, 9, tzinfo=UTC))
    (row,) = json.loads(run("--json", "drop", "missing", "--landlord", L)[1])["missing"]
    assert (row["entity"], row["ref"], row["noticed_at"][:10]) == ("restrictions", subject, "2026-07-02")
    assert shown(run, ref)["origin"]["is_missing"] is True


def deliver_staff(settings: Settings) -> str:
    """A staff export with one active manager, who can be mailed; their reference."""
    row = {"staff_ref": "ST1", "role": "manager", "email": "st1@hanover.example", "is_active": True}
    with open_landlord_register(settings, L) as engine:
        register.load_drop(engine, drop(accepted("staff", [row]), landlord=L), now=NOW + timedelta(minutes=5))
    return "ST1"


def test_a_finding_is_handed_over_shown_and_given_back(run: Run, settings: Settings) -> None:
    ref, to = find_ref(settings, "restriction.review"), deliver_staff(settings)
    before = shown(run, ref)
    code, out, _ = run("--json", "finding", "hand-over", ref, *WORDS, "--to", to)
    assert (code, json.loads(out)) == (0, {"ref": ref, "landlord": L, "handed_to": to})
    found = shown(run, ref)
    today = find_london_day(datetime.now(UTC))
    assert found["owner"] == {
        "post": "the person it was handed over to",
        "why": f"handed over by governance officer on {today} because: with the ombudsman; "
        "a person handed it over to them, with the address of the staff export",
    }
    assert [(one["event"], one["to_ref"]) for one in found["decisions"]] == [("handed_over", to)]
    text = run("finding", "show", ref)[1]
    assert f"Decisions that hold:\n  handed over to {to}, by governance officer: with the ombudsman\n" in text
    (listed,) = [
        row
        for row in json.loads(run("--json", "findings", "--as-at", str(AS_AT))[1])["findings"]
        if row["register_ref"] == ref
    ]
    assert listed["handed_to"] == to
    assert f"handed to {to}" in run("findings", "--as-at", str(AS_AT))[1]
    code, out, _ = run("finding", "undo", ref, "--by", "director", "--why", "the wrong person")
    assert (code, out) == (0, f"{ref}: whoever had it before has it again\n")
    after = shown(run, ref)
    assert (after["owner"], after["decisions"], after["handed_to"]) == (before["owner"], [], None)


def test_a_past_day_says_to_whom_a_finding_was_handed_then(run: Run, settings: Settings) -> None:
    ref, to = find_ref(settings, "restriction.review"), deliver_staff(settings)
    with open_landlord_register(settings, L) as engine:
        said = {"actor": "fab:7", "why": "x", "now": NOW + timedelta(days=1)}
        register.hand_over_finding(engine, ref, to_ref=to, **said)
    for day in (2, 3):
        assess_landlord(settings, L, as_at=date(2026, 7, day), now=datetime(2026, 7, day, 10, tzinfo=UTC))
    with open_landlord_register(settings, L) as engine:
        register.undo_decision(engine, ref, **said | {"now": datetime(2026, 7, 3, 12, tzinfo=UTC)})
    handed = {}
    for day in (1, 2, 3):
        rows = list_findings(settings, as_at=date(2026, 7, day), landlord=L).rows.set_index("register_ref")
        handed[day] = rows.loc[ref, "handed_to"]
        assert rows["handed_to"].notna().sum() == (day == 2)
    assert handed[2] == to


@pytest.mark.parametrize("to", ["NOBODY-1", " "])
def test_an_unknown_new_owner_is_refused_without_their_reference(run: Run, settings: Settings, to: str) -> None:
    ref = find_ref(settings, "restriction.review")
    code, _, err = run("finding", "hand-over", ref, *WORDS, "--to", to)
    assert (code, err.count("\n"), "NOBODY" in err) == (2, 1, False)
    assert "staff" in err
    assert [event["event"] for event in shown(run, ref)["life"]] == ["opened"]


def test_a_dispute_and_a_comment_are_kept_and_shown(run: Run, settings: Settings) -> None:
    ref = find_ref(settings, "restriction.review")
    for verb, out in (
        ("dispute", "is disputed: it stays open and moves up as before; governance is told with the next alerts"),
        ("comment", "the comment is kept with it; nothing else has changed"),
    ):
        code, said, _ = run("finding", verb, ref, *WORDS)
        assert code == 0 and out in said
    found = shown(run, ref)
    assert found["status"] == "open" and found["disputed_at"]
    assert [event["event"] for event in found["life"][1:]] == ["disputed", "commented"]
    assert run("finding", "undo", ref, *WORDS)[1] == f"{ref}: its dispute is over\n"


def test_a_silence_lasts_no_longer_than_the_landlord_says(run: Run, settings: Settings) -> None:
    ref, today = find_ref(settings, "restriction.review"), find_london_day(datetime.now(UTC))
    latest = today + timedelta(days=92)
    code, _, err = run("finding", "silence", ref, *WORDS, "--until", latest + timedelta(days=1))
    assert (code, "a silence lasts 92 days at most" in err, str(latest) in err) == (2, True, True)
    assert shown(run, ref)["silenced_until"] is None
    assert run("finding", "silence", ref, *WORDS, "--until", latest)[0] == 0


def test_the_second_of_two_people_is_told_what_the_first_did(run: Run, settings: Settings) -> None:
    ref = find_ref(settings, "restriction.review")
    seen = shown(run, ref)["newest_event"]
    assert run("finding", "dispute", ref, *WORDS, "--seen", seen)[0] == 0
    for words in (["resolve"], ["undo"], ["comment"], ["silence", "--until", UNTIL]):
        code, _, err = run("finding", words[0], ref, *words[1:], *WORDS, "--seen", seen)
        assert code == 5
        assert f"since you looked at {ref}: it was disputed by governance officer (" in err
    assert [event["event"] for event in shown(run, ref)["life"]] == ["opened", "disputed"]


@pytest.mark.parametrize("why", ["a\x00b", "\x1b[31m", "\udcff", "x" * 2_001])
def test_words_that_no_database_keeps_are_refused(run: Run, settings: Settings, why: str) -> None:
    ref = find_ref(settings, "restriction.review")
    code, _, err = run("finding", "comment", ref, "--by", "officer", "--why", why)
    assert (code, err.count("\n")) == (2, 1)


def test_a_long_reason_on_several_lines_is_shown_on_one(run: Run, settings: Settings) -> None:
    ref = find_ref(settings, "restriction.review")
    run("finding", "comment", ref, "--by", "officer", "--why", "first\n  2026-07-01 resolved (met)\nlast")
    assert "by officer: first 2026-07-01 resolved (met) last\n" in run("finding", "show", ref)[1]


def test_whoever_may_not_see_a_restricted_finding_may_not_decide_on_it(settings: Settings) -> None:
    """Hanover restricts no duty, so one is restricted here by a policy of its own."""
    ref = find_ref(settings, "restriction.review")
    own = settings.var_dir / "own"
    shutil.copytree(settings.include_dir / "policies" / L, own / "policies" / L)
    for file in (own / "policies" / L).glob("*.yaml"):
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace("rule: restriction.review\n", f"rule: restriction.review\n    {ONLY}\n"), "utf-8")
    known = settings.model_copy(update={"own_dir": own})
    decision = Decision("fab:7", "because")
    for verb in ("resolve", "dispute", "comment", "undo"):
        with pytest.raises(UnknownReference, match="no finding has that reference"):
            decide_on_finding(known, ref, verb, decision, now=NOW, sees_restricted=False, may_govern=True)  # type: ignore[arg-type]
    decide_on_finding(known, ref, "comment", decision, now=NOW, sees_restricted=True, may_govern=False)


def test_a_rule_that_a_later_version_restricts_is_restricted_for_its_older_findings_too(settings: Settings) -> None:
    ref = find_ref(settings, "restriction.review")
    own = settings.var_dir / "own"
    shutil.copytree(settings.include_dir / "policies" / L, own / "policies" / L)
    (first,) = (own / "policies" / L).glob("*.yaml")
    text = first.read_text(encoding="utf-8")
    later = text.replace("rule: restriction.review\n", f"rule: restriction.review\n    {ONLY}\n")
    later = later.replace(f"effective_from: {first.stem}", "effective_from: 2026-06-01")
    (first.parent / "2026-06-01.yaml").write_text(later, "utf-8")
    known = settings.model_copy(update={"own_dir": own})
    with pytest.raises(UnknownReference, match="no finding has that reference"):
        decide_on_finding(
            known, ref, "comment", Decision("fab:7", "because"), now=NOW, sees_restricted=False, may_govern=True
        )
