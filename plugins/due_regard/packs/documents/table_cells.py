"""How cells of a committee workbook's tables look: letters, alignment, formats of numbers and dates."""

from __future__ import annotations

from copy import copy
from typing import Any

from openpyxl.styles import Alignment, Font
from openpyxl.styles.cell_style import StyleArray

from due_regard.packs.documents.display_grid import Form

FONT = "Arial"
BODY = Font(name=FONT, size=12)
WRAP = Alignment(wrap_text=True, vertical="top")
_INDENT = Alignment(horizontal="left", wrap_text=True, vertical="top", indent=1)
_RIGHT = Alignment(horizontal="right", vertical="top", wrap_text=True)
_FORMATS = {"percent": "0%", "date": "d mmmm yyyy", "month": "mmmm yyyy"}


def style_cell(cell: Any, form: Form, column: int, styles: dict[tuple[int, type], StyleArray]) -> None:
    """Style the first cell of a kind in a column; the others take its style, for openpyxl compares whole fonts.

    `styles` are those of one table, and get the new one. Text that begins like a formula is marked, and has its own.
    """
    kind, is_marked = (column, type(cell.value)), cell.quotePrefix
    if kind in styles and not is_marked:
        cell._style = copy(styles[kind])
        return
    cell.font, cell.alignment = BODY, choose_alignment(form, column)
    if not isinstance(cell.value, str):
        cell.number_format = _FORMATS.get(form, "#,##0" if isinstance(cell.value, int) else "#,##0.0")
    if not is_marked:
        styles[kind] = cell._style


def choose_alignment(form: Form, column: int) -> Alignment:
    """Numbers and dates on the right; words on the left, those beside the first column a little apart."""
    if form != "text":
        return _RIGHT
    return WRAP if column == 1 else _INDENT
