"""Dates for calendars, read from the bytes that were sent as strictly as Outlook and Google read them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from due_regard.alerts.review_dates import DATES_A_DAY
from due_regard.config.landlord import load_landlord
from due_regard.mail.outbox import Delivery, OutboxMail
from due_regard.mail.transport import FolderTransport
from due_regard.packs import add_report_duty
from tests.alerts.world import RECORDS, Sink, World, due, find_calendar_part, history, html, one, text

ROOT = Path(__file__).parents[2]
MON, TUE, WED, THU, FRI = (date(2026, 6, 29) + timedelta(days=n) for n in range(5))
OWNER, SENDER = "decider@example.org", "due-regard@landlord.example"
REVIEW = due("restriction.review", "R1", "2026-07-15", state="due_soon")
UID = "F-000001.example@landlord.example"


def read_entry(mail: EmailMessage) -> dict[str, str]:
    """The one entry of a mail, read line by line; fails on what a mail program would not take.

    By Microsoft's documents (MS-STANOICAL) Outlook reads a text/calendar part that is no attachment, its REQUEST or
    CANCEL, and of several events the first alone; it takes the method of the part and of the calendar to be the same.
    """
    part = find_calendar_part(mail)
    assert part is not None and part.get_content_disposition() is None
    parents = [each for each in mail.walk() if each.is_multipart() and part in each.get_payload()]
    assert [each.get_content_type() for each in parents] == ["multipart/alternative"]
    assert mail is parents[0] or mail.get_payload()[0] is parents[0]  # type: ignore[index]
    data = part.get_payload(decode=True)
    assert isinstance(data, bytes) and data.endswith(b"\r\n") and b"\n" not in data.replace(b"\r\n", b"")
    lines = data.replace(b"\r\n ", b"").decode("utf-8").split("\r\n")[:-1]
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))
    method = part.get_param("method")
    assert method in {"REQUEST", "CANCEL"} and part.get_param("charset") == "utf-8"
    assert lines.count("BEGIN:VEVENT") == lines.count("END:VEVENT") == 1
    assert lines[0] == "BEGIN:VCALENDAR" and lines[-1] == "END:VCALENDAR" and f"METHOD:{method}" in lines
    (file,) = mail.iter_attachments()
    assert file.get_filename() == "review-date.ics" and file.get_payload(decode=True) == data
    found = {"method": str(method)}
    for line in lines:
        name, _, value = line.partition(":")
        assert name not in found or name in {"BEGIN", "END", "DESCRIPTION"}, line
        found.setdefault(name, value)
    return found


@dataclass
class RefusesInvitations(Sink):
    """A mail server that takes every mail but one with a calendar entry."""

    refused: int = 0

    def deliver_mail(self, outgoing: OutboxMail) -> Delivery:
        if b"text/calendar" in outgoing.body:
            self.refused += 1
            return Delivery("refused", 554)
        return super().deliver_mail(outgoing)


def said_of(mail: EmailMessage) -> tuple[str, str, str, str, str]:
    entry = read_entry(mail)
    return entry["method"], entry["UID"], entry["SEQUENCE"], entry["DTSTART;VALUE=DATE"], entry["STATUS"]


def test_an_entry_has_what_outlook_and_google_ask_for(world: World) -> None:
    world.run([REVIEW], TUE)
    (mail,) = world.dates
    entry = read_entry(mail)
    assert (mail["To"], mail["From"]) == (OWNER, f"Due Regard <{SENDER}>")
    assert mail["Subject"] == "For your calendar: Wed 15 July 2026 (F-000001) - Example Homes"
    assert (entry["DTSTART;VALUE=DATE"], entry["DTEND;VALUE=DATE"]) == ("20260715", "20260716")
    assert entry["DTSTAMP"] == "20260630T090000Z"
    assert entry['ORGANIZER;CN="Due Regard"'] == f"mailto:{SENDER}"
    attendee = next(name for name in entry if name.startswith("ATTENDEE"))
    assert entry[attendee] == f"mailto:{OWNER}" and ";RSVP=FALSE" in attendee
    # A week before, at nine.
    assert (entry["TRIGGER"], entry["ACTION"]) == ("-P6DT15H", "DISPLAY")
    assert "A review under 6.6 is due" in text(mail) and "A review under 6.6 is due" in html(mail)


def test_a_date_that_is_near_rings_on_the_day_before(world: World) -> None:
    world.run([REVIEW | {"due_on": "2026-07-06"}], TUE)
    assert read_entry(world.dates[0])["TRIGGER"] == "-PT15H"


def test_a_review_date_is_entered_moved_and_taken_out_under_one_uid(world: World) -> None:
    world.run([REVIEW], TUE)
    assert said_of(world.dates[0]) == ("REQUEST", UID, "0", "20260715", "CONFIRMED")
    world.run([REVIEW | {"due_on": "2026-07-20"}], WED)
    assert said_of(world.dates[0]) == ("REQUEST", UID, "1", "20260720", "CONFIRMED")
    assert world.run([], THU) == [] and [mail["To"] for mail in world.dates] == [OWNER]
    assert said_of(world.dates[0]) == ("CANCEL", UID, "2", "20260720", "CANCELLED")
    assert "TRIGGER" not in read_entry(world.dates[0])
    assert "take the date out of your calendar" in text(world.dates[0])
    assert world.run([], FRI) == [] and world.dates == []


def test_the_digest_is_no_invitation(world: World) -> None:
    mail = one(world.run([REVIEW], TUE), OWNER)
    # A program that accepts an invitation takes its mail out of the inbox.
    assert find_calendar_part(mail) is None and not list(mail.iter_attachments())


def test_many_dates_are_spread_over_days_nearest_first_and_none_is_lost(world: World) -> None:
    n = DATES_A_DAY + 2
    owned = [RECORDS["restrictions"][0] | {"restriction_ref": f"N{k}"} for k in range(n)]
    world.load({"restrictions": [*RECORDS["restrictions"], *owned]}, MON, "many")
    rows = [
        due("restriction.review", f"N{k}", date(2026, 7, 20) - timedelta(days=k), state="due_soon") for k in range(n)
    ]
    mails = world.run(rows, TUE)
    first = sorted(read_entry(mail)["DTSTART;VALUE=DATE"] for mail in world.dates)
    assert len(mails) == 1 and first == [f"202607{20 - n + 1 + k:02d}" for k in range(DATES_A_DAY)]
    # Composing again on the same day adds nothing.
    assert world.mails(TUE) == [] and world.dates == []
    assert world.run(rows, WED) == []
    assert {read_entry(mail)["DTSTART;VALUE=DATE"] for mail in world.dates} == {"20260719", "20260720"}
    assert world.run(rows, THU) == [] and world.dates == []


def test_a_date_that_never_left_is_sent_again_as_it_now_is(world: World) -> None:
    world.assess([REVIEW], TUE)
    world.compose(TUE)
    world.run([REVIEW | {"due_on": "2026-07-20"}], WED)
    assert [said_of(mail) for mail in world.dates] == [("REQUEST", UID, "0", "20260720", "CONFIRMED")]


def test_a_date_is_taken_out_only_where_it_was_entered(world: World, tmp_path: Path) -> None:
    trial = world.through(FolderTransport(tmp_path))
    trial.assess([REVIEW], MON)
    trial.compose(MON)
    trial.send(MON)
    world.sink.answers = {OWNER: [Delivery("refused", 554)] * 2}
    world.run([REVIEW], TUE)
    world.run([], WED)
    assert world.dates == []
    assert trial.compose(WED).composed == 1, "the trial entered it, and takes it out again"


def test_a_date_whose_taking_out_failed_is_taken_out_the_next_day(world: World) -> None:
    world.run([REVIEW], TUE)
    world.sink.answers = {OWNER: [Delivery("refused", 554)]}
    world.run([], WED)
    world.mails(WED)
    assert world.dates == []
    world.run([], THU)
    assert [said_of(mail) for mail in world.dates] == [("CANCEL", UID, "2", "20260715", "CANCELLED")]


def test_a_server_that_refuses_invitations_stops_dates_alone(world: World) -> None:
    many = [due("restriction.review", ref, "2026-07-15", state="due_soon") for ref in ("R1", "R2")]
    alone = RefusesInvitations()
    fussy = world.through(alone)
    one(fussy.run(many, TUE), OWNER)
    assert alone.refused == 2
    told = {mail["To"] for mail in fussy.run([*many, due("appeal.acknowledge", "A1", "2026-07-02")], WED)}
    assert OWNER in told and "fallback@example.org" not in told
    assert alone.refused == 2, "after two in a row they rest"


def test_an_appeal_clock_needs_no_calendar_entry(world: World) -> None:
    world.run([due("appeal.acknowledge", "A1", "2026-07-01", state="due_soon")], TUE)
    assert world.dates == []


def test_the_day_a_report_is_due_is_entered(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = ROOT / "include"
    watched = add_report_duty(history(), load_landlord(folder / "landlords", "hanover"), reports=folder / "reports")
    monkeypatch.setattr("tests.alerts.world.history", lambda: watched)
    row = due("report.issued", "senior_management_team/2026-Q2", "2026-07-15", state="due_soon")
    mail = one(world.run([row], TUE), "governance@example.org")
    assert "Quarterly report to be issued" in text(mail)
    assert [read_entry(mail)["DTSTART;VALUE=DATE"] for mail in world.dates] == ["20260715"]


def test_a_date_that_went_to_a_new_owner_leaves_the_old_ones_calendar(world: World) -> None:
    world.run([REVIEW], TUE)
    moved = [row | {"decided_by": "S4"} if row["restriction_ref"] == "R1" else row for row in RECORDS["restrictions"]]
    world.load({"restrictions": moved}, TUE, "moved")
    world.mails(WED)
    found = {mail["To"]: (read_entry(mail)["method"], read_entry(mail)["SEQUENCE"]) for mail in world.dates}
    assert found == {OWNER: ("CANCEL", "1"), "deputy@example.org": ("REQUEST", "0")}


def test_a_restricted_duty_and_the_backlog_enter_no_date(world: World) -> None:
    world.run([due("restriction.review", "OLD", "2025-12-02")], TUE)
    assert world.dates == []
    assert not re.search("text/calendar", "".join(row["body"] for row in world.messages()))
