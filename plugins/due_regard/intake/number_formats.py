"""Numbers that a workbook shows with leading zeros: a reference typed as 123 under the format 000000 reads 000123.

The zeros are in the format alone, where no reader of values looks; people and every other file have them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_ZEROS = re.compile(r"0{2,}")
_STYLED_CELL = re.compile(
    rb"""<(?:\w+:)?c\b(?=[^>]*?\br=["']([A-Z]+)([0-9]+)["'])(?=[^>]*?\bs=["']([0-9]+)["'])[^>]*?(?<!/)>"""
)


def find_zero_formats(styles: Any) -> dict[int, int]:
    """Cell style -> digits to be shown, of the styles whose number format is zeros alone.

    Args:
        styles: root element of the workbook's style sheet.
    """
    digits = {
        item.get("numFmtId"): len(item.get("formatCode"))
        for item in styles.iter(f"{_MAIN}numFmt")
        if _ZEROS.fullmatch(item.get("formatCode", ""))
    }
    formats = styles.find(f"{_MAIN}cellXfs")
    found = {} if formats is None else {at: digits.get(item.get("numFmtId")) for at, item in enumerate(formats)}
    return {at: width for at, width in found.items() if width}


def find_padded_cells(part: bytes, formats: Mapping[int, int]) -> dict[tuple[int, int], int]:
    """Cells (row, column, from 0) of a sheet's XML that are shown with leading zeros -> digits."""
    if not formats:
        return {}
    cells = ((letters, int(row), formats.get(int(style))) for letters, row, style in _STYLED_CELL.findall(part))
    return {(row - 1, find_column_position(letters)): width for letters, row, width in cells if width}


def find_column_position(letters: bytes) -> int:
    """Position from 0 of a column given by its letters."""
    position = 0
    for letter in letters:
        position = position * 26 + letter - 64
    return position - 1
