"""The records of one case: a subject, its customer, everything linked to them, and the staff whom these name.

What is judged, owned and told of one finding can be worked out from these alone, and they are found by indexes: a page
does not read a million records. The newest versions, in the dtypes of `Records`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection, select

from due_regard.records.canonical import (
    ENTITIES,
    ENTITY,
    ENTITY_OF_SUBJECT,
    UNKNOWN_CELLS,
    ColumnKind,
    Entity,
    Records,
    find_dtype,
)
from due_regard.register.case_references import is_newest, match_case
from due_regard.register.schema.record_tables import CASE_LINKS, RECORD_TABLES
from due_regard.register.stored_records import read_carried_columns

_LINKED = {"customer_ref": "customers", "restriction_ref": "restrictions", "incident_ref": "incidents"}
_NAMES_STAFF = ("_by", "manager_ref", "owner_ref", "staff_ref", "deputy_ref")
_FURTHER = ("line_manager_ref", "deputy_ref")
_CHAIN = 6
"""Steps from a member of staff to line managers and deputies that a route may take."""


@dataclass
class CaseRefs:
    """References of one case by the column that holds them: customers, restrictions, incidents."""

    by_link: dict[str, set[str]] = field(default_factory=lambda: {link: set() for link in CASE_LINKS})

    def add(self, rows: Iterable[dict[str, Any]]) -> bool:
        """Take in what rows link to; whether anything was new."""
        before = sum(map(len, self.by_link.values()))
        for row in rows:
            for link in CASE_LINKS:
                if row.get(link) is not None:
                    self.by_link[link].add(row[link])
        return sum(map(len, self.by_link.values())) > before


def read_case_records(
    connection: Connection, landlord: str, subject_type: str, ref: str, *, staff: Iterable[str] = ()
) -> Records:
    """The records of the case that a subject belongs to; entities and columns are there as in `read_records`.

    `staff` are members of staff who count beside those whom the records name: whom a finding was handed to.
    """
    carried = read_carried_columns(connection, landlord)
    entity = ENTITY_OF_SUBJECT.get(subject_type)
    refs = CaseRefs()
    if entity is not None:
        refs.add(_read_rows(connection, landlord, entity, {entity.key: {ref}}, _list_links(entity)))
        _follow_links(connection, landlord, refs)
    found: dict[str, pd.DataFrame] = {}
    for each in ENTITIES:
        if each.name in carried and each.name != "staff":
            wanted = {link: refs.by_link[link] for link in _list_links(each)}
            if each is entity:
                wanted[entity.key] = wanted.get(entity.key, set()) | {ref}
            found[each.name] = _read_frame(connection, landlord, each, carried[each.name], wanted)
    if "staff" in carried:
        named = set(staff).union(*(_list_named_staff(frame) for frame in found.values()))
        found["staff"] = _read_staff(connection, landlord, carried["staff"], named)
    return found


def _list_links(entity: Entity) -> list[str]:
    return [link for link in CASE_LINKS if link in entity.by_name]


def _follow_links(connection: Connection, landlord: str, refs: CaseRefs) -> None:
    """Find the case's customers, and their restrictions and incidents, until nothing new comes."""
    for _ in range(4):
        is_new = False
        for name in ("restrictions", "incidents"):
            entity = ENTITY[name]
            # Of a customer's incidents none leads further: these are read with the rest.
            links = _list_links(entity) if name == "restrictions" else [entity.key]
            wanted = {link: refs.by_link[link] for link in links}
            is_new |= refs.add(_read_rows(connection, landlord, entity, wanted, _list_links(entity)))
        if not is_new:
            return


def _read_rows(
    connection: Connection, landlord: str, entity: Entity, wanted: dict[str, set[str]], names: Iterable[str]
) -> list[dict[str, Any]]:
    """`names` of the newest versions of records where one of the columns holds one of the references wanted of it."""
    table = RECORD_TABLES[entity.name]
    columns = [table.c[name] for name in dict.fromkeys((entity.key, *names))]
    mine = select(*columns).where(is_newest(table, entity))
    # A statement a column: an OR over several would read the whole table on SQLite.
    found: dict[str, dict[str, Any]] = {}
    for column, refs in wanted.items():
        if refs:
            rows = connection.execute(
                mine.where(match_case(connection, landlord, entity, column, sorted(refs)))
            ).mappings()
            found |= {row[entity.key]: dict(row) for row in rows}
    return [found[key] for key in sorted(found)]


def _read_frame(
    connection: Connection, landlord: str, entity: Entity, columns: frozenset[str], wanted: dict[str, set[str]]
) -> pd.DataFrame:
    named = [column for column in entity.columns if column.name in columns]
    rows = _read_rows(connection, landlord, entity, wanted, [*(c.name for c in named), UNKNOWN_CELLS])
    frame = {}
    for column in named:
        values, dtype = [row[column.name] for row in rows], find_dtype(column)
        is_date = column.kind is ColumnKind.DATE
        frame[column.name] = pd.Series(np.array(values, dtype) if is_date else values, dtype=dtype)
    if any(row[UNKNOWN_CELLS] for row in rows):
        frame[UNKNOWN_CELLS] = pd.Series([row[UNKNOWN_CELLS] for row in rows], dtype="str")
    return pd.DataFrame(frame)


def _read_staff(connection: Connection, landlord: str, columns: frozenset[str], named: set[str]) -> pd.DataFrame:
    """Whoever is named, with their deputies and line managers."""
    wanted, further = set(named), set(named)
    for _ in range(_CHAIN):
        links = _read_rows(connection, landlord, ENTITY["staff"], {"staff_ref": further}, _FURTHER)
        further = {row[name] for row in links for name in _FURTHER if row[name] is not None} - wanted
        if not further:
            break
        wanted |= further
    return _read_frame(connection, landlord, ENTITY["staff"], columns, {"staff_ref": wanted})


def _list_named_staff(frame: pd.DataFrame) -> set[str]:
    names = [str(name) for name in frame.columns if str(name).endswith(_NAMES_STAFF)]
    return {str(ref) for name in names for ref in frame[name].dropna()}
