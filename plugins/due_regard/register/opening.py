"""Opening a register, and the one function that creates and migrates one: `upgrade_register`.

A question opens what is there (`open_register`): a mistyped path must not leave an empty register behind. Whoever
brings records in, restores or runs by the clock calls `upgrade_register`. Transactions are engines.py's.
"""

from __future__ import annotations

from functools import lru_cache

from sqlalchemy import URL, Engine
from sqlalchemy.exc import SQLAlchemyError

from due_regard.errors import RegisterError
from due_regard.register.engines import REGISTER, find_plain_reason, is_missing_file, make_engine, name_place, writing
from due_regard.register.schema import revisions
from due_regard.register.sealing.old_rows import bind_unsealed_rows

_UPGRADE = "`due-regard register upgrade`"


def open_register(url: str | URL) -> Engine:
    """The register at `url` as it stands: nothing is created or migrated.

    Raises:
        RegisterError: there is none, it is older or newer than this program, or it cannot be reached.
    """
    if is_missing_file(url):
        raise _make_missing_error(url)
    engine = _keep_engine(url)
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
                revisions.upgrade_schema(connection)
                if stored:
                    bind_unsealed_rows(connection)
    return engine


@lru_cache(maxsize=32)
def _keep_engine(url: str | URL) -> Engine:
    """One engine a register and process: its statements are compiled once, which takes as long as running them.

    Whoever opened it disposes of its connections as ever: nothing of a file that is replaced stays open.
    """
    return make_engine(url)


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
        raise RegisterError(f"the register cannot be opened: {find_plain_reason(reason)}") from None
