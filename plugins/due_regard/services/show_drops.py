"""What a landlord delivered: each drop with its counts, why rows were rejected, and the mended file's way back.

File names and the handed-back files, which hold rows of the export, are for whoever governs the register; others see
entities, counts, columns and reasons.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from due_regard.config.landlord import load_landlord
from due_regard.config.settings import Settings
from due_regard.config.storage import StoredPath
from due_regard.errors import StorageError, UnknownReference
from due_regard.services.landlord_context import open_landlord_register
from due_regard.services.result import Result, make_json_value
from due_regard.services.result_page import PAGE_ROWS, describe_page, find_offset

if TYPE_CHECKING:
    from sqlalchemy import Connection

_LISTED: tuple[str, ...] = (
    "id",
    "received_at",
    "status",
    "drop_name",
    "source",
    "rows_read",
    "rows_loaded",
    "rows_unchanged",
)
_LISTED += ("rows_rejected", "files_refused")
_SAID = (*_LISTED, "why", "released_at")
_COUNTED = ("entity", "status", "code", "rows_read", "rows_loaded", "rows_unchanged", "rows_rejected", "rows_vanished")
_REASON = ("level", "column_name", "reason", "rows", "first_row")
_MOST_DIGITS = 18
"""More than a database counts."""


def list_drops(settings: Settings, landlord: str, *, page: int) -> Result:
    """One page of a landlord's deliveries, the newest first.

    Returns:
        landlord, landlord_name, total, page, pages, held (numbers of all batches that wait for a person on this page),
        drops (`_LISTED`).

    Raises:
        UnknownReference: there is no such page.
    """
    from due_regard.register import reading
    from due_regard.register.loading.drop_history import count_batches, list_batches

    named = _name_landlord(settings, landlord)
    with open_landlord_register(settings, landlord) as engine, reading(engine, landlord) as connection:
        shown = describe_page(count_batches(connection, landlord), page)
        rows = list_batches(connection, landlord, limit=PAGE_ROWS, offset=find_offset(page))
    held = [row["id"] for row in rows if row["status"] == "held"]
    drops = [{name: make_json_value(row[name]) for name in _LISTED} for row in rows]
    return named | shown | {"held": held, "drops": drops}


def show_drop(settings: Settings, landlord: str, batch: str, *, governs: bool) -> Result:
    """One delivery in full.

    Returns:
        landlord, landlord_name, `_SAID`, files (`_COUNTED`, reasons), handed_back (names of files to download). For who
        governs also: file names, and who released it and why.

    Raises:
        UnknownReference: the landlord has no delivery of that number.
    """
    from due_regard.register import reading
    from due_regard.register.loading.drop_history import list_batch_files, list_rejection_counts

    named = _name_landlord(settings, landlord)
    with open_landlord_register(settings, landlord) as engine, reading(engine, landlord) as connection:
        found = read_own_batch(connection, landlord, batch)
        files = list_batch_files(connection, landlord, found["id"])
        reasons = list_rejection_counts(connection, landlord, [file["id"] for file in files])
    shown = (*_SAID, "released_by", "released_why") if governs else _SAID
    names = ("file", *_COUNTED) if governs else _COUNTED
    told = [{name: file[name] for name in names} | {"reasons": _choose_reasons(file["id"], reasons)} for file in files]
    back = list_handed_back_files(settings, landlord, found) if governs else []
    return named | {name: make_json_value(found[name]) for name in shown} | {"files": told, "handed_back": back}


def _name_landlord(settings: Settings, landlord: str) -> Result:
    return {"landlord": landlord, "landlord_name": load_landlord(settings.landlords_dir, landlord).name}


def read_own_batch(connection: Connection, landlord: str, batch: str) -> dict[str, Any]:
    """The landlord's delivery of a number, as a person wrote it.

    Raises:
        UnknownReference: it is no number, or the landlord has no delivery of it.
    """
    from due_regard.register.loading.drop_history import read_batch

    is_number = batch.isascii() and batch.isdecimal() and len(batch) <= _MOST_DIGITS
    found = read_batch(connection, landlord, int(batch)) if is_number else None
    if found is None:
        raise UnknownReference("there is no drop of that number; the list of drops has all that came")
    return found


def _choose_reasons(file_id: int, reasons: list[dict[str, Any]]) -> list[Result]:
    return [{name: one[name] for name in _REASON} for one in reasons if one["batch_file_id"] == file_id]


def _find_folder(settings: Settings, landlord: str, batch: dict[str, Any]) -> StoredPath:
    """Where intake put what goes back of a drop's content."""
    return settings.rejections / landlord / f"drop-{batch['drop_sha256'][:12]}"


def list_handed_back_files(settings: Settings, landlord: str, batch: dict[str, Any]) -> list[str]:
    """Names of the files that went back of a delivery; links are no files of ours."""
    folder = _find_folder(settings, landlord, batch)
    try:
        if not folder.is_dir():
            return []
        return sorted(file.name for file in folder.iterdir() if file.is_file() and not file.is_symlink())
    except OSError as reason:
        raise StorageError(f"the folder of what went back cannot be read: {reason.strerror}") from None


def read_handed_back_file(settings: Settings, landlord: str, batch: str, name: str) -> bytes:
    """One of the files that went back of a delivery.

    Raises:
        UnknownReference: there is no such delivery, or no such file of it.
    """
    from due_regard.register import reading

    with open_landlord_register(settings, landlord) as engine, reading(engine, landlord) as connection:
        found = read_own_batch(connection, landlord, batch)
    # The name is looked up in the folder's own list, and never made into a path.
    if name not in list_handed_back_files(settings, landlord, found):
        raise UnknownReference("nothing of that name went back of this drop; its page lists what did")
    return bytes((_find_folder(settings, landlord, found) / name).read_bytes())


def release_held_drop(
    settings: Settings, batch_id: int, *, landlord: str | None, actor: str, why: str, now: datetime
) -> Result:
    """Let a held drop in: the next intake of the same content loads it.

    Returns:
        batch, status.

    Raises:
        UnknownReference: there is no such batch, or it is not the landlord's.
        RegisterMovedOn: it is not held (any more); says what became of it.
        SettingsError: no name or reason is given.
    """
    from due_regard import register

    with open_landlord_register(settings, landlord) as engine:
        register.release_drop(engine, batch_id, actor=actor, why=why, now=now, landlord=landlord)
    return {"batch": batch_id, "status": "released"}
