"""Every build's files, kept apart by their checksum: what was approved is what is mailed, whatever was built since.

A later build writes over the files of the quarter's folder; these are never written over.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from contextlib import suppress

from due_regard.config.storage import StoredPath, write_file
from due_regard.errors import PackError

_SHORT = 16


def find_kept_folder(quarter_folder: StoredPath, sha256: str) -> StoredPath:
    """The folder of one build's files, below that of its quarter; `sha256` is the build's."""
    return quarter_folder / "kept" / sha256[:_SHORT]


def keep_files(quarter_folder: StoredPath, sha256: str, files: Iterable[StoredPath]) -> None:
    """Keep the files of a build, unless they are kept already."""
    folder = find_kept_folder(quarter_folder, sha256)
    for file in files:
        body = bytes(file.read_bytes())
        if read_file(folder, file.name, hashlib.sha256(body).hexdigest()) is None:
            write_file(folder, file.name, body)


def read_file(folder: StoredPath, name: str, digest: str) -> bytes | None:
    """A file, where what lies there is what was built."""
    with suppress(OSError):
        body = bytes((folder / name).read_bytes())
        return body if hashlib.sha256(body).hexdigest() == digest else None
    return None


def find_kept_files(quarter_folder: StoredPath, sha256: str, sums: Mapping[str, str]) -> tuple[StoredPath, ...]:
    """Every file of a build, as it was built; `sums` are their names and checksums.

    Raises:
        PackError: one is gone, or was changed.
    """
    folder = find_kept_folder(quarter_folder, sha256)
    if lost := [name for name, digest in sums.items() if read_file(folder, name, digest) is None]:
        raise PackError(
            f"{len(lost)} of the {len(sums)} files of this draft are not kept in {folder} as they were built: "
            "build it again, look at it, and approve that one"
        )
    return tuple(folder / name for name in sums)
