"""A register as an earlier revision kept it, with data: rows that this program wrote, in the tables of then."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, text

from due_regard.register import append_audit, reading, writing
from due_regard.register.backup import _advance_sequences, list_tables, stream_rows
from due_regard.register.engines import REGISTER, make_engine
from due_regard.register.loading import bulk
from due_regard.register.schema import revisions


def write_older_register(newer: Engine, url: str, revision: str) -> None:
    """Make the register at `url` of `revision` and fill it with what `newer` holds, as far as its columns go."""
    older = make_engine(url)
    with writing(older, REGISTER) as there, reading(newer) as here:
        revisions.upgrade_schema(there, revision)
        if there.dialect.name == "postgresql":
            there.exec_driver_sql("SET LOCAL TIME ZONE 'UTC'")
        known = {table.name: table for table in list_tables(here)}
        for table in list_tables(there):
            if table.name != "audit":
                rows = stream_rows(here, known[table.name]).combine_chunks()
                columns = {name: rows[name].combine_chunks() for name in map(str, table.c.keys())}
                bulk.insert_rows(there, table, columns, {})
        there.execute(text("UPDATE finding_events SET file_id = NULL WHERE event <> 'resolved'"))
        _copy_audit(here, there)
        _advance_sequences(there)
    older.dispose()


def _copy_audit(here: Connection, there: Connection) -> None:
    """The same entries without their seals, which no earlier revision had."""
    rows = "SELECT landlord, at, action, subject, details FROM audit ORDER BY landlord, seq"
    for landlord, at, action, subject, kept in here.exec_driver_sql(rows):
        details = {name: value for name, value in json.loads(kept).items() if name != "seals"}
        instant = at if isinstance(at, datetime) else datetime.fromisoformat(at).replace(tzinfo=UTC)
        append_audit(there, landlord=landlord, action=action, subject=subject, details=details, at=instant)
