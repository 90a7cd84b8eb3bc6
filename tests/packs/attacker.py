"""Somebody who reads every published figure, knows how packs are made, and works out what they do not show.

What always holds between figures is learnt from packs of registers of the attacker's own: every linear equation (the
null space of the figures, this quarter's and the last one's) and every "never more than". Nothing of the disclosure
control is used or known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd
from scipy.optimize import linprog
from scipy.sparse import csr_matrix

from due_regard.calendars.quarters import Quarter
from due_regard.packs.content.table_forms import MeasureTable

Place: TypeAlias = tuple[str, Quarter]
"""A figure's name (`table/measure`, or `table/measure/of` for what it is out of) and its quarter."""
Figures: TypeAlias = dict[Place, int]
Terms: TypeAlias = dict[tuple[str, int], int]
"""(name, quarters back) -> coefficient."""

NOBODYS = {"data_quality"}
"""Tables that count files and rows, not people or their cases."""
_PRIME = 2_147_483_629
_NEAR = 1e-6
_OFTEN = 8


def read_figures(tables: Mapping[str, MeasureTable]) -> Figures:
    """Every count that `tables` show."""
    found: Figures = {}
    for name, table in tables.items():
        if table.figures is None or name in NOBODYS:
            continue
        for row in table.figures.itertuples():
            quarter = Quarter.parse(str(row.quarter))
            if row.unit == "count" and pd.notna(row.numerator):
                found[f"{name}/{row.measure}", quarter] = int(row.numerator)
            if pd.notna(row.denominator):
                found[f"{name}/{row.measure}/of", quarter] = int(row.denominator)
    return found


@dataclass(frozen=True)
class Relations:
    """What always holds: figures that are one, sums that are nought, and pairs of which the first is never more."""

    same: tuple[tuple[tuple[str, int], tuple[str, int]], ...]
    sums: tuple[Terms, ...]
    orders: tuple[tuple[tuple[str, int], tuple[str, int]], ...]


def learn_relations(registers: Iterable[Figures]) -> Relations:
    """Relations that hold in all of `registers`, between a quarter and the one before it."""
    rows = pd.DataFrame([row for figures in registers for row in _list_pairs(figures)]).dropna(axis="columns")
    rows = rows.loc[:, rows.any()]
    values = rows.to_numpy("int64")
    _, first, group = np.unique(values, axis=1, return_index=True, return_inverse=True)
    names = list(rows.columns)
    same = tuple((names[first[group[place]]], name) for place, name in enumerate(names) if first[group[place]] != place)
    distinct = values[:, first]
    kept = [names[place] for place in first]
    sums = tuple({kept[place]: int(n) for place, n in enumerate(line) if n} for line in _find_null_space(distinct))
    # Between quarters, a few registers make many orders that do not hold in the next one.
    now = [place for place, (_, back) in enumerate(kept) if back == 0]
    orders = tuple((kept[now[a]], kept[now[b]]) for a, b in _find_orders(distinct[:, now]))
    return Relations(same, sums, orders)


def _list_pairs(figures: Figures) -> Iterable[dict[tuple[str, int], int]]:
    quarters = {quarter for _, quarter in figures}
    for quarter in sorted(quarters):
        if quarter.shift(-1) in quarters:
            yield {
                (name, back): value
                for back in (0, 1)
                for (name, at), value in figures.items()
                if at == quarter.shift(-back)
            }


