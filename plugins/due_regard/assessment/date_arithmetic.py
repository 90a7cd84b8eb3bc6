"""Calendar months and quarters over whole columns of days. Working days are calendars/working_days.py's."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from due_regard.assessment.column_cells import NAT
from due_regard.calendars.working_days import Days

_ONE_DAY = np.timedelta64(1, "D")


def add_months(days: Days, months: int) -> Days:
    """Each day so many calendar months later (earlier if negative), clamped to the month's end."""
    return _answer_each_day_once(days, lambda span: _shift_months(span, months))


def _shift_months(days: Days, months: int) -> Days:
    month = days.astype("datetime64[M]")
    moved = month + np.timedelta64(months, "M")
    last = (moved + 1).astype("datetime64[D]") - _ONE_DAY
    same_day: Days = moved.astype("datetime64[D]") + (days - month.astype("datetime64[D]"))
    return np.minimum(same_day, last)


def find_quarter_end_after(days: Days, quarters: int) -> Days:
    """Last day of the nth calendar quarter after the one each day falls in."""
    return _answer_each_day_once(days, lambda span: _find_quarter_end(span, quarters))


def _find_quarter_end(days: Days, quarters: int) -> Days:
    month = days.astype("datetime64[M]")
    quarter = month.astype(np.int64) // 3 + 1 + quarters
    end = (quarter * 3).astype("datetime64[M]").astype("datetime64[D]") - _ONE_DAY
    return np.where(np.isnat(days), NAT, end)


def _answer_each_day_once(days: Days, answer: Callable[[Days], Days]) -> Days:
    """`answer` of each day. NumPy's calendar is slow, so where days repeat it is asked once a day and looked up."""
    blank = np.isnat(days)
    if blank.all():
        return days
    first, last = np.fmin.reduce(days), np.fmax.reduce(days)
    if (last - first).astype(np.int64) >= len(days):
        return answer(days)
    table = np.append(answer(np.arange(first, last + 1)), NAT)
    return table[np.where(blank, -1, (days - first).astype(np.int64))]


def find_earliest_dates(dates: list[Days]) -> Days:
    """The earliest recorded date of each row."""
    found = dates[0]
    for other in dates[1:]:
        found = np.fmin(found, other)
    return found
