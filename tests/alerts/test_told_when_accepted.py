"""What counts as told: a mail the server accepted for its recipient, in the mode mails leave in now."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from due_regard.mail.mail_mode import MailMode
from due_regard.mail.outbox import Delivery
from due_regard.mail.redirection import RedirectTransport
from due_regard.mail.transport import FolderTransport, ShadowTransport
from due_regard.register import open_register
from tests.alerts.world import Sink, World, at, check, due, find_calendar_part, one, text, to, wording

WEEK = [date(2026, 6, 22) + timedelta(days=n) for n in (0, 1, 2, 3, 4)]
MON, TUE, WED, THU = (date(2026, 6, 29) + timedelta(days=n) for n in range(4))
OWNER, APPEALS, GOVERNANCE = "decider@example.org", "appeals@example.org", "governance@example.org"
ROWS = [
    due("appeal.acknowledge", "A1", "2026-06-17"),
    due("appeal.acknowledge", "A2", "2026-07-02", state="due_soon"),
    due("restriction.review", "R1", "2026-07-15", state="due_soon"),
    due("restriction.review", "R4", "2025-10-01"),
    check("restriction.system_flag", "OLD"),
    check("restriction.system_flag", "R2"),
    check("incident.naming_notified", "I1"),
]
LATE = [due("restriction.review", "R1", "2026-06-29")]


HEAD = re.compile(r"\b\w+:\d+:[0-9a-f]{32}\b")


def read_but_head(mail: Any) -> str:
    """A mail's headers and all its text, but for the audit's head: what was tried is in the audit."""
    parts = [part.get_content() for part in mail.walk() if part.get_content_maintype() == "text"]
    return HEAD.sub("HEAD", "\n".join([*(f"{name}: {value}" for name, value in mail.items()), *parts]))


@contextmanager
def twin(world: World, folder: Path) -> Iterator[World]:
    """Another installation with the same register, for what it would do in the first one's place."""
    shutil.copyfile(str(world.engine.url.database), folder / "twin.db")
    engine = open_register(f"sqlite:///{folder / 'twin.db'}")
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous = OFF"))
    yield World(engine, world.landlord)
    engine.dispose()


def trial_of(name: str, folder: Path) -> Any:
    """A transport that is a trial."""
    return {
        "folder": FolderTransport(folder / "mail"),
        "shadow": ShadowTransport(Sink(), frozenset({"tester@example.org"})),
        "redirect": RedirectTransport(Sink(), "tester@example.org", wording()),
    }[name]


@pytest.mark.parametrize("name", ["folder", "shadow", "redirect"])
def test_going_live_after_a_week_of_trial_is_a_fresh_first_day(world: World, tmp_path: Path, name: str) -> None:
    world.engine.dispose()
    with twin(world, tmp_path) as fresh:
        trial = world.through(trial_of(name, tmp_path))
        for day in WEEK:
            trial.assess(ROWS, day)
            fresh.assess(ROWS, day)
            assert trial.compose(day).skipped == ""
            trial.send(day)
        tried = len(world.messages())
        after, first = world.run(ROWS, MON), fresh.run(ROWS, MON)
    assert tried > 5
    assert sorted(map(read_but_head, after)) == sorted(map(read_but_head, first))
    assert len(world.dates) == 1 and [d.as_bytes() for d in world.dates] == [d.as_bytes() for d in fresh.dates]
    assert one(after, GOVERNANCE)["Subject"] == "2 from before go-live - Example Homes"
    assert not any("listed earlier" in text(mail) or "No longer open" in text(mail) for mail in after)


@pytest.mark.parametrize("name", ["folder", "shadow", "redirect"])
def test_each_mode_remembers_for_itself(world: World, tmp_path: Path, name: str) -> None:
    trial = world.through(trial_of(name, tmp_path))
    trial.assess(ROWS, TUE)
    assert trial.compose(TUE).composed > 3
    trial.send(TUE)
    assert trial.compose(TUE).composed == trial.compose(WED).composed == 0
    assert len(world.mails(TUE)) > 3
    assert world.mails(WED) == []
    assert trial.compose(WED).composed == 0, "the trial's own memory is as it was"


def test_who_is_on_the_allow_list_was_told_and_the_others_were_not(world: World) -> None:
    shadow = world.through(ShadowTransport(world.sink, frozenset({OWNER})))
    shadow.assess(ROWS, TUE)
    shadow.compose(TUE)
    shadow.send(TUE)
    digest, entry = world.sink.take()
    assert digest["To"] == entry["To"] == OWNER
    mails = world.mails(WED)
    assert world.dates == [] and OWNER not in to(mails) and {APPEALS, GOVERNANCE} <= set(to(mails))


@pytest.mark.parametrize(
    "answers",
    [
        [Delivery("refused", 554)],
        [Delivery("uncertain"), Delivery("uncertain")],
    ],
    ids=["refused as a mail", "never answered for"],
)
def test_what_reached_nobody_is_told_again_once(world: World, answers: list[Delivery]) -> None:
    world.sink.answers = {OWNER: list(answers)}
    world.assess(LATE, TUE)
    world.compose(TUE)
    for _ in range(3):
        world.sink.kept.clear()
        world.send(TUE)
    world.sink.take()
    again = one(world.run(LATE, WED), OWNER)
    assert "F-000001" in text(again) and "New." in text(again)
    assert [mail for mail in world.run(LATE, THU) if mail["To"] == OWNER] == []


def test_an_address_at_which_mails_keep_failing_gives_way_to_the_fallback(world: World) -> None:
    world.sink.answers = {OWNER: [Delivery("refused", 554)] * 9}
    told = [to(world.run(LATE, day)) for day in (TUE, WED, THU)]
    assert told == [[], ["data@example.org"], ["data@example.org", "fallback@example.org"]]
    assert OWNER not in {mail["To"] for mail in world.run(LATE, date(2026, 7, 3))}
    assert len([row for row in world.messages() if row["recipient"] == OWNER]) == 2


