"""Dates a duty is judged by, over whole columns: fields, calendar months, the first of related records.

Calendar arithmetic that needs no working-day calendar; working days are working_days.py's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from due_regard.assessment.world import NAT, Bools, Cells, Ints, places
from due_regard.contract import ENTITY
from due_regard.policy import conditions as words
from due_regard.working_days import Days

if TYPE_CHECKING:
    from due_regard.assessment.truth import View

_ONE_DAY = np.timedelta64(1, "D")
_SPAN = 1 << 22  # more days than any date here has since year 0: one composite key of record and day


@dataclass(frozen=True)
class Dates:
    """A date a row: datetime64[D], NaT blank; `unknown` where the source cannot tell."""

    values: Days
    unknown: Bools


def add_months(days: Days, months: int) -> Days:
    """Each day so many calendar months later (earlier if negative), clamped to the month's end."""
    return _once_a_day(days, lambda span: _months_on(span, months))


def _months_on(days: Days, months: int) -> Days:
    month = days.astype("datetime64[M]")
    moved = month + np.timedelta64(months, "M")
    last = (moved + 1).astype("datetime64[D]") - _ONE_DAY
    same_day: Days = moved.astype("datetime64[D]") + (days - month.astype("datetime64[D]"))
    return np.minimum(same_day, last)


def end_of_quarter_after(days: Days, quarters: int) -> Days:
    """Last day of the nth calendar quarter after the one each day falls in."""
    return _once_a_day(days, lambda span: _quarter_end(span, quarters))


def _quarter_end(days: Days, quarters: int) -> Days:
    month = days.astype("datetime64[M]")
    quarter = month.astype(np.int64) // 3 + 1 + quarters
    end = (quarter * 3).astype("datetime64[M]").astype("datetime64[D]") - _ONE_DAY
    return np.where(np.isnat(days), NAT, end)


def _once_a_day(days: Days, answer: Callable[[Days], Days]) -> Days:
    """`answer` of each day. NumPy's calendar is slow, so where days repeat it is asked once a day and looked up."""
    blank = np.isnat(days)
    if blank.all():
        return days
    first, last = np.fmin.reduce(days), np.fmax.reduce(days)
    if (last - first).astype(np.int64) >= len(days):
        return answer(days)
    table = np.append(answer(np.arange(first, last + 1)), NAT)
    return table[np.where(blank, -1, (days - first).astype(np.int64))]


def earliest(dates: list[Days]) -> Days:
    """The earliest recorded date of each row."""
    found = dates[0]
    for other in dates[1:]:
        found = np.fmin(found, other)
    return found


def date_of(view: View, value: Any) -> Dates:
    """The date that a policy's word names for each row of the view."""
    match value:
        case str():
            cells = view.cells(value)
            return Dates(cells.days, cells.unknown)
        case words.Shifted():
            base = date_of(view, value.field)
            return Dates(add_months(base.values, value.months), base.unknown)
        case words.First():
            return related(view, value.first)
        case words.EarliestOf():
            parts = [date_of(view, part) for part in value.earliest_of]
            return Dates(earliest([part.values for part in parts]), np.logical_or.reduce([p.unknown for p in parts]))
        case _:
            raise TypeError(f"no date for {type(value).__name__}")


@dataclass(frozen=True)
class _Index:
    """Related records in order of shared reference (in the subject's numbering) and date, both in one number.

    Days count from year 0. `until` is the latest end among a record and the earlier ones of the same reference.
    """

    order: Ints
    until: Ints | None


def related(view: View, word: words.Related) -> Dates:
    """Date of the first related record within its bounds, for each row; NaT where there is none.

    Unknown where the related entity was never delivered, lacks a column the word names, or a bound is unknown.
    """
    index = _index(view, word)
    own = view.cells(word.same)
    if index is None:
        return Dates(np.full(view.size, NAT), np.ones(view.size, bool))
    low, high, unknown, impossible = _bounds(view, word)
    possible = ~impossible & (own.codes >= 0)
    start = own.codes * _SPAN
    at = np.searchsorted(index.order, start + low)
    day = np.where(possible, _first(index, at, start, high), NAT)
    if index.until is not None:
        day = np.where(possible & _standing(index, index.until, at, start, low), _day(low), day)
    return Dates(day, unknown | own.unknown)


