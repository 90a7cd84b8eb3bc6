"""Backup of a whole register into one file, and its restore into an empty one, on either engine.

The file is a zip of a manifest and a Parquet table each, read in one view of the register. It names the schema's
revision and the audit's head: a restore goes through the same revision, then up, and verifies the chain. It holds
personal data, so it is its owner's alone; encrypting it is the place's where it is kept. Who may log in to PostgreSQL
is not part of it.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa
from sqlalchemy import Connection, MetaData, Table

from due_regard.config.storage import StoredPath, make_folder, open_new_file
from due_regard.errors import RegisterError
from due_regard.register.audit import AuditReport, append_audit, read_audit_head_on, verify_audit_on
from due_regard.register.engines import REGISTER, make_engine, reading, writing
from due_regard.register.head_log import HEAD_FILE
from due_regard.register.kept_backups import STAMP, find_newest_backup
from due_regard.register.loading import bulk
from due_regard.register.moved_place import refuse_moved
from due_regard.register.opening import open_register, upgrade_register
from due_regard.register.read_only_files import is_read_only
from due_regard.register.schema import revisions
from due_regard.register.sealing.row_text import make_text_expression
from due_regard.register.write_guards import put_guards

FORMAT = 1
_NOT_KEPT = frozenset({"alembic_version", "landlord_access"})
_MANIFEST = "manifest.json"


@dataclass(frozen=True)
class BackupReport:
    """A written backup: the file, the audit's head in it, and how many rows of each table."""

    file: StoredPath
    head: str
    tables: dict[str, int]


def write_backup(url: str, folder: StoredPath, *, now: datetime, head_file: Path | None = None) -> BackupReport:
    """Write the register at `url` into a new file of `folder`, named for the instant.

    With `head_file`, the audit's head with the backup in it is noted there.

    Raises:
        RegisterError: the register cannot be read.
        StorageError: the file cannot be written.
    """
    engine = open_register(url)
    name = f"register-{now.astimezone(UTC):{STAMP}}.zip"
    with open_new_file(make_folder(folder), name) as sink, reading(engine) as connection:
        refuse_moved(connection)
        manifest = write_archive(connection, sink, now)
    file = folder / name
    if head_file:
        engine.update_execution_options(**{HEAD_FILE: head_file})
    # Of a register that can only be read, a backup is all that can be had: its audit cannot say so.
    if not is_read_only(engine):
        with writing(engine, REGISTER) as connection:
            details = {"head": manifest["head"], "rows": sum(manifest["tables"].values())}
            append_audit(connection, landlord=REGISTER, action="backup", subject=file.name, details=details, at=now)
    engine.dispose()
    return BackupReport(file, manifest["head"], manifest["tables"])


def write_archive(connection: Connection, sink: IO[bytes], now: datetime) -> dict[str, Any]:
    """Write every table, as one transaction sees it, into a zip; returns its manifest."""
    manifest: dict[str, Any] = {"format": FORMAT, "at": now.astimezone(UTC).isoformat(), "tables": {}, "sha256": {}}
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        manifest["revisions"] = revisions.read_revisions(connection)
        for table in list_tables(connection):
            rows, buffer = stream_rows(connection, table), io.BytesIO()
            pq.write_table(rows, buffer, compression="zstd")
            archive.writestr(f"{table.name}.parquet", buffer.getbuffer())
            manifest["tables"][table.name] = rows.num_rows
            manifest["sha256"][table.name] = hashlib.sha256(buffer.getbuffer()).hexdigest()
        manifest["head"] = read_audit_head_on(connection)
        archive.writestr(_MANIFEST, json.dumps(manifest, indent=1))
    return manifest


def list_tables(connection: Connection) -> list[Table]:
    """The tables as they are, parents first: not as the models say, which may be newer than a restored schema."""
    found = MetaData()
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name not in _NOT_KEPT]


def stream_rows(connection: Connection, table: Table) -> pa.Table:
    """A table's rows as text that both engines read back: instants in UTC, yes/no as 1 and 0."""
    names = [column.name for column in table.columns]
    shown = ", ".join(make_text_expression(connection.dialect, column) for column in table.columns)
    order = ", ".join(column.name for column in table.primary_key)
    return bulk.fetch_columns(connection, f"SELECT {shown} FROM {table.name} ORDER BY {order}", {}, names)  # noqa: S608


