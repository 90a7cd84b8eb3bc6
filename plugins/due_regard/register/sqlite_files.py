"""The file of an SQLite register: which one a URL names, whether it is there, and that nobody else may read it.

A file that can only be read is opened by read_only_files.py. Engines and transactions are engines.py's.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from due_regard.errors import RegisterError
from due_regard.register.network_shares import find_network_share
from due_regard.register.read_only_files import can_write


def is_missing_file(url: str | URL) -> bool:
    """Whether `url` names an SQLite file that is not there, or has no byte yet."""
    try:
        target = make_url(url)
    except (ArgumentError, ValueError):
        return False
    file = find_file(target)
    return file is not None and not (file.is_file() and file.stat().st_size)


def is_unwritable(url: str | URL) -> bool:
    """Whether `url` names an SQLite file that is there and can only be read."""
    try:
        file = find_file(make_url(url))
    except (ArgumentError, ValueError):
        return False
    return file is not None and file.is_file() and not can_write(file)


def find_file(target: URL) -> Path | None:
    """The file that a URL names; None where it names none."""
    is_file = target.get_backend_name() == "sqlite" and target.database not in {None, "", ":memory:"}
    return Path(str(target.database)).absolute() if is_file else None


def prepare_file(file: Path) -> None:
    """Make the SQLite file readable by its owner alone, before a byte is in it.

    Raises:
        RegisterError: it lies on a network share, or cannot be written.
    """
    refuse_network_share(file)
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


def refuse_network_share(file: Path) -> None:
    """Refuse a file on a network share.

    Raises:
        RegisterError: it lies on one.
    """
    if kind := find_network_share(file):
        raise RegisterError(
            f"{file} lies on a network share ({kind}): SQLite's locks do not hold there and the register could be "
            "damaged. Keep the file on a local disk, or use PostgreSQL."
        )
