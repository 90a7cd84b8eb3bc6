"""Text that is safe to put into a cell that people open: never a live formula, no control characters, not too long."""

from __future__ import annotations

import re

from openpyxl.cell import Cell, MergedCell, WriteOnlyCell
from openpyxl.worksheet._write_only import WriteOnlyWorksheet
from openpyxl.worksheet.worksheet import Worksheet

from due_regard.records.formula_guard import LONGEST_CELL, put_text

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")


def make_safe_text(text: str) -> str:
    """`text` without control characters, cut to what a cell holds."""
    return _CONTROL.sub("", text)[:LONGEST_CELL]


def put_cell(cell: Cell | MergedCell, value: object) -> None:
    """Write `value`; text stays text, whatever it begins with."""
    if not isinstance(value, str):
        cell.value = value  # type: ignore[assignment]
        return
    put_text(cell, value, _CONTROL)


def make_streamed_cell(sheet: WriteOnlyWorksheet | Worksheet, value: object) -> Cell:
    """A cell of a write-only sheet, written as `put_cell` does."""
    cell: Cell = WriteOnlyCell(sheet)
    put_cell(cell, value)
    return cell
