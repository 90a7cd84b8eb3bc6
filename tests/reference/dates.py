"""Months, quarters and working days, one day at a time (contract: Assessment, time)."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import holidays

ONE_DAY = timedelta(days=1)
DIVISIONS = {
    "queens_cross": "SCT",
    "port_of_leith": "SCT",
    "clydebank": "SCT",
    "hanover": "SCT",
    "united_welsh": "WLS",
}


def add_months(day: date, months: int) -> date:
    """The same day `months` calendar months on, clamped to that month's end."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def next_quarter_end(day: date) -> date:
    """Last day of the calendar quarter after the one that holds `day`."""
    first_of_quarter = date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)
    return add_months(first_of_quarter, 6) - ONE_DAY


@lru_cache
def bank_holidays(division: str, year: int) -> frozenset[date]:
    """Bank holidays of one division in one year, as the holidays library publishes them."""
    return frozenset(holidays.country_holidays("GB", subdiv=division, years=year))


@dataclass(frozen=True)
class WorkingDays:
    """One landlord's working days: its nation, the days it closes, and how its policy counts within so many of them."""

    division: str
    closures: frozenset[date] = frozenset()
    convention: str = "day0"

    def is_working(self, day: date) -> bool:
        """Monday to Friday, no bank holiday, not closed."""
        return day.weekday() < 5 and day not in bank_holidays(self.division, day.year) and day not in self.closures

    def due(self, start: date, count: int) -> date:
        """The day by which something due within `count` working days of `start` must be done."""
        if self.convention == "day0":
            return self.nth_after(start, count)
        first = self.roll(start)
        return self.nth_after(first, count - 1 if self.convention == "day1" else count)

    def nth_after(self, day: date, count: int) -> date:
        """The `count`-th working day strictly after `day`; `day` itself for 0."""
        while count:
            day += ONE_DAY
            count -= self.is_working(day)
        return day

    def between(self, start: date, end: date) -> int:
        """How many working days d have start < d <= end."""
        count = 0
        while start < end:
            start += ONE_DAY
            count += self.is_working(start)
        return count

    def roll(self, day: date) -> date:
        """`day` itself if it is a working day, else the next one."""
        while not self.is_working(day):
            day += ONE_DAY
        return day
