"""Logins of PostgreSQL for people and services, each a member of one of the roles of include/postgresql/roles.sql.

A role's grants stand in that file; add one there. SQLite has no logins: whoever reads the file reads everything.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Engine

from due_regard.config.layered_folders import find_shipped_folder
from due_regard.errors import RegisterError
from due_regard.register.engines import REGISTER, writing
from due_regard.register.register_urls import name_place

SCRIPT = find_shipped_folder() / "postgresql" / "roles.sql"
"""The product's own, like its tables."""


def create_login(engine: Engine, name: str, *, role: str, landlords: Sequence[str], password: str) -> None:
    """Make the roles as the script grants them, and a login that is a member of one; one that is there is renewed.

    Args:
        engine: the register, opened as its owner.
        name: of the login.
        role: loader, reporter, auditor or pages.
        landlords: whom the login may see and write for; `*` is every landlord.
        password: of the login; only its hash reaches the server.

    Raises:
        RegisterError: the register is no PostgreSQL, or its owner may not make logins.
    """
    if engine.dialect.name != "postgresql":
        raise RegisterError(f"{name_place(engine.url)} has no logins: only a register on PostgreSQL does")
    with writing(engine, REGISTER) as connection:
        _execute_text(connection, SCRIPT.read_text(encoding="utf-8"))
        _create_member(connection, name, role, password)
        for landlord in landlords:
            connection.exec_driver_sql(
                "INSERT INTO landlord_access (role_name, landlord) VALUES (%s, %s) ON CONFLICT DO NOTHING",
                (name, landlord),
            )


def _create_member(connection: Connection, name: str, role: str, password: str) -> None:
    from psycopg2 import sql
    from psycopg2.extensions import encrypt_password

    raw = connection.connection.dbapi_connection
    hashed = encrypt_password(password, name, scope=raw, algorithm="scram-sha-256")
    found = connection.exec_driver_sql("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,)).scalar()
    verb = sql.SQL("ALTER ROLE" if found else "CREATE ROLE")
    login = sql.Identifier(name)
    for statement in (
        sql.SQL("{} {} LOGIN PASSWORD {}").format(verb, login, sql.Literal(hashed)),
        sql.SQL("GRANT {} TO {}").format(sql.Identifier(f"due_regard_{role}"), login),
    ):
        _execute_text(connection, statement.as_string(raw))


def _execute_text(connection: Connection, statements: str) -> None:
    """As it stands: no sign in it is a place for a parameter."""
    connection.exec_driver_sql(statements, execution_options={"no_parameters": True})
