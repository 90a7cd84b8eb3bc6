"""Reads the sheets of an XLSX workbook into `TextTable`s: every cell as the text a person would type for it.

python-calamine reads (five times faster than openpyxl, measured). What may not be opened at all is
workbook_preflight.py's.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np
import pandas as pd
from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum

from due_regard.intake.table_headers import (
    HEADER_SEARCH_ROWS,
    FoundHeader,
    KnownHeaders,
    check_found_header,
    find_header,
)
from due_regard.intake.text_tables import UNREADABLE, TextTable, find_blank_rows
from due_regard.intake.workbook_preflight import InspectedWorkbook, make_damaged_error

_EXACT = 2**53
"""Beyond this a number cell has lost digits before anyone reads it."""


@dataclass(frozen=True)
class WorkbookSheet:
    """One worksheet as text cells, from A1, its merged areas (top, left, bottom, right), its number in the workbook."""

    name: str
    rows: list[list[str]]
    merged: tuple[tuple[int, int, int, int], ...] = ()
    number: int = 1

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
        inspected: what calamine does not see: cells that it reads as blank and are not, and leading zeros.

    Raises:
        FileRefused: the workbook cannot be read.
    """
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        names = [sheet.name for sheet in workbook.sheets_metadata if sheet.typ is SheetTypeEnum.WorkSheet]
        sheets = [
            replace(_read_sheet(workbook, name, inspected), number=number) for number, name in enumerate(names, start=1)
        ]
    except (CalamineError, ValueError, OSError):
        raise make_damaged_error(file) from None
    return tuple(sheet for sheet in sheets if any(any(row) for row in sheet.rows))


def _read_sheet(workbook: CalamineWorkbook, name: str, inspected: InspectedWorkbook) -> WorkbookSheet:
    sheet = workbook.get_sheet_by_name(name)
    rows = [[_as_text(value) for value in row] for row in sheet.to_python(skip_empty_area=False)]
    for (row, position), digits in inspected.padded.get(name, {}).items():
        if row < len(rows) and position < len(rows[row]) and rows[row][position].isdigit():
            rows[row][position] = rows[row][position].zfill(digits)
    for row, position in inspected.unreadable.get(name, ()):
        # Such a cell may lie beyond the last one that has a value, where calamine ends the sheet.
        rows += ([] for _ in range(row + 1 - len(rows)))
        rows[row] += [""] * (position + 1 - len(rows[row]))
        rows[row][position] = f"{UNREADABLE}cell"
    width = max(map(len, rows), default=0)
    rows = [row if len(row) == width else row + [""] * (width - len(row)) for row in rows]
    merged = tuple((top, left, bottom, right) for (top, left), (bottom, right) in sheet.merged_cell_ranges or ())
    return WorkbookSheet(name, rows, merged)


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
    if isinstance(value, datetime):
        return value.isoformat(sep=" ") if value.time() != time() else value.date().isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value) if isinstance(value, timedelta) else f"{UNREADABLE}value"


def find_sheet_header(sheet: WorkbookSheet, known: KnownHeaders, depth: int) -> FoundHeader | None:
    """Where the header of `sheet` is, None where no cell names a known column."""
    return find_header(sheet.take_head(depth), known, depth)


def read_sheet_table(
    file: str, sheet: WorkbookSheet, known: KnownHeaders, *, depth: int = 1, epoch_1904: bool = False, shown: str = ""
) -> TextTable:
    """The table of one sheet.

    Raises:
        FileRefused: the sheet has no header, or one name twice in it.
    """
    header = check_found_header(f"{file}, sheet {shown}", find_sheet_header(sheet, known, depth), known)
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
        shown_sheet=shown,
    )


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
