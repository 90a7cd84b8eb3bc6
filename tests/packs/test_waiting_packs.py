"""What waits about packs as days pass: a draft is asked for again, a report is not owed in silence, each told once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email import message_from_string
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from due_regard import packs
from due_regard.calendars.quarters import find_london_day
from due_regard.config.landlord import PackSwitch
from due_regard.config.settings import Settings
from due_regard.config.storage import write_file
from due_regard.errors import PackError
from due_regard.mail.builder import MailContext
from due_regard.mail.outbox import Delivery, lease_mail, settle_mail
from due_regard.mail.wording import load_mail_wording
from due_regard.packs.life.kept_files import find_kept_folder
from due_regard.register import reading, verify_audit
from due_regard.register.schema.alert_tables import AlertMessage
from due_regard.services.post_packs import find_quarter_folder, hand_over_pack
from due_regard.services.post_waiting_packs import post_waiting_packs
from tests.packs.known import REPORTS, calendar, landlord
from tests.packs.registers import BUILT, NAME, PACK
from tests.packs.test_pack_life import KEY, comment, do, hand_over, keep, life

PAPER = {"x_confidential.pdf": b"a paper"}
SHA = "a" * 64
SUMS = {name: hashlib.sha256(body).hexdigest() for name, body in PAPER.items()}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An installation in which the files of the build `SHA` are kept."""
    settings = Settings(var_dir=tmp_path / "var", landlords=(NAME,))
    folder = find_kept_folder(find_quarter_folder(settings, NAME, KEY.quarter), SHA)
    for name, body in PAPER.items():
        write_file(folder, name, body)
    return settings


def context(now: datetime, **more: Any) -> MailContext:
    switch = PackSwitch(name=PACK, clerk="clerk@queens-cross.example", **more)
    found, folder = landlord(NAME).model_copy(update={"packs": (switch,)}), REPORTS / "mail"
    return MailContext(found, calendar(NAME), "a@example.org", folder, now, load_mail_wording(folder))


def ask(engine: Engine, settings: Settings, now: datetime = BUILT, **more: Any) -> None:
    assert hand_over_pack(engine, settings, context(now, **more), KEY) == (False, True)


def list_days(until: date) -> Iterator[datetime]:
    """Each day of the first ten, then those on which something may fall due, to keep the test short."""
    for after in (*range(11), 14, 17, 39, 60, 61, 62, 74, 75, 76, 89, 90, 94):
        if find_london_day(now := BUILT + timedelta(days=after)) <= until:
            yield now


def pass_days(engine: Engine, settings: Settings, until: date, **more: Any) -> list[tuple[date, str]]:
    """(day, recipient) of each mail that is posted as alerts run, twice on a day on which there is one."""
    found = []
    for now in list_days(until):
        before = len(mails(engine))
        if post_waiting_packs(engine, settings, context(now, **more)):
            assert post_waiting_packs(engine, settings, context(now, **more)) == 0
            found += [(find_london_day(now), to) for to, _ in mails(engine)[before:]]
    return found


def mails(engine: Engine) -> list[tuple[str, str]]:
    """(recipient, text) of every mail, in the order in which they were composed."""
    rows = select(AlertMessage.recipient, AlertMessage.body).order_by(AlertMessage.composed_at, AlertMessage.kind)
    with reading(engine, NAME) as connection:
        found = [tuple(row) for row in connection.execute(rows)]
    parts = [(to, message_from_string(body, policy=default)) for to, body in found]
    return [
        (to, f"{mail['Subject']} {' '.join(mail.get_body(('plain',)).get_content().split())}") for to, mail in parts
    ]  # type: ignore[attr-defined]


GOVERNANCE, DATA_OWNER = "governance@queens-cross.example", "data-team@queens-cross.example"


def test_a_draft_is_asked_for_once_more_and_its_report_is_not_owed_in_silence(
    register: Engine, settings: Settings
) -> None:
    keep(register)
    ask(register, settings)
    assert pass_days(register, settings, date(2026, 10, 5)) == [
        (date(2026, 7, 10), GOVERNANCE),
        (date(2026, 9, 16), DATA_OWNER),
    ]
    asked, reminded, owed = (text for _, text in mails(register))
    assert "Clause 12 asks for this report: it is owed by Wed 30 September 2026." in asked
    assert "Still to approve" in reminded and "has waited for an approval since Fri 3 July 2026" in reminded
    assert "is owed by Wed 30 September 2026 (clause 12), and its draft is not approved" in owed
    assert [event["event"] for event in life(register).events] == ["asked", "asked", "warned"]
    verify_audit(register)


