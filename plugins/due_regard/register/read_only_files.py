"""SQLite registers that can only be read: on a read-only mount, or where the session may write neither file nor folder.

SQLite keeps what was written last in a log beside the file (`-wal`), and readers and writers meet in a third (`-shm`).
Where those are there, the file is opened with its log. Where they are not, nobody has it open: it is read as it stands,
without a lock, and what was read is thrown away if the file changed meanwhile. Whatever may be written is engines.py's.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, event

from due_regard.errors import RegisterError

READ_ONLY = "register_is_read_only"
"""Execution option of an engine that can only read."""

_ALONE = "is_read_alone"


def can_write(file: Path) -> bool:
    """Whether the file and its folder, where the log lies, can be written."""
    return os.access(file, os.W_OK) and os.access(file.parent, os.W_OK)


def open_for_reading(engine: Engine, file: Path) -> None:
    """Let every connection of `engine` open `file` for reading alone, as it stands at that moment."""

    def choose_mode(_dialect: object, record: Any, arguments: list[Any], named: dict[str, Any]) -> None:
        record.info[_ALONE] = is_alone = not _has_log(file)
        arguments[0] = f"file:{quote(str(file))}?mode=ro{'&immutable=1' if is_alone else ''}"
        named["uri"] = True

    event.listen(engine, "do_connect", choose_mode)
    event.listen(engine, "connect", _configure)


def _has_log(file: Path) -> bool:
    log, shared = (file.with_name(file.name + end) for end in ("-wal", "-shm"))
    return log.exists() and (shared.exists() or log.stat().st_size > 0)


def _configure(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA cache_size = -65536")


@contextmanager
def hold_still(connection: Connection, file: Path) -> Iterator[None]:
    """Answer nothing from a file that was written while it was read without a lock.

    Raises:
        RegisterError: it was.
    """
    before = _describe_state(file)
    yield
    if connection.info.get(_ALONE) and _describe_state(file) != before:
        raise RegisterError("the register was written elsewhere while it was read here; ask again")


def _describe_state(file: Path) -> tuple[int, int, int]:
    state = file.stat()
    return state.st_ino, state.st_size, state.st_mtime_ns


def refuse_writing(engine: Engine, place: str) -> None:
    """Say that nothing can be written where that is so.

    Raises:
        RegisterError: the engine can only read.
    """
    if is_read_only(engine):
        raise RegisterError(
            f"the register {place} can only be read here, its file or folder is read-only: nothing was changed"
        )


def is_read_only(engine: Engine) -> bool:
    """Whether the register was opened for reading alone."""
    return bool(engine.get_execution_options().get(READ_ONLY))
