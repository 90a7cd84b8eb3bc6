"""The rows that say what became of a drop: its batch, its files, their counts, and the audit's entry of each.

Whatever takes a drop in writes them here: a load (load.py), or one that brings what it brought before (known_drops.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, update

from due_regard.register.audit import append_audit
from due_regard.register.schema.drop_tables import Batch, BatchFile
from due_regard.register.sealing.seal_rules import FILE_RULES
from due_regard.register.sealing.seals import leave_out_empty_groups, seal_groups

ROW_COUNTS = ("read", "loaded", "unchanged", "rejected")
"""What is counted of a file's rows: each that was read is one of the others."""


@dataclass(frozen=True)
class FileLoad:
    """What became of one file: `read = loaded + unchanged + rejected`; `refused` is the reason's code.

    `vanished` are all records that it lacks, `noted` those of which that, or that they are back, is news.
    """

    file: str
    entity: str | None
    status: str
    read: int = 0
    loaded: int = 0
    unchanged: int = 0
    rejected: int = 0
    vanished: int = 0
    noted: int = 0
    refused: str | None = None


@dataclass(frozen=True)
class LoadReport:
    """What became of a drop: `status` is loaded, unchanged or refused."""

    batch_id: int
    status: str
    files: tuple[FileLoad, ...]


def insert_batch(connection: Connection, values: dict[str, object]) -> int:
    """A batch that is being loaded; its id."""
    return int(connection.execute(insert(Batch).values(**values, status="loading").returning(Batch.id)).scalar_one())


def insert_file(connection: Connection, values: dict[str, object]) -> int:
    """A file of a batch; its id."""
    return int(connection.execute(insert(BatchFile).values(**values).returning(BatchFile.id)).scalar_one())


def finish_file(connection: Connection, file_id: int, done: FileLoad, rows_sha256: str | None) -> None:
    """Count what became of a file, once."""
    counts = {f"rows_{name}": getattr(done, name) for name in (*ROW_COUNTS, "vanished")}
    own = update(BatchFile).where(BatchFile.id == file_id)
    connection.execute(own.values(status=done.status, rows_sha256=rows_sha256, **counts))


def audit_file(
    connection: Connection,
    landlord: str,
    file_id: int,
    done: FileLoad,
    origin: dict[str, object],
    now: datetime,
    seals: dict[str, Any],
) -> None:
    """The audit's entry of a file: `origin` names batch, entity and digest, `seals` are of its records' versions."""
    details = origin | {name: getattr(done, name) for name in ROW_COUNTS}
    sealed = seal_groups(connection, landlord, dict.fromkeys(FILE_RULES, file_id)) | seals
    subject = f"file {file_id}"
    append_audit(
        connection, landlord=landlord, action="load", subject=subject, details=details, at=now,
        seals=leave_out_empty_groups(sealed),
    )  # fmt: skip


def close_batch(
    connection: Connection, landlord: str, batch_id: int, done: Iterable[FileLoad], now: datetime
) -> LoadReport:
    """Count what became of a drop, and say so in the audit."""
    files = tuple(done)
    accepted = [file for file in files if file.status != "refused"]
    loaded = any(file.loaded for file in accepted)
    status = "loaded" if loaded else "unchanged" if accepted or not files else "refused"
    counts = {f"rows_{name}": sum(getattr(file, name) for file in files) for name in ROW_COUNTS}
    counts["files_refused"] = len(files) - len(accepted)
    connection.execute(update(Batch).where(Batch.id == batch_id).values(status=status, **counts))
    subject, details = f"batch {batch_id}", {"status": status, "noted": sum(file.noted for file in files), **counts}
    seals = seal_groups(connection, landlord, {"batches": batch_id, "validation_results": batch_id})
    append_audit(connection, landlord=landlord, action="batch", subject=subject, details=details, at=now, seals=seals)
    return LoadReport(batch_id, status, files)
