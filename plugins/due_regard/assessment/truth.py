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

from due_regard.assessment.dates import Dates, add_months, date_of, recoded, related
from due_regard.assessment.world import Bools, Cells, World
from due_regard.policy import conditions as words

Truth: TypeAlias = npt.NDArray[np.int8]
NO, UNKNOWN, YES = np.int8(0), np.int8(1), np.int8(2)


@dataclass(frozen=True)
class View:
    """One entity's rows as a duty looks at them.

    Attributes:
        as_blank: fields that count as blank, not as unknown, where the source lacks them.
        strict: "and" needs every column (a check's requirement).
    """

    world: World
    entity: str
    as_blank: frozenset[str] = frozenset()
    strict: bool = False

    @property
    def size(self) -> int:
        """Number of rows."""
        return self.world.size(self.entity)

    def cells(self, path: str) -> Cells:
        """Cells of a field, with absent counted as blank where the duty says so."""
        found = self.world.column(self.entity, path)
        return replace(found, unknown=np.zeros_like(found.unknown)) if path in self.as_blank else found

    def date(self, value: words.DateOf) -> Dates:
        """A date of each row."""
        return date_of(self, value)

    def filtered(self, entity: str, condition: words.Condition) -> tuple[Bools, bool]:
        """Rows of another entity that meet `condition`, and whether any of them cannot be told."""
        found = truth(View(self.world, entity, self.as_blank), condition)
        return found == YES, bool((found == UNKNOWN).any())


def truth(view: View, condition: words.Condition) -> Truth:
    """Truth of `condition` for every row of the view (int8: 0 no, 1 cannot tell, 2 yes). A blank cell meets nothing."""
    match condition:
        case words.AnyOf():
            return reduce(np.maximum, (truth(view, part) for part in condition.any_of))
        case words.AllOf():
            return _all([truth(view, part) for part in condition.all_of], strict=view.strict)
        case words.Not():
            return (YES - truth(view, condition.not_)).astype(np.int8)
        case words.Exists():
            found = related(view, condition.exists)
            return settle(~np.isnat(found.values), found.unknown)
        case words.Present():
            cells = view.cells(condition.present)
            return settle(~cells.blank, cells.unknown)
        case words.IsYes():
            cells = view.cells(condition.is_yes)
            return settle(cells.values == 1, cells.unknown)
        case _:
            return _pair(view, condition)


def settle(holds: Bools, unknown: Bools) -> Truth:
    """Yes or no by `holds`, save where it is unknown."""
    return np.where(unknown, UNKNOWN, holds * YES)


def both(first: Truth, second: Truth) -> Truth:
    """The lenient "and": one carried no settles it."""
    return np.minimum(first, second)


def _all(parts: list[Truth], *, strict: bool) -> Truth:
    held = reduce(np.minimum, parts)
    if not strict:
        return held
    unknown = reduce(np.logical_or, (part == UNKNOWN for part in parts))
    return np.where(unknown, UNKNOWN, held)


def _pair(view: View, condition: words.Condition) -> Truth:
    match condition:
        case words.Equals(equals=pair):
            ((path, code),) = pair.items()
            return _coded(view.cells(path), lambda word: word == code)
        case words.In(in_=pairs):
            ((path, codes),) = pairs.items()
            return _coded(view.cells(path), lambda word: word in codes)
        case words.Includes(includes=pair):
            ((path, code),) = pair.items()
            return _coded(view.cells(path), lambda word: code in word.split(";"))
        case words.IncludesAll(includes_all=pairs):
            ((path, codes),) = pairs.items()
            return _coded(view.cells(path), lambda word: set(codes) <= set(word.split(";")))
        case words.NoLaterThan(no_later_than=limits):
            ((path, limit),) = limits.items()
            return _no_later(view, path, limit)
        case words.Differs(differs=pair):
            ((path, other),) = pair.items()
            return _differs(view.cells(path), view.cells(other))
        case _:
            raise TypeError(f"no truth for {type(condition).__name__}")


def _coded(cells: Cells, holds: Callable[[str], bool]) -> Truth:
    """Truth of a coded column: asked once a distinct word, then looked up."""
    by_word = np.array([*map(holds, cells.words.to_pylist()), False])
    return settle(by_word[cells.codes], cells.unknown)


def _no_later(view: View, path: str, limit: words.MonthsAfter) -> Truth:
    date, base = view.cells(path), view.cells(limit.after)
    last = add_months(base.days, limit.months)
    return settle(date.days <= last, date.unknown | base.unknown)


def _differs(one: Cells, other: Cells) -> Truth:
    """Both recorded and not the same; the two columns' codes are brought to one numbering first."""
    same = one.codes == recoded(other, one)[other.codes]
    return settle(~one.blank & ~other.blank & ~same, one.unknown | other.unknown)
