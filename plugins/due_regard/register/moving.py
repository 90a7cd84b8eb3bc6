"""A whole register taken from SQLite to another database, in one transaction there; the old one is then closed.

The rows go the way of a backup, whose reading and filling this uses. While it lasts nobody writes in the old register:
a run that waits for it is refused afterwards (engines.py), or two registers would mail.
"""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Connection, select

from due_regard.errors import RegisterError
from due_regard.register.audit import append_audit, read_audit_head_on, verify_audit_on
from due_regard.register.backup import fill_register, list_tables, stream_rows, write_archive
from due_regard.register.engines import REGISTER, make_engine, writing
from due_regard.register.moved_place import MOVED
from due_regard.register.opening import open_register
from due_regard.register.register_urls import name_place
from due_regard.register.schema.drop_tables import AuditRow

ARRIVED = "move"
"""The act by which the new register begins; the old one ends with `MOVED`."""


@dataclass(frozen=True)
class MoveReport:
    """A moved register: whence and whither without a password, the audit's head that both have, how many rows."""

    source: str
    target: str
    head: str
    rows: int


def move_register(source: str, target: str, prove: Callable[[str], None], *, now: datetime) -> MoveReport:
    """Take the register at `source`, an SQLite file, into the empty database at `target`, and close it.

    Killed at any point, it may be run again: either nothing is in the target, or all of it. `prove` raises where the
    register at a URL does not hold: it is asked of the old one first, and of the new one before the old one is closed.

    Raises:
        RegisterError: the source is no SQLite register or was moved before, or the target is not empty.
        AuditError: the audit chain does not hold; nothing is moved.
    """
    old, new = open_register(source), make_engine(target)
    if old.dialect.name != "sqlite":
        raise RegisterError(
            "only a register in an SQLite file is moved; to move a server's database, use its own tools"
        )
    if (old.dialect.name, old.url.database) == (new.dialect.name, new.url.database):
        raise RegisterError(f"{name_place(old.url)} is where the register is already; name another database")
    prove(source)
    with writing(old, REGISTER) as there, tempfile.TemporaryFile() as file:
        verify_audit_on(there)
        manifest = write_archive(there, file, now)
        rows = sum(manifest["tables"].values())
        with writing(new, REGISTER) as here, zipfile.ZipFile(file) as archive:
            if not _has_arrived(here, manifest["head"]):
                fill_register(here, archive, manifest)
                _compare_rows(here, archive, manifest)
                details = {"head": manifest["head"], "rows": rows}
                append_audit(here, landlord=REGISTER, action=ARRIVED, subject="register", details=details, at=now)
        prove(target)
        details = {"head": manifest["head"]}
        append_audit(there, landlord=REGISTER, action=MOVED, subject=name_place(new.url), details=details, at=now)
    old.dispose()
    new.dispose()
    return MoveReport(name_place(old.url), name_place(new.url), manifest["head"], rows)


def _has_arrived(connection: Connection, head: str) -> bool:
    """Whether the same state came here before, and the one who brought it was killed before the old one was closed."""
    if "audit" not in {table.name for table in list_tables(connection)}:
        return False
    arrivals = select(AuditRow.details).where(AuditRow.landlord == REGISTER, AuditRow.action == ARRIVED)
    if any(json.loads(details)["head"] == head for details in connection.scalars(arrivals)):
        verify_audit_on(connection, head)
        return True
    return False


def _compare_rows(connection: Connection, archive: zipfile.ZipFile, manifest: dict[str, Any]) -> None:
    """Read every row back and compare it with what was sent."""
    for table in list_tables(connection):
        if table.name in manifest["tables"]:
            sent = pq.read_table(io.BytesIO(archive.read(f"{table.name}.parquet")))
            found = stream_rows(connection, table).select(sent.column_names)
            if not _sort_rows(sent, table.primary_key.columns.keys()).equals(
                _sort_rows(found, table.primary_key.columns.keys())
            ):
                raise RegisterError(f"the rows of {table.name} did not arrive as they were; nothing was moved")
    if read_audit_head_on(connection) != manifest["head"]:
        raise RegisterError("the audit's head did not arrive as it was; nothing was moved")


def _sort_rows(rows: pa.Table, key: list[str]) -> pa.Table:
    """In one order for both engines, which sort text each in its own."""
    return rows.sort_by([(name, "ascending") for name in key]).combine_chunks()
