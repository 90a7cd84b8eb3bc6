"""Engines of registers, and the two kinds of transaction on one: `reading` and `writing`.

`writing` takes the landlord's lock, so that two runs at once end as if one after the other. Which register may be
opened or created is opening.py's; what is done inside a transaction belongs to the other modules.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL, ColumnElement, Connection, Engine, and_, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError, SQLAlchemyError

from due_regard.errors import RegisterError
from due_regard.register.head_log import note_heads
from due_regard.register.network_shares import find_network_share

REGISTER = "-"
"""The landlord that stands for the register itself, in locks and in the audit."""

MOVED = "moved"
"""The act that closes a register in a file once all of it is in another database."""

LOCK_SECONDS = 120
"""How long a run waits for another one's drop to be loaded before it gives up."""

APPENDED = "due_regard_appended"
"""Of a connection's `info`: the audit rows that its transaction appended, as landlord -> (row, hash, instant)."""

HEAD_FILE = "due_regard_head_file"
"""Option of an engine: the file outside the register in which `writing` notes the audit heads."""

ANSWER_SECONDS = 15
"""How long a database server may take to answer a first connection."""


def make_engine(url: str | URL) -> Engine:
    """An engine for the register at `url`, whatever is there: callers want `open_register` or `upgrade_register`.

    Raises:
        RegisterError: the URL is wrong, or the file lies on a network share or cannot be written.
    """
    try:
        target = make_url(url)
        if file := _find_file(target):
            _prepare_file(file)
        is_sqlite = target.get_backend_name() == "sqlite"
        options = {"connect_args": {"timeout": LOCK_SECONDS}} if is_sqlite else _choose_server_options(target)
        # Parameters hold personal values: no error or log may show them.
        engine = create_engine(target, hide_parameters=True, **options)
    except (ArgumentError, NoSuchModuleError, ValueError):  # a port that is no number is a ValueError
        raise RegisterError("the register's URL is not one SQLAlchemy can open; see DUE_REGARD_REGISTER_URL") from None
    except ImportError as reason:
        raise RegisterError(f"the register's URL needs the package {reason.name}, which is not installed") from None
    if is_sqlite:
        event.listen(engine, "connect", _configure_sqlite)
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


def is_missing_file(url: str | URL) -> bool:
    """Whether `url` names an SQLite file that is not there, or has no byte yet."""
    try:
        target = make_url(url)
    except (ArgumentError, ValueError):
        return False
    file = _find_file(target)
    return file is not None and not (file.is_file() and file.stat().st_size)


def name_place(url: str | URL) -> str:
    """Where a register is, as a message may say it: never with a user or a password."""
    target = make_url(url)
    return f"{target.database} on {target.host}" if target.host else f"{target.database}"


def _find_file(target: URL) -> Path | None:
    is_file = target.get_backend_name() == "sqlite" and target.database not in {None, "", ":memory:"}
    return Path(str(target.database)).absolute() if is_file else None


def _prepare_file(file: Path) -> None:
    """Make the SQLite file readable by its owner alone, before a byte is in it."""
    if kind := find_network_share(file):
        raise RegisterError(
            f"{file} lies on a network share ({kind}): SQLite's locks do not hold there and the register could be "
            "damaged. Keep the file on a local disk, or use PostgreSQL."
        )
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        # Never one that is there: closing it would drop every lock that SQLite holds on it for this process.
        with suppress(FileExistsError):
            os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        file.chmod(0o600)
        if not os.access(file, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as reason:
        raise RegisterError(f"the register's file {file} cannot be written: {reason.strerror}") from None


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
    ):
        _narrow_to_landlord(connection, landlord)
        yield connection


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
            _refuse_moved(connection)
            _narrow_to_landlord(connection, landlord)
            yield connection
        _note_appended(connection)


def find_moved_place(connection: Connection) -> str | None:
    """Where a register in a file was moved to, after which it may only be read; None where it was not."""
    if connection.dialect.name != "sqlite" or not inspect(connection).has_table("audit"):
        return None
    last = text("SELECT action, subject FROM audit WHERE landlord = :register ORDER BY seq DESC LIMIT 1")
    row = connection.execute(last, {"register": REGISTER}).first()
    return str(row.subject) if row and row.action == MOVED else None


def _refuse_moved(connection: Connection) -> None:
    """Asked inside the transaction: a run that waited while the register was moved must not write behind it."""
    if place := find_moved_place(connection):
        raise RegisterError(
            f"this register was moved to {place}: set DUE_REGARD_REGISTER_URL to it; here it may only be read"
        )


def _note_appended(connection: Connection) -> None:
    """Note outside the register what the transaction that has just ended appended to the audit."""
    appended, file = connection.info.pop(APPENDED, None), connection.get_execution_options().get(HEAD_FILE)
    if appended and file:
        heads = {landlord: (seq, digest) for landlord, (seq, digest, _) in appended.items()}
        note_heads(file, heads, max(at for _, _, at in appended.values()))


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


def find_plain_reason(reason: Exception) -> str:
    """The driver's own first line, without the statement; PostgreSQL's class 22 and 23 would quote a cell's value."""
    own = getattr(reason, "orig", None) or reason
    state = getattr(own, "pgcode", None) or ""
    if state.startswith(("22", "23")):
        return f"the database refused a value ({type(own).__name__}, {state})"
    return (str(own).strip() or type(own).__name__).splitlines()[0]
