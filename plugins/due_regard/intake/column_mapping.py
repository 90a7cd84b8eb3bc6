"""Applies a source mapping to a table: which column of the file feeds which canonical column, and what is left over.

Every header is mapped or ignored by name; anything else stops the file. What cells mean is cell_values.py's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

from due_regard.errors import FileRefused
from due_regard.intake.cell_values import CodedColumn, ColumnReading, read_column
from due_regard.intake.source_mapping import ColumnMap, SourceMapping, SourcePart
from due_regard.intake.table_headers import KnownHeaders, list_letters
from due_regard.intake.text_cleaning import clean_text, fold_text
from due_regard.intake.text_tables import TextTable
from due_regard.records.canonical import ENTITY


@dataclass(frozen=True)
class CandidateTable:
    """One entity of one table, its columns read and not yet checked.

    Attributes:
        table: where the rows came from.
        entity: canonical entity.
        columns: the delivered canonical columns, coded.
        positions: position in the file of the (first) column behind each; absent for a constant.
    """

    table: TextTable
    entity: str
    columns: dict[str, CodedColumn]
    positions: dict[str, int]


def collect_known_headers(part: SourcePart) -> KnownHeaders:
    """Headers that the part maps, requires or ignores."""
    maps = list(part.list_column_maps())
    required: dict[str, tuple[frozenset[str], ...]] = {}
    for entity, name, column in maps:
        if ENTITY[entity].by_name[name].required and column.headers:
            folded = tuple(map(fold_text, column.headers))
            # Aliases carry a column each by itself; the parts of a joined one only together.
            ways = tuple(frozenset([alias]) for alias in folded) if column.header else (frozenset(folded),)
            required[_name_column(column)] = ways
    mapped = frozenset(fold_text(header) for _, _, column in maps for header in column.headers)
    return KnownHeaders(mapped | frozenset(map(fold_text, part.ignore)), mapped, required)


def _name_column(column: ColumnMap) -> str:
    """What a mapping calls a column, for people."""
    return (" or " if column.header else " and ").join(column.headers)


def find_unknown_columns(table: TextTable, part: SourcePart) -> list[int]:
    """Positions of the columns that the part neither maps nor ignores, and of those with cells under no header."""
    known = collect_known_headers(part).names
    return [
        position
        for position, header in enumerate(table.headers)
        if (fold_text(header) not in known if header else (table.cells[position].str.strip() != "").any())
    ]


def check_headers(table: TextTable, part: SourcePart, *, source: str) -> None:
    """Nothing, if every column is accounted for. A header that is not known is told by its letter: it may be a name.

    Raises:
        FileRefused: a column is unknown, a required one is missing, or two feed the same canonical column.
    """
    if unknown := find_unknown_columns(table, part):
        raise FileRefused(
            "unknown_column",
            f"{table.where}: the header of column {list_letters(table.find_origin(at) for at in unknown)} (row "
            f"{table.header_row}) is not known to source {source}; map it or list it under ignore in the source "
            "mapping, or leave it out of the export",
        )
    if missing := find_missing_columns(table, part):
        headers = ", ".join(dict.fromkeys(missing.values()))
        raise FileRefused(
            "missing_column", f"{table.where}: lacks the required column {headers}; export it again with it"
        )
    present = _find_positions(table)
    for _, name, column in part.list_column_maps():
        if sum(fold_text(header) in present for header in column.header) > 1:
            raise FileRefused("ambiguous_column", f"{table.where}: more than one column feeds {name}; leave one out")


def find_missing_columns(table: TextTable, part: SourcePart) -> dict[str, str]:
    """Required canonical columns (entity.column) that the table does not have, and the headers they are read from."""
    present = _find_positions(table)
    return {
        f"{entity}.{name}": _name_column(column)
        for entity, name, column in part.list_column_maps()
        if ENTITY[entity].by_name[name].required and not _is_carried(column, present)
    }


def _find_positions(table: TextTable) -> dict[str, int]:
    return {fold_text(header): position for position, header in enumerate(table.headers) if header}


def _is_carried(column: ColumnMap, present: dict[str, int]) -> bool:
    if column.constant is not None:
        return True
    found = [fold_text(header) in present for header in column.headers]
    return any(found) if column.header else all(found)


def read_candidates(table: TextTable, part: SourcePart, source: SourceMapping, *, on: date) -> list[CandidateTable]:
    """The entities of a table whose headers have been checked."""
    present = _find_positions(table)
    candidates = []
    for entity in part.entities:
        coded: dict[str, CodedColumn] = {}
        positions: dict[str, int] = {}
        for name, column in part.list_columns(entity).items():
            if not _is_carried(column, present):
                continue
            reading = ColumnReading(source, column, on, table.stored_as_numbers, table.epoch_1904)
            coded[name] = read_column(ENTITY[entity].by_name[name], _find_cells(table, column, present), reading)
            if column.constant is None:
                positions[name] = min(
                    present[fold_text(header)] for header in column.headers if fold_text(header) in present
                )
        candidates.append(CandidateTable(table, entity, coded, positions))
    return candidates


def share_table_text(candidates: Sequence[CandidateTable], part: SourcePart) -> list[CandidateTable]:
    """The candidates of one table, its text kept once: as distinct values, where a column was read into them.

    Rows to mend are written from the text long after it was read, when it would be a third of all memory.
    """
    table = candidates[0].table
    cells = table.cells.copy(deep=False)
    for candidate in candidates:
        for name, column in part.list_columns(candidate.entity).items():
            if column.header and name in candidate.columns:
                coded = candidate.columns[name]
                words = pd.Categorical.from_codes(coded.codes, categories=pd.Index(coded.raw))
                cells[candidate.positions[name]] = pd.Series(words, index=cells.index)
    table = replace(table, cells=cells)
    return [replace(candidate, table=table) for candidate in candidates]


def _find_cells(table: TextTable, column: ColumnMap, present: dict[str, int]) -> pd.Series:
    """The text cells that feed a canonical column."""
    if column.constant is not None:
        return pd.Series([column.constant], dtype="str").take(np.zeros(len(table.cells), dtype=np.intp))
    if column.header:
        return table.cells[next(present[fold_text(name)] for name in column.header if fold_text(name) in present)]
    parts = [table.cells[present[fold_text(name)]] for name in column.headers]
    if column.join:
        rows = zip(*parts, strict=True)
        return pd.Series([column.joined_by.join(filter(None, map(clean_text, row))) for row in rows], dtype="str")
    return _join_date_parts(parts)


def _join_date_parts(parts: list[pd.Series]) -> pd.Series:
    """Day, month and year cells as one day-first date; blank where all three are."""
    rows = zip(*(part.map(clean_text) for part in parts), strict=True)
    return pd.Series(["/".join(row) if any(row) else "" for row in rows], dtype="str")
