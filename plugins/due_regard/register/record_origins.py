"""Where records came from as they were known at an instant: file, row and batch of the version that counted then.

For whoever opens a figure of an issued pack; where the newest version came from is stored_records.py's.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from due_regard.records.canonical import ENTITY
from due_regard.register.schema.drop_tables import Batch, BatchFile
from due_regard.register.schema.finding_tables import Finding, FindingEvent
from due_regard.register.schema.record_tables import RECORD_TABLES

_MOST = 500
"""References in one statement: SQLite takes no more than some tens of thousands."""


def find_origins_known_at(
    connection: Connection, landlord: str, entity: str, refs: Collection[str], known_at: datetime
) -> dict[str, dict[str, Any]]:
    """Reference -> file, row_number, batch_id, drop_sha256, version and known_from, of those on record then."""
    table, key = RECORD_TABLES[entity], RECORD_TABLES[entity].c[ENTITY[entity].key]
    columns = (table.c.row_number, table.c.version, table.c.known_from)
    found: dict[str, dict[str, Any]] = {}
    for some in _split_refs(sorted(set(refs))):
        rows = (
            select(key.label("ref"), BatchFile.file, BatchFile.batch_id, Batch.drop_sha256, *columns)
            .join_from(table, BatchFile, BatchFile.id == table.c.batch_file_id)
            .join(Batch, Batch.id == BatchFile.batch_id)
            .where(table.c.landlord == landlord, key.in_(some), table.c.known_from <= known_at)
            .order_by(table.c.version)
        )
        # A later version overwrites an earlier one.
        found |= {row["ref"]: dict(row) for row in connection.execute(rows).mappings()}
    return found


def list_file_origins(connection: Connection, landlord: str, file_ids: Collection[int]) -> dict[int, dict[str, Any]]:
    """File taken in -> file, batch_id, drop_sha256, and how its rows fared."""
    columns = (BatchFile.id, BatchFile.file, BatchFile.batch_id, Batch.drop_sha256, BatchFile.rows_read)
    rows = select(*columns, BatchFile.rows_loaded, BatchFile.rows_unchanged, BatchFile.rows_rejected).join(
        Batch, Batch.id == BatchFile.batch_id
    )
    mine = rows.where(BatchFile.landlord == landlord, BatchFile.id.in_(sorted(file_ids)))
    return {row["id"]: dict(row) for row in connection.execute(mine).mappings()}


def list_decisions_on(
    connection: Connection, landlord: str, subject_type: str, refs: Collection[str], hidden: Sequence[str] = ()
) -> dict[str, list[dict[str, Any]]]:
    """Subject -> what people decided of its findings (register_ref, rule, occurrence, event, actor, why, at).

    Findings of the rules in `hidden` are left out.
    """
    said = (FindingEvent.event, FindingEvent.actor, FindingEvent.why, FindingEvent.at)
    found: dict[str, list[dict[str, Any]]] = {}
    for some in _split_refs(sorted(set(refs))):
        rows = (
            select(Finding.subject_ref, Finding.register_ref, Finding.rule, Finding.occurrence, *said)
            .join(Finding, Finding.id == FindingEvent.finding_id)
            .where(Finding.landlord == landlord, Finding.subject_type == subject_type, Finding.subject_ref.in_(some))
            .where(FindingEvent.actor.is_not(None), Finding.rule.not_in(list(hidden)))
            .order_by(FindingEvent.id)
        )
        for row in connection.execute(rows).mappings():
            found.setdefault(row["subject_ref"], []).append(dict(row))
    return found


def _split_refs(refs: Sequence[str]) -> list[Sequence[str]]:
    return [refs[start : start + _MOST] for start in range(0, len(refs), _MOST)]
