"""Disclosure control for the publishable edition: counts under 5 are hidden, and whatever would give them away.

Every count of every table is a cell; what adds up is an equation: the tables' own sums, a part and the rest of its
whole, the end of one quarter and the start of the next. A cell of 1 to 4, or whose rest is 1 to 4, is hidden first.
Then each hidden cell is audited by linear programming: while what is left shown leaves it a single whole number, the
smallest shown cell of its equations is hidden too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from scipy.optimize import linprog

from due_regard.calendars.quarters import Quarter
from due_regard.packs.content.headlines import HIDDEN
from due_regard.packs.content.measure_tables import MeasureTable

SMALLEST_SHOWN = 5
"""A count from 1 to one less than this is hidden."""

Cell: TypeAlias = tuple[str, str]
"""Name of a count (`table.measure`, or of a whole that stands in no table) and its quarter."""
Equation: TypeAlias = tuple[tuple[Cell, int], ...]
"""Cells and their signs that add up to nought."""

_TOLERANCE = 1e-6


@dataclass
class _CountSystem:
    """Counts, the equations that bind them, and which are hidden so far."""

    values: dict[Cell, int] = field(default_factory=dict)
    equations: list[Equation] = field(default_factory=list)
    unpublished: set[Cell] = field(default_factory=set)
    hidden: set[Cell] = field(default_factory=set)
    audited: dict[tuple[Cell, ...], list[Cell]] = field(default_factory=dict)

    def is_small(self, cell: Cell) -> bool:
        """Whether a cell is one of the counts to protect."""
        return 0 < self.values[cell] < SMALLEST_SHOWN

    @property
    def unknown(self) -> set[Cell]:
        """Cells that a reader does not see."""
        return self.hidden | self.unpublished


def hide_small_counts(tables: Mapping[str, MeasureTable]) -> dict[str, MeasureTable]:
    """The tables fit for publication: those that list cases or repeat counts left out, small numbers hidden."""
    kept = {name: table for name, table in tables.items() if table.is_publishable}
    owners = _find_owners(kept)
    system = _build_system(kept, owners)
    protect_counts(system)
    return {name: _hide_cells(table, system, owners) for name, table in kept.items()}


def protect_counts(system: _CountSystem) -> None:
    """Hide small counts, then others until none hidden can be worked out."""
    system.hidden = {cell for cell in system.values if system.is_small(cell)} - system.unpublished
    for total, part, rest in _list_rests(system):
        if system.is_small(rest) and not system.is_small(total):
            system.hidden |= {part} if part not in system.unpublished else {total}
    exposed = list(_find_exposed_cells(system))
    while exposed:
        for cell in exposed:
            more = _choose_cheapest_cell(system, cell)
            if more is not None:
                system.hidden.add(more)
        exposed = [cell for cell in _find_exposed_cells(system) if _choose_cheapest_cell(system, cell) is not None]


def _list_rests(system: _CountSystem) -> Iterator[tuple[Cell, Cell, Cell]]:
    for equation in system.equations:
        if len(equation) == 3 and equation[2][0] in system.unpublished:
            yield equation[0][0], equation[1][0], equation[2][0]


def _find_exposed_cells(system: _CountSystem) -> Iterator[Cell]:
    """Small cells that what is shown fixes to one whole number."""
    for component, equations in _find_components(system):
        key = tuple(component)
        if key not in system.audited:
            small = [cell for cell in component if system.is_small(cell)]
            system.audited[key] = [cell for cell in small if _is_fixed(system, cell, component, equations)]
        yield from system.audited[key]


def _find_components(system: _CountSystem) -> list[tuple[list[Cell], list[Equation]]]:
    """Unknown cells that equations tie together, with those equations."""
    unknown = system.unknown
    parent = {cell: cell for cell in unknown}

    def find_root(cell: Cell) -> Cell:
        while parent[cell] != cell:
            parent[cell] = parent[parent[cell]]
            cell = parent[cell]
        return cell

    tied = [(equation, [cell for cell, _ in equation if cell in unknown]) for equation in system.equations]
    for _, cells in tied:
        for cell in cells[1:]:
            parent[find_root(cell)] = find_root(cells[0])
    groups: dict[Cell, tuple[list[Cell], list[Equation]]] = {}
    for cell in sorted(unknown):
        groups.setdefault(find_root(cell), ([], []))[0].append(cell)
    for equation, cells in tied:
        if cells:
            groups[find_root(cells[0])][1].append(equation)
    return [groups[name] for name in sorted(groups)]


def _is_fixed(system: _CountSystem, cell: Cell, component: list[Cell], equations: list[Equation]) -> bool:
    """Whether no other whole number than its own fits the equations (counts being nought or more)."""
    if not equations:
        return False
    place = {name: number for number, name in enumerate(component)}
    left = np.zeros((len(equations), len(component)))
    right = np.zeros(len(equations))
    for row, equation in enumerate(equations):
        for name, sign in equation:
            if name in place:
                left[row, place[name]] += sign
            else:
                right[row] -= sign * system.values[name]
    for sign in (-1, 1):  # the greatest it can be, then the least
        cost = np.zeros(len(component))
        cost[place[cell]] = sign
        done = linprog(cost, A_eq=left, b_eq=right, bounds=(0, None), method="highs")
        if done.status != 0 or abs(done.fun - sign * system.values[cell]) > 1 - _TOLERANCE:
            return False
    return True


def _choose_cheapest_cell(system: _CountSystem, cell: Cell) -> Cell | None:
    """The smallest count still shown in the equations of `cell`, or of the cells hidden with it there."""
    unknown = system.unknown
    near = [e for e in system.equations if any(name == cell for name, _ in e)]
    beside = {name for equation in near for name, _ in equation} & unknown
    wider = [e for e in system.equations if any(name in beside for name, _ in e)]
    for equations in (near, wider):
        shown = {name for equation in equations for name, _ in equation if name not in unknown}
        if shown:
            return min(shown, key=lambda name: (system.values[name] == 0, system.values[name], name))
    return None


def _find_owners(tables: Mapping[str, MeasureTable]) -> dict[str, str]:
    """Measure -> the table whose row it is first; a whole named in another table is that row."""
    owners: dict[str, str] = {}
    for name, table in tables.items():
        if table.figures is not None:
            for measure in table.figures.loc[table.figures["unit"] == "count", "measure"].unique():
                owners.setdefault(str(measure), name)
    return owners


def _build_system(tables: Mapping[str, MeasureTable], owners: Mapping[str, str]) -> _CountSystem:
    system = _CountSystem()
    filled = {name: table.figures for name, table in tables.items() if table.figures is not None}
    for name, figures in filled.items():
        _add_cells(system, name, figures, owners)
    for name, figures in filled.items():
        _add_equations(system, tables[name], figures, owners)
    return system


def _name_cell(table: str, measure: str, quarter: str, figures: pd.DataFrame, owners: Mapping[str, str]) -> Cell:
    owner = table if measure in set(figures["measure"]) else owners.get(measure, "")
    return f"{owner}.{measure}", quarter


def _add_cells(system: _CountSystem, name: str, figures: pd.DataFrame, owners: Mapping[str, str]) -> None:
    for row in figures.itertuples():
        own = (f"{name}.{row.measure}", str(row.quarter))
        whole = _name_cell(name, str(row.of), str(row.quarter), figures, owners) if row.of else None
        numerator, denominator = _as_whole(row.numerator), _as_whole(row.denominator)
        if whole is not None and denominator is not None:
            system.values[whole] = denominator
        if row.unit == "count" and numerator is not None:
            system.values[own] = numerator
            if whole is not None and whole in system.values:
                rest = (f"{name}.{row.measure}.rest", str(row.quarter))
                system.values[rest] = system.values[whole] - system.values[own]
                system.unpublished.add(rest)
                system.equations.append(((whole, 1), (own, -1), (rest, -1)))


def _add_equations(system: _CountSystem, table: MeasureTable, figures: pd.DataFrame, owners: Mapping[str, str]) -> None:
    for quarter in figures["quarter"].unique():
        for one in table.sums:
            signed = [(one.total, 1), *((part, -1) for part in one.plus), *((part, 1) for part in one.minus)]
            cells = [(_name_cell(table.name, measure, str(quarter), figures, owners), sign) for measure, sign in signed]
            _bind_cells(system, cells)
        before = str(Quarter.parse(str(quarter)).shift(-1))
        _bind_cells(system, [((f"{table.name}.opening", str(quarter)), 1), ((f"{table.name}.in_force", before), -1)])


def _bind_cells(system: _CountSystem, cells: Iterable[tuple[Cell, int]]) -> None:
    """Keep an equation whose every cell has a value (a figure that is not measured has none)."""
    equation = tuple(cells)
    if all(cell in system.values for cell, _ in equation):
        system.equations.append(equation)


def _hide_cells(table: MeasureTable, system: _CountSystem, owners: Mapping[str, str]) -> MeasureTable:
    if table.figures is None:
        return replace(table, listing=_list_small_counts(table.listing))
    figures = table.figures
    hide, hide_whole = [], []
    for row in figures.itertuples():
        own = (f"{table.name}.{row.measure}", str(row.quarter))
        whole = _name_cell(table.name, str(row.of), str(row.quarter), figures, owners) if row.of else None
        is_days_of_few = row.unit != "count" and (_as_whole(row.denominator) or 0) < SMALLEST_SHOWN
        hide.append(own in system.hidden or (_as_whole(row.numerator) is not None and is_days_of_few))
        hide_whole.append(whole in system.hidden)
    return replace(table, figures=figures.assign(
        numerator=figures["numerator"].mask(pd.Series(hide, index=figures.index)),
        denominator=figures["denominator"].mask(pd.Series(hide_whole, index=figures.index)),
        why=figures["why"].mask(pd.Series(hide, index=figures.index), HIDDEN),
    ))  # fmt: skip


def _as_whole(value: Any) -> int | None:
    return None if pd.isna(value) else int(value)


def _list_small_counts(listing: pd.DataFrame | None) -> pd.DataFrame | None:
    if listing is None or "Cases not measured" not in listing.columns:
        return listing
    counts = listing["Cases not measured"].astype("object")
    return listing.assign(**{"Cases not measured": counts.mask(counts.between(1, SMALLEST_SHOWN - 1), "[c]")})
