"""A file that a command writes where a person says: tried before any work is done, so that nothing is half done."""

from __future__ import annotations

import os
from pathlib import Path

from due_regard.errors import StorageError


def check_output_file(file: Path | None) -> None:
    """Whether `file` can be written, its folder made where it is missing.

    Raises:
        StorageError: it is a folder, or may not be written.
    """
    if file is None:
        return
    if file.is_dir():
        raise StorageError(f"{file} is a folder; name a file in it")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as reason:
        raise StorageError(f"the folder {file.parent} cannot be made: {reason.strerror}") from None
    if not os.access(file if file.exists() else file.parent, os.W_OK):
        raise StorageError(f"{file} may not be written; choose another file or mend its rights")


def write_output_file(file: Path, text: str) -> None:
    """Write `text` with Unix line ends.

    Raises:
        StorageError: it cannot be written, e.g. as the disk is full.
    """
    check_output_file(file)
    try:
        file.write_text(text, encoding="utf-8", newline="\n")
    except OSError as reason:
        raise StorageError(f"{file} cannot be written: {reason.strerror}") from None