_EARLIEST, _LATEST = 0, _SPAN - 1
_BEYOND = 1 << 62  # after every record
_EPOCH = np.datetime64("0000-01-01", "D")


def _first(index: _Index, at: Ints, start: Ints, high: Ints) -> Days:
    """The day of the record at each place, if it is of the reference that starts there and no later than `high`."""
    order = np.append(index.order, _BEYOND)[at]
    return np.where(order <= start + high, _day(order - start), NAT)


def _standing(index: _Index, until: Ints, at: Ints, start: Ints, low: Ints) -> Bools:
    """Whether a record of the reference dated before `low` still stood on that day (ended later, or not at all)."""
    if len(until) == 0:
        return np.zeros(len(at), bool)
    before = np.maximum(at - 1, 0)
    stands: Bools = (at > 0) & (index.order[before] >= start) & (until[before] > low)
    return stands


def _number(days: Days) -> Ints:
    """Days since year 0, kept inside the composite key."""
    number: Ints = np.clip((days - _EPOCH).astype(np.int64), _EARLIEST, _LATEST)
    return number


def _day(number: Ints) -> Days:
    """The day that is so many days after year 0."""
    return _EPOCH + number.astype("timedelta64[D]")


def _index(view: View, word: words.Related) -> _Index | None:
    world, entity = view.world, ENTITY[word.of]
    theirs = word.same.split(".")[-1]
    dated = word.date or entity.opened_on or ""
    named = [theirs, dated, *([word.standing_until] if word.standing_until else [])]
    if not world.delivered(word.of) or not all(world.tells(word.of, path) for path in named):
        return None
    shared, day = world.column(word.of, theirs), world.column(word.of, dated)
    until = world.column(word.of, word.standing_until) if word.standing_until else None
    keep, untold = (
        view.filtered(word.of, word.where) if word.where is not None else (np.ones(len(day.values), bool), False)
    )
    if untold or shared.unknown.any() or day.unknown.any() or (until is not None and until.unknown.any()):
        return None
    keys = recoded(shared, view.cells(word.same))[shared.codes]
    return _sorted(keys, day.days, None if until is None else until.days, keep)


def recoded(cells: Cells, other: Cells) -> Ints:
    """For each word of `cells` its number in `other` (-2 where it has none); the last entry, -1, is for blanks."""
    found = places(cells.words, other.words)
    return np.append(np.where(found < 0, -2, found), -1)


def _sorted(keys: Ints, days: Days, until: Days | None, keep: Bools) -> _Index:
    rows = np.flatnonzero(keep & (keys >= 0) & ~np.isnat(days))
    order = keys[rows] * _SPAN + _number(days[rows])
    if until is None:
        return _Index(np.sort(order), None)
    place = np.argsort(order, kind="stable")
    ends = np.where(np.isnat(until), _LATEST, _number(until))[rows]
    # Keys ascend, so the running maximum of (key, end) never reaches into the next key.
    latest = np.maximum.accumulate((keys[rows] * _SPAN + ends)[place]) % _SPAN
    return _Index(order[place], latest)


def _bounds(view: View, word: words.Related) -> tuple[Ints, Ints, Bools, Bools]:
    """Lowest and highest day (since year 0) of each row, where a bound is unknown, and where one is blank."""
    low, high = np.full(view.size, _EARLIEST), np.full(view.size, _LATEST)
    unknown, blank = np.zeros(view.size, bool), np.zeros(view.size, bool)
    for name, step in (("after", 1), ("not_before", 0), ("before", -1), ("not_after", 0)):
        value = getattr(word, name)
        if value is None:
            continue
        found = date_of(view, value)
        days = _number(found.values) + step
        unknown, blank = unknown | found.unknown, blank | np.isnat(found.values)
        if name in {"after", "not_before"}:
            low = np.maximum(low, days)
        else:
            high = np.minimum(high, days)
    return low, high, unknown, blank
