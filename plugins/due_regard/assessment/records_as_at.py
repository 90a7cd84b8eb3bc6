"""The records of one landlord as they were on `as_at`: whole columns, links between entities, what is absent.

As-at masking happens here and nowhere else. Everything is an array aligned to an entity's rows, which stand in order of
their reference, so that nothing is sorted later; strings are coded once and compared as integers. Conditions and duties
are built on top; no duty is known here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from due_regard.calendars.working_days import Days
from due_regard.records.canonical import (
    ASSESSED_ENTITY,
    ENTITY_OF_SUBJECT,
    CanonicalColumn,
    ColumnKind,
    Entity,
    Records,
)

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
        unknown: True where the source cannot tell (absent column or entity), which is not blank.
    """

    values: npt.NDArray[np.generic]
    unknown: Bools
    words: pa.Array = field(default_factory=lambda: _NO_WORDS)

    def take_rows(self, rows: Ints) -> ColumnCells:
        """The cells at `rows`: blank where there is no such record, unknown where the source cannot tell."""
        there = rows >= 0
        if len(self.values) == 0:
            return ColumnCells(np.full(len(rows), _make_blank_cells(self)), rows == UNKNOWN_RECORD, self.words)
        safe = np.where(there, rows, 0)
        values = np.where(there, self.values[safe], _make_blank_cells(self))
        return ColumnCells(values, (there & self.unknown[safe]) | (rows == UNKNOWN_RECORD), self.words)

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


class RecordsAsAt:
    """Records as at one day. Frames are not changed; what is worked out is kept for the next duty."""

    def __init__(self, records: Records, as_at: date) -> None:
        self.as_at = np.datetime64(as_at, "D")
        self._frames = dict(records)
        self._rows: dict[str, Ints] = {}
        self._keys: dict[str, pa.Array] = {}
        for name, frame in records.items():
            self._rows[name], self._keys[name] = _find_existing_rows(ASSESSED_ENTITY[name], frame, self.as_at)
        self._links: dict[tuple[str, str], Ints] = {}
        self._paths: dict[tuple[str, str], ColumnCells] = {}

    def is_delivered(self, entity: str) -> bool:
        """Whether any file of `entity` was ever delivered."""
        return entity in self._frames

    def has_column(self, entity: str, column: str) -> bool:
        """Whether the source of a delivered `entity` has `column`."""
        return column in self._frames[entity]

    def has_path(self, entity: str, path: str) -> bool:
        """Whether the source carries every column on `path`, be there records or not."""
        link, _, rest = path.partition(".")
        if not rest:
            return self.has_column(entity, path)
        target = ENTITY_OF_SUBJECT[link]
        return (
            self.has_column(entity, target.key) and self.is_delivered(target.name) and self.has_path(target.name, rest)
        )

    def count_rows(self, entity: str) -> int:
        """Number of its records that exist on as_at."""
        return len(self._rows[entity])

    def list_keys(self, entity: str) -> pa.Array:
        """Their own references, ascending by code points."""
        return self._keys[entity]

    def find_cells(self, entity: str, path: str) -> ColumnCells:
        """The cells that `path` names, aligned to the rows of `entity`; kept once worked out."""
        key = (entity, path)
        if key not in self._paths:
            link, _, rest = path.partition(".")
            self._paths[key] = (
                self._find_linked_cells(entity, link, rest) if rest else self._read_own_cells(entity, path)
            )
        return self._paths[key]

    def find_linked_rows(self, entity: str, link: str) -> Ints:
        """Row of the linked record for each row of `entity`, `NO_RECORD` or `UNKNOWN_RECORD`.

        A blank reference is no record, even where the entity it would point to was never delivered.
        """
        key = (entity, link)
        if key not in self._links:
            self._links[key] = self._resolve_link(entity, ENTITY_OF_SUBJECT[link])
        return self._links[key]

    def find_opening_days(self, entity: str) -> Days:
        """Opening dates; NaT for an entity without one."""
        name = ASSESSED_ENTITY[entity].opened_on
        if name is None:
            return np.full(self.count_rows(entity), NAT)
        return self.find_cells(entity, name).days

    def _find_linked_cells(self, entity: str, link: str, rest: str) -> ColumnCells:
        rows, target = self.find_linked_rows(entity, link), ENTITY_OF_SUBJECT[link]
        if self.is_delivered(target.name):
            return self.find_cells(target.name, rest).take_rows(rows)
        *_, last, name = link, *rest.split(".")
        return _make_unknown_cells(ENTITY_OF_SUBJECT[last].by_name[name], 0).take_rows(rows)

    def _resolve_link(self, entity: str, target: Entity) -> Ints:
        if target.key not in self._frames[entity]:
            return np.full(self.count_rows(entity), UNKNOWN_RECORD)
        here = self.find_cells(entity, target.key)
        coded = here.codes
        if not self.is_delivered(target.name):
            return np.where(coded >= 0, UNKNOWN_RECORD, NO_RECORD)
        return np.append(find_places(here.words, self.list_keys(target.name)), NO_RECORD)[coded]

    def _read_own_cells(self, entity: str, name: str) -> ColumnCells:
        frame, rows, column = self._frames[entity], self._rows[entity], ASSESSED_ENTITY[entity].by_name[name]
        if name not in frame:
            return _make_unknown_cells(column, len(rows))
        cells = _read_column(frame[name], column, rows)
        if column.kind is ColumnKind.DATE and not column.planned:
            days = cells.days
            values = np.where(days > self.as_at, NAT, days)
            return ColumnCells(values, cells.unknown)
        return self._blank_until_known(entity, column, cells) if column.known_once else cells

    def _blank_until_known(self, entity: str, column: CanonicalColumn, cells: ColumnCells) -> ColumnCells:
        """Blank while the date that makes the value known lies after as_at; unknown where that date is absent."""
        if column.known_once not in self._frames[entity]:
            return ColumnCells(cells.values, ~cells.blank, cells.words)
        later = _as_days(self._frames[entity][column.known_once])[self._rows[entity]] > self.as_at
        return ColumnCells(np.where(later, -1, cells.values), cells.unknown, cells.words)


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


