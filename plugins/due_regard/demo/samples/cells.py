"""Records as the cells a landlord's system would export, and the dirt that real exports carry.

Two kinds of dirt: what intake mends in silence (blanks, look-alike hyphens, odd case) and rows that it must refuse.
Add a fault to `_FAULTS` when intake learns to refuse one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TypeAlias

from due_regard.contract import ENTITY, Column, Kind
from due_regard.demo.samples.world import Row, World
from due_regard.intake.source import ColumnMap, Source

Cell: TypeAlias = str | date
Cells: TypeAlias = dict[str, Cell]
"""One row to be written: canonical column -> cell."""

_NON_BREAKING_HYPHEN, _NON_BREAKING_SPACE = "\u2011", "\u00a0"
_MENDED_SHARE = 0.02

_FAULTS: Sequence[tuple[str, str, str]] = (
    ("incidents", "occurred_on", "31/02/2026"),
    ("incidents", "occurred_on", "last Tuesday"),
    ("incidents", "category", "Shouting"),
    ("incidents", "channel", ""),
    ("incidents", "harassment", "perhaps"),
    ("warnings", "issued_on", "00/00/0000"),
    ("appeals", "restriction_ref", "R00-000"),
    ("access_requests", "received_on", ""),
)
"""Entity, column and the cell that makes a row be rejected."""


def columns_of(world: World, entity: str, columns: Mapping[str, ColumnMap]) -> dict[str, ColumnMap]:
    """The columns of `entity` that this landlord's export writes."""
    absent = world.profile.absent.get(entity, ())
    return {name: column for name, column in columns.items() if name not in absent and not column.constant}


def cells_of(world: World, entity: str, columns: Mapping[str, ColumnMap], source: Source) -> list[Cells]:
    """The rows of `entity` as this source writes its `columns_of`, a few of them spoilt."""
    rows = [_cells(world, entity, row, columns, source) for row in world.rows[entity]]
    return _spoilt(world, entity, [_ruffled(world, entity, row, source) for row in rows])


def _cells(world: World, entity: str, row: Row, columns: Mapping[str, ColumnMap], source: Source) -> Cells:
    known = ENTITY[entity].by_name
    return {name: _cell(world, row.get(name), known[name], column, source) for name, column in columns.items()}


def _cell(world: World, value: object, known: Column, column: ColumnMap, source: Source) -> Cell:
    if value is None:
        return ""
    if isinstance(value, bool):
        return world.any_of(
            (source.yes_words or ("Yes", "yes", "Y")) if value else (source.no_words or ("No", "no", "N"))
        )
    if isinstance(value, list):
        return column.separator.join(_word(world, code, column, source) for code in value)
    if known.kind is Kind.CODE:
        return _word(world, str(value), column, source)
    return value if isinstance(value, date) else str(value)


def _word(world: World, code: str, column: ColumnMap, source: Source) -> str:
    """The source's own word for a canonical code (one of them, where it has several)."""
    listed = source.codes.get(column.codes, {}) if isinstance(column.codes, str) else column.codes or {}
    return world.any_of([word for word, means in listed.items() if means == code] or [code])


def _ruffled(world: World, entity: str, row: Cells, source: Source) -> Cells:
    """Now and then a trailing blank, a non-breaking space, a look-alike hyphen, capitals: mended without a word."""
    if not world.happens(_MENDED_SHARE):
        return row
    name = ENTITY[entity].key
    mended = [f"{row[name]} ", f"{_NON_BREAKING_SPACE}{row[name]}"]
    # A code page of the last century has no such hyphen.
    if source.encoding != "cp1252":
        mended.append(str(row[name]).replace("-", _NON_BREAKING_HYPHEN))
    return row | {name: world.any_of(mended)}


def _spoilt(world: World, entity: str, rows: list[Cells]) -> list[Cells]:
    """Copies with a fault each put in somewhere, a row sent twice alike, and one sent twice with a difference."""
    extra = [_faulty(world, rows, entity, column, cell) for where, column, cell in _FAULTS if where == entity]
    if entity == "incidents":
        extra.append(dict(world.any_of(rows)))
        twice = _renamed(world, rows, entity)
        extra += [twice, twice | {"team": "Unknown"}]
    for row in extra:
        rows.insert(world.chance.randrange(len(rows)), row)
    return rows


def _faulty(world: World, rows: list[Cells], entity: str, column: str, cell: str) -> Cells:
    return _renamed(world, rows, entity) | {column: cell}


def _renamed(world: World, rows: list[Cells], entity: str) -> Cells:
    """A copy of some row under a reference of its own, so that no true record is lost with it."""
    key = ENTITY[entity].key
    return world.any_of(rows) | {key: f"X{world.chance.randrange(10**5):05d}"}
