"""What a policy's words say of whole columns: a condition's truth (no, cannot tell, yes) and the dates it names.

Conditions ask for related records and these for conditions, so both stand here. Two ways to read "and" (contract:
Assessment, `not_measured`): a condition that says whether a duty *applies* is settled by one carried "no"; a condition
that a check *requires* needs every column it names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from due_regard.assessment.column_cells import NAT, Bools, ColumnCells, Ints
from due_regard.assessment.date_arithmetic import add_months, find_earliest_dates
from due_regard.assessment.duty_view import DutyView
from due_regard.assessment.related_records import (
    EARLIEST,
    LATEST,
    RelatedIndex,
    build_related_index,
    find_first_days,
    number_days,
    recode_words,
)
from due_regard.calendars.working_days import Days
from due_regard.policy import conditions
from due_regard.policy.field_checks import resolve_field
from due_regard.records.canonical import ASSESSED_ENTITY, ENTITY

Truth: TypeAlias = npt.NDArray[np.int8]
NO, UNKNOWN, YES = np.int8(0), np.int8(1), np.int8(2)


@dataclass(frozen=True)
class DateColumn:
    """A date a row: datetime64[D], NaT blank; `unknown` where the source cannot tell."""

    values: Days
    unknown: Bools


def evaluate_condition(view: DutyView, condition: conditions.Condition) -> Truth:
    """Truth of `condition` for every row of the view (int8: 0 no, 1 cannot tell, 2 yes). A blank cell meets nothing."""
    match condition:
        case conditions.AnyOf():
            return reduce(np.maximum, (evaluate_condition(view, part) for part in condition.any_of))
        case conditions.AllOf():
            return _combine_all([evaluate_condition(view, part) for part in condition.all_of], strict=view.strict)
        case conditions.Not():
            return (YES - evaluate_condition(view, condition.not_)).astype(np.int8)
        case conditions.Exists():
            return _find_related_truth(view, condition.exists)
        case conditions.Present():
            cells = view.find_cells(condition.present)
            return settle_truth(~cells.blank, cells.unknown)
        case conditions.IsYes():
            cells = view.find_cells(condition.is_yes)
            return settle_truth(cells.values == 1, cells.unknown)
        case _:
            return _evaluate_pair(view, condition)


def settle_truth(holds: Bools, unknown: Bools) -> Truth:
    """Yes or no by `holds`, save where it is unknown."""
    return np.where(unknown, UNKNOWN, holds * YES)


def combine_truths(first: Truth, second: Truth) -> Truth:
    """The lenient "and": one carried no settles it."""
    return np.minimum(first, second)


def _combine_all(parts: list[Truth], *, strict: bool) -> Truth:
    held = reduce(np.minimum, parts)
    if not strict:
        return held
    unknown = reduce(np.logical_or, (part == UNKNOWN for part in parts))
    return np.where(unknown, UNKNOWN, held)


def _evaluate_pair(view: DutyView, condition: conditions.Condition) -> Truth:
    match condition:
        case conditions.Equals(equals=pair):
            ((path, code),) = pair.items()
            return _evaluate_coded(view, path, lambda word: word == code)
        case conditions.In(in_=pairs):
            ((path, codes),) = pairs.items()
            return _evaluate_coded(view, path, lambda word: word in codes)
        case conditions.Includes(includes=pair):
            ((path, code),) = pair.items()
            return _evaluate_coded(view, path, lambda word: code in word.split(";"))
        case conditions.IncludesAll(includes_all=pairs):
            ((path, codes),) = pairs.items()
            return _evaluate_coded(view, path, lambda word: set(codes) <= set(word.split(";")))
        case conditions.NoLaterThan(no_later_than=limits):
            ((path, limit),) = limits.items()
            return _evaluate_no_later(view, path, limit)
        case conditions.Differs(differs=pair):
            ((path, other),) = pair.items()
            return _evaluate_differs(view.find_cells(path), view.find_cells(other))
        case _:
            raise TypeError(f"no truth for {type(condition).__name__}")


def _evaluate_coded(view: DutyView, path: str, holds: Callable[[str], bool]) -> Truth:
    """Truth of a coded column: asked once a distinct word, then looked up; a role also holds as what it counts as."""
    cells, levels = view.find_cells(path), _find_levels(view, path)
    by_word = np.array([*(holds(word) or holds(levels.get(word, word)) for word in cells.words.to_pylist()), False])
    return settle_truth(by_word[cells.codes], cells.unknown)


def _find_levels(view: DutyView, path: str) -> Mapping[str, str]:
    column = resolve_field(ASSESSED_ENTITY[view.entity], path)
    return view.records.role_levels if not isinstance(column, str) and column.code_list == "roles" else {}


def _evaluate_no_later(view: DutyView, path: str, limit: conditions.MonthsAfter) -> Truth:
    date, base = view.find_cells(path), view.find_cells(limit.after)
    last = add_months(base.days, limit.months)
    return settle_truth(date.days <= last, date.unknown | base.unknown)


def _evaluate_differs(one: ColumnCells, other: ColumnCells) -> Truth:
    """Both recorded and not the same; the two columns' codes are brought to one numbering first."""
    same = one.codes == recode_words(other, one)[other.codes]
    return settle_truth(~one.blank & ~other.blank & ~same, one.unknown | other.unknown)


