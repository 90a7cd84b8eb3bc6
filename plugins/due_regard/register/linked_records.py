"""Records that hang on others: what names a record by its reference, and what names that, as the records stand.

A record that others name cannot go alone: theirs would point to nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TypeAlias

from sqlalchemy import Connection, select

from due_regard.records.canonical import ENTITIES, ENTITY
from due_regard.register.case_references import is_newest
from due_regard.register.engines import match_linked
from due_regard.register.schema.drop_tables import Disappearance
from due_regard.register.schema.record_tables import RECORD_TABLES

RecordName: TypeAlias = tuple[str, str]
"""Entity and the landlord's own reference."""

_AT_ONCE = 500


def find_linked_records(
    connection: Connection, landlord: str, records: Iterable[RecordName]
) -> dict[RecordName, tuple[RecordName, ...]]:
    """Of each record all that hang on it, in order: those that name it, those that name these, and so on."""
    wanted = set(records)
    direct: dict[RecordName, set[RecordName]] = {}
    new = wanted
    while new:
        found = _find_naming_records(connection, landlord, new)
        direct |= {record: found.get(record, set()) for record in new}
        new = set().union(*found.values()) - direct.keys()
    return {record: tuple(sorted(_collect(record, direct) - {record})) for record in wanted}


def _collect(record: RecordName, direct: dict[RecordName, set[RecordName]]) -> set[RecordName]:
    reached, ahead = {record}, [record]
    while ahead:
        further = direct[ahead.pop()] - reached
        reached |= further
        ahead += further
    return reached


def _find_naming_records(
    connection: Connection, landlord: str, records: Collection[RecordName]
) -> dict[RecordName, set[RecordName]]:
    found: dict[RecordName, set[RecordName]] = {}
    for name in sorted({name for name, _ in records}):
        link, refs = ENTITY[name].key, sorted(ref for entity, ref in records if entity == name)
        for other in (other for other in ENTITIES if other.name != name and link in other.by_name):
            table = RECORD_TABLES[other.name]
            for start in range(0, len(refs), _AT_ONCE):
                some = refs[start : start + _AT_ONCE]
                linked = match_linked(connection, table.c.landlord, landlord, table.c[link], some)
                rows = select(table.c[link], table.c[other.key]).where(linked, is_newest(table, other))
                for ref, own in connection.execute(rows):
                    found.setdefault((name, ref), set()).add((other.name, own))
    return found


def find_vanished(connection: Connection, landlord: str, records: Iterable[RecordName]) -> set[RecordName]:
    """Those of some records that the newest snapshot no longer has."""
    wanted = set(records)
    refs, found = sorted({ref for _, ref in wanted}), set()
    for start in range(0, len(refs), _AT_ONCE):
        missing = select(Disappearance.entity, Disappearance.ref).where(
            Disappearance.landlord == landlord,
            Disappearance.returned_file_id.is_(None),
            Disappearance.ref.in_(refs[start : start + _AT_ONCE]),
        )
        found |= {(row[0], row[1]) for row in connection.execute(missing)}
    return found & wanted
