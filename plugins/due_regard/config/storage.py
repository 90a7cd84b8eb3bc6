"""Folders that lie on this disk or, named by a URL, elsewhere: packs, rejections, quarantine, drops and mails.

A file is written whole or not at all, and on this disk for its owner alone. Add here what any stored file needs, on
every kind of storage; what a file says belongs to the room that writes it, and the register has its own URL.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile, mkstemp
from traceback import walk_tb
from typing import IO
from uuid import uuid4

from upath import UPath

from due_regard.errors import SettingsError, StorageError

StoredPath = Path | UPath
"""A path of this disk, or a place that fsspec opens."""

_OBJECT_STORES = frozenset({"memory", "s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl"})
"""They have no folders to make, and show an object when all of it has come; other storage is written by renaming."""


_LIBRARIES = frozenset({"adlfs", "fsspec", "gcsfs", "s3fs", "upath"})
"""Packages through which every storage but this disk is reached."""


def is_storage_failure(reason: Exception) -> bool:
    """Whether storage failed, and not our own code: the system said so, or it came out of a library of storage.

    By where it was raised: these libraries raise words of their own, of their providers and of Python alike.
    """
    raised_in = {frame.f_globals.get("__name__", "").partition(".")[0] for frame, _ in walk_tb(reason.__traceback__)}
    return isinstance(reason, OSError) or bool(raised_in & _LIBRARIES)


def open_folder(place: Path | str) -> StoredPath:
    """The folder at a path or at a URL of fsspec (`s3://bucket/due-regard`, `memory://trial`).

    Raises:
        SettingsError: no library here opens such a URL, or a password stands in it.
        StorageError: the storage does not answer.
    """
    scheme, is_url, rest = str(place).partition("://")
    if isinstance(place, Path) or not is_url:
        return Path(place)
    if re.search(r":.*@|\?", rest):
        raise SettingsError(
            f"the {scheme}:// URL holds a password or a query; leave it out and set the storage's own variables "
            f"(FSSPEC_{scheme.upper()}_…, or those of its provider)"
        )
    try:
        folder = UPath(place)
        # A library that remembers listings would not see what another worker wrote meanwhile.
        folder.fs.invalidate_cache()
        is_local = "file" in folder.fs.protocol
    except ImportError as reason:
        raise SettingsError(f"{scheme}:// cannot be opened: {reason}, or name a folder of this disk") from None
    except ValueError:
        raise SettingsError(f"no file system opens {scheme}://; name a folder of this disk, s3://, abfs://…") from None
    except Exception as reason:
        raise _describe_failure(f"{scheme}://", "opened", reason) from None
    return Path(folder.path) if is_local else folder


def join_name(folder: StoredPath, name: str) -> StoredPath:
    """The file called `name` directly in `folder`.

    Raises:
        StorageError: the name would lead out of the folder.
    """
    separators = "/\0" if isinstance(folder, Path) or folder.protocol in _OBJECT_STORES else "/\0\\"
    if name in {"", ".", ".."} or any(sign in name for sign in separators):
        raise StorageError(f"{folder}: a file in it cannot have this name; rename the file and deliver it again")
    return folder / name


def make_folder(folder: StoredPath) -> StoredPath:
    """Make `folder` and those above it where they are missing, on this disk for their owner alone.

    Raises:
        StorageError: it cannot be made.
    """
    try:
        _make_missing(folder)
    except Exception as reason:
        raise _describe_failure(folder, "made", reason) from None
    return folder


def _make_missing(folder: StoredPath) -> None:
    if isinstance(folder, Path):
        for missing in reversed([place for place in (folder, *folder.parents) if not place.is_dir()]):
            missing.mkdir(mode=0o700, exist_ok=True)
    elif folder.protocol not in _OBJECT_STORES:
        folder.mkdir(parents=True, exist_ok=True)


def check_can_write(folder: StoredPath) -> None:
    """Try to write where `folder` is, or would be made; nothing is left there, and no folder made.

    Raises:
        StorageError: nothing can be written there.
    """
    try:
        place = folder if _is_object_store(folder) else _find_nearest(folder)
        if isinstance(place, Path):
            TemporaryFile(dir=place).close()  # it has no name, so it goes even with a process that is killed
        else:
            write_file(place, f".{uuid4().hex}.part", b"").unlink()
    except StorageError:
        raise
    except Exception as reason:
        raise _describe_failure(folder, "written", reason) from None


def _is_object_store(folder: StoredPath) -> bool:
    return not isinstance(folder, Path) and str(folder.protocol) in _OBJECT_STORES


def _find_nearest(folder: StoredPath) -> StoredPath:
    """The folder itself, else the nearest above it that is there."""
    places: list[StoredPath] = [folder, *folder.parents]
    return next(place for place in places if place.exists())


def write_file(folder: StoredPath, name: str, content: bytes) -> StoredPath:
    """Write one file whole or not at all; as `open_new_file`."""
    with open_new_file(folder, name) as sink:
        sink.write(content)
    return folder / name


@contextmanager
def open_new_file(folder: StoredPath, name: str) -> Iterator[IO[bytes]]:
    """A stream whose content becomes the file `name` of `folder` when the block ends, and nothing if it fails.

    Raises:
        StorageError: the name would lead out of the folder, or the file cannot be written.
    """
    file = join_name(folder, name)
    # Before it is whole, what goes elsewhere waits in the system's folder for temporary files.
    beside = folder if isinstance(folder, Path) else None
    try:
        if beside:
            _make_missing(beside)
        number, name_of_part = mkstemp(dir=beside, prefix=".", suffix=".part")
    except OSError as reason:
        raise _describe_failure(folder, "written", reason) from None
    part = Path(name_of_part)
    try:
        with os.fdopen(number, "w+b") as sink:
            yield sink
        if isinstance(file, Path):
            part.replace(file)
        else:
            _upload_file(part, file)
    except OSError as reason:
        raise _describe_failure(folder, "written", reason) from None
    finally:
        part.unlink(missing_ok=True)


def _upload_file(part: Path, file: UPath) -> None:
    folder, is_whole = make_folder(file.parent), file.protocol in _OBJECT_STORES
    target = file.path if is_whole else f"{file.parent.path}/.{uuid4().hex}.part"
    try:
        file.fs.put_file(str(part), target)
        if not is_whole:
            file.fs.mv(target, file.path)
    except Exception as reason:
        raise _describe_failure(folder, "written", reason) from None


def copy_file(source: Path, folder: StoredPath) -> StoredPath:
    """Copy a file of this disk into `folder` under its own name, on this disk with its time."""
    with open_new_file(folder, source.name) as sink, source.open("rb") as content:
        shutil.copyfileobj(content, sink)
    copy = folder / source.name
    if isinstance(copy, Path):
        os.utime(copy, ns=(source.stat().st_atime_ns, source.stat().st_mtime_ns))
    return copy


@contextmanager
def bring_here(folder: StoredPath) -> Iterator[Path]:
    """The folder on this disk: itself, or a private copy of its files, with their times, that is gone at the end.

    Raises:
        StorageError: it cannot be read, or a name in it would lead out of the copy.
    """
    if isinstance(folder, Path):
        yield folder
        return
    with TemporaryDirectory(prefix="due-regard-") as above:
        here = Path(above) / folder.name
        here.mkdir()
        try:
            for file in folder.iterdir():
                _bring_file_here(file, here)
        except StorageError:
            raise
        except Exception as reason:
            raise _describe_failure(folder, "read", reason) from None
        yield here


def _bring_file_here(file: UPath, here: Path) -> None:
    copy = str(join_name(here, file.name))
    if file.is_dir():
        Path(copy).mkdir()
        return
    file.fs.get_file(file.path, copy)
    # Where the storage tells no time the copy keeps its own: a drop is then complete by manifest or READY alone.
    with suppress(NotImplementedError):
        changed = file.fs.modified(file.path).timestamp()
        os.utime(copy, (changed, changed))


def _describe_failure(place: StoredPath | str, what: str, reason: Exception) -> StorageError:
    """In our words: what a provider's library says may hold keys and addresses. A mistake of ours stays one."""
    if not is_storage_failure(reason):
        raise reason
    why = reason.strerror if isinstance(place, Path) and isinstance(reason, OSError) else type(reason).__name__
    return StorageError(f"{place} cannot be {what}: {why}")