def _find_null_space(values: np.ndarray) -> list[np.ndarray]:
    """Whole-number relations between the columns, by elimination modulo a prime."""
    matrix = np.mod(values.copy(), _PRIME)
    pivots: list[int] = []
    for column in range(matrix.shape[1]):
        here = np.flatnonzero(matrix[len(pivots) :, column])
        if not len(here):
            continue
        row, found = len(pivots), len(pivots) + here[0]
        matrix[[row, found]] = matrix[[found, row]]
        matrix[row] = matrix[row] * pow(int(matrix[row, column]), -1, _PRIME) % _PRIME
        others = np.flatnonzero(matrix[:, column])
        others = others[others != row]
        matrix[others] = (matrix[others] - matrix[others, column][:, None] * matrix[row] % _PRIME) % _PRIME
        pivots.append(column)
    free = [column for column in range(matrix.shape[1]) if column not in set(pivots)]
    found_lines = []
    for column in free:
        line = np.zeros(matrix.shape[1], dtype="int64")
        line[column] = 1
        line[pivots] = -matrix[: len(pivots), column]
        line = np.where(line < -_PRIME // 2, line + _PRIME, np.where(line > _PRIME // 2, line - _PRIME, line))
        assert np.abs(line).max() < 50, "a relation with fractions: more registers are needed"
        found_lines.append(line)
    return found_lines


def _find_orders(values: np.ndarray) -> list[tuple[int, int]]:
    """Pairs of columns of which the first is never more, less those that follow from others.

    That it is as much now and then, other than in nought, tells a part of a whole from what happens to be larger.
    """
    below = np.stack([_is_part(values[:, [place]], values) for place in range(values.shape[1])])
    np.fill_diagonal(below, False)
    between = (below.astype("int32") @ below.astype("int32")) > 0
    return [(int(a), int(b)) for a, b in np.argwhere(below & ~between)]


def _is_part(one: np.ndarray, others: np.ndarray) -> np.ndarray:
    return np.asarray((one <= others).all(axis=0) & (((one == others) & (one > 1)).sum(axis=0) > _OFTEN))


class Attack:
    """All that one reader of several packs knows of one landlord."""

    def __init__(self, relations: Relations, known: Figures, hidden: Iterable[Place], asked: Iterable[Place]) -> None:
        self.asked = sorted(asked)
        self.places = sorted({*known, *hidden})
        self.group = {place: place for place in self.places}
        self.quarters = sorted({quarter for _, quarter in self.places})
        for quarter in self.quarters:
            for (one, back), (other, other_back) in relations.same:
                a, b = (one, quarter.shift(-back)), (other, quarter.shift(-other_back))
                if a in self.group and b in self.group:
                    self.group[self._find_group(a)] = self._find_group(b)
        self.known: dict[Place, int] = {}
        for place, value in known.items():
            before = self.known.setdefault(self._find_group(place), value)
            assert before == value, place
        self.unknown = sorted({self._find_group(place) for place in self.places} - set(self.known))
        self.column = {place: number for number, place in enumerate(self.unknown)}
        # Noughts are printed: what is asked for is known not to be one.
        least = np.isin(np.arange(len(self.unknown)), self._list_columns(self.asked)).astype(float)
        self.bounds = np.column_stack([least, np.full(len(self.unknown), 10_000)])
        self.equal = self._gather_lines(relations.sums)
        self.less = self._gather_lines({a: 1, b: -1} for a, b in relations.orders)

    def _list_columns(self, places: Iterable[Place]) -> list[int]:
        groups = [self._find_group(place) for place in places]
        return [self.column[group] for group in groups if group in self.column]

    def _find_group(self, place: Place) -> Place:
        while self.group[place] != place:
            place = self.group[place]
        return place

    def _gather_lines(self, sums: Iterable[Terms]) -> tuple[csr_matrix, np.ndarray]:
        lines: dict[tuple[tuple[tuple[int, int], ...], int], None] = {}
        for terms in sums:
            for quarter in self.quarters:
                places = [((name, quarter.shift(-back)), n) for (name, back), n in terms.items()]
                if all(place in self.group for place, _ in places):
                    lines |= dict.fromkeys(self._read_line(places))
        data, rows, columns = [], [], []
        for number, (terms_here, _) in enumerate(lines):
            for column, n in terms_here:
                data.append(n), rows.append(number), columns.append(column)
        right = np.array([value for _, value in lines], dtype=float)
        return csr_matrix((data, (rows, columns)), shape=(len(lines), len(self.unknown))), right

    def _read_line(self, places: list[tuple[Place, int]]) -> list[tuple[tuple[tuple[int, int], ...], int]]:
        left: dict[int, int] = {}
        right = 0
        for place, n in places:
            group = self._find_group(place)
            if group in self.known:
                right -= n * self.known[group]
            else:
                left[self.column[group]] = left.get(self.column[group], 0) + n
        terms = tuple(sorted((column, n) for column, n in left.items() if n))
        return [(terms, right)] if terms else []

    def recover(self) -> Figures:
        """What is asked for and has one value only."""
        found = {
            place: self.known[self._find_group(place)] for place in self.asked if self._find_group(place) in self.known
        }
        open_columns = set(self._list_columns(self.asked))
        low, high = np.full(len(self.unknown), np.inf), np.full(len(self.unknown), -np.inf)
        chance = np.random.default_rng(1)
        for _ in range(8):
            cost = chance.normal(size=len(self.unknown)) * np.isin(np.arange(len(self.unknown)), list(open_columns))
            if open_columns:
                self._widen(cost, low, high)
            open_columns = {column for column in open_columns if self._count_values(low[column], high[column]) < 2}
        fixed = {}
        for column in sorted(open_columns):
            for sign in (1, -1):
                cost = np.zeros(len(self.unknown))
                cost[column] = sign
                self._widen(cost, low, high)
            if self._count_values(low[column], high[column]) == 1:
                fixed[column] = int(np.ceil(low[column] - _NEAR))
        for place in self.asked:
            column = self.column.get(self._find_group(place), -1)
            if column in fixed:
                found[place] = fixed[column]
        return found

    def _count_values(self, low: float, high: float) -> float:
        return float(np.floor(high + _NEAR) - np.ceil(low - _NEAR) + 1) if high >= low else 0

    def _widen(self, cost: np.ndarray, low: np.ndarray, high: np.ndarray) -> None:
        (equal, is_), (less, most) = self.equal, self.less
        done = linprog(
            cost, A_eq=equal if len(is_) else None, b_eq=is_ if len(is_) else None, A_ub=less if len(most) else None,
            b_ub=most if len(most) else None, bounds=self.bounds, method="highs",
        )  # fmt: skip
        assert done.status == 0, done.message
        np.minimum(low, done.x, out=low)
        np.maximum(high, done.x, out=high)
