"""Three-valued truth of a policy's conditions over whole columns: no, cannot tell, yes.

Two ways to read "and" (contract: Assessment, `not_measured`): a condition that says whether a duty *applies* is settled
by one carried "no"; a condition that a check *requires* needs every column it names.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import reduce
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from due_regard.assessment.duty_dates import DateColumn, add_months, find_dates, find_related_dates, recode_words
from due_regard.assessment.records_as_at import Bools, ColumnCells, RecordsAsAt
from due_regard.policy import conditions

Truth: TypeAlias = npt.NDArray[np.int8]
NO, UNKNOWN, YES = np.int8(0), np.int8(1), np.int8(2)


@dataclass(frozen=True)
class DutyView:
    """One entity's rows as a duty looks at them.

    Attributes:
        as_blank: fields that count as blank, not as unknown, where the source lacks them.
        strict: "and" needs every column (a check's requirement).
    """

    masked: RecordsAsAt
    entity: str
    as_blank: frozenset[str] = frozenset()
    strict: bool = False

    @property
    def size(self) -> int:
        """Number of rows."""
        return self.masked.size(self.entity)

    def cells(self, path: str) -> ColumnCells:
        """Cells of a field, with absent counted as blank where the duty says so."""
        found = self.masked.column(self.entity, path)
        return replace(found, unknown=np.zeros_like(found.unknown)) if path in self.as_blank else found

    def date(self, value: conditions.DateOf) -> DateColumn:
        """A date of each row."""
        return find_dates(self, value)

    def filtered(self, entity: str, condition: conditions.Condition) -> tuple[Bools, bool]:
        """Rows of another entity that meet `condition`, and whether any of them cannot be told."""
        found = evaluate_condition(DutyView(self.masked, entity, self.as_blank), condition)
        return found == YES, bool((found == UNKNOWN).any())


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
            found = find_related_dates(view, condition.exists)
            return settle_truth(~np.isnat(found.values), found.unknown)
        case conditions.Present():
            cells = view.cells(condition.present)
            return settle_truth(~cells.blank, cells.unknown)
        case conditions.IsYes():
            cells = view.cells(condition.is_yes)
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
            return _evaluate_coded(view.cells(path), lambda word: word == code)
        case conditions.In(in_=pairs):
            ((path, codes),) = pairs.items()
            return _evaluate_coded(view.cells(path), lambda word: word in codes)
        case conditions.Includes(includes=pair):
            ((path, code),) = pair.items()
            return _evaluate_coded(view.cells(path), lambda word: code in word.split(";"))
        case conditions.IncludesAll(includes_all=pairs):
            ((path, codes),) = pairs.items()
            return _evaluate_coded(view.cells(path), lambda word: set(codes) <= set(word.split(";")))
        case conditions.NoLaterThan(no_later_than=limits):
            ((path, limit),) = limits.items()
            return _evaluate_no_later(view, path, limit)
        case conditions.Differs(differs=pair):
            ((path, other),) = pair.items()
            return _evaluate_differs(view.cells(path), view.cells(other))
        case _:
            raise TypeError(f"no truth for {type(condition).__name__}")


def _evaluate_coded(cells: ColumnCells, holds: Callable[[str], bool]) -> Truth:
    """Truth of a coded column: asked once a distinct word, then looked up."""
    by_word = np.array([*map(holds, cells.words.to_pylist()), False])
    return settle_truth(by_word[cells.codes], cells.unknown)


def _evaluate_no_later(view: DutyView, path: str, limit: conditions.MonthsAfter) -> Truth:
    date, base = view.cells(path), view.cells(limit.after)
    last = add_months(base.days, limit.months)
    return settle_truth(date.days <= last, date.unknown | base.unknown)


def _evaluate_differs(one: ColumnCells, other: ColumnCells) -> Truth:
    """Both recorded and not the same; the two columns' codes are brought to one numbering first."""
    same = one.codes == recode_words(other, one)[other.codes]
    return settle_truth(~one.blank & ~other.blank & ~same, one.unknown | other.unknown)
