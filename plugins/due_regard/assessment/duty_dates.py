"""Dates a duty is judged by, over whole columns: fields, calendar months, the first of related records.

Calendar arithmetic that needs no working-day calendar; working days are working_days.py's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from due_regard.assessment.records_as_at import NAT, Bools, ColumnCells, Ints, find_places
from due_regard.calendars.working_days import Days
from due_regard.policy import conditions
from due_regard.records.canonical import ENTITY

if TYPE_CHECKING:
    from due_regard.assessment.condition_truth import DutyView

_ONE_DAY = np.timedelta64(1, "D")
_SPAN = 1 << 22  # more days than any date here has since year 0: one composite key of record and day


@dataclass(frozen=True)
class DateColumn:
    """A date a row: datetime64[D], NaT blank; `unknown` where the source cannot tell."""

    values: Days
    unknown: Bools


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


def find_dates(view: DutyView, value: Any) -> DateColumn:
    """The date that a policy's word names for each row of the view."""
    match value:
        case str():
            cells = view.cells(value)
            return DateColumn(cells.days, cells.unknown)
        case conditions.Shifted():
            base = find_dates(view, value.field)
            return DateColumn(add_months(base.values, value.months), base.unknown)
        case conditions.First():
            return find_related_dates(view, value.first)
        case conditions.EarliestOf():
            parts = [find_dates(view, part) for part in value.earliest_of]
            return DateColumn(
                find_earliest_dates([part.values for part in parts]), np.logical_or.reduce([p.unknown for p in parts])
            )
        case _:
            raise TypeError(f"no date for {type(value).__name__}")


@dataclass(frozen=True)
class _RelatedIndex:
    """Related records in order of shared reference (in the subject's numbering) and date, both in one number.

    Days count from year 0. `until` is the latest end among a record and the earlier ones of the same reference.
    """

    order: Ints
    until: Ints | None


def find_related_dates(view: DutyView, word: conditions.Related) -> DateColumn:
    """Date of the first related record within its bounds, for each row; NaT where there is none.

    Unknown where the related entity was never delivered, lacks a column the word names, or a bound is unknown.
    """
    index = _build_index(view, word)
    own = view.cells(word.same)
    if index is None:
        return DateColumn(np.full(view.size, NAT), np.ones(view.size, bool))
    low, high, unknown, impossible = _find_bounds(view, word)
    possible = ~impossible & (own.codes >= 0)
    start = own.codes * _SPAN
    at = np.searchsorted(index.order, start + low)
    day = np.where(possible, _find_first(index, at, start, high), NAT)
    if index.until is not None:
        day = np.where(possible & _is_standing(index, index.until, at, start, low), _as_day(low), day)
    return DateColumn(day, unknown | own.unknown)


_EARLIEST, _LATEST = 0, _SPAN - 1
_BEYOND = 1 << 62  # after every record
_EPOCH = np.datetime64("0000-01-01", "D")


def _find_first(index: _RelatedIndex, at: Ints, start: Ints, high: Ints) -> Days:
    """The day of the record at each place, if it is of the reference that starts there and no later than `high`."""
    order = np.append(index.order, _BEYOND)[at]
    return np.where(order <= start + high, _as_day(order - start), NAT)


def _is_standing(index: _RelatedIndex, until: Ints, at: Ints, start: Ints, low: Ints) -> Bools:
    """Whether a record of the reference dated before `low` still stood on that day (ended later, or not at all)."""
    if len(until) == 0:
        return np.zeros(len(at), bool)
    before = np.maximum(at - 1, 0)
    stands: Bools = (at > 0) & (index.order[before] >= start) & (until[before] > low)
    return stands


def _number_days(days: Days) -> Ints:
    """Days since year 0, kept inside the composite key."""
    number: Ints = np.clip((days - _EPOCH).astype(np.int64), _EARLIEST, _LATEST)
    return number


def _as_day(number: Ints) -> Days:
    """The day that is so many days after year 0."""
    return _EPOCH + number.astype("timedelta64[D]")


def _build_index(view: DutyView, word: conditions.Related) -> _RelatedIndex | None:
    masked, entity = view.masked, ENTITY[word.of]
    theirs = word.same.split(".")[-1]
    dated = word.date or entity.opened_on or ""
    named = [theirs, dated, *([word.standing_until] if word.standing_until else [])]
    if not masked.delivered(word.of) or not all(masked.tells(word.of, path) for path in named):
        return None
    shared, day = masked.column(word.of, theirs), masked.column(word.of, dated)
    until = masked.column(word.of, word.standing_until) if word.standing_until else None
    keep, untold = (
        view.filtered(word.of, word.where) if word.where is not None else (np.ones(len(day.values), bool), False)
    )
    if untold or shared.unknown.any() or day.unknown.any() or (until is not None and until.unknown.any()):
        return None
    keys = recode_words(shared, view.cells(word.same))[shared.codes]
    return _sort_index(keys, day.days, None if until is None else until.days, keep)


def recode_words(cells: ColumnCells, other: ColumnCells) -> Ints:
    """For each word of `cells` its number in `other` (-2 where it has none); the last entry, -1, is for blanks."""
    found = find_places(cells.words, other.words)
    return np.append(np.where(found < 0, -2, found), -1)


def _sort_index(keys: Ints, days: Days, until: Days | None, keep: Bools) -> _RelatedIndex:
    rows = np.flatnonzero(keep & (keys >= 0) & ~np.isnat(days))
    order = keys[rows] * _SPAN + _number_days(days[rows])
    if until is None:
        return _RelatedIndex(np.sort(order), None)
    place = np.argsort(order, kind="stable")
    ends = np.where(np.isnat(until), _LATEST, _number_days(until))[rows]
    # Keys ascend, so the running maximum of (key, end) never reaches into the next key.
    latest = np.maximum.accumulate((keys[rows] * _SPAN + ends)[place]) % _SPAN
    return _RelatedIndex(order[place], latest)


def _find_bounds(view: DutyView, word: conditions.Related) -> tuple[Ints, Ints, Bools, Bools]:
    """Lowest and highest day (since year 0) of each row, where a bound is unknown, and where one is blank."""
    low, high = np.full(view.size, _EARLIEST), np.full(view.size, _LATEST)
    unknown, blank = np.zeros(view.size, bool), np.zeros(view.size, bool)
    for name, step in (("after", 1), ("not_before", 0), ("before", -1), ("not_after", 0)):
        value = getattr(word, name)
        if value is None:
            continue
        found = find_dates(view, value)
        days = _number_days(found.values) + step
        unknown, blank = unknown | found.unknown, blank | np.isnat(found.values)
        if name in {"after", "not_before"}:
            low = np.maximum(low, days)
        else:
            high = np.minimum(high, days)
    return low, high, unknown, blank
