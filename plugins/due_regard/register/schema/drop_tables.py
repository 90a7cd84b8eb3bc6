"""Tables of what came and what it brought: batches, files, carried columns, rejections, validation, audit.

Typed SQLAlchemy models; every table has a `landlord`, on which row-level security rests. A change here needs a
revision in migrations/versions. Findings are in finding_tables.py, the records themselves in record_tables.py.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, MetaData, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from due_regard.register.schema.column_types import Instant, Ref, RowId


class Base(DeclarativeBase):
    """Base of every model; named constraints, because a migration can only change what has a name."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {str: Ref, datetime: Instant, dict[str, Any]: JSON, list[str]: JSON}  # noqa: RUF012


class Batch(Base):
    """One delivery of a drop, or the note that one was held or did not come.

    `status`: loaded, unchanged, refused, held, released, missing; `loading` is seen by nobody but its own transaction.
    `interrupted`: an earlier version loaded file by file, and a run of it died under the drop (half_drops.py).
    `newer_batch_id`, of a drop that was held: it is an older one, which would undo that newer one (older_drops.py).
    `redated_…`: a clock that ran ahead had dated it, and a person put that right (redating.py).
    """

    __tablename__ = "batches"
    __table_args__ = (Index(None, "landlord", "received_at"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    landlord: Mapped[str]
    source: Mapped[str]
    drop_name: Mapped[str]
    drop_sha256: Mapped[str]
    received_at: Mapped[datetime]
    status: Mapped[str]
    why: Mapped[str | None] = mapped_column(Text)
    rows_read: Mapped[int] = mapped_column(default=0)
    rows_loaded: Mapped[int] = mapped_column(default=0)
    rows_unchanged: Mapped[int] = mapped_column(default=0)
    rows_rejected: Mapped[int] = mapped_column(default=0)
    files_refused: Mapped[int] = mapped_column(default=0)
    newer_batch_id: Mapped[int | None] = mapped_column(RowId)
    released_at: Mapped[datetime | None]
    released_by: Mapped[str | None]
    released_why: Mapped[str | None] = mapped_column(Text)
    redated_at: Mapped[datetime | None]
    redated_by: Mapped[str | None]
    redated_why: Mapped[str | None] = mapped_column(Text)


class BatchFile(Base):
    """One entity's rows from one file of a batch: `rows_read = rows_loaded + rows_unchanged + rows_rejected`.

    `rows_sha256` identifies the accepted rows, whatever their order and the file's bytes; `known_from` is the instant
    from which the register knows them.
    """

    __tablename__ = "batch_files"
    __table_args__ = (Index(None, "landlord", "entity", "id"), Index(None, "batch_id"))

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    landlord: Mapped[str]
    batch_id: Mapped[int] = mapped_column(RowId, ForeignKey("batches.id"))
    file: Mapped[str]
    sha256: Mapped[str]
    entity: Mapped[str | None]
    status: Mapped[str]
    code: Mapped[str | None]
    rows_sha256: Mapped[str | None]
    delivery: Mapped[str | None]
    columns: Mapped[list[str]]
    rows_read: Mapped[int] = mapped_column(default=0)
    rows_loaded: Mapped[int] = mapped_column(default=0)
    rows_unchanged: Mapped[int] = mapped_column(default=0)
    rows_rejected: Mapped[int] = mapped_column(default=0)
    rows_vanished: Mapped[int] = mapped_column(default=0)
    known_from: Mapped[datetime]


class CarriedColumn(Base):
    """A column that some loaded file of the landlord's entity had; the key column alone says "delivered"."""

    __tablename__ = "carried_columns"

    landlord: Mapped[str] = mapped_column(primary_key=True)
    entity: Mapped[str] = mapped_column(primary_key=True)
    column_name: Mapped[str] = mapped_column(primary_key=True)
    known_from: Mapped[datetime]
    batch_file_id: Mapped[int] = mapped_column(RowId)


class RejectionCount(Base):
    """How many rows of a file were rejected, or loaded with a note, for one reason in one column. Never a value."""

    __tablename__ = "rejection_counts"

    batch_file_id: Mapped[int] = mapped_column(RowId, ForeignKey("batch_files.id"), primary_key=True)
    level: Mapped[str] = mapped_column(primary_key=True)
    column_name: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[str] = mapped_column(primary_key=True)
    landlord: Mapped[str]
    rows: Mapped[int]
    first_row: Mapped[int]


class ValidationResult(Base):
    """One result of a validation suite, as intake handed it over (counts, no values)."""

    __tablename__ = "validation_results"
    __table_args__ = (Index(None, "batch_id"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    landlord: Mapped[str]
    batch_id: Mapped[int] = mapped_column(RowId, ForeignKey("batches.id"))
    result: Mapped[dict[str, Any]]


class KnownDrop(Base):
    """A landlord's newest drop, where all of it was dealt with: the same again need not be read (known_drops.py).

    `identity` is that of its files and of what read them, `judged_on` the day of reading and `rests_on_day` whether a
    later day might read it otherwise. `not_known` are the cells that no word list has, as intake told them, and
    `handed_back` the digests of the files with its rows to mend.
    """

    __tablename__ = "known_drops"

    landlord: Mapped[str] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(RowId)
    identity: Mapped[str]
    judged_on: Mapped[date]
    rests_on_day: Mapped[bool]
    not_known: Mapped[list[Any]] = mapped_column(JSON)
    handed_back: Mapped[dict[str, Any]]


class AuditRow(Base):
    """One link of a landlord's audit chain ("-" is the register's own). Triggers forbid change on both engines."""

    __tablename__ = "audit"

    landlord: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    action: Mapped[str]
    subject: Mapped[str]
    details: Mapped[str] = mapped_column(Text)
    prev_hash: Mapped[str]
    hash: Mapped[str]


class LandlordAccess(Base):
    """Which database role may see which landlord ("*" = every one); read by row-level security on PostgreSQL."""

    __tablename__ = "landlord_access"

    role_name: Mapped[str] = mapped_column(primary_key=True)
    landlord: Mapped[str] = mapped_column(primary_key=True)


class CustomerNumber(Base):
    """A customer's number in reports: drawn at random, so that it says nothing about the reference.

    `batch_file_id` is the file that first named the customer; blank in rows of earlier revisions.
    """

    __tablename__ = "customer_numbers"
    __table_args__ = (UniqueConstraint("landlord", "customer_no"), Index(None, "batch_file_id"))

    landlord: Mapped[str] = mapped_column(primary_key=True)
    customer_ref: Mapped[str] = mapped_column(primary_key=True)
    customer_no: Mapped[int]
    batch_file_id: Mapped[int | None] = mapped_column(RowId)


class Disappearance(Base):
    """A record that a snapshot no longer had, and the file that had it again; the record itself stays as it was."""

    __tablename__ = "disappearances"
    __table_args__ = (Index(None, "batch_file_id"), Index(None, "returned_file_id"))

    landlord: Mapped[str] = mapped_column(primary_key=True)
    entity: Mapped[str] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(primary_key=True)
    batch_file_id: Mapped[int] = mapped_column(RowId, primary_key=True)
    noticed_at: Mapped[datetime]
    returned_file_id: Mapped[int | None] = mapped_column(RowId)
