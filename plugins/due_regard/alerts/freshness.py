"""Whether a landlord's data is fresh enough to alert on: its last drop, and whether one is missing or held.

Reads the table `batches` alone. mail_plan.py decides what is mailed instead of alerts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, select

from due_regard.calendars.quarters import find_london_day
from due_regard.calendars.working_days import WorkingCalendar
from due_regard.config.landlord import Landlord
from due_regard.mail.wording import MailWording, format_day
from due_regard.register.schema.drop_tables import Batch

CADENCE_DAYS = {"daily": 1, "weekly": 7, "fortnightly": 14, "monthly": 31}
ARRIVED = ("loaded", "unchanged")
NOT_ARRIVED = ("held", "missing")
"""A refused drop is not among them: the one before it is as fresh as it was, until the next is missing."""
LET_IN = "released"
"""Not held any more, and not taken in yet."""


@dataclass(frozen=True)
class Freshness:
    """The last drop that came in, and what is wrong since.

    Attributes:
        last_on: London date of the last drop taken in; None where there was none.
        key: names one spell without a drop, so that it is mailed once. None: nothing is wrong.
        trouble: what is wrong, in a sentence.
        held_batch: the drop that waits for a person, where that is what is wrong.
    """

    last_on: date | None
    key: str | None = None
    trouble: str = ""
    held_batch: int | None = None


def describe_last_export(freshness: Freshness, wording: MailWording) -> str:
    """Which export a mail rests on."""
    if freshness.last_on is None:
        return wording.export.none_yet
    return wording.export.taken_in.format(day=format_day(freshness.last_on))


def read_freshness(
    conn: Connection, landlord: Landlord, calendar: WorkingCalendar, wording: MailWording, *, now: datetime
) -> Freshness:
    """The last drop of `landlord` at `now`, and what is wrong since."""
    batches = select(Batch.id, Batch.status, Batch.received_at).where(Batch.landlord == landlord.id)
    # An older drop that is held takes nothing away: what came after it is in the register.
    batches = batches.where(Batch.status.in_((*ARRIVED, *NOT_ARRIVED, LET_IN)), Batch.newer_batch_id.is_(None))
    batches = batches.order_by(Batch.id)
    rows: list[tuple[int, str, datetime]] = [(row[0], row[1], row[2]) for row in conn.execute(batches)]
    good = [row for row in rows if row[1] in ARRIVED]
    last_on = find_london_day(good[-1][2]) if good else None
    since = f"{good[-1][0]}" if good else "start"
    if rows and rows[-1][1] in NOT_ARRIVED:
        number, status, _ = rows[-1]
        is_held = status == "held"
        trouble = wording.export.held.format(batch=number) if is_held else wording.export.missing
        return Freshness(last_on, f"drop:{status}:after {since}", trouble, number if is_held else None)
    if last_on is not None:
        expected = calendar.next_working(last_on + timedelta(days=CADENCE_DAYS[landlord.cadence]))
        latest = calendar.shift(expected, landlord.alerts.missing_after_working_days)
        if find_london_day(now) > latest:
            trouble = wording.export.expected.format(day=format_day(expected))
            return Freshness(last_on, f"drop:missing:after {since}", trouble)
    return Freshness(last_on)
