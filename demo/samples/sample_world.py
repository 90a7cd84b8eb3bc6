"""Chance and time for one landlord's samples: every draw comes from one seeded generator, in a fixed order.

Add a way of drawing here when two modules need it; what is drawn belongs to them.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, TypeVar

from demo.samples.profile import SampleProfile
from due_regard.calendars.working_days import WorkingCalendar

Row = dict[str, Any]
"""One record: canonical column -> date, bool, text, list of codes, or None for blank."""

Rows = dict[str, list[Row]]
"""Entity -> its records."""

T = TypeVar("T")


@dataclass
class SampleWorld:
    """What the records of one landlord are drawn from; `rows` fills up as they are invented."""

    profile: SampleProfile
    calendar: WorkingCalendar
    begins: date
    as_at: date
    chance: random.Random
    domain: str
    rows: Rows = field(default_factory=dict)

    def happens(self, share: float) -> bool:
        """Whether something of this share comes to pass."""
        return self.chance.random() < share

    def one(self, weighted: dict[T, float]) -> T:
        """One of these, by weight."""
        return self.chance.choices(list(weighted), list(weighted.values()))[0]

    def any_of(self, choices: Sequence[T]) -> T:
        """One of these, evenly."""
        return self.chance.choice(choices)

    def known(self, day: date | None) -> date | None:
        """The day, if it has come by the time of the export."""
        return day if day is not None and day <= self.as_at else None

    def working(self, start: date, low: int, high: int) -> date:
        """A day `low` to `high` working days after `start` (0: `start` itself)."""
        number = self.chance.randint(low, high)
        return self.calendar.shift(start, number) if number else start

    def done(self, start: date, within: int, kept: float | None = None) -> date | None:
        """When something due within that many working days was done: mostly in time, else late, else not (yet)."""
        kept = self.profile.kept_share if kept is None else kept
        if self.happens(kept):
            return self.known(self.working(start, min(1, within), within))
        if self.happens(self.profile.late_share):
            return self.known(self.working(start, within + 1, within + 6))
        return None

    def kept(self) -> bool:
        """Whether one more duty is kept."""
        return self.happens(self.profile.kept_share)

    def days_after(self, start: date, low: int, high: int) -> date:
        """A working day `low` to `high` calendar days after `start`."""
        return self.calendar.next_working(start + timedelta(days=self.chance.randint(low, high)))


def add_calendar_months(day: date, months: int) -> date:
    """The same day of the month so many months on, clamped to the month's end."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    following = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    return date(year, month + 1, min(day.day, (following - timedelta(days=1)).day))
