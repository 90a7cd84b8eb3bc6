"""An export in a folder of this machine: a mounted share, most often.

A share that is not mounted leaves an empty folder behind: what the folder is mounted on is listed with its files.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from due_regard.config.connections import Connection
from due_regard.config.export_place import ExportPlace
from due_regard.delivery.export_sources import MOST_FILES, FoundFile, FoundFiles, check_name
from due_regard.errors import FetchError, FetchRefused


class FolderSource:
    """Files of one folder; folders in it are left alone."""

    def __init__(self, place: ExportPlace, connection: Connection | None) -> None:
        base = str(connection.extra_dejson.get("path") or "/") if connection else "/"
        self._folder = Path(base) / str(place.path)

    def list_files(self) -> FoundFiles:
        """What lies in the folder."""
        with _say_failures("listed"):
            entries = sorted(self._folder.iterdir())
            folders = sum(entry.is_dir() and not entry.is_symlink() for entry in entries)
            if len(entries) - folders > MOST_FILES:
                raise FetchRefused(f"more than {MOST_FILES} files lie there; name the folder of one export")
            files = [self._describe(entry, at) for at, entry in enumerate(entries, 1) if not _is_folder(entry)]
            return FoundFiles(tuple(files), folders, str(self._find_mount()))

    def _describe(self, entry: Path, position: int) -> FoundFile:
        if entry.is_symlink() or not entry.is_file():
            raise FetchRefused(f"file {position} of the list is a link, or no file; deliver the file itself")
        known = entry.stat()
        changed_at = datetime.fromtimestamp(known.st_mtime, UTC)
        # With the time of the inode's change: a copy that keeps the old time of writing changes that, too.
        stamp = f"{known.st_mtime_ns} {known.st_ctime_ns} {known.st_ino}"
        return FoundFile(check_name(entry.name, position), known.st_size, changed_at, stamp)

    def _find_mount(self) -> Path:
        here = self._folder.resolve()
        return next(folder for folder in (here, *here.parents) if os.path.ismount(folder))

    def copy_file(self, file: FoundFile, target: Path) -> None:
        """Copy a file."""
        with _say_failures("read"), (self._folder / file.name).open("rb") as source, target.open("wb") as sink:
            shutil.copyfileobj(source, sink, 2**20)

    def move_file(self, file: FoundFile, folder: str) -> None:
        """Move a file into a folder below."""
        with _say_failures("moved"):
            here = self._folder / file.name
            if not here.is_file():
                return
            known = here.stat()
            if (known.st_size, known.st_mtime_ns) == (file.size, int(file.stamp.split()[0])):
                (self._folder / folder).mkdir(parents=True, exist_ok=True)
                here.rename(self._folder / folder / file.name)

    def write_note(self, folder: str, name: str, content: bytes) -> None:
        """Write a small file, whole or not at all."""
        with _say_failures("written"):
            (self._folder / folder).mkdir(parents=True, exist_ok=True)
            part = self._folder / folder / f".{name}.part"
            part.write_bytes(content)
            part.replace(self._folder / folder / name)

    def remove_note(self, folder: str, name: str) -> None:
        """Remove a small file."""
        with _say_failures("written"):
            (self._folder / folder / name).unlink(missing_ok=True)


def _is_folder(entry: Path) -> bool:
    return entry.is_dir() and not entry.is_symlink()


@contextmanager
def _say_failures(what: str) -> Iterator[None]:
    """A failure in our words: the library's may hold a file's name."""
    try:
        yield
    except PermissionError:
        raise FetchRefused(f"the folder, or a file in it, may not be {what}; give this user the right") from None
    except OSError as reason:
        raise FetchError(
            f"the folder cannot be {what} ({reason.strerror}); look whether its share is mounted, and at its path"
        ) from None
