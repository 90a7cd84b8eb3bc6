"""Whether a landlord's data is fresh enough to alert on: its last drop, and whether one is missing or held.

Reads `batches` alone. What a drop holds is intake's; what is mailed instead of alerts is composition's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, select

from due_regard.alerts.finding_wording import format_day
from due_regard.calendars.quarters import find_london_day
from due_regard.calendars.working_days import WorkingCalendar
from due_regard.config.landlord import Landlord
from due_regard.register.schema.drop_tables import Batch

CADENCE_DAYS = {"daily": 1, "weekly": 7, "fortnightly": 14, "monthly": 31}
ARRIVED = ("loaded", "unchanged", "released")
NOT_ARRIVED = ("held", "missing")
"""A refused drop is not among them: the one before it is as fresh as it was, until the next is missing."""


@dataclass(frozen=True)
class Freshness:
    """The last drop that came in, and what is wrong since.

    Attributes:
        last_on: London date of the last drop taken in; None where there was none.
        key: names one spell without a drop, so that it is told once. None: nothing is wrong.
        trouble: the same for people.
    """

    last_on: date | None
    key: str | None = None
    trouble: str = ""

    @property
    def words(self) -> str:
        """Which export the mail rests on."""
        return (
            "No export has been taken in yet."
            if self.last_on is None
            else f"export taken in on {format_day(self.last_on)}"
        )


def read_freshness(conn: Connection, landlord: Landlord, calendar: WorkingCalendar, *, now: datetime) -> Freshness:
    """How things stand with the drops of `landlord` at `now`."""
    batches = select(Batch.id, Batch.status, Batch.received_at).where(Batch.landlord == landlord.id)
    batches = batches.where(Batch.status.in_(ARRIVED + NOT_ARRIVED)).order_by(Batch.id)
    rows: list[tuple[int, str, datetime]] = [(row[0], row[1], row[2]) for row in conn.execute(batches)]
    good = [row for row in rows if row[1] in ARRIVED]
    last_on = find_london_day(good[-1][2]) if good else None
    since = f"{good[-1][0]}" if good else "start"
    if rows and rows[-1][1] in NOT_ARRIVED:
        number, status, _ = rows[-1]
        return Freshness(last_on, f"drop:{status}:after {since}", _describe_trouble(status, number))
    if last_on is not None:
        expected = calendar.next_working(last_on + timedelta(days=CADENCE_DAYS[landlord.cadence]))
        latest = calendar.shift(expected, landlord.alerts.missing_after_working_days)
        if find_london_day(now) > latest:
            return Freshness(
                last_on, f"drop:missing:after {since}", f"The next export was expected on {format_day(expected)}."
            )
    return Freshness(last_on)


def _describe_trouble(status: str, number: int) -> str:
    if status == "held":
        return f"The newest export (batch {number}) is held until a person releases it or has it sent again."
    return "The export that was expected has not come."
