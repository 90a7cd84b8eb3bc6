"""A drop whose every file is known: taken in without being read again, and kept in mind for the next time.

It is known where files, mapping, code lists and program are those of the landlord's newest drop, the register is as
that one left it, and what went back of it still lies where it was put. Then a load would change nothing (ADR 0035).
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from due_regard.calendars.quarters import find_london_day
from due_regard.config.settings import Settings
from due_regard.config.storage import StoredPath
from due_regard.services.handed_back import describe_taken_drop, find_handback_place
from due_regard.services.result import Result
from due_regard.services.steps import report_step

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from due_regard.records.validated_drop import ValidatedDrop


def repeat_drop(
    engine: Engine, settings: Settings, landlord: str, folder: Path, identity: str | None, now: datetime
) -> Result | None:
    """The result of a drop that is known, taken in as it was; None, and nothing done, where it has to be read."""
    from due_regard.register.loading.known_drops import find_known_drop, load_known_drop

    on = find_london_day(now)
    known = None if identity is None else find_known_drop(engine, landlord, identity, on)
    if identity is None or known is None:
        return None
    place, handed_back = find_handback_place(landlord, known.drop_sha256), known.reading.handed_back
    # What goes back names the drop's folder.
    if handed_back and (known.drop_name != folder.name or _digest_files(settings.rejections / place) != handed_back):
        return None
    report_step(f"{landlord}: the same files as last time")
    report = load_known_drop(engine, landlord, identity, drop=folder.name, on=on, now=now)
    if report is None:
        return None
    return describe_taken_drop(
        landlord, report, not_known=known.reading.not_known,
        rejections=settings.rejections / place if handed_back else None,
    )  # fmt: skip


def remember_taken_drop(
    engine: Engine, settings: Settings, validated: ValidatedDrop, identity: str | None, result: Result, now: datetime
) -> None:
    """Keep that a drop was taken in and all of it dealt with, so that the same again need not be read."""
    from due_regard.register.loading.known_drops import DropReading, remember_drop
    from due_regard.register.loading.load import hash_drop

    if identity is None or validated.refused:
        return
    place = find_handback_place(validated.landlord, hash_drop(validated.files))
    handed_back = _digest_files(settings.rejections / place) if result["rejections"] else {}
    on = find_london_day(now)
    read = DropReading(identity, on, validated.rests_on_day, result["not_known"], handed_back)
    remember_drop(engine, validated.landlord, result["batch_id"], read)


def _digest_files(folder: StoredPath) -> dict[str, str]:
    """Name -> digest of the files in a folder."""
    files = [file for file in folder.iterdir() if file.is_file()] if folder.is_dir() else []
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
