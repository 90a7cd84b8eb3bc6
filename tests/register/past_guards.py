"""Changing what may not be changed, as whoever holds the database's file, or is its superuser, could."""

from __future__ import annotations

from sqlalchemy import Connection

from due_regard.register.write_guards import remove_guards


def pass_guards(connection: Connection) -> None:
    """Let every statement through: on PostgreSQL for this transaction, on SQLite for as long as the file is there."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
    else:
        remove_guards(connection)