def test_the_settings_say_how_long(register: Engine, settings: Settings) -> None:
    keep(register)
    soon = {"remind_after_working_days": 1, "warn_before_working_days": 20}
    ask(register, settings, **soon)
    told = pass_days(register, settings, date(2026, 10, 5), **soon)
    assert told == [(date(2026, 7, 6), GOVERNANCE), (date(2026, 9, 2), DATA_OWNER)]


def test_whoever_asked_nobody_reminds_nobody(register: Engine, settings: Settings) -> None:
    keep(register)
    comment(register, "reviews", "A word.")
    keep(register, "b" * 64)
    assert pass_days(register, settings, date(2026, 9, 1)) == []


def test_a_rejected_draft_waits_for_nobody_until_it_is_built_anew(register: Engine, settings: Settings) -> None:
    keep(register)
    ask(register, settings)
    do(register, packs.record_rejection)
    assert pass_days(register, settings, date(2026, 7, 20)) == []
    keep(register, "b" * 64)
    later = datetime(2026, 7, 21, 9, tzinfo=UTC)
    assert [post_waiting_packs(register, settings, context(later)) for _ in range(2)] == [1, 0]
    assert "has been built anew" in mails(register)[-1][1]


def test_an_approved_pack_leaves_on_its_day_and_can_be_taken_back_until_then(
    register: Engine, settings: Settings
) -> None:
    keep(register, SHA, files=SUMS)
    ask(register, settings)
    meeting = {"meets_on": (date(2026, 8, 19),)}
    do(register, packs.record_approval)
    assert pass_days(register, settings, date(2026, 8, 11), **meeting) == []
    do(register, packs.record_undoing)
    wednesday = datetime(2026, 8, 12, 9, tzinfo=UTC)
    posted = post_waiting_packs(register, settings, context(wednesday, **meeting))
    assert (posted, mails(register)[-1][0]) == (1, GOVERNANCE), "it waits again: governance is reminded"
    do(register, packs.record_approval)
    assert [post_waiting_packs(register, settings, context(wednesday, **meeting)) for _ in range(2)] == [1, 0]
    assert [to for to, _ in mails(register)].count("clerk@queens-cross.example") == 1
    with pytest.raises(PackError, match=r"on its way: its approval stays; once it is issued, .*pack correct"):
        do(register, packs.record_undoing)


def test_what_a_trial_mailed_is_mailed_anew_once_its_approval_was_taken_back(
    register: Engine, settings: Settings
) -> None:
    trial = replace(context(BUILT), mode=replace(context(BUILT).mode, way="folder"))
    keep(register, SHA, files=SUMS)
    do(register, packs.record_approval)
    assert post_waiting_packs(register, settings, trial) == 1
    send_all(register)
    assert post_waiting_packs(register, settings, trial) == 0
    with reading(register, NAME) as connection:
        taken_back = packs.read_pack_life(connection, NAME, KEY)
    assert taken_back.name_state(1) == "approved", "nobody has it"
    do(register, packs.record_undoing)
    do(register, packs.record_approval)
    later = replace(trial, now=BUILT + timedelta(days=3))
    assert post_waiting_packs(register, settings, later) == 1


def send_all(engine: Engine) -> None:
    with reading(engine, NAME) as connection:
        waiting = [*connection.scalars(select(AlertMessage.message_id).where(AlertMessage.status == "waiting"))]
    for message_id in waiting:
        outgoing = lease_mail(engine, NAME, message_id, now=BUILT, until=BUILT)
        assert outgoing is not None
        settle_mail(engine, outgoing, Delivery("sent"), now=BUILT)


def test_an_issued_report_is_owed_no_more_whatever_its_correction_waits_for(
    register: Engine, settings: Settings
) -> None:
    first = keep(register)
    do(register, packs.record_approval)
    hand_over(register, first)
    do(register, packs.record_correction)
    keep(register, "b" * 64)
    told = pass_days(register, settings, date(2026, 10, 5))
    assert told == [(date(2026, 7, 3), GOVERNANCE), (date(2026, 7, 10), GOVERNANCE)]
