"""One table of a file as text, before any meaning: header, cells, and where each row stands in the landlord's file.

Readers (csv_reader, workbook_reader) make a `TextTable`; column_mapping.py reads one. How
the header is found is table_headers.py's. Keep types and codes out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from openpyxl.utils import get_column_letter

from due_regard.intake.text_cleaning import fold_text

MENDING_HEADERS = ("Due Regard: what to mend", "Due Regard: cell", "Due Regard: reference as sent")
"""First columns of a file of rejected rows (rejections.py); such a file is a list of changes."""
MENDING_SHEET = "Rows to mend"
"""The one sheet of the workbook in which rows of a CSV file are handed back: its cells are text, as they were."""

MISFIT = "does not fit the header: put each cell under its own header, then clear this cell"
"""In place of a reference, beside a row that had more or fewer cells than the header: in a workbook it seems to fit."""

REFS_APART = " | "
"""Between the references of a row that holds several records."""

_SHIELDED = re.compile(r"^'(?=[=+\-@\t\r])")
_FOOTER = re.compile(
    r"(grand |sub-?)?totals?\b|(count|number) of (rows|records)\b|[0-9]+ (rows|records)\b"
    r"|end of (report|file|export|extract)\b|[-=*]{3,}$"
)

_NUMBER = re.compile(r"[0-9][0-9,. ]*")
_OURS = frozenset(map(fold_text, MENDING_HEADERS))

UNREADABLE = "\ue000"
"""First character of a cell that the file shows as an error or has no stored value for; no kind of column takes it."""


@dataclass(frozen=True)
class RaggedRow:
    """A row that has more or fewer cells than the header."""

    row_number: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class HiddenData:
    """Rows that are read though a person does not see them: reason, first row (0 for all) and a sentence."""

    reason: str
    row_number: int
    sentence: str


@dataclass(frozen=True)
class TextTable:
    """One sheet or CSV file as text.

    Attributes:
        file: name inside the drop.
        sheet: sheet name, None for a CSV file; for the landlord's own file alone.
        preamble: the rows above the data as delivered, the header's own rows last (merged titles repeated).
        headers: one name a column; several header rows are joined by a blank.
        cells: one str column a header, numbered from 0; blank and footer rows are gone.
        row_numbers: row in the file of each row of `cells`, from 1.
        ragged: rows that do not fit the header.
        blank_rows: rows without any text, which are not counted as read.
        footer_rows: total or end-of-report rows after the last record.
        stored_as_numbers: whether dates may be serial numbers (workbooks).
        epoch_1904: whether those count from 1904.
        origins: position in the file of each column, where it is not the column's own.
        mending: whether the file is one of ours (rejections.py), mended and sent again.
        place: what messages call the sheet: its name where the mapping knows it, else its number.
        hidden: what of the data a person with Excel does not see.
        sent_refs: row number -> the references (`describe_refs`) under which a mended row was handed back.
    """

    file: str
    sheet: str | None
    preamble: tuple[tuple[str, ...], ...]
    headers: tuple[str, ...]
    cells: pd.DataFrame
    row_numbers: NDArray[np.int64]
    ragged: tuple[RaggedRow, ...] = ()
    blank_rows: int = 0
    footer_rows: tuple[int, ...] = ()
    stored_as_numbers: bool = False
    epoch_1904: bool = False
    origins: tuple[int, ...] = ()
    mending: bool = False
    place: str = ""
    hidden: tuple[HiddenData, ...] = ()
    sent_refs: dict[int, str] = field(default_factory=dict)

    @property
    def where(self) -> str:
        """What messages call the table."""
        return f"{self.file}, {self.place}" if self.place else self.file

    @property
    def read(self) -> int:
        """Data rows that were read, ragged ones too."""
        return len(self.cells) + len(self.ragged)

    @property
    def header_row(self) -> int:
        """Row of the file in which the (last) header row stands, from 1."""
        return len(self.preamble)

    def find_origin(self, position: int) -> int:
        """Position in the file of a column."""
        return self.origins[position] if self.origins else position

    def make_address(self, position: int, row_number: int) -> str:
        """A1 address of a cell, with the sheet where there is one."""
        cell = f"{self.find_column_letter(position)}{row_number}"
        return f"{self.sheet}!{cell}" if self.sheet is not None else cell

    def find_column_letter(self, position: int) -> str:
        """Letter of a column in the file."""
        return get_column_letter(self.find_origin(position) + 1)


def find_blank_rows(cells: pd.DataFrame) -> NDArray[np.bool_]:
    """Rows in which no cell holds anything but spaces."""
    blank = np.ones(len(cells), dtype=bool)
    for _, column in cells.items():
        if not blank.any():
            break
        blank[blank] = (column[blank].str.strip() == "").to_numpy(dtype=bool)
    return blank


def remove_our_columns(table: TextTable) -> TextTable:
    """A file of rejected rows that comes back, less the columns in front and the apostrophes that kept it inert."""
    kept = tuple(at for at, header in enumerate(table.headers) if fold_text(header) not in _OURS)
    if len(kept) == len(table.headers):
        return table
    cells = table.cells[list(kept)]
    if table.sheet is None:
        # Rows of CSV files went out as CSV once.
        cells = cells.apply(lambda column: column.str.replace(_SHIELDED, "", regex=True))
    cells.columns = pd.RangeIndex(len(kept))
    ours = set(range(len(table.headers))) - set(kept)
    return replace(
        table,
        preamble=tuple(_remove_columns(row, ours) for row in table.preamble),
        headers=tuple(table.headers[at] for at in kept),
        cells=cells,
        ragged=tuple(RaggedRow(row.row_number, _remove_columns(row.cells, ours)) for row in table.ragged),
        origins=kept,
        mending=True,
        sent_refs=_read_sent_refs(table),
        stored_as_numbers=table.stored_as_numbers and table.sheet != MENDING_SHEET,
    )


def _read_sent_refs(table: TextTable) -> dict[int, str]:
    folded = [fold_text(header) for header in table.headers]
    if fold_text(MENDING_HEADERS[2]) not in folded:
        return {}
    told = table.cells[folded.index(fold_text(MENDING_HEADERS[2]))]
    return {int(number): text for number, text in zip(table.row_numbers, told, strict=True) if text}


def describe_refs(refs: Mapping[str, str]) -> str:
    """References of a row, by entity or entity.column, in words that no spreadsheet program takes for a number."""
    return REFS_APART.join(f"{entity} {ref}" for entity, ref in refs.items())


def _remove_columns(row: tuple[str, ...], positions: set[int]) -> tuple[str, ...]:
    return tuple(text for at, text in enumerate(row) if at not in positions)


def remove_footer(table: TextTable) -> TextTable:
    """`table` less the total and end-of-report rows after its last record; their row numbers are kept.

    Such a row has words of a footer first, and beside them only numbers, or at least half of its cells blank: no record
    of any entity can be taken for one.
    """
    ragged, footer = list(table.ragged), []
    last = len(table.cells)
    while True:
        spare = ragged[-1] if ragged and (last == 0 or ragged[-1].row_number > table.row_numbers[last - 1]) else None
        if spare is not None and _is_footer(spare.cells, len(table.headers)):
            footer.append(ragged.pop().row_number)
        elif spare is None and last and _is_footer(tuple(table.cells.iloc[last - 1]), len(table.headers)):
            last -= 1
            footer.append(int(table.row_numbers[last]))
        else:
            break
    if not footer:
        return table
    return replace(
        table,
        cells=table.cells.iloc[:last],
        row_numbers=table.row_numbers[:last],
        ragged=tuple(ragged),
        footer_rows=tuple(reversed(footer)),
    )


def _is_footer(cells: tuple[str, ...], width: int) -> bool:
    filled = [text for text in map(fold_text, cells) if text]
    if not filled or not _FOOTER.match(filled[0]):
        return False
    numbers = (text.startswith(UNREADABLE) or _NUMBER.fullmatch(text) for text in filled[1:])
    return len(filled) <= max(width // 2, 1) or all(numbers)
