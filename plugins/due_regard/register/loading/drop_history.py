"""What came, page by page, and one delivery in full: counts a file, reasons of rejected rows. Never a cell's value.

Holding and releasing are held_drops.py's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, func, or_, select

from due_regard.records.validated_drop import NOT_KNOWN
from due_regard.register.schema.drop_tables import Batch, BatchFile, RejectionCount

_BATCH: tuple[str, ...] = (
    "id",
    "source",
    "drop_name",
    "drop_sha256",
    "received_at",
    "status",
    "why",
    "rows_read",
    "rows_loaded",
)
_BATCH += ("rows_unchanged", "rows_rejected", "files_refused", "released_at", "released_by", "released_why")
_FILE: tuple[str, ...] = (
    "id",
    "file",
    "entity",
    "status",
    "code",
    "rows_read",
    "rows_loaded",
    "rows_unchanged",
    "rows_rejected",
)
_FILE += ("rows_vanished",)


def _select_batches(landlord: str) -> Any:
    return select(*(getattr(Batch, name) for name in _BATCH)).where(Batch.landlord == landlord)


def list_batches(connection: Connection, landlord: str, *, limit: int, offset: int) -> list[dict[str, Any]]:
    """The landlord's deliveries, the newest first."""
    page = _select_batches(landlord).order_by(Batch.id.desc()).limit(limit).offset(offset)
    return [dict(row) for row in connection.execute(page).mappings()]


def count_batches(connection: Connection, landlord: str) -> int:
    """How many deliveries of the landlord are on record."""
    return int(connection.scalar(select(func.count()).where(Batch.landlord == landlord)) or 0)


def read_batch(connection: Connection, landlord: str, batch_id: int) -> dict[str, Any] | None:
    """One delivery; None where the landlord has none of that number."""
    row = connection.execute(_select_batches(landlord).where(Batch.id == batch_id)).mappings().first()
    return None if row is None else dict(row)


def list_batch_files(connection: Connection, landlord: str, batch_id: int) -> list[dict[str, Any]]:
    """The files of a delivery, each entity of one on its own: rows read = loaded + unchanged + rejected."""
    files = select(*(getattr(BatchFile, name) for name in _FILE)).where(
        BatchFile.landlord == landlord, BatchFile.batch_id == batch_id
    )
    return [dict(row) for row in connection.execute(files.order_by(BatchFile.id)).mappings()]


def list_rejection_counts(connection: Connection, landlord: str, file_ids: Sequence[int]) -> list[dict[str, Any]]:
    """Why rows of these files were rejected (`level` error), or loaded with a note, and how many for each reason."""
    names = ("batch_file_id", "level", "column_name", "reason", "rows", "first_row")
    counts = select(*(getattr(RejectionCount, name) for name in names)).where(
        RejectionCount.landlord == landlord, RejectionCount.batch_file_id.in_(list(file_ids))
    )
    order = (RejectionCount.batch_file_id, RejectionCount.rows.desc(), RejectionCount.column_name)
    return [dict(row) for row in connection.execute(counts.order_by(*order)).mappings()]


def has_new_faults(connection: Connection, landlord: str, batch_id: int) -> bool:
    """Whether what is to be mended of a drop is not just what was to be mended of the source's drop before it.

    A drop that brings nothing new may still have a row that was rejected for the first time, or a file refused.
    """
    source = select(Batch.source).where(Batch.id == batch_id).scalar_subquery()
    before = select(func.max(Batch.id)).where(
        Batch.landlord == landlord, Batch.source == source, Batch.id < batch_id,
        Batch.status.in_(("loaded", "unchanged", "refused")),
    )  # fmt: skip
    last = connection.scalar(before)
    mine = _list_faults(connection, landlord, batch_id)
    return bool(mine) and (last is None or mine != _list_faults(connection, landlord, last))


def _list_faults(connection: Connection, landlord: str, batch_id: int) -> set[tuple[Any, ...]]:
    """What is to be mended of a drop: rows rejected, cells not known and files refused, without any value."""
    files = select(BatchFile.file, BatchFile.code, BatchFile.sha256).where(
        BatchFile.landlord == landlord, BatchFile.batch_id == batch_id, BatchFile.status == "refused"
    )
    names = ("level", "column_name", "reason", "rows", "first_row")
    rows = (
        select(BatchFile.entity, *(getattr(RejectionCount, name) for name in names))
        .join(BatchFile, BatchFile.id == RejectionCount.batch_file_id)
        .where(BatchFile.landlord == landlord, BatchFile.batch_id == batch_id)
        .where(or_(RejectionCount.level == "rejected", RejectionCount.reason.in_(NOT_KNOWN)))
    )
    return {tuple(row) for statement in (files, rows) for row in connection.execute(statement)}
