"""Calendar quarters, and how a landlord's reporting year names them.

Values only. Which quarter is due for a pack is decided by who calls; nothing here reads a clock.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo

from due_regard.errors import SettingsError

LONDON = ZoneInfo("Europe/London")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_FORM = re.compile(r"(\d{4})-Q([1-4])")


@dataclass(frozen=True, order=True)
class Quarter:
    """One calendar quarter, e.g. `Quarter(2026, 2)` is April to June 2026."""

    year: int
    number: int
    word: ClassVar[str] = "quarter"

    @classmethod
    def parse(cls, text: str) -> Quarter:
        """Quarter written as `2026-Q2`.

        Raises:
            SettingsError: `text` is not of that form.
        """
        found = _FORM.fullmatch(text.strip().upper())
        if found is None:
            raise SettingsError("a quarter is written year-Qn, as in 2026-Q2 for April to June 2026")
        return cls(int(found[1]), int(found[2]))

    @classmethod
    def of(cls, day: date) -> Quarter:
        """Quarter that holds `day`."""
        return cls(day.year, (day.month + 2) // 3)

    def shift(self, quarters: int) -> Quarter:
        """The quarter so many after (before, if negative) this one."""
        year, number = divmod(self.year * 4 + self.number - 1 + quarters, 4)
        return Quarter(year, number + 1)

    @property
    def starts_on(self) -> date:
        """First day."""
        return date(self.year, self.number * 3 - 2, 1)

    @property
    def ends_on(self) -> date:
        """Last day: the as-at date of every figure of the quarter."""
        month = self.number * 3
        return date(self.year, month, monthrange(self.year, month)[1])

    @property
    def closes_at(self) -> datetime:
        """The instant the quarter ends in London, in UTC: what was known by then makes the filed figures."""
        midnight = datetime.combine(self.ends_on + timedelta(days=1), time(), LONDON)
        return midnight.astimezone(UTC)

    @property
    def months(self) -> str:
        """Short name in months, e.g. `Apr to Jun 2026`."""
        return f"{_MONTHS[self.number * 3 - 3]} to {_MONTHS[self.number * 3 - 1]} {self.year}"

    def label(self, year_starts: int = 4) -> str:
        """Name in a reporting year that starts in month `year_starts`, e.g. `Quarter 1 of 2026/27`."""
        offset = (self.number * 3 - 2 - year_starts) % 12
        first = self.year if self.number * 3 - 2 >= year_starts else self.year - 1
        named = str(first) if year_starts == 1 else f"{first}/{(first + 1) % 100:02d}"
        return f"Quarter {offset // 3 + 1} of {named}"

    def __str__(self) -> str:
        return f"{self.year}-Q{self.number}"


def find_last_closed_quarter(day: date) -> Quarter:
    """The latest quarter that had ended before `day`."""
    return Quarter.of(day).shift(-1)


def find_london_day(instant: datetime) -> date:
    """The date on a clock in London."""
    return instant.astimezone(LONDON).date()
