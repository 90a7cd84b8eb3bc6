"""The records of one landlord as they were on `as_at`: whole columns, links between entities, what is absent.

Cells that were not known by then are blank: `CanonicalColumn.dated_by` says which, here and for whole frames
(masked_frames.py). Everything is an array aligned to an entity's rows, which stand in order of
their reference, so that nothing is sorted later; strings are coded once and compared as integers. Conditions and duties
are built on top; no duty is known here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from due_regard.assessment.column_cells import (
    NAT,
    NO_RECORD,
    UNKNOWN_RECORD,
    ColumnCells,
    Ints,
    find_places,
    make_unknown_cells,
    mark_unread_cells,
    read_column_cells,
    read_days,
    read_strings,
)
from due_regard.calendars.working_days import Days
from due_regard.records.canonical import (
    ASSESSED_ENTITY,
    ENTITY_OF_SUBJECT,
    UNKNOWN_CELLS,
    CanonicalColumn,
    Entity,
    Records,
)


class RecordsAsAt:
    """Records as at one day. Frames are not changed; what is worked out is kept for the next duty.

    `role_levels` says of a role as which other it counts in a policy's conditions.
    """

    def __init__(self, records: Records, as_at: date, role_levels: Mapping[str, str] | None = None) -> None:
        self.as_at = np.datetime64(as_at, "D")
        self.role_levels = dict(role_levels or {})
        self.has_unread = any(UNKNOWN_CELLS in frame for frame in records.values())
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
        return make_unknown_cells(ENTITY_OF_SUBJECT[last].by_name[name], 0).take_rows(rows)

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
            return make_unknown_cells(column, len(rows))
        cells = read_column_cells(frame[name], column, rows)
        if UNKNOWN_CELLS in frame:
            cells = mark_unread_cells(cells, frame[UNKNOWN_CELLS], name, rows)
        return self._blank_later_cells(entity, column, cells) if column.dated_by else cells

    def _blank_later_cells(self, entity: str, column: CanonicalColumn, cells: ColumnCells) -> ColumnCells:
        """Blank while the date that the value waits for lies after as_at; unknown where that date is absent."""
        if column.dated_by not in self._frames[entity]:
            return replace(cells, unknown=cells.unknown | ~cells.blank)
        later = read_days(self._frames[entity][column.dated_by])[self._rows[entity]] > self.as_at
        return cells.blank_out(later)


def _find_existing_rows(entity: Entity, frame: pd.DataFrame, as_at: np.datetime64[date]) -> tuple[Ints, pa.Array]:
    """Rows of the records that exist on as_at, in order of their references, and these."""
    if entity.opened_on is None or frame.empty:
        rows = np.arange(len(frame))
    else:
        rows = np.flatnonzero(read_days(frame[entity.opened_on]) <= as_at)
    keys = read_strings(frame[entity.key]).take(rows)
    if pc.all(pc.less_equal(keys[:-1], keys[1:])).as_py():
        return rows, keys
    # Arrow sorts strings by their UTF-8 bytes, which is the order of code points.
    order = pc.sort_indices(keys)
    return rows[order.to_numpy()], keys.take(order)
