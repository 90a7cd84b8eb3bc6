"""One column aligned to a subject's rows: its values, what is blank, what cannot be told and why.

Strings are coded once and compared as integers. How columns of several entities are put together is records_as_at.py's.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from due_regard.calendars.working_days import Days
from due_regard.records.canonical import CanonicalColumn, ColumnKind

Bools: TypeAlias = npt.NDArray[np.bool_]
Ints: TypeAlias = npt.NDArray[np.int64]
NAT = np.datetime64("NaT", "D")
NO_RECORD, UNKNOWN_RECORD = -1, -2
"""Rows of a link that lead nowhere: the record does not exist; the source cannot tell."""


_NO_WORDS = pa.array([], pa.large_string())


@dataclass(frozen=True)
class ColumnCells:
    """One column aligned to a subject's rows.

    Attributes:
        values: datetime64[D] for dates (NaT blank); int8 1/0/-1 for yes/no/blank; codes into `words`, -1 blank, else.
        words: the distinct strings of a coded column.
        unknown: True where the source cannot tell (absent column or entity, or a word that is not known), which is not
            blank.
        unread: True where that is because the cell holds a word that is not known; None where no cell does.
    """

    values: npt.NDArray[np.generic]
    unknown: Bools
    words: pa.Array = field(default_factory=lambda: _NO_WORDS)
    unread: Bools | None = None

    def take_rows(self, rows: Ints) -> ColumnCells:
        """The cells at `rows`: blank where there is no such record, unknown where the source cannot tell."""
        there = rows >= 0
        if len(self.values) == 0:
            return ColumnCells(np.full(len(rows), _make_blank_cells(self)), rows == UNKNOWN_RECORD, self.words)
        safe = np.where(there, rows, 0)
        values = np.where(there, self.values[safe], _make_blank_cells(self))
        unread = None if self.unread is None else there & self.unread[safe]
        return ColumnCells(values, (there & self.unknown[safe]) | (rows == UNKNOWN_RECORD), self.words, unread)

    def blank_out(self, hidden: Bools) -> ColumnCells:
        """The cells with those that are `hidden` blank, and no longer unknown."""
        if not hidden.any():
            return self
        values = np.where(hidden, _make_blank_cells(self), self.values)
        unread = None if self.unread is None else self.unread & ~hidden
        return ColumnCells(values, self.unknown & ~hidden, self.words, unread)

    def leave_absence_out(self) -> ColumnCells:
        """The cells with what is absent counted as blank; a word that is not known stays unknown."""
        return replace(self, unknown=np.zeros_like(self.unknown) if self.unread is None else self.unread)

    def leave_unread_out(self) -> ColumnCells:
        """The cells with words that are not known counted as blank; what is absent stays unknown."""
        return self if self.unread is None else replace(self, unknown=self.unknown & ~self.unread, unread=None)

    @property
    def days(self) -> Days:
        """The values of a date column."""
        return self.values.astype("datetime64[D]", copy=False)

    @property
    def codes(self) -> Ints:
        """The values of a coded column: positions in `words`, -1 blank."""
        return self.values.astype(np.int64, copy=False)

    @property
    def blank(self) -> Bools:
        """True where nothing is recorded (unknown cells included)."""
        return np.isnat(self.days) if self.values.dtype.kind == "M" else self.codes < 0


def _make_blank_cells(cells: ColumnCells) -> np.generic:
    blank: np.generic = NAT if cells.values.dtype.kind == "M" else cells.values.dtype.type(-1)
    return blank


def find_places(words: pa.Array, keys: pa.Array) -> Ints:
    """Place of each word among `keys`, -1 where it is none of them; words and keys are distinct."""
    if len(words) >= len(keys):
        place: Ints = pc.index_in(words, value_set=keys).fill_null(-1).to_numpy().astype(np.int64)
        return place
    # Arrow hashes the value set, which costs far more than looking a value up: hash the smaller side.
    found = pc.index_in(keys, value_set=words).fill_null(-1).to_numpy()
    place = np.full(len(words) + 1, -1)
    place[found] = np.arange(len(keys))
    return place[:-1]


def read_days(series: pd.Series) -> Days:
    """A date column's cells as days; NaT where blank."""
    return series.to_numpy().astype("datetime64[D]")


def read_strings(series: pd.Series) -> pa.Array:
    """A column's cells as one Arrow array of strings."""
    values = pa.array(series, type=pa.large_string(), from_pandas=True)
    if not isinstance(values, pa.ChunkedArray):
        return values
    return values.chunk(0) if values.num_chunks == 1 else values.combine_chunks()


def read_column_cells(series: pd.Series, column: CanonicalColumn, rows: Ints) -> ColumnCells:
    """The cells of `rows`, in their order, nothing of them unknown yet."""
    known = np.zeros(len(rows), bool)
    if column.kind is ColumnKind.DATE:
        return ColumnCells(read_days(series)[rows], known)
    if column.kind is ColumnKind.YN:
        return ColumnCells(series.astype("boolean").to_numpy(dtype=np.int8, na_value=-1)[rows], known)
    coded = read_strings(series).dictionary_encode()
    return ColumnCells(coded.indices.fill_null(-1).to_numpy()[rows].astype(np.int64), known, coded.dictionary)


def mark_unread_cells(cells: ColumnCells, unknown_cells: pd.Series, name: str, rows: Ints) -> ColumnCells:
    """The cells, unknown where their row's `UNKNOWN_CELLS` names the column."""
    named = read_strings(unknown_cells).dictionary_encode()
    holds = np.array([*(name in word.split(";") for word in named.dictionary.to_pylist()), False])
    unread: Bools = holds[named.indices.fill_null(-1).to_numpy()[rows]]
    return replace(cells, unknown=cells.unknown | unread, unread=unread) if unread.any() else cells


def make_unknown_cells(column: CanonicalColumn, size: int) -> ColumnCells:
    """Cells of an absent column: blank, and unknown."""
    if column.kind is ColumnKind.DATE:
        return ColumnCells(np.full(size, NAT), np.ones(size, bool))
    return ColumnCells(np.full(size, -1), np.ones(size, bool))
