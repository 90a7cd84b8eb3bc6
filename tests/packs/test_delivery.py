"""Packs on their way to the clerk: attachment or link, before the meeting, once, through the outbox."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from sqlalchemy import Engine

from due_regard.calendars.quarters import Quarter
from due_regard.config.landlord import Landlord, PackSwitch
from due_regard.errors import PackError
from due_regard.mail import outbox
from due_regard.mail.builder import LARGEST_MAIL, ComposedMail, MailContext
from due_regard.mail.wording import load_mail_wording
from due_regard.packs import PackReport, assess_report_duties, build_pack_mail, record_issue
from due_regard.packs.life.pack_mail import find_leaving_day
from due_regard.policy import LandlordContext
from due_regard.register import writing
from tests.packs.known import REPORTS, calendar, history, landlord
from tests.packs.registers import BUILT, NAME, PACK, Made

CLERK = "committee-clerk@queens-cross.example"


def switched(**more: object) -> Landlord:
    switch = PackSwitch(name=PACK, clerk=CLERK, **more)  # type: ignore[arg-type]
    return landlord(NAME).model_copy(update={"packs": (switch,)})


def mail_of(report: PackReport, **more: object) -> ComposedMail:
    return build_pack_mail(report, context_of(switched(**more)), reports=REPORTS)


def context_of(mailed_for: Landlord) -> MailContext:
    folder = REPORTS / "mail"
    return MailContext(mailed_for, calendar(NAME), "due-regard@example.org", folder, BUILT, load_mail_wording(folder))


@pytest.fixture
def report(made: Made) -> PackReport:
    return made.report


@pytest.mark.parametrize(
    ("meets_on", "days_before", "expected"),
    [
        ((), 7, date(2026, 7, 1)),
        ((date(2026, 8, 19),), 7, date(2026, 8, 12)),
        ((date(2026, 5, 20), date(2026, 8, 19), date(2026, 11, 18)), 7, date(2026, 8, 12)),
        ((date(2026, 6, 30), date(2026, 8, 19)), 0, date(2026, 8, 19)),
        ((date(2026, 7, 3),), 7, date(2026, 7, 1)),
    ],
)
def test_it_leaves_before_the_next_meeting(meets_on: tuple[date, ...], days_before: int, expected: date) -> None:
    switch = PackSwitch(name=PACK, clerk=CLERK, meets_on=meets_on, days_before_meeting=days_before)
    assert find_leaving_day(switch, Quarter(2026, 2)) == expected


def test_the_pack_is_attached(report: PackReport) -> None:
    made = mail_of(report)
    mail = message_from_bytes(made.body, policy=default)
    assert mail["To"] == CLERK == made.recipient
    attached = {str(part.get_filename()): part.get_content() for part in mail.iter_attachments()}
    assert attached == {f.name: f.read_bytes() for f in report.files if f.suffix != ".png" and "action" not in f.name}
    text = mail.get_body(("plain",))
    assert text is not None and "Clause 12 of the policy asks for it" in text.get_content()
    assert report.sha256 in text.get_content()
    made.body.decode("ascii")


def test_a_link_carries_no_file(report: PackReport) -> None:
    mail = message_from_bytes(mail_of(report, deliver="link").body, policy=default)
    assert not list(mail.iter_attachments())
    text = mail.get_body(("plain",))
    assert text is not None and "file://" in text.get_content()


def test_a_pack_too_large_for_a_mail_is_linked_and_says_so(report: PackReport, tmp_path: Path) -> None:
    for size, attached in ((300_000, 2), (400_000, 0)):
        files = [tmp_path / f"pack{ending}" for ending in (".xlsx", ".pdf")]
        for file in files:
            file.write_bytes(b"x" * size)
        made = mail_of(replace(report, files=tuple(files)))
        mail = message_from_bytes(made.body, policy=default)
        assert len(list(mail.iter_attachments())) == attached and len(made.body) <= LARGEST_MAIL
        said = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
        assert ("too large for a mail" in said) == ("file://" in said) == (not attached)


def test_the_same_pack_makes_the_same_mail(report: PackReport) -> None:
    assert mail_of(report) == mail_of(report)


def test_it_leaves_on_working_days_alone(report: PackReport) -> None:
    days = mail_of(report, meets_on=(date(2026, 7, 25),), days_before_meeting=7).send_days
    assert days[0] == date(2026, 7, 20) and len(days) == 11
    assert all(calendar(NAME).is_working(day) for day in days)


def test_it_goes_through_the_outbox_once_and_counts_as_issued(kept: Engine, report: PackReport) -> None:
    made = mail_of(report, meets_on=(date(2026, 8, 19),))
    for _ in range(2):
        with writing(kept, NAME) as conn:
            if record_issue(conn, NAME, report.pack_id, how="mail", now=BUILT, on=made.mail_on):
                outbox.put_mail(conn, NAME, made, now=BUILT)
    assert outbox.count_waiting_mails(kept) == 1
    assert outbox.list_due_mails(kept, now=BUILT + timedelta(days=2)) == []
    assert outbox.list_due_mails(kept, now=datetime(2026, 8, 12, 9, tzinfo=UTC)) == [(NAME, made.message_id)]
    context = LandlordContext(switched(), history(NAME), calendar(NAME))
    found = assess_report_duties(kept, context, as_at=date(2026, 9, 1), reports=REPORTS)
    assert list(found["done_on"].dt.date) == [date(2026, 8, 12)] and list(found["state"]) == ["met"]


def test_a_pack_without_a_clerk_is_not_mailed(report: PackReport) -> None:
    nobody = landlord(NAME).model_copy(update={"packs": ()})
    with pytest.raises(PackError, match="has not switched"):
        build_pack_mail(report, context_of(nobody), reports=REPORTS)
