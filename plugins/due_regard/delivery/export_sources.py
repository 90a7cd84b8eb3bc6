"""What every place that holds an export's files can do, and which module opens which kind of place.

A listing never reaches a log: names of files are the data owner's. Logins and libraries are each kind's own module's.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from due_regard.config.connections import Connection
from due_regard.config.export_place import ExportPlace
from due_regard.errors import FetchRefused

TAKEN, RECEIPTS = "taken", "receipts"
"""Folders below the export's own, in which what was loaded is acknowledged."""

MOST_FILES = 1_000
"""Files of one export; more are no export, but a path that is a level too high."""

CONNECTION_KINDS = {"folder": ("fs",), "sftp": ("sftp", "ssh"), "s3": ("aws",), "azure_blob": ("wasb",)}
"""Kind of place -> Airflow's words for the kinds of connection that log in there; databases are sql_export.py's."""

_ANY_KIND = "generic"
"""Airflow's form offers a kind only where its provider is installed, and this one always."""

_COARSEST_CLOCK = timedelta(seconds=3)
"""Within it a file may be written again and keep its size and time: some servers tell whole seconds, FAT even ones."""


@dataclass(frozen=True)
class FoundFile:
    """One file of an export, as its place lists it; `stamp` changes with its content.

    Attributes:
        name: its name, without a folder.
        size: its bytes.
        changed_at: when it was last written, by the clock of its place.
        stamp: entity tag, or the time of its last writing.
        is_sure: whether the stamp is made of the content, and no clock.
    """

    name: str
    size: int
    changed_at: datetime
    stamp: str
    is_sure: bool = False


@dataclass(frozen=True)
class FoundFiles:
    """What lies in a place now: its files by name, how many folders are left alone, and on what it is mounted."""

    files: tuple[FoundFile, ...]
    folders: int = 0
    mounted_on: str = ""

    def is_settled(self, now: datetime) -> bool:
        """Whether the same listing, seen again, means the same content."""
        return all(file.is_sure or now - file.changed_at > _COARSEST_CLOCK for file in self.files)


class ExportSource(Protocol):
    """A place that holds an export's files; each word raises FetchError, or FetchRefused where a person must act."""

    def list_files(self) -> FoundFiles:
        """What lies there."""

    def copy_file(self, file: FoundFile, target: Path) -> None:
        """Copy a file into a file of this disk that is there and empty."""

    def move_file(self, file: FoundFile, folder: str) -> None:
        """Move a file into a folder below; nothing where it is gone, or no longer the file that was listed."""

    def write_note(self, folder: str, name: str, content: bytes) -> None:
        """Write a small file into a folder below."""

    def remove_note(self, folder: str, name: str) -> None:
        """Remove a small file that was written."""


@contextmanager
def open_export_source(place: ExportPlace, connection: Connection | None) -> Iterator[ExportSource]:
    """The place that holds a landlord's export, closed at the end.

    Raises:
        FetchError: it does not answer.
        FetchRefused: it refuses the login, the connection is of another kind, or a library for it is missing.
    """
    known = (*CONNECTION_KINDS[place.kind], _ANY_KIND)
    if connection and connection.conn_type not in known:
        raise FetchRefused(
            f"the connection is of another kind; {place.kind} needs one of the kind {' or '.join(known)}"
        )
    # What the libraries say holds names of files and addresses; what fails is said here, in our words.
    for library in ("adlfs", "aiobotocore", "asyncssh", "azure", "botocore", "fsspec", "s3fs"):
        logging.getLogger(library).setLevel(logging.CRITICAL)
    try:
        if place.kind == "folder":
            from due_regard.delivery.folder_source import FolderSource

            yield FolderSource(place, connection)
        elif place.kind == "sftp":
            from due_regard.delivery.sftp_source import open_sftp_source

            with open_sftp_source(place, connection) as source:
                yield source
        else:
            from due_regard.delivery.object_source import open_object_source

            yield open_object_source(place, connection)
    except ImportError:
        raise FetchRefused(
            f"the library for {place.kind} is not installed; install it with `uv pip install 'due-regard[fetch]'`"
        ) from None


def check_name(name: str, position: int) -> str:
    """The name, where it can be a file's of this disk; others are told by their place in the list.

    Raises:
        FetchRefused: it is none.
    """
    if name in {"", ".", ".."} or "/" in name or not name.isprintable() or "\\" in name or len(name.encode()) > 255:
        raise FetchRefused(f"file {position} of the list has a name that cannot be kept; rename it there")
    return name
