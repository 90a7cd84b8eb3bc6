"""Engines of registers, and the two kinds of transaction on one: `reading` and `writing`.

`writing` takes the landlord's lock, so that two runs at once end as if one after the other. Which register may be
opened or created is opening.py's; what is done inside a transaction belongs to the other modules.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import URL, ColumnElement, Connection, Engine, and_, create_engine, event, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from due_regard.errors import RegisterError
from due_regard.register.head_log import APPENDED, note_appended
from due_regard.register.moved_place import refuse_moved
from due_regard.register.plain_reasons import find_plain_reason
from due_regard.register.read_only_files import (
    READ_ONLY,
    hold_still,
    is_read_only,
    open_for_reading,
    refuse_writing,
)
from due_regard.register.register_urls import WRONG_URL, name_place, parse_register_url
from due_regard.register.sqlite_files import find_file, is_unwritable, prepare_file, refuse_network_share

REGISTER = "-"
"""The landlord that stands for the register itself, in locks and in the audit."""

LOCK_SECONDS = 120
"""How long a run waits for another one's drop to be loaded before it gives up."""

ANSWER_SECONDS = 15
"""How long a database server may take to answer a first connection."""


def make_engine(url: str | URL, *, to_read: bool = False) -> Engine:
    """An engine for the register at `url`, whatever is there: callers want `open_register` or `upgrade_register`.

    Args:
        url: where it is.
        to_read: an SQLite file that can only be read is opened all the same.

    Raises:
        RegisterError: the URL is wrong, or the file lies on a network share or cannot be written.
    """
    try:
        target = parse_register_url(url)
        file = find_file(target)
        if to_read and file and is_unwritable(url):
            refuse_network_share(file)
            return _make_reading_engine(target, file)
        if file:
            prepare_file(file)
        is_sqlite = target.get_backend_name() == "sqlite"
        options = {"connect_args": {"timeout": LOCK_SECONDS}} if is_sqlite else _choose_server_options(target)
        # Parameters hold personal values: no error or log may show them.
        engine = create_engine(target, hide_parameters=True, **options)
    except (ArgumentError, NoSuchModuleError, ValueError):
        raise RegisterError(WRONG_URL) from None
    except ImportError as reason:
        raise RegisterError(f"the register's URL needs the package {reason.name}, which is not installed") from None
    if is_sqlite:
        event.listen(engine, "connect", _configure_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_reading_engine(target: URL, file: Path) -> Engine:
    # No connection outlives its transaction: one that reads alone would not see that the file has changed.
    engine = create_engine(target, hide_parameters=True, poolclass=NullPool, execution_options={READ_ONLY: True})
    open_for_reading(engine, file)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _choose_server_options(target: URL) -> dict[str, Any]:
    """A server that does not answer is given up after `ANSWER_SECONDS`, unless the URL says otherwise."""
    if target.get_driver_name() != "psycopg2" or "connect_timeout" in target.query:
        return {"pool_pre_ping": True}
    return {"pool_pre_ping": True, "connect_args": {"connect_timeout": ANSWER_SECONDS}}


def match_linked(
    connection: Connection, owner: Any, landlord: str, link: Any, values: Collection[str]
) -> ColumnElement[bool]:
    """That a row is the landlord's (column `owner`), and its column `link`, which leads an index, is one of a few.

    SQLite keeps no statistics here: it would take a landlord's rows for ten, and walk all of them. So it is given
    nothing to begin with but the link.
    """
    own = owner.concat("") if connection.dialect.name == "sqlite" else owner
    return and_(own == landlord, link.in_(list(values)))


def _configure_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # else the driver begins where it likes, and never IMMEDIATE
    # A page of 8 KB holds some thirty records: loading writes fewer pages (measured). Only a new file heeds it.
    for pragma in (
        "page_size = 8192",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "cache_size = -65536",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("register_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


@contextmanager
def reading(engine: Engine, landlord: str | None = None) -> Iterator[Connection]:
    """One unchanging view of the register; on PostgreSQL narrowed to `landlord` where the session may see more.

    Raises:
        RegisterError: the database failed or refused.
    """
    options = {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == "postgresql" else {}
    with (
        _state_plainly(engine, "read"),
        engine.connect().execution_options(**options) as connection,
        connection.begin(),
        _hold_file_still(engine, connection),
    ):
        _narrow_to_landlord(connection, landlord)
        yield connection


@contextmanager
def _hold_file_still(engine: Engine, connection: Connection) -> Iterator[None]:
    file = find_file(engine.url)
    with hold_still(connection, file) if file and is_read_only(engine) else nullcontext():
        yield


@contextmanager
def writing(engine: Engine, landlord: str, *, alone: bool = True) -> Iterator[Connection]:
    """A transaction that alone writes for `landlord` until it ends; commits at the end, rolls back on an error.

    Never open a second one inside: it would wait for the first. With `alone` False it takes no lock, for a row that
    rests on no other: on PostgreSQL it waits for nobody (SQLite has one writer at a time, whatever is asked).
    What it appended to the audit is noted in the engine's `HEAD_FILE`, if it has one.

    Raises:
        RegisterError: another run held the lock for longer than `LOCK_SECONDS`, the register was moved, or the database
            failed or refused; nothing of this transaction was written.
    """
    refuse_writing(engine, name_place(engine.url))
    with _state_plainly(engine, "written"), engine.connect().execution_options(register_writes=True) as connection:
        try:
            transaction = connection.begin()
            if alone:
                _lock_landlord(connection, landlord)
        except OperationalError as reason:
            raise RegisterError(
                f"another run is writing to the register; try again later ({find_plain_reason(reason)})"
            ) from None
        connection.info.pop(APPENDED, None)
        with transaction:
            refuse_moved(connection)
            _narrow_to_landlord(connection, landlord)
            yield connection
        note_appended(connection)


def _lock_landlord(connection: Connection, landlord: str) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'"))
        key = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")
        connection.execute(key, {"key": f"due_regard/{landlord}"})


def _narrow_to_landlord(connection: Connection, landlord: str | None) -> None:
    if connection.dialect.name == "postgresql" and landlord not in {None, REGISTER}:
        connection.execute(text("SELECT set_config('due_regard.landlord', :landlord, true)"), {"landlord": landlord})


@contextmanager
def _state_plainly(engine: Engine, done: str) -> Iterator[None]:
    """Say a database's failure in one line that names no value."""
    try:
        yield
    except (SQLAlchemyError, engine.dialect.loaded_dbapi.Error) as reason:
        raise RegisterError(f"the register could not be {done}: {find_plain_reason(reason)}") from None
