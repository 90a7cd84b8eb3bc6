"""Audit heads noted in a file outside the register: after each act, so that a removed tail or a lost chain shows.

One line an act and landlord: the instant and the head. The file is only ever appended to; a line that says `restored`
tells that a person put an earlier state back, and what was noted before it counts no more. Where tasks run on several
machines each has a file of its own, for a network share mixes what two machines append; they are read as one.
Comparing is audit.py's.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import URL, Connection

from due_regard.errors import RegisterError
from due_regard.register.register_urls import parse_register_url

APPENDED = "due_regard_appended"
"""Of a connection's `info`: the audit rows that its transaction appended, as landlord -> (row, hash, instant)."""

HEAD_FILE = "due_regard_head_file"
"""Option of an engine: the file outside the register in which `writing` notes the audit heads."""

RESTORED = "restored"
SHOWN = 32
"""Digits of a hash that a head shows."""

_LINE = re.compile(rf"(\S+Z) (?:({RESTORED})|([^:\s]+):(\d+):([0-9a-f]{{{SHOWN}}}))")
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class NotedHeads:
    """What a file says: landlord -> row -> the first digits of its hash, of how many lines.

    `restored_at` is the instant of the last restore, before which no line counts; blank where there was none.
    """

    file: Path
    heads: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    restored_at: str = ""
    unread: int = 0

    @property
    def count(self) -> int:
        """How many heads there are to compare with."""
        return sum(len(rows) for rows in self.heads.values())


def name_head_file(folder: Path, url: str | URL, machine: str | None = None) -> Path:
    """The file of the register at `url`, that of one machine where there are several.

    Raises:
        RegisterError: the URL is wrong.
    """
    return folder / ".".join([name_register_place(url), *([machine] if machine else []), "txt"])


def name_register_place(url: str | URL) -> str:
    """A name for the register at `url`: of its database, and a number for where that is. No full stop is in it.

    Raises:
        RegisterError: the URL is wrong.
    """
    target = parse_register_url(url)
    database = str(target.database or "register")
    place = str(Path(database).absolute()) if target.get_backend_name() == "sqlite" else database
    number = hashlib.sha256(f"{target.host}/{target.port}/{target.query}/{place}".encode()).hexdigest()[:8]
    return f"{re.sub('[^A-Za-z0-9_-]', '_', Path(database).stem)}-{number}"


def note_appended(connection: Connection) -> None:
    """Note outside the register what the transaction that has just ended appended to the audit."""
    appended, file = connection.info.pop(APPENDED, None), connection.get_execution_options().get(HEAD_FILE)
    if appended and file:
        heads = {landlord: (seq, digest) for landlord, (seq, digest, _) in appended.items()}
        note_heads(file, heads, max(at for _, _, at in appended.values()))


def note_heads(file: Path, heads: Mapping[str, tuple[int, str]], at: datetime, *, is_restored: bool = False) -> bool:
    """Append landlord -> (row, hash) to the file; False, and a line in the log, where it cannot be written.

    What was done is done, so it never raises; `doctor` says what is not noted.
    """
    stamp = f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    lines = [f"{stamp} {RESTORED}\n"] if is_restored else []
    lines += [f"{stamp} {landlord}:{seq}:{digest[:SHOWN]}\n" for landlord, (seq, digest) in sorted(heads.items())]
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # One write, so that those of two processes do not mix.
        with os.fdopen(os.open(file, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600), "ab", buffering=0) as sink:
            sink.write("".join(lines).encode())
    except OSError as reason:
        # The pages' server may only read there, and that is meant: the next act of a task notes what comes after.
        level = logging.DEBUG if reason.errno == errno.EROFS else logging.WARNING
        _log.log(level, "the audit head could not be noted in %s: %s", file.parent, reason.strerror)
        return False
    return True


def read_noted_heads(file: Path) -> NotedHeads:
    """What the file says, with those of other machines beside it; nothing where there is none.

    Raises:
        RegisterError: one cannot be read.
    """
    lines = _read_lines(list_head_files(file))
    heads: dict[str, dict[int, str]] = {}
    restored_at, unread = "", 0
    for line in lines:
        found = _LINE.fullmatch(line)
        if found is None:
            unread += 1
        elif found[2]:
            heads, restored_at = {}, found[1]
        else:
            # The first that was noted of a row counts: one written over a removed tail comes later.
            heads.setdefault(found[3], {}).setdefault(int(found[4]), found[5])
    return NotedHeads(file, heads, restored_at, unread)


def list_head_files(file: Path) -> list[Path]:
    """The files of one register in the folder of `file`: one, or one a machine."""
    name = file.name.partition(".")[0]
    found = file.parent.glob(f"{name}.*") if file.parent.is_dir() else ()
    return sorted(each for each in found if each.suffix == file.suffix and each.is_file())


def _read_lines(files: list[Path]) -> list[str]:
    """The lines of one file as they stand; those of several in the order of their instants."""
    lines: list[str] = []
    for each in files:
        try:
            lines += each.read_bytes().decode("utf-8", errors="replace").splitlines()
        except OSError as reason:
            raise RegisterError(f"the noted audit heads {each} cannot be read: {reason.strerror}") from None
    return lines if len(files) < 2 else sorted(lines, key=lambda line: line.partition(" ")[0])
