"""An export out of a database: one file for each view or query, all of one instant.

All are read in one transaction that sees what was there when it began, whatever is written meanwhile, row by row, so
that memory stays flat. The connection is Airflow's of the kind `postgres` or `mssql`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Connection as Session
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from due_regard.config.connections import Connection
from due_regard.config.export_place import is_select
from due_regard.delivery.inbox import make_new_file
from due_regard.errors import FetchError, FetchRefused

_ROWS_AT_ONCE = 2_000
_SECONDS = 30
_DRIVERS: dict[str, tuple[str, dict[str, Any]]] = {
    "postgres": ("postgresql+psycopg2", {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}),
    "mssql": ("mssql+pymssql", {"isolation_level": "SNAPSHOT"}),
}
"""Airflow's word for a database -> SQLAlchemy's driver, and what makes one transaction of it see one instant."""

_PASSING = frozenset({"57P01", "57P02", "57P03", "40001", "53300", "1205"})
"""Codes of what passes: a server that stops or starts, a standby that catches up, too many logins, a deadlock."""

_NO_SNAPSHOT = "3952"

_REFUSALS = (
    "authentication failed", "does not exist", "no password supplied", "not permitted", "Login failed",
    "Cannot open database", "no pg_hba.conf entry", "permission denied for database",
)  # fmt: skip

_UNGUARDED = ("certificate", "SSL was required", "sslmode")
"""What PostgreSQL's driver says of a line that cannot be guarded as the connection's extra asks."""

_ALIASES = {"postgresql": "postgres", "pgsql": "postgres", "generic": "postgres"}
"""The last is what Airflow's form offers where the provider of PostgreSQL is not installed."""


@contextmanager
def open_database(connection: Connection) -> Iterator[Engine]:
    """The database that a connection logs in to.

    Raises:
        FetchRefused: it is of a kind that is not read here, or its driver is missing.
    """
    kind = _ALIASES.get(connection.conn_type, connection.conn_type)
    if kind not in _DRIVERS:
        raise FetchRefused(f"a connection of this kind is no database read here; known: {', '.join(_DRIVERS)}")
    driver, _ = _DRIVERS[kind]
    url = URL.create(driver, connection.login, connection.password, connection.host, connection.port, connection.schema)
    try:
        engine = create_engine(
            url, pool_pre_ping=False, hide_parameters=True, connect_args=_find_options(kind, connection)
        )
    except ImportError:
        raise FetchRefused(f"the driver {driver.partition('+')[2]} is not installed; install it beside this") from None
    try:
        yield engine.execution_options(**_DRIVERS[kind][1])
    finally:
        engine.dispose()


def _find_options(kind: str, connection: Connection) -> dict[str, Any]:
    """What the driver is told beside the URL: how long to wait, and how the line is guarded."""
    if kind != "postgres":
        return {"login_timeout": _SECONDS}
    names = ("sslmode", "sslrootcert", "sslcert", "sslkey", "options")
    return {"connect_timeout": _SECONDS} | {
        name: connection.extra_dejson[name] for name in names if connection.extra_dejson.get(name)
    }


def write_query_files(connection: Connection, queries: Mapping[str, str], folder: Path, *, largest: int) -> None:
    """Write `<entity>.csv` of each query into `folder`, all as at one instant: text as it stands, nothing for NULL.

    Raises:
        FetchError: the database does not answer.
        FetchRefused: it refuses the login or a query, or a file grows beyond `largest` bytes; names the entity alone.
    """
    with open_database(connection) as engine, _open_session(engine) as session:
        for entity, query in queries.items():
            with _say_failures(entity):
                file = make_new_file(folder, f"{entity}.csv")
                _write_query_file(session, _make_statement(engine, query), entity, file, largest)


def check_queries(connection: Connection, queries: Mapping[str, str]) -> None:
    """Begin every query without reading a row.

    Raises:
        FetchError: as `write_query_files`.
    """
    with open_database(connection) as engine, _open_session(engine) as session:
        for entity, query in queries.items():
            with _say_failures(entity):
                statement = _make_statement(engine, query)
                session.execution_options(stream_results=True).execute(text(statement)).close()


