"""On which working days a landlord was not assessed in time, asked of the register alone.

No run has to have begun, failed or ended for a day to be late: that nothing came is what is found here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import Connection

from due_regard.alerts.go_live import LONG_BACK
from due_regard.calendars.quarters import LONDON, find_london_day
from due_regard.calendars.working_days import WorkingCalendar
from due_regard.config.landlord import Landlord
from due_regard.register.task_runs import NewestWork, find_first_sign, find_newest_work, read_assessed_days

DAYS_BACK = 5
"""How many working days before today are asked about: an installation may have been off for some."""


@dataclass(frozen=True)
class LateDay:
    """A working day not assessed by its hour, and when it was since; None: not yet."""

    day: date
    assessed_at: datetime | None


def find_late_days(conn: Connection, landlord: Landlord, calendar: WorkingCalendar, *, now: datetime) -> list[LateDay]:
    """Today, once its hour is over, and the working days before it on which the landlord was not assessed in time."""
    today = find_london_day(now)
    days = [day for back in range(DAYS_BACK, -1, -1) if calendar.is_working(day := calendar.shift(today, -back))]
    asked = list_waited_days(conn, landlord, days)
    assessed = read_assessed_days(conn, landlord.id, since=asked[0]) if asked else {}
    found = [LateDay(day, assessed.get(day)) for day in asked]
    return [late for late in found if find_deadline(landlord, late.day) <= min(now, late.assessed_at or now)]


def list_waited_days(conn: Connection, landlord: Landlord, days: Sequence[date]) -> list[date]:
    """Those of `days` on which a landlord is waited for: from its go-live on.

    Where that lies long back and nothing was done for it before a day, nobody runs it here yet: `doctor` asks for
    another go-live then.
    """
    first, live = find_first_sign(conn, landlord.id), landlord.alerts.go_live_on
    ran_from = find_london_day(first) if first is not None else date.max
    return [day for day in days if day >= live and (day - live <= LONG_BACK or day > ran_from)]


def find_still_late(
    days: Sequence[LateDay], landlord: Landlord, calendar: WorkingCalendar, *, now: datetime
) -> date | None:
    """The newest of these late days, where it is not assessed yet and the next one has time."""
    if not days or days[-1].assessed_at is not None:
        return None
    following = find_deadline(landlord, calendar.shift(days[-1].day, 1))
    return days[-1].day if following > now else None


def find_deadline(landlord: Landlord, day: date) -> datetime:
    """The instant by which a landlord is assessed on `day`."""
    return datetime.combine(day, landlord.alerts.assessed_by, LONDON)


def find_work_of_day(conn: Connection, landlord: str, day: date) -> NewestWork | None:
    """The newest piece of work that was begun for a landlord's days since the morning of `day`."""
    return find_newest_work(conn, landlord, since=datetime.combine(day, time(), LONDON))