def test_a_bounce_makes_the_stage_untold(world: World) -> None:
    from due_regard.alerts import record_bounce

    mail = one(world.run(LATE, TUE), OWNER)
    record_bounce(world.engine, mail["Message-ID"], now=at(TUE, 12))
    assert "F-000001" in text(one(world.run(LATE, WED), "fallback@example.org"))


def test_the_data_owner_hears_of_a_refused_mail_again_where_that_notice_was_refused_too(world: World) -> None:
    world.sink.answers = {OWNER: [Delivery("refused", 554)], "data@example.org": [Delivery("refused", 554)]}
    world.run(LATE, TUE)
    assert "data@example.org" not in to(world.run(LATE, WED))
    said = text(one(world.run(LATE, THU), "data@example.org"))
    assert "A mail of Tue 30 June 2026 was refused by the mail server (code 554)" in said
    assert world.run(LATE, date(2026, 7, 3)) == []


def test_issues_go_to_the_fallback_while_the_data_owner_is_refused(world: World) -> None:
    world.sink.answers = {"data@example.org": [Delivery("refused", 550, is_address_refused=True)]}
    rows = [due("restriction.review", "R4", "2026-06-29")]
    world.run(rows, TUE)
    assert to(world.run(rows, WED)) == ["fallback@example.org"]
    assert world.run(rows, THU) == []


def test_a_calendar_entry_that_never_came_is_sent_again_with_a_higher_sequence(world: World) -> None:
    rows = [due("restriction.review", "R1", "2026-07-15", state="due_soon")]
    world.sink.answers = {OWNER: [Delivery("refused", 554)] * 2}
    assert world.run(rows, TUE) == world.dates == []
    assert to(world.mails(TUE)) == ["data@example.org"]
    assert world.dates == [], "it waits for the next day, like the digest"
    assert to(world.run(rows, WED)) == [OWNER]
    (mail,) = world.dates
    (file,) = mail.iter_attachments()
    assert "SEQUENCE:1" in str(file.get_content()) and "CONFIRMED" in str(file.get_content())


def test_a_mail_that_may_have_left_and_can_leave_no_more_is_told_again(world: World) -> None:
    from due_regard.mail import outbox

    world = world.patient()
    world.assess(LATE, TUE)
    world.compose(TUE)
    ((landlord, message_id),) = outbox.list_due_mails(world.engine, now=at(TUE))
    outbox.lease_mail(world.engine, landlord, message_id, now=at(TUE), until=at(TUE) + timedelta(minutes=10))
    later = date(2026, 7, 20)
    mails = world.run(LATE, later)
    assert OWNER in to(mails)
    assert {row["status"] for row in world.messages() if row["message_id"] == message_id} == {"uncertain"}


def test_a_redirected_mail_goes_to_one_person_and_says_whose_it_would_be(world: World) -> None:
    inner = Sink()
    trial = world.through(RedirectTransport(inner, "tester@example.org", wording()))
    trial.assess(ROWS, TUE)
    trial.compose(TUE)
    trial.send(TUE)
    mails = inner.take()
    assert len(mails) > 3
    assert {mail["To"] for mail in mails} == {"tester@example.org"}
    assert {outgoing["recipient"] for outgoing in world.messages()} == {m["X-Due-Regard-Would-Go-To"] for m in mails}
    for mail in mails:
        line = f"this mail would have gone to {mail['X-Due-Regard-Would-Go-To']}, who was not told."
        html = mail.get_body(("html",))
        assert line in text(mail).splitlines()[0] and html is not None and line in html.get_content()
    (entry,) = (mail for mail in mails if find_calendar_part(mail) is not None)
    assert entry["X-Due-Regard-Would-Go-To"] == OWNER
    with world.engine.connect() as conn:
        audited = " ".join(conn.exec_driver_sql("SELECT details || subject FROM audit").scalars())
    assert "@example.org" not in audited


def test_a_mail_composed_for_one_mode_never_leaves_by_another(world: World, tmp_path: Path) -> None:
    trial = world.through(FolderTransport(tmp_path / "mail"))
    trial.assess(LATE, TUE)
    trial.compose(TUE)
    assert world.send(TUE).sent == 0
    assert to(world.mails(TUE)) == [OWNER]
    assert trial.send(TUE).sent == 1


@pytest.mark.parametrize(
    ("way", "allowed", "recipient", "word"),
    [
        ("live", (), "a@x.example", "live"),
        ("live", ("a@x.example",), "A@x.example", "live"),
        ("live", ("a@x.example",), "b@x.example", "shadow"),
        ("folder", (), "a@x.example", "folder"),
        ("folder", ("a@x.example",), "a@x.example", "folder"),
        ("folder", ("a@x.example",), "b@x.example", "shadow"),
        ("redirect", (), "a@x.example", "redirect"),
    ],
)
def test_the_mode_of_one_mail(way: Any, allowed: tuple[str, ...], recipient: str, word: str) -> None:
    assert MailMode(way, frozenset(allowed)).find_word(recipient) == word


def test_message_ids_of_a_trial_are_its_own(world: World, tmp_path: Path) -> None:
    trial = world.through(FolderTransport(tmp_path / "mail"))
    trial.assess(LATE, TUE)
    trial.compose(TUE)
    trial.send(TUE)
    tried = {row["message_id"] for row in world.messages()}
    live = {mail["Message-ID"] for mail in world.mails(TUE)}
    assert live and not live & tried
    assert all(re.fullmatch(r"<due-regard\.[0-9a-f]{20}@landlord\.example>", one) for one in live | tried)
