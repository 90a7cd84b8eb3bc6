"""Text that a spreadsheet must not run: what a landlord typed as `=…` stays text in every workbook written.

Packs and returned rows are both opened by people. Which characters a document drops is its own room's.
"""

from __future__ import annotations

import re

from openpyxl.cell import Cell, MergedCell

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""A cell that starts so is run by a spreadsheet that opens it, unless it is marked as text."""

LONGEST_CELL = 32_767
"""Characters a spreadsheet cell can hold."""


def put_text(cell: Cell | MergedCell, text: str, dropped: re.Pattern[str]) -> None:
    """Write `text` as text, without what `dropped` matches (openpyxl would make `=…` a live formula)."""
    cell.value = dropped.sub("", text)[:LONGEST_CELL]
    cell.data_type = "s"
    if text.startswith(FORMULA_STARTS):
        cell.quotePrefix = True