def restore_backup(url: str, source: StoredPath, *, now: datetime | None = None) -> AuditReport:
    """Restore a backup into the empty register at `url`, verify its audit, and bring it up to this program's schema.

    Args:
        url: where to; a register that holds anything is refused.
        source: a backup, or a folder of them, of which the newest is taken.
        now: when, for the restored register's own audit.

    Raises:
        RegisterError: there is no backup, it is damaged or newer than this program, or the register is not empty.
        AuditError: the restored audit does not hold; nothing is restored.
    """
    file = find_newest_backup(source) if source.is_dir() else source
    try:
        with file.open("rb") as content, zipfile.ZipFile(content) as archive:
            manifest = json.loads(archive.read(_MANIFEST))
            report = _restore_archive(url, archive, manifest)
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, pa.ArrowInvalid):
        raise RegisterError(f"{file} is not a whole backup of a register; nothing was restored") from None
    engine = upgrade_register(url)
    if now:
        with writing(engine, REGISTER) as connection:
            details = {"head": manifest["head"]}
            append_audit(connection, landlord=REGISTER, action="restore", subject=file.name, details=details, at=now)
    engine.dispose()
    return report


def _restore_archive(url: str, archive: zipfile.ZipFile, manifest: dict[str, Any]) -> AuditReport:
    """All of it in one transaction of the empty register."""
    if manifest["format"] != FORMAT or not revisions.knows_revisions(manifest["revisions"]):
        raise RegisterError("the backup is of a newer version of this program; restore it with that one")
    engine = make_engine(url)
    with writing(engine, REGISTER) as connection:
        report = fill_register(connection, archive, manifest)
    engine.dispose()
    return report


def fill_register(connection: Connection, archive: zipfile.ZipFile, manifest: dict[str, Any]) -> AuditReport:
    """Make the tables of an empty register, fill them from an archive, and verify the audit.

    Raises:
        RegisterError: the register is not empty, or what is in it now is not what the archive says.
        AuditError: the audit does not hold.
    """
    there = revisions.read_revisions(connection)
    if there not in ([], manifest["revisions"]) or any(_count_rows(connection).values()):
        raise RegisterError("the register is not empty or of another version; use a new database")
    for revision in manifest["revisions"]:
        revisions.upgrade_schema(connection, revision)
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL TIME ZONE 'UTC'")
    for table in list_tables(connection):
        if table.name in manifest["tables"]:
            _fill_table(connection, table, archive.read(f"{table.name}.parquet"), manifest["sha256"][table.name])
    if _count_rows(connection) != manifest["tables"]:
        raise RegisterError("the filled tables do not have the backup's rows; nothing was written")
    _advance_sequences(connection)
    report = verify_audit_on(connection, manifest["head"] or None)
    if manifest["revisions"] == [revisions.HEAD]:  # else whoever migrates it next puts them in place
        put_guards(connection)
    return report


def _count_rows(connection: Connection) -> dict[str, int]:
    return {
        table.name: int(connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0)
        for table in list_tables(connection)
    }


def _fill_table(connection: Connection, table: Table, data: bytes, sha256: str) -> None:
    if hashlib.sha256(data).hexdigest() != sha256:
        raise RegisterError(f"the backup's table {table.name} is damaged; nothing was restored")
    rows = pq.read_table(io.BytesIO(data))
    for start in range(0, rows.num_rows, bulk.CHUNK):
        chunk = rows.slice(start, bulk.CHUNK).combine_chunks()
        bulk.insert_rows(connection, table, {name: chunk[name].combine_chunks() for name in chunk.column_names}, {})


def _advance_sequences(connection: Connection) -> None:
    """Let PostgreSQL's sequences go on after the restored numbers; SQLite finds them by itself."""
    if connection.dialect.name != "postgresql":
        return
    for table in list_tables(connection):
        key = table.primary_key.columns.keys()
        if key == ["id"]:
            sequence = "finding_numbers" if table.name == "findings" else f"{table.name}_id_seq"
            connection.exec_driver_sql(
                f"SELECT setval('{sequence}', (SELECT max(id) FROM {table.name})) "  # noqa: S608 - our own names
                f"WHERE EXISTS (SELECT 1 FROM {table.name})"
            )
