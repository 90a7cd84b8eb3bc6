"""Dates a duty is judged by, over whole columns: fields, calendar months, the first of related records.

Calendar arithmetic that needs no working-day calendar; working days are working_days.py's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from due_regard.assessment.world import NAT, Bools, Cells, Ints
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
    month = days.astype("datetime64[M]")
    moved = month + np.timedelta64(months, "M")
    last = (moved + 1).astype("datetime64[D]") - _ONE_DAY
    same_day: Days = moved.astype("datetime64[D]") + (days - month.astype("datetime64[D]"))
    return np.minimum(same_day, last)


def end_of_quarter_after(days: Days, quarters: int) -> Days:
    """Last day of the nth calendar quarter after the one each day falls in."""
    month = days.astype("datetime64[M]")
    quarter = month.astype(np.int64) // 3 + 1 + quarters
    end = (quarter * 3).astype("datetime64[M]").astype("datetime64[D]") - _ONE_DAY
    return np.where(np.isnat(days), NAT, end)


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
    """Related records sorted by (shared reference, date), under the subject's numbering of the reference.

    Days count from year 0. `until` is the latest end among a record and the earlier ones of the same reference.
    """

    keys: Ints
    days: Ints
    until: Ints | None

    def first_at_or_after(self, group: Ints, low: Ints) -> npt.NDArray[np.intp]:
        """Position of the first record of each group dated `low` or later (it may belong to a later group)."""
        return np.searchsorted(self.keys * _SPAN + self.days, group * _SPAN + low)


def related(view: View, word: words.Related) -> Dates:
    """Date of the first related record within its bounds, for each row; NaT where there is none.

    Unknown where the related entity was never delivered, lacks a column the word names, or a bound is unknown.
    """
    index = _index(view, word)
    own = view.cells(word.same)
    if index is None:
        return Dates(np.full(view.size, NAT), np.ones(view.size, bool))
    low, high, unknown, impossible = _bounds(view, word)
    group = own.codes
    day = _first(index, group, low, high, impossible | (group < 0))
    if word.standing_until is not None:
        day = np.where(_standing(index, group, low) & ~impossible & (group >= 0), low, day)
    return Dates(np.where(day == _NEVER, NAT, day.astype("datetime64[D]")), unknown | own.unknown)


_NEVER = np.iinfo(np.int64).max
_EARLIEST, _LATEST = 0, _SPAN - 1
_EPOCH = np.datetime64("0000-01-01", "D")


def _first(index: _Index, group: Ints, low: Ints, high: Ints, impossible: Bools) -> Ints:
    if len(index.keys) == 0:
        return np.full(len(group), _NEVER)
    lowest = _number(low)
    at = index.first_at_or_after(np.where(impossible, 0, group), lowest)
    safe = np.minimum(at, len(index.keys) - 1)
    hit: Bools = (
        (at < len(index.keys)) & (index.keys[safe] == group) & (index.days[safe] <= _number(high)) & ~impossible
    )
    day: Ints = np.where(hit, index.days[safe] + _EPOCH.astype(np.int64), _NEVER)
    return day


def _number(days: Ints) -> Ints:
    """Days since 1970 as days since year 0, kept inside the composite key."""
    number: Ints = np.clip(days - _EPOCH.astype(np.int64), _EARLIEST, _LATEST)
    return number


def _standing(index: _Index, group: Ints, low: Ints) -> Bools:
    """Whether a record of the group dated before `low` still stood on that day (ended later, or not at all)."""
    if index.until is None or len(index.keys) == 0:
        return np.zeros(len(group), bool)
    before = index.first_at_or_after(group, _number(low)) - 1
    safe = np.maximum(before, 0)
    stands: Bools = (before >= 0) & (index.keys[safe] == group) & (index.until[safe] > _number(low))
    return stands


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
    found = pc.index_in(cells.words, value_set=other.words).fill_null(-2)
    return np.append(found.to_numpy(), -1)


def _sorted(keys: Ints, days: Days, until: Days | None, keep: Bools) -> _Index:
    keep = keep & (keys >= 0) & ~np.isnat(days)
    number = (days - _EPOCH).astype(np.int64)
    rows = np.flatnonzero(keep)
    rows = rows[np.lexsort((number[rows], keys[rows]))]
    if until is None:
        return _Index(keys[rows], number[rows], None)
    ends = np.where(np.isnat(until), _LATEST, _number(until.astype(np.int64)))[rows]
    # Keys ascend, so the running maximum of (key, end) never reaches into the next key.
    latest = np.maximum.accumulate(keys[rows] * _SPAN + ends) % _SPAN
    return _Index(keys[rows], number[rows], latest)


def _bounds(view: View, word: words.Related) -> tuple[Ints, Ints, Bools, Bools]:
    """Lowest and highest day (since 1970) of each row, where a bound is unknown, and where one is blank."""
    low = np.full(view.size, _EPOCH.astype(np.int64))
    high = np.full(view.size, _LATEST + _EPOCH.astype(np.int64))
    unknown, blank = np.zeros(view.size, bool), np.zeros(view.size, bool)
    for name, step in (("after", 1), ("not_before", 0), ("before", -1), ("not_after", 0)):
        value = getattr(word, name)
        if value is None:
            continue
        found = date_of(view, value)
        days = found.values.astype(np.int64) + step
        unknown, blank = unknown | found.unknown, blank | np.isnat(found.values)
        if name in {"after", "not_before"}:
            low = np.maximum(low, days)
        else:
            high = np.minimum(high, days)
    return low, high, unknown, blank
