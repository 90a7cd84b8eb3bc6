"""The inbox: every fetched drop in a folder named by its digest, never changed after, and a record beside it.

A drop is staged under a name that nobody looks at and given its own when it is whole. Its record (inbox_record.py) is
written last, so what has none is no drop: it is half of one, and goes.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from pydantic import ValidationError

from due_regard.config.storage import StoredPath, bring_here, copy_file, is_storage_failure, make_folder, write_file
from due_regard.delivery.inbox_record import InboxRecord, KeptFile
from due_regard.errors import StorageError

_PART = ".part"
_HALF_DROP_KEPT = timedelta(days=1)
"""After which what is no whole drop goes: a killed run left it. Until then another run may be writing it."""


class Inbox:
    """The fetched drops of one landlord."""

    def __init__(self, folder: StoredPath) -> None:
        self._folder = folder

    def list_records(self) -> list[InboxRecord]:
        """Every whole drop, the oldest first.

        Raises:
            StorageError: a record cannot be read.
        """
        with _say_failures(self._folder):
            there = self._folder.iterdir() if self._folder.is_dir() else ()
            said = [file.read_bytes() for file in there if file.name.endswith(".json")]
        try:
            records = [InboxRecord.model_validate_json(text) for text in said]
        except ValidationError:
            raise StorageError(
                f"{self._folder}: a record of a fetched drop cannot be read; remove it, and fetch again"
            ) from None
        return sorted(records, key=lambda record: (record.fetched_at, record.drop))

    def write_record(self, record: InboxRecord) -> InboxRecord:
        """Write what is known of a drop, whole or not at all."""
        write_file(self._folder, f"{record.drop}.json", record.model_dump_json(indent=1).encode())
        return record

    @contextmanager
    def open_drop(self, record: InboxRecord) -> Iterator[Path]:
        """The folder of a drop on this disk, every byte of which is as it was fetched.

        Raises:
            StorageError: it is not.
        """
        with bring_here(self.name_folder(record)) as here:
            if not _is_whole(here, record.files):
                raise StorageError(
                    f"{self._folder.name}: the fetched drop {record.drop[:12]} is not in the inbox as it was fetched; "
                    "fetch it again, or remove its record there where its place no longer has it"
                )
            yield here

    def name_folder(self, record: InboxRecord) -> StoredPath:
        """Where a drop lies."""
        return self._folder / record.drop

    def is_whole(self, record: InboxRecord) -> bool:
        """Whether every byte of a drop is as it was fetched."""
        with _say_failures(self._folder):
            return _is_whole(self.name_folder(record), record.files)

    @contextmanager
    def stage_drop(self) -> Iterator[Path]:
        """A folder of this disk for the files of a drop, gone at the end unless it was placed."""
        # Beside the drops, so that it can be renamed; what goes to other storage waits in the system's own folder.
        beside = self._folder if isinstance(self._folder, Path) else None
        make_folder(self._folder)
        above = Path(mkdtemp(prefix=".", suffix=_PART, dir=beside))
        staged = above / "export"
        staged.mkdir(mode=0o700)
        try:
            yield staged
        finally:
            shutil.rmtree(above, ignore_errors=True)

    def place_drop(self, staged: Path, files: Sequence[KeptFile]) -> str:
        """Give a staged drop its place; its digest. One that is there already, and whole, stays as it is."""
        drop = hash_files(files)
        folder = self._folder / drop
        with _say_failures(self._folder):
            if _is_whole(folder, files):
                return drop
            _remove_folder(folder)  # of a run that was killed
        if isinstance(folder, Path):
            staged.rename(folder)
        else:
            for file in sorted(staged.iterdir()):
                copy_file(file, folder)
        return drop

    def remove_old_drops(
        self, pending: Iterable[str], *, keep_days: int, now: datetime, keep_newest: bool = True
    ) -> int:
        """Remove drops taken in long ago, and what killed runs left; how many drops went.

        Never one that waits to be taken in or acknowledged, nor the newest, by which the next is known to be new.
        """
        records = self.list_records()
        left = {*pending, *(record.drop for record in records[-1:] if keep_newest)}
        left |= {record.drop for record in records if record.taken and not record.acknowledged_at}
        old = [each for each in records if each.drop not in left and now - each.fetched_at > timedelta(days=keep_days)]
        with _say_failures(self._folder):
            for record in old:
                # Its record last: what was begun and cut off is done by the next run.
                _remove_folder(self._folder / record.drop)
                (self._folder / f"{record.drop}.json").unlink()
            self._remove_half_drops({record.drop for record in records}, now)
        return len(old)

    def _remove_half_drops(self, whole: set[str], now: datetime) -> None:
        if not self._folder.is_dir():
            return
        half = [entry for entry in self._folder.iterdir() if entry.name.removesuffix(".json") not in whole]
        for entry in half:
            if _find_last_change(entry, now) < now - _HALF_DROP_KEPT:
                _remove_entry(entry)


@contextmanager
def _say_failures(folder: StoredPath) -> Iterator[None]:
    """A failure of storage in our words: a provider's may hold keys and addresses."""
    try:
        yield
    except Exception as reason:
        if not is_storage_failure(reason):
            raise
        raise StorageError(f"{folder} cannot be read or written: {type(reason).__name__}") from None


def make_new_file(folder: Path, name: str) -> Path:
    """An empty file for its owner alone."""
    file = folder / name
    file.touch(mode=0o600, exist_ok=False)
    return file


def describe_staged_files(folder: Path) -> tuple[KeptFile, ...]:
    """What was copied: names, sizes and digests."""
    return tuple(
        KeptFile(name=file.name, size=file.stat().st_size, sha256=_hash_file(file)) for file in sorted(folder.iterdir())
    )


def hash_files(files: Iterable[KeptFile]) -> str:
    """The digest of a drop: its files' names and bytes, in whatever order they were listed."""
    lines = sorted(f"{file.name}\0{file.sha256}" for file in files)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _is_whole(folder: StoredPath, files: Iterable[KeptFile]) -> bool:
    try:
        return {entry.name: _hash_file(entry) for entry in folder.iterdir()} == {
            file.name: file.sha256 for file in files
        }
    except OSError:
        return False


def _hash_file(file: Any) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as source:
        while part := source.read(2**20):
            digest.update(part)
    return digest.hexdigest()


def _remove_folder(folder: StoredPath) -> None:
    if isinstance(folder, Path):
        shutil.rmtree(folder, ignore_errors=True)
    else:
        with suppress(FileNotFoundError):
            folder.fs.rm(folder.path, recursive=True)


def _remove_entry(entry: StoredPath) -> None:
    if entry.is_dir():
        _remove_folder(entry)
    else:
        entry.unlink()


def _find_last_change(entry: StoredPath, now: datetime) -> datetime:
    """When an entry was last written; now, where the storage does not tell."""
    files = [entry] if isinstance(entry, Path) or not entry.is_dir() else list(entry.iterdir())
    try:
        return max((datetime.fromtimestamp(file.stat().st_mtime, UTC) for file in files), default=now)
    except (OSError, AttributeError, TypeError):
        return now
