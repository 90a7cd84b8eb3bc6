"""Records as the cells a landlord's system would export, and the faults that real exports have.

Two kinds of fault: those intake mends in silence (blanks, look-alike hyphens, odd case) and cells that it cannot
read. Add a fault to `_FAULTS` when intake learns to name one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TypeAlias

from demo.samples.sample_world import Row, SampleWorld
from due_regard.intake.source_mapping import ColumnMap, SourceMapping
from due_regard.records.canonical import ENTITY, CanonicalColumn, ColumnKind

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
"""Entity, column and the cell for which a row is rejected or, in a column that may be blank, the cell is unknown."""


def list_sample_columns(world: SampleWorld, entity: str, columns: Mapping[str, ColumnMap]) -> dict[str, ColumnMap]:
    """The columns of `entity` that this landlord's export writes."""
    absent = world.profile.absent.get(entity, ())
    return {name: column for name, column in columns.items() if name not in absent and not column.constant}


def make_sample_cells(
    world: SampleWorld, entity: str, columns: Mapping[str, ColumnMap], source: SourceMapping
) -> list[Cells]:
    """The rows of `entity` as this source writes its `list_sample_columns`, a few of them spoilt."""
    rows = [_make_row_cells(world, entity, row, columns, source) for row in world.rows[entity]]
    return _make_spoilt_rows(world, entity, [_roughen_row(world, entity, row, source) for row in rows])


def _make_row_cells(
    world: SampleWorld, entity: str, row: Row, columns: Mapping[str, ColumnMap], source: SourceMapping
) -> Cells:
    known = ENTITY[entity].by_name
    return {name: _make_cell(world, row.get(name), known[name], column, source) for name, column in columns.items()}


def _make_cell(
    world: SampleWorld, value: object, known: CanonicalColumn, column: ColumnMap, source: SourceMapping
) -> Cell:
    if value is None:
        return ""
    if isinstance(value, bool):
        return world.any_of(
            (source.yes_words or ("Yes", "yes", "Y")) if value else (source.no_words or ("No", "no", "N"))
        )
    if isinstance(value, list):
        return column.separator.join(_choose_word(world, code, column, source) for code in value)
    if known.kind is ColumnKind.CODE:
        return _choose_word(world, str(value), column, source)
    return value if isinstance(value, date) else str(value)


def _choose_word(world: SampleWorld, code: str, column: ColumnMap, source: SourceMapping) -> str:
    """The source's own word for a canonical code (one of them, where it has several)."""
    listed = source.codes.get(column.codes, {}) if isinstance(column.codes, str) else column.codes or {}
    return world.any_of([word for word, means in listed.items() if means == code] or [code])


def _roughen_row(world: SampleWorld, entity: str, row: Cells, source: SourceMapping) -> Cells:
    """Now and then a trailing blank, a non-breaking space, a look-alike hyphen, capitals: mended without a word."""
    if not world.happens(_MENDED_SHARE):
        return row
    name = ENTITY[entity].key
    mended = [f"{row[name]} ", f"{_NON_BREAKING_SPACE}{row[name]}"]
    # A code page of the last century has no such hyphen.
    if source.encoding != "cp1252":
        mended.append(str(row[name]).replace("-", _NON_BREAKING_HYPHEN))
    return row | {name: world.any_of(mended)}


def _make_spoilt_rows(world: SampleWorld, entity: str, rows: list[Cells]) -> list[Cells]:
    """Copies with a fault each put in somewhere, a row sent twice alike, and one sent twice with a difference."""
    extra = [_make_faulty_row(world, rows, entity, column, cell) for where, column, cell in _FAULTS if where == entity]
    if entity == "incidents":
        extra.append(dict(world.any_of(rows)))
        twice = _copy_renamed_row(world, rows, entity)
        extra += [twice, twice | {"team": "Unknown"}]
    for row in extra:
        rows.insert(world.chance.randrange(len(rows)), row)
    return rows


def _make_faulty_row(world: SampleWorld, rows: list[Cells], entity: str, column: str, cell: str) -> Cells:
    return _copy_renamed_row(world, rows, entity) | {column: cell}


def _copy_renamed_row(world: SampleWorld, rows: list[Cells], entity: str) -> Cells:
    """A copy of some row under a reference of its own, so that no true record is lost with it."""
    key = ENTITY[entity].key
    return world.any_of(rows) | {key: f"X{world.chance.randrange(10**5):05d}"}
