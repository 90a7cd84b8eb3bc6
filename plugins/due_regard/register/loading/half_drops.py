"""Drops of which a part alone is in the register: an earlier version loaded file by file, and was killed between two.

A drop is loaded whole today (load.py), so no new one comes about. Add nothing here but how such a one is found.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, Engine, select, update

from due_regard.register.audit import append_audit
from due_regard.register.engines import reading
from due_regard.register.schema.drop_tables import Batch, BatchFile
from due_regard.register.sealing.seals import seal_groups

_HALF, _WHOLE = ("loading", "interrupted"), ("loaded", "unchanged")


def close_half_drops(connection: Connection, landlord: str, now: datetime) -> None:
    """Let no batch of the landlord be called loading: whoever loads it would hold the lock that this run holds."""
    left = select(Batch.id).where(Batch.landlord == landlord, Batch.status == "loading")
    for batch_id in connection.scalars(left).all():
        connection.execute(update(Batch).where(Batch.id == batch_id).values(status="interrupted"))
        subject, seals = f"batch {batch_id}", seal_groups(connection, landlord, {"batches": batch_id})
        append_audit(
            connection, landlord=landlord, action="interrupt", subject=subject, details={}, at=now, seals=seals
        )


def find_half_drop(engine: Engine, landlord: str) -> int | None:
    """The newest batch of which a part alone was loaded, until a whole drop has made that good; None: there is none.

    A drop makes it good that was loaded whole after it and is either the same, or a snapshot of all that its source
    brings: a list of changes does not hold what the half drop lacks.
    """
    with reading(engine, landlord) as connection:
        return find_half_drop_on(connection, landlord)


def find_half_drop_on(connection: Connection, landlord: str) -> int | None:
    """`find_half_drop` inside the caller's own transaction."""
    brought = BatchFile.batch_id == Batch.id, BatchFile.status != "refused"
    half = (
        select(Batch.id, Batch.source, Batch.drop_sha256)
        .where(Batch.landlord == landlord, Batch.status.in_(_HALF), select(BatchFile.id).where(*brought).exists())
        .order_by(Batch.id.desc())
        .limit(1)
    )
    found = connection.execute(half).first()
    if found is None:
        return None
    own = Batch.landlord == landlord, Batch.source == found.source
    entities = select(BatchFile.entity).join(Batch, brought[0]).where(*own, Batch.id <= found.id, brought[1]).distinct()
    wanted, snapshots = set(connection.scalars(entities)), dict[int, set[str | None]]()
    later = (
        select(Batch.id, Batch.drop_sha256, BatchFile.entity, BatchFile.delivery)
        .join(BatchFile, brought[0])
        .where(*own, Batch.id > found.id, Batch.status.in_(_WHOLE), brought[1])
    )
    for row in connection.execute(later):
        if row.drop_sha256 == found.drop_sha256:
            return None
        if row.delivery == "snapshot":
            snapshots.setdefault(row.id, set()).add(row.entity)
    return None if any(entities >= wanted for entities in snapshots.values()) else int(found.id)
