"""What tells that a drop would be read just as it was before: its files, the mapping, the code lists, this program.

Whatever decides what becomes of a row has to be part of it. What the register holds decides too, and is the register's
to compare (register/loading/known_drops.py).
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path

from due_regard.config.layered_folders import find_package_folder
from due_regard.errors import FileRefused
from due_regard.intake.completeness import MANIFEST
from due_regard.intake.preflight import check_file_name, list_drop_files, read_content
from due_regard.intake.source_mapping import SourceMapping

LIBRARIES = ("defusedxml", "great-expectations", "numpy", "openpyxl", "pandas", "pyarrow", "python-calamine")
"""What reads and judges files beside this program."""


def identify_drop(drop: Path, source: SourceMapping) -> str | None:
    """One digest of all that decides what is read of a drop; None where a file of it would be refused unread.

    Raises:
        DropError: the folder is missing or empty.
    """
    try:
        lines = [*_list_file_digests(drop), _describe_mapping(source), _digest_program()]
    except (FileRefused, OSError):
        return None
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _list_file_digests(drop: Path) -> Iterator[str]:
    for path in list_drop_files(drop):
        check_file_name(path)
        yield json.dumps([path.name, hashlib.sha256(read_content(path, drop)).hexdigest()])
    manifest = drop / MANIFEST
    yield hashlib.sha256(manifest.read_bytes()).hexdigest() if manifest.is_file() else "no manifest"


def _describe_mapping(source: SourceMapping) -> str:
    """The mapping as it was understood, and every word of the code lists that it maps to."""
    lists = {
        name: [[word.code, word.meaning, word.counts_as] for word in one.words.values()]
        for name, one in source.code_lists.lists.items()
    }
    return f"{source.model_dump_json()}\n{json.dumps(lists, sort_keys=True)}"


@cache
def _digest_program() -> str:
    """This program's code and what it rests on: a newer one may judge a row otherwise."""
    found = hashlib.sha256(sys.version.encode())
    for name in LIBRARIES:
        found.update(f"{name} {version(name)}\n".encode())
    package = find_package_folder()
    for file in sorted(package.rglob("*.py")):
        found.update(f"{file.relative_to(package)}\n".encode() + file.read_bytes())
    return found.hexdigest()