def _make_statement(engine: Engine, query: str) -> str:
    """A query as it is given; a view whole, in one order, so that the same rows are the same bytes."""
    statement = query if is_select(query) else f"SELECT * FROM {_quote(engine, query)} ORDER BY 1"  # noqa: S608
    # A colon begins no parameter here.
    return statement.replace(":", r"\:")


def _quote(engine: Engine, view: str) -> str:
    preparer = engine.dialect.identifier_preparer
    return ".".join(preparer.quote(part) for part in view.split("."))


@contextmanager
def _open_session(engine: Engine) -> Iterator[Session]:
    try:
        session = engine.connect()
    except SQLAlchemyError as reason:
        raise _describe_failed_login(reason) from None
    with session:
        yield session


def _write_query_file(session: Session, statement: str, entity: str, file: Path, largest: int) -> None:
    streamed = session.execution_options(stream_results=True).execute(text(statement))
    with streamed as rows, file.open("w", encoding="utf-8", newline="") as sink:
        sheet = csv.writer(sink, lineterminator="\n")
        sheet.writerow(rows.keys())
        for part in rows.partitions(_ROWS_AT_ONCE):
            sheet.writerows([_write_cell(cell, entity) for cell in row] for row in part)
            if sink.tell() > largest:
                raise FetchRefused(f"{entity}: gives more than {largest // 2**20} MB; ask for less")


def _write_cell(cell: object, entity: str) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, Decimal):
        return format(cell, "f")
    if isinstance(cell, str | int | float | UUID):
        return str(cell)
    if isinstance(cell, datetime | date | time):
        return cell.isoformat(" ") if isinstance(cell, datetime) else cell.isoformat()
    raise FetchRefused(f"{entity}: a column holds neither text, number, yes/no nor date; cast it to text in the query")


@contextmanager
def _say_failures(entity: str) -> Iterator[None]:
    """A failure in our words: the database's hold cells and queries."""
    try:
        yield
    except SQLAlchemyError as reason:
        raise _describe_failed_query(entity, reason) from None


def _describe_failed_query(entity: str, reason: SQLAlchemyError) -> FetchError:
    code = _find_code(reason)
    is_lost = getattr(reason, "connection_invalidated", False) or (
        code is None and isinstance(reason, OperationalError)
    )
    if is_lost or code in _PASSING:
        return FetchError(f"{entity}: the database broke off while it was read; look whether it runs")
    if code == _NO_SNAPSHOT:
        return FetchRefused(
            f"{entity}: the database lets nobody read as at one instant; its administrator runs ALTER DATABASE … SET "
            "ALLOW_SNAPSHOT_ISOLATION ON"
        )
    known = f" (its code: {code})" if code else ""
    return FetchRefused(
        f"{entity}: the database refuses the query{known}; try it there, and look at the login's rights"
    )


def _find_code(reason: SQLAlchemyError) -> str | None:
    """The database's own code of a failure: PostgreSQL's five signs, or SQL Server's number."""
    original = getattr(reason, "orig", None)
    if code := getattr(original, "pgcode", None):
        return str(code)
    said = original.args[0] if original is not None and original.args else None
    number = said[0] if isinstance(said, tuple) and said else said
    return str(number) if isinstance(number, int) else None


def _describe_failed_login(reason: SQLAlchemyError) -> FetchError:
    """Whether nothing answered, or login or guard were refused: the driver has one error, and only words, for all."""
    said = str(getattr(reason, "orig", reason))
    if any(word in said for word in _UNGUARDED):
        return FetchRefused(
            "the line to the database cannot be guarded as asked; mend sslmode and sslrootcert in the connection's "
            "extra, or ask its administrators for their certificate"
        )
    # A server that is away is "unavailable or does not exist" in the words of SQL Server's driver.
    if "unavailable" not in said and any(word in said for word in _REFUSALS):
        return FetchRefused("the database refuses the login; mend login, password or schema in the connection")
    return FetchError("the database does not answer; look at host and port in the connection, and whether it runs")
