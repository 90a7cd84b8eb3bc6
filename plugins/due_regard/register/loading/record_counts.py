"""How many records of an entity stood in the register after each drop: what a snapshot's size is judged by.

Derived from first versions and disappearances, so that registers of every age have them. Which count a new snapshot is
compared with is intake's judgement.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, SQLColumnExpression, func, select

from due_regard.register.engines import reading
from due_regard.register.loading.held_drops import TAKEN
from due_regard.register.schema.drop_tables import Batch, BatchFile, Disappearance
from due_regard.register.schema.record_tables import RECORD_TABLES
from due_regard.register.stored_records import read_carried_columns


def list_record_counts(engine: Engine, landlord: str, entity: str) -> tuple[tuple[int, bool], ...]:
    """After each drop that brought an entity, oldest first: its records, and whether a person had let the drop in.

    Records that a snapshot had lost and that had not come back do not count. Nothing if it was never delivered.
    """
    with reading(engine, landlord) as connection:
        if entity not in read_carried_columns(connection, landlord):
            return ()
        change = _count_changes(connection, landlord, entity)
        released = _list_released_batches(connection, landlord)
        brought = select(BatchFile.batch_id).where(BatchFile.landlord == landlord, BatchFile.entity == entity)
        batches = sorted(set(connection.scalars(brought)))
    counts, rows = [], 0
    for batch in batches:
        rows += change[batch]
        counts.append((rows, batch in released))
    return tuple(counts)


def _count_changes(connection: Connection, landlord: str, entity: str) -> Counter[int]:
    """Batch -> records it brought for the first time or again, less those it no longer had."""
    table = RECORD_TABLES[entity]
    first = [table.c.landlord == landlord, table.c.version == 1]
    own = [Disappearance.landlord == landlord, Disappearance.entity == entity]
    change = Counter(_count_by_batch(connection, table.c.batch_file_id, first))
    change.update(_count_by_batch(connection, Disappearance.returned_file_id, own))
    change.subtract(_count_by_batch(connection, Disappearance.batch_file_id, own))
    return change


def _count_by_batch(
    connection: Connection, file_id: SQLColumnExpression[Any], rows: list[ColumnElement[bool]]
) -> dict[int, int]:
    # Counted by file first: a join of every record with its file would take several times as long.
    by_file = select(file_id.label("file_id"), func.count().label("times")).where(*rows).group_by(file_id).subquery()
    by_batch = select(BatchFile.batch_id, func.sum(by_file.c.times)).join(by_file, by_file.c.file_id == BatchFile.id)
    return {batch: int(times) for batch, times in connection.execute(by_batch.group_by(BatchFile.batch_id))}


def _list_released_batches(connection: Connection, landlord: str) -> set[int]:
    """Batches that a person had let in: the first of a content after its release, which counts once."""
    own = select(Batch.id, Batch.drop_sha256, Batch.status).where(
        Batch.landlord == landlord, Batch.status.in_(("released", *TAKEN))
    )
    let_in, open_releases = set(), set()
    for batch in connection.execute(own.order_by(Batch.id)):
        if batch.status == "released":
            open_releases.add(batch.drop_sha256)
        elif batch.drop_sha256 in open_releases:
            open_releases.remove(batch.drop_sha256)
            let_in.add(int(batch.id))
    return let_in