def find_dates(view: DutyView, value: Any) -> DateColumn:
    """The date that a policy's word names for each row of the view."""
    match value:
        case str():
            cells = view.find_cells(value)
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


def find_related_dates(view: DutyView, word: conditions.Related) -> DateColumn:
    """Date of the first related record within its bounds, for each row; NaT where there is none.

    Unknown where the related entity was never delivered, lacks a column the word names, a bound is unknown, or a record
    of which a word is not known might come first.
    """
    sure, possible = _find_sure_and_possible(view, word)
    return DateColumn(sure.values, sure.unknown | ~_are_same_days(sure.values, possible.values))


def _find_related_truth(view: DutyView, word: conditions.Related) -> Truth:
    """Whether there is a related record: one that is surely related settles it, one that might be leaves it open."""
    sure, possible = _find_sure_and_possible(view, word)
    there, maybe = ~np.isnat(sure.values), ~np.isnat(possible.values)
    return settle_truth(there, sure.unknown | (maybe & ~there))


def _are_same_days(some: Days, others: Days) -> Bools:
    same: Bools = (some == others) | (np.isnat(some) & np.isnat(others))
    return same


def _find_sure_and_possible(view: DutyView, word: conditions.Related) -> tuple[DateColumn, DateColumn]:
    """The first related record of each row: of those surely related, and of those that might be too."""
    own = view.find_cells(word.same)
    cells = _find_related_cells(view, word)
    if cells is None:
        nothing = DateColumn(np.full(view.size, NAT), np.ones(view.size, bool))
        return nothing, nothing
    low, high, unknown, impossible = _find_bounds(view, word)

    def find_first(keep: Bools) -> DateColumn:
        found = find_first_days(cells.build_index(keep), own.codes, low, high)
        return DateColumn(np.where(impossible | own.blank, NAT, found), unknown | own.unknown)

    sure = find_first(cells.truth == YES)
    return sure, find_first(cells.truth != NO) if (cells.truth == UNKNOWN).any() else sure


@dataclass(frozen=True)
class _RelatedCells:
    """Related records: their shared reference in the subject's numbering, their dates, whether they are related."""

    references: Ints
    days: Days
    until: Days | None
    truth: Truth

    def build_index(self, keep: Bools) -> RelatedIndex:
        return build_related_index(self.references, self.days, self.until, keep)


def _find_related_cells(view: DutyView, word: conditions.Related) -> _RelatedCells | None:
    """The related records; None where the source cannot tell which they are."""
    records, theirs = view.records, word.same.split(".")[-1]
    dated = word.date or ENTITY[word.of].opened_on or ""
    named = [theirs, dated, *([word.standing_until] if word.standing_until else [])]
    if not records.is_delivered(word.of) or not all(records.has_path(word.of, path) for path in named):
        return None
    shared, *dates = (records.find_cells(word.of, path) for path in named)
    if any(cells.unknown.any() for cells in (shared, *dates)):
        return None
    truth = np.full(len(shared.values), YES) if word.where is None else _evaluate_related(view, word.of, word.where)
    if truth is None:
        return None
    references = recode_words(shared, view.find_cells(word.same))[shared.codes]
    return _RelatedCells(references, dates[0].days, dates[1].days if dates[1:] else None, truth)


def _evaluate_related(view: DutyView, entity: str, condition: conditions.Condition) -> Truth | None:
    """Which records are related; None where an absent column leaves that open. A word not known leaves one open."""
    related = DutyView(view.records, entity, view.as_blank, ignores_unread=True)
    truth = evaluate_condition(related, condition)
    if (truth == UNKNOWN).any():
        return None
    if view.ignores_unread or not view.records.has_unread:
        return truth
    return evaluate_condition(replace(related, ignores_unread=False), condition)


def _find_bounds(view: DutyView, word: conditions.Related) -> tuple[Ints, Ints, Bools, Bools]:
    """Lowest and highest day (since year 0) of each row, where a bound is unknown, and where one is blank."""
    low, high = np.full(view.size, EARLIEST), np.full(view.size, LATEST)
    unknown, blank = np.zeros(view.size, bool), np.zeros(view.size, bool)
    for name, step in (("after", 1), ("not_before", 0), ("before", -1), ("not_after", 0)):
        value = getattr(word, name)
        if value is None:
            continue
        found = find_dates(view, value)
        days = number_days(found.values) + step
        unknown, blank = unknown | found.unknown, blank | np.isnat(found.values)
        if name in {"after", "not_before"}:
            low = np.maximum(low, days)
        else:
            high = np.minimum(high, days)
    return low, high, unknown, blank