def _find_existing_rows(entity: Entity, frame: pd.DataFrame, as_at: np.datetime64[date]) -> tuple[Ints, pa.Array]:
    """Rows of the records that exist on as_at, in order of their references, and these."""
    if entity.opened_on is None or frame.empty:
        rows = np.arange(len(frame))
    else:
        rows = np.flatnonzero(_as_days(frame[entity.opened_on]) <= as_at)
    keys = _as_strings(frame[entity.key]).take(rows)
    if pc.all(pc.less_equal(keys[:-1], keys[1:])).as_py():
        return rows, keys
    # Arrow sorts strings by their UTF-8 bytes, which is the order of code points.
    order = pc.sort_indices(keys)
    return rows[order.to_numpy()], keys.take(order)


def _as_days(series: pd.Series) -> Days:
    return series.to_numpy().astype("datetime64[D]")


def _as_strings(series: pd.Series) -> pa.Array:
    values = pa.array(series, type=pa.large_string(), from_pandas=True)
    if not isinstance(values, pa.ChunkedArray):
        return values
    return values.chunk(0) if values.num_chunks == 1 else values.combine_chunks()


def _read_column(series: pd.Series, column: CanonicalColumn, rows: Ints) -> ColumnCells:
    known = np.zeros(len(rows), bool)
    if column.kind is ColumnKind.DATE:
        return ColumnCells(_as_days(series)[rows], known)
    if column.kind is ColumnKind.YN:
        return ColumnCells(series.astype("boolean").to_numpy(dtype=np.int8, na_value=-1)[rows], known)
    coded = _as_strings(series).dictionary_encode()
    return ColumnCells(coded.indices.fill_null(-1).to_numpy()[rows].astype(np.int64), known, coded.dictionary)


def _make_unknown_cells(column: CanonicalColumn, size: int) -> ColumnCells:
    """Cells of an absent column: blank, and unknown."""
    if column.kind is ColumnKind.DATE:
        return ColumnCells(np.full(size, NAT), np.ones(size, bool))
    return ColumnCells(np.full(size, -1), np.ones(size, bool))
