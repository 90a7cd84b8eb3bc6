"""Another register that would print the same page: the proof that a hidden count cannot be worked out.

A register is so many customers of each kind; adding some and taking others away gives another one. Where it changes a
hidden count and no shown figure, a reader cannot tell the two apart. Where there is none, integer programming finds the
one that changes fewest shown figures, and these are hidden too. What was found stays true whatever more is hidden.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import block_diag, csr_matrix, eye, hstack, vstack

from due_regard.calendars.reporting_years import Period
from due_regard.packs.content.counted_cases import MOST_KINDS, FigureName, QuarterCounts
from due_regard.packs.content.customer_places import Counts

MOST_ADDED = 4
"""Customers of one kind that another register may have more."""
MOST_NEAR = 150
"""Kinds of customer of a quarter tried first."""
_NODES = 60
"""Steps after which the search for a cheaper register stops: counted, not timed, so that builds are the same."""

Limits: TypeAlias = npt.NDArray[np.float64]
QuarterRow: TypeAlias = tuple[int, int]
"""Place of a quarter and of a row in it."""
Binding: TypeAlias = tuple[tuple[QuarterRow, int], ...]
"""Rows, with their signs, that add up to nought in every register: they bind quarters."""


@dataclass
class AlternativeSearch:
    """Rows of several quarters, what a reader knows for good, what is hidden so far, what other registers change."""

    quarters: Sequence[QuarterCounts]
    bindings: Sequence[Binding]
    known: Set[FigureName]
    hidden: set[FigureName]
    changed: set[QuarterRow] = field(default_factory=set)

    def protect_row(self, place: QuarterRow) -> None:
        """Hide what must be hidden so that another register differs in this row, by customers of its quarter or all."""
        if place in self.changed:
            return
        here, everywhere = (place[0],), tuple(range(len(self.quarters)))
        for window, most in ((here, MOST_NEAR), (everywhere, MOST_NEAR), (everywhere, MOST_KINDS)):
            for by in (1, -1):
                moved = self._find_register(place, by, window, most)
                if moved is not None:
                    self._hide_changed(window, moved)
                    return
        # Earlier editions give it away, or the search ended: nothing of its quarter that is not out yet is shown.
        rows = self.quarters[place[0]].rows
        self.hidden |= {name for row in rows for name in row.names if not self.known & set(row.names)}

    def _hide_changed(self, window: Sequence[int], moved: Sequence[Counts]) -> None:
        for number, change in zip(window, moved, strict=True):
            for at, row in enumerate(self.quarters[number].rows):
                if row.cases @ change:
                    self.changed.add((number, at))
                    self.hidden |= set(row.names)

    def _find_register(self, place: QuarterRow, by: int, window: Sequence[int], most: int) -> list[Counts] | None:
        """Customers of each kind more or fewer, for each quarter of `window`; None where there is no such register."""
        rows = [(number, at) for number in window for at in range(len(self.quarters[number].rows))]
        low, high, costs = np.array([(by, by, 0) if row == place else self._limit_row(row) for row in rows]).T
        near = [self._choose_near(number, place, most) for number in window]
        customers = [self.quarters[number].customers[some] for number, some in zip(window, near, strict=True)]
        lines = block_diag([self._tables[number][:, some] for number, some in zip(window, near, strict=True)], "csr")
        bound = self._bind_rows({row: number for number, row in enumerate(rows)})
        noughts = np.zeros(bound.shape[0])
        found = _solve_cheapest(
            vstack([lines, bound @ lines], "csr"), np.append(low, noughts), np.append(high, noughts),
            np.append(costs, noughts), np.concatenate(customers),
        )  # fmt: skip
        if found is None:
            return None
        moved = [np.zeros(len(self.quarters[number].customers), dtype="int64") for number in window]
        parts = np.split(found, np.cumsum([len(some) for some in near])[:-1])
        for each, some, part in zip(moved, near, parts, strict=True):
            each[some] = part
        return moved

    def _choose_near(self, number: int, place: QuarterRow, most: int) -> Counts:
        """Kinds of customer whose coming and going changes little that is shown but the row at `place`."""
        table = self._tables[number]
        if table.shape[1] <= most:
            return np.arange(table.shape[1])
        moving = {row for binding in self.bindings for row, _ in binding} if number != place[0] else {place}
        anchors = [kind for row in sorted(moving) if row[0] == number for kind in np.flatnonzero(table[row[1]])[:6]]
        weights = np.array([self._weigh_row((number, at)) for at in range(len(table))])
        far = np.min([weights @ np.abs(table - table[:, [kind]]) for kind in anchors or [0]], axis=0)
        return np.unique(np.append(np.argsort(far, kind="stable")[:most], np.array(anchors, dtype="int64")))

    def _weigh_row(self, place: QuarterRow) -> float:
        low, high, cost = self._limit_row(place)
        return 1000.0 if low == high else cost

    @cached_property
    def _tables(self) -> list[Counts]:
        return [
            np.array([row.cases for row in counts.rows], dtype="int64").reshape(len(counts.rows), len(counts.customers))
            for counts in self.quarters
        ]

    def _limit_row(self, place: QuarterRow) -> tuple[float, float, float]:
        """By how much a row may fall and grow, and what it costs to hide it if it does."""
        row = self.quarters[place[0]].rows[place[1]]
        if self.known & set(row.names):
            return 0, 0, 0
        is_hidden = self.hidden >= set(row.names)
        # Of two ways as short, the one that hides smaller counts leaves more to read.
        cost = 0 if is_hidden else len(row.names) + min(row.value, 500) / 1000
        return (1 - row.value if row.is_printed else -np.inf), np.inf, cost

    def _bind_rows(self, rows: Mapping[QuarterRow, int]) -> csr_matrix:
        """A line for each binding of `rows`; a row of another quarter stays as it is."""
        here = [[(rows[row], sign) for row, sign in binding if row in rows] for binding in self.bindings]
        found = np.zeros((len(here), len(rows)))
        for line, terms in zip(found, here, strict=True):
            for row, sign in terms:
                line[row] += sign
        return csr_matrix(found[found.any(axis=1)])


def _solve_cheapest(lines: csr_matrix, low: Limits, high: Limits, costs: Limits, customers: Counts) -> Counts | None:
    """Change of `customers` that keeps all limits and changes rows of least cost; None where nothing keeps them."""
    width, costed = lines.shape[1], np.flatnonzero(costs)
    # A costed row's change is what it grows less what it falls.
    both = hstack([lines[costed], -eye(len(costed)), eye(len(costed))])
    limits = LinearConstraint(hstack([lines, csr_matrix((lines.shape[0], 2 * len(costed)))]), low, high)
    done = milp(
        np.concatenate([np.zeros(width), costs[costed], costs[costed]]),
        constraints=[limits, LinearConstraint(both, 0, 0)] if len(costed) else [limits],
        bounds=Bounds(
            np.append(-customers.astype(float), np.zeros(2 * len(costed))),
            np.append(np.full(width, float(MOST_ADDED)), np.full(2 * len(costed), np.inf)),
        ),
        integrality=np.append(np.ones(width), np.zeros(2 * len(costed))),
        options={"node_limit": _NODES, "mip_rel_gap": 0.05},
    )
    if done.x is None:
        return None
    change: Counts = np.rint(done.x[:width]).astype("int64")
    moved = lines @ change
    return change if (moved >= low).all() and (moved <= high).all() else None


def list_bindings(
    quarters: Sequence[QuarterCounts], links: Iterable[Sequence[tuple[str, int, int]]]
) -> tuple[Binding, ...]:
    """`links` (`table/measure`, quarters back, sign) as rows of these periods, wherever all of a link's are there.

    A year is bound to whatever ends on the day before it begins, a quarter or a year, as a quarter is.
    """
    periods = [period for counts in quarters for period in counts.periods]
    before = [(period, other) for period in periods for other in periods if _is_just_before(other, period)]
    rows = {
        name: (number, at)
        for number, counts in enumerate(quarters)
        for at, row in enumerate(counts.rows)
        for name in row.names
    }
    found = []
    for link in links:
        for both in before:
            named = [(f"{name}/{both[back]}", sign) for name, back, sign in link]
            found.append(tuple((rows[name], sign) for name, sign in named if name in rows))
    return tuple(binding for binding in found if binding)


def _is_just_before(one: Period, other: Period) -> bool:
    return one.ends_on + timedelta(days=1) == other.starts_on
