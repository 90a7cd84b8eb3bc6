"""Opening a register, and the one function that creates and migrates one: `upgrade_register`.

A question opens what is there (`open_register`): a mistyped path must not leave an empty register behind. Whoever
brings records in, restores or runs by the clock calls `upgrade_register`. Transactions are engines.py's.
"""

from __future__ import annotations

from functools import lru_cache

from sqlalchemy import URL, Connection, Engine, func, select
from sqlalchemy.exc import SQLAlchemyError

from due_regard.errors import RegisterError
from due_regard.register.engines import REGISTER, make_engine, writing
from due_regard.register.plain_reasons import find_plain_reason
from due_regard.register.read_only_files import is_read_only
from due_regard.register.register_urls import name_place
from due_regard.register.schema import revisions
from due_regard.register.schema.column_types import Instant
from due_regard.register.sealing.old_rows import bind_unsealed_rows
from due_regard.register.sqlite_files import is_missing_file, is_unwritable
from due_regard.register.write_guards import lift_guards, put_guards

_UPGRADE = "`due-regard register upgrade`"


def open_register(url: str | URL) -> Engine:
    """The register at `url` as it stands: nothing is created or migrated. One that can only be read is opened so.

    Raises:
        RegisterError: there is none, it is older or newer than this program, or it cannot be reached.
    """
    if is_missing_file(url):
        raise _make_missing_error(url)
    engine = _keep_engine(url, is_unwritable(url))
    try:
        _check_revision(engine)
    except RegisterError:
        engine.dispose()
        raise
    return engine


def upgrade_register(url: str | URL) -> Engine:
    """The register at `url`, created where there is none and migrated where it is older.

    Raises:
        RegisterError: the URL is wrong, the file lies on a network share, the database cannot be reached, or the
            register is newer than this program.
    """
    engine = make_engine(url)
    if (stored := _read_stored_revisions(engine)) != [revisions.HEAD]:
        _refuse_unknown_revisions(engine, stored)
        with writing(engine, REGISTER) as connection:
            if revisions.read_revisions(connection) != [revisions.HEAD]:  # else another process was faster
                _migrate_register(connection, stored)
    return engine


def _migrate_register(connection: Connection, stored: list[str]) -> None:
    """Bring the register up to date, put today's guards in place, and record it where there was an older one."""
    if not stored:
        revisions.upgrade_schema(connection)
        put_guards(connection)
        return
    # An upgrade is told no time; the database has a clock of its own.
    at = connection.scalars(select(func.now(type_=Instant()))).one()
    details = {"from": stored, "to": revisions.HEAD}
    with lift_guards(connection, action="migrate", details=details, at=at, landlord=REGISTER):
        revisions.upgrade_schema(connection)
        bind_unsealed_rows(connection)


@lru_cache(maxsize=32)
def _keep_engine(url: str | URL, _is_unwritable: bool) -> Engine:
    """One engine a register and process: its statements are compiled once, which takes as long as running them.

    Whoever opened it disposes of its connections as ever: nothing of a file that is replaced stays open.
    """
    return make_engine(url, to_read=True)


def _check_revision(engine: Engine) -> None:
    stored = _read_stored_revisions(engine)
    if stored == [revisions.HEAD]:
        return
    if not stored:
        raise _make_missing_error(engine.url)
    _refuse_unknown_revisions(engine, stored)
    raise RegisterError(
        f"the register {name_place(engine.url)} is older than this program; {_UPGRADE} brings it up to date"
    )


def _refuse_unknown_revisions(engine: Engine, stored: list[str]) -> None:
    if not revisions.knows_revisions(stored):
        raise RegisterError(
            f"{name_place(engine.url)} is the register of a newer version of this program, or another program's "
            "database; use that version, or mend DUE_REGARD_REGISTER_URL"
        )


def _make_missing_error(url: str | URL) -> RegisterError:
    return RegisterError(
        f"there is no register {name_place(url)}; mend DUE_REGARD_REGISTER_URL or --register, or make one: "
        f"{_UPGRADE}, or the first intake"
    )


def _read_stored_revisions(engine: Engine) -> list[str]:
    try:
        with engine.connect() as connection:
            return revisions.read_revisions(connection)
    except SQLAlchemyError as reason:
        raise RegisterError(f"the register cannot be opened: {find_plain_reason(reason)}{_name_log(engine)}") from None


def _name_log(engine: Engine) -> str:
    if not is_read_only(engine):
        return ""
    return "; copy it with its -wal file to a folder that can be written, and name that one with --register"
