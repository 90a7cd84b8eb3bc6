"""Packs on their way to the clerk: attachment or link, before the meeting, once, through the outbox."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import Engine

from due_regard.calendars.quarters import Quarter
from due_regard.config.landlord import Landlord, PackSwitch
from due_regard.errors import PackError
from due_regard.mail import outbox
from due_regard.mail.builder import LARGEST_MAIL, ComposedMail, MailContext
from due_regard.mail.mail_mode import LIVE_MODE, MailMode
from due_regard.mail.outbox import Delivery
from due_regard.mail.wording import load_mail_wording
from due_regard.packs import (
    PackReport,
    assess_report_duties,
    build_pack_mail,
    is_issued,
    is_mailed,
    record_mailing,
)
from due_regard.packs.life.pack_mail import find_leaving_day
from due_regard.policy import LandlordContext
from due_regard.register import reading, writing
from tests.packs.known import REPORTS, calendar, history, landlord
from tests.packs.registers import BUILT, NAME, PACK, Made

DATA_OWNER = landlord(NAME).alerts.data_owner
HEAD = f"{NAME}:7:{'ab' * 16}"
CLERK = "committee-clerk@queens-cross.example"


def switched(**more: object) -> Landlord:
    switch = PackSwitch(name=PACK, clerk=CLERK, **more)  # type: ignore[arg-type]
    return landlord(NAME).model_copy(update={"packs": (switch,)})


def mail_of(report: PackReport, **more: object) -> ComposedMail:
    return build_pack_mail(report, context_of(switched(**more)), reports=REPORTS, head=HEAD)


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
    rich = mail.get_body(("html",))
    for said in (text, rich):
        assert said is not None and f"due-regard audit verify --landlord {NAME} --head {HEAD}" in said.get_content()
    made.body.decode("ascii")


def test_a_link_carries_no_file(report: PackReport) -> None:
    mail = message_from_bytes(mail_of(report, deliver="link").body, policy=default)
    assert not list(mail.iter_attachments())
    text = mail.get_body(("plain",))
    folder = report.files[0].parent.resolve()
    said = f"The files are kept in {folder}. Ask the data owner ({DATA_OWNER}) for them."
    assert text is not None and said in text.get_content() and "Attached" not in text.get_content()


def test_a_link_is_the_packs_page(report: PackReport) -> None:
    context = replace(context_of(switched(deliver="link")), base_url="https://airflow.example")
    mail = message_from_bytes(build_pack_mail(report, context, reports=REPORTS, head=HEAD).body, policy=default)
    assert not list(mail.iter_attachments())
    page = f"https://airflow.example/due-regard/{NAME}/packs/2026-Q2/{PACK}"
    plain, rich = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))  # type: ignore[union-attr]
    assert page in plain and f'<a href="{page}"' in rich
    assert str(report.files[0].parent) not in plain + rich and "file://" not in plain + rich


def test_a_pack_too_large_for_a_mail_is_linked_and_says_so(report: PackReport, tmp_path: Path) -> None:
    for size, attached in ((300_000, 2), (400_000, 0)):
        files = [tmp_path / f"pack{ending}" for ending in (".xlsx", ".pdf")]
        for file in files:
            file.write_bytes(b"x" * size)
        made = mail_of(replace(report, files=tuple(files)))
        mail = message_from_bytes(made.body, policy=default)
        assert len(list(mail.iter_attachments())) == attached and len(made.body) <= LARGEST_MAIL
        said = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
        assert ("too large for a mail" in said) == ("The files are kept in" in said) == (not attached)


def test_the_same_pack_makes_the_same_mail(report: PackReport) -> None:
    assert mail_of(report) == mail_of(report)


def test_it_leaves_on_working_days_alone(report: PackReport) -> None:
    days = mail_of(report, meets_on=(date(2026, 7, 25),), days_before_meeting=7).send_days
    assert days[0] == date(2026, 7, 20) and len(days) == 11
    assert all(calendar(NAME).is_working(day) for day in days)


LEAVES = datetime(2026, 8, 12, 9, tzinfo=UTC)


def post(engine: Engine, report: PackReport, mode: MailMode = LIVE_MODE) -> ComposedMail:
    """The pack's mail put into the outbox in `mode`."""
    context = replace(context_of(switched(meets_on=(date(2026, 8, 19),))), mode=mode)
    made = build_pack_mail(report, context, reports=REPORTS, head=HEAD)
    with writing(engine, NAME) as conn:
        record_mailing(conn, NAME, report.pack_id, made, now=BUILT)
    return made


def duty(engine: Engine) -> list[tuple[str, object]]:
    """State and day done of each duty to report."""
    context = LandlordContext(switched(), history(NAME), calendar(NAME))
    found = assess_report_duties(engine, context, as_at=date(2026, 9, 1), reports=REPORTS)
    return list(
        zip(found["state"], found["done_on"].astype("object").where(found["done_on"].notna(), None), strict=True)
    )


def settle(engine: Engine, made: ComposedMail, delivery: Delivery) -> None:
    outgoing = outbox.lease_mail(engine, NAME, made.message_id, now=LEAVES, until=LEAVES + timedelta(minutes=10))
    assert outgoing is not None
    outbox.settle_mail(engine, outgoing, delivery, now=LEAVES)


def asked(engine: Engine, mode: MailMode = LIVE_MODE) -> tuple[bool, bool]:
    """Whether the pack is issued, and whether `mode` remembers its mail."""
    with reading(engine, NAME) as conn:
        return is_issued(conn, NAME, PACK, "2026-Q2"), is_mailed(conn, NAME, PACK, "2026-Q2", mode)


def test_it_leaves_through_the_outbox_and_is_issued_once_it_was_accepted(kept: Engine, report: PackReport) -> None:
    made = post(kept, report)
    assert outbox.list_due_mails(kept, now=BUILT + timedelta(days=2)) == []
    assert outbox.list_due_mails(kept, now=LEAVES) == [(NAME, made.message_id)]
    assert asked(kept) == (False, True) and duty(kept) == [("due_soon", None)]
    settle(kept, made, Delivery("sent", 250))
    assert asked(kept) == (True, True)
    assert duty(kept) == [("met", pd.Timestamp(2026, 8, 12))]


@pytest.mark.parametrize(
    "delivery",
    [Delivery("refused", 554), Delivery("refused", 550, is_address_refused=True), Delivery("shadow")],
    ids=["mail refused", "clerk refused", "held in shadow"],
)
def test_a_pack_whose_mail_reached_nobody_is_not_issued(kept: Engine, report: PackReport, delivery: Delivery) -> None:
    made = post(kept, report)
    settle(kept, made, delivery)
    assert not asked(kept)[0] and duty(kept) == [("due_soon", None)]
    assert asked(kept)[1] == (delivery.outcome == "shadow")


def test_a_trial_issues_no_pack_and_remembers_its_own_mail(kept: Engine, report: PackReport) -> None:
    folder = MailMode("folder")
    made = post(kept, report, folder)
    settle(kept, made, Delivery("sent"))
    assert asked(kept, folder) == (False, True) and asked(kept) == (False, False)
    live = post(kept, report)
    assert live.message_id != made.message_id
    settle(kept, live, Delivery("sent", 250))
    assert duty(kept) == [("met", pd.Timestamp(2026, 8, 12))]


def test_a_pack_without_a_clerk_is_not_mailed(report: PackReport) -> None:
    nobody = landlord(NAME).model_copy(update={"packs": ()})
    with pytest.raises(PackError, match="has not switched"):
        build_pack_mail(report, context_of(nobody), reports=REPORTS, head=HEAD)
