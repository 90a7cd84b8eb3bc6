"""Months, quarters and working days, one day at a time (contract: Assessment, time)."""

from __future__ import annotations

from calendar import monthrange
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


def is_working(day: date, division: str) -> bool:
    """Monday to Friday and no bank holiday."""
    return day.weekday() < 5 and day not in bank_holidays(division, day.year)


def add_working_days(day: date, count: int, division: str) -> date:
    """The `count`-th working day strictly after `day`."""
    while count:
        day += ONE_DAY
        count -= is_working(day, division)
    return day


def working_days_after(start: date, end: date, division: str) -> int:
    """How many working days d have start < d <= end."""
    count = 0
    while start < end:
        start += ONE_DAY
        count += is_working(start, division)
    return count


def roll_forward(day: date, division: str) -> date:
    """`day` itself if it is a working day, else the next one."""
    while not is_working(day, division):
        day += ONE_DAY
    return day
