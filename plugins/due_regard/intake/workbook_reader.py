"""Reads the sheets of an XLSX workbook into `TextTable`s: every cell as the text a person would type for it.

python-calamine reads (five times faster than openpyxl, measured). What may not be opened at all is
workbook_preflight.py's.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np
import pandas as pd
from openpyxl.utils import get_column_letter
from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum

from due_regard.intake.sheet_scan import SheetScan, split_cells
from due_regard.intake.table_headers import (
    HEADER_SEARCH_ROWS,
    FoundHeader,
    KnownHeaders,
    check_found_header,
    find_header,
)
from due_regard.intake.text_cleaning import fold_text
from due_regard.intake.text_tables import UNREADABLE, HiddenData, TextTable, find_blank_rows
from due_regard.intake.workbook_preflight import InspectedSheet, InspectedWorkbook, make_damaged_error

_EXACT = 2**53
"""Beyond this a number cell has lost digits before anyone reads it."""


@dataclass(frozen=True)
class WorkbookSheet:
    """One worksheet as text cells, from A1, its merged areas (top, left, bottom, right) and what the preflight saw."""

    inspected: InspectedSheet
    rows: list[list[str]]
    merged: tuple[tuple[int, int, int, int], ...] = ()

    @property
    def name(self) -> str:
        """As its tab has it."""
        return self.inspected.name

    def describe_place(self, known: frozenset[str]) -> str:
        """The sheet for a message: by name where that is one of `known` (folded), else by its place; and if hidden."""
        named = self.name if fold_text(self.name) in known else str(self.inspected.position)
        visibility = self.inspected.visibility
        return f"sheet {named}" + (f", {visibility}" if visibility != "visible" else "")

    def take_head(self, depth: int) -> list[list[str]]:
        """The rows a header may lie in, a merged title repeated over its cells so that each column knows it."""
        rows = [list(row) for row in self.rows[: HEADER_SEARCH_ROWS + depth]]
        for top, left, bottom, right in self.merged:
            for row in rows[top : bottom + 1]:
                row[left : right + 1] = [rows[top][left]] * len(row[left : right + 1])
        return rows


def read_sheets(file: str, content: bytes, inspected: InspectedWorkbook) -> tuple[WorkbookSheet, ...]:
    """Every worksheet that holds anything, hidden ones too.

    Args:
        file: name inside the drop, for messages.
        content: the workbook's bytes.
        inspected: what the preflight saw, cell by cell.

    Raises:
        FileRefused: the workbook cannot be read, or the preflight saw other cells than calamine gives.
    """
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        names = [sheet.name for sheet in workbook.sheets_metadata if sheet.typ is SheetTypeEnum.WorkSheet]
        if set(names) != set(inspected.sheets) or len(set(names)) < len(names):
            raise make_damaged_error(file)
        sheets = [_read_sheet(file, workbook, inspected.sheets[name]) for name in names]
    except (CalamineError, ValueError, OSError):
        raise make_damaged_error(file) from None
    return tuple(sheet for sheet in sheets if any(any(row) for row in sheet.rows))


def _read_sheet(file: str, workbook: CalamineWorkbook, inspected: InspectedSheet) -> WorkbookSheet:
    sheet = workbook.get_sheet_by_name(inspected.name)
    values = sheet.to_python(skip_empty_area=False)
    if not _is_same_sheet(values, inspected.scan):
        raise make_damaged_error(file)
    rows = [[_as_text(value) for value in row] for row in values]
    _apply_formats(rows, inspected.scan)
    for row, position in inspected.scan.unreadable:
        # Such a cell may lie beyond the last one that has a value, where calamine ends the sheet.
        rows += ([] for _ in range(row + 1 - len(rows)))
        rows[row] += [""] * (position + 1 - len(rows[row]))
        rows[row][position] = f"{UNREADABLE}cell"
    width = max(map(len, rows), default=0)
    rows = [row if len(row) == width else row + [""] * (width - len(row)) for row in rows]
    merged = tuple((top, left, bottom, right) for (top, left), (bottom, right) in sheet.merged_cell_ranges or ())
    return WorkbookSheet(inspected, rows, merged)


def _is_same_sheet(values: list[list[Any]], scan: SheetScan) -> bool:
    """Whether calamine gave something for each cell that must have a value, and for none that cannot have one."""
    if not values:
        return not len(scan.certain)
    filled = np.array(values, dtype=object) != ""
    may, must = np.zeros_like(filled), np.zeros_like(filled)
    for cells, grid in ((scan.valued, may), (scan.certain, must)):
        rows, columns = split_cells(cells)
        inside = (rows < grid.shape[0]) & (columns < grid.shape[1])
        grid[rows[inside], columns[inside]] = True
    return int(must.sum()) == len(scan.certain) and not (filled & ~may).any() and not (must & ~filled).any()


def _apply_formats(rows: list[list[str]], scan: SheetScan) -> None:
    """Writes what the cells show whose number formats change their values."""
    for shown, cells in scan.formats.items():
        for row, position in zip(*(at.tolist() for at in split_cells(cells)), strict=True):
            # A blank text may lie beyond the last cell that has a value.
            if row < len(rows) and position < len(rows[row]) and (value := rows[row][position]):
                text = shown.render_cell(value)
                rows[row][position] = f"{UNREADABLE}format" if text is None else text


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        # A workbook can spell a NUL (_x0000_), which PostgreSQL cannot store and no keyboard types.
        return f"{UNREADABLE}text" if "\0" in value else value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        if abs(value) >= _EXACT:
            return f"{UNREADABLE}number"
        return str(int(value)) if value == int(value) else repr(value)
    if isinstance(value, date):
        # With its time, though that be midnight: a date typed as text, which may be a reference, is told from it.
        return (value if isinstance(value, datetime) else datetime.combine(value, time())).isoformat(sep=" ")
    if isinstance(value, time):
        return value.isoformat()
    return str(value) if isinstance(value, timedelta) else f"{UNREADABLE}value"


def find_sheet_header(sheet: WorkbookSheet, known: KnownHeaders, depth: int) -> FoundHeader | None:
    """Where the header of `sheet` is, None where no cell names a known column."""
    return find_header(sheet.take_head(depth), known, depth)


def read_sheet_table(
    file: str, sheet: WorkbookSheet, place: str, known: KnownHeaders, *, depth: int = 1, epoch_1904: bool = False
) -> TextTable:
    """The table of one sheet.

    Args:
        file: name inside the drop.
        sheet: its cells.
        place: what messages call it.
        known: folded headers that the source maps or ignores.
        depth: rows that make up the header.
        epoch_1904: whether serial dates count from 1904.

    Raises:
        FileRefused: the sheet has no header, or one name twice in it.
    """
    header = check_found_header(f"{file}, {place}", find_sheet_header(sheet, known, depth), known)
    body = sheet.rows[header.last_row + 1 :]
    width = max(len(header.names), _find_used_width(body))
    names = header.names + ("",) * (width - len(header.names))
    cells = _build_cell_frame(body, width)
    numbers = np.arange(len(body), dtype=np.int64) + header.last_row + 2
    blank = find_blank_rows(cells)
    titles = header.last_row + 1 - depth
    preamble = tuple(map(tuple, sheet.rows[:titles] + sheet.take_head(depth)[titles : header.last_row + 1]))
    return TextTable(
        file,
        sheet.name,
        preamble,
        names,
        cells[~blank].reset_index(drop=True),
        numbers[~blank],
        blank_rows=int(blank.sum()),
        stored_as_numbers=True,
        epoch_1904=epoch_1904,
        place=place,
        hidden=tuple(_list_hidden_data(sheet.inspected, header.last_row)),
    )


def _list_hidden_data(sheet: InspectedSheet, header: int) -> Iterator[HiddenData]:
    """What holds data below the header and is not shown."""
    if sheet.visibility != "visible":
        menus = "; Excel's menus do not show it" if sheet.visibility == "very hidden" else ""
        yield HiddenData("hidden_sheet", 0, f"the whole sheet is {sheet.visibility}{menus}")
    if rows := [row + 1 for row in sheet.scan.hidden_rows if row > header]:
        yield HiddenData("hidden_rows", rows[0], f"{len(rows)} hidden rows, the first of them row {rows[0]}")
    if columns := [get_column_letter(column + 1) for column in sheet.scan.hidden_columns]:
        yield HiddenData("hidden_columns", 0, f"hidden columns {', '.join(columns)}")


def _find_used_width(rows: Iterable[Sequence[str]]) -> int:
    """Columns up to the last that holds anything; formatted but empty ones beyond it do not count."""
    widest = 0
    for row in rows:
        width = len(row)
        while width > widest and not row[width - 1]:
            width -= 1
        widest = max(widest, width)
    return widest


def _build_cell_frame(rows: list[list[str]], width: int) -> pd.DataFrame:
    columns = list(zip(*rows, strict=True)) if rows else []
    return pd.DataFrame({
        position: pd.Series(columns[position] if position < len(columns) else [], dtype="str")
        for position in range(width)
    })
