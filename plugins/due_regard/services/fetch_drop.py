"""Fetch a landlord's export from where it lies into the inbox, once it is whole; nothing is read of it here.

It is taken in by take_in_delivery.py. A run that was killed anywhere is done again by the next one.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from due_regard.config.connections import FindConnection
from due_regard.config.landlord import Landlord, load_landlord
from due_regard.config.settings import Settings
from due_regard.errors import FetchError, FetchRefused
from due_regard.services.fetch_place import (
    find_place_connection,
    finish_acknowledgements,
    list_pending_drops,
    name_failures,
    open_inbox,
    open_place,
)
from due_regard.services.result import Result
from due_regard.services.steps import report_step

if TYPE_CHECKING:
    from due_regard.delivery.export_sources import ExportSource, FoundFiles
    from due_regard.delivery.inbox import Inbox
    from due_regard.delivery.inbox_record import InboxRecord
    from due_regard.intake.source_mapping import SourceMapping

_WAITING = 5
"""Exit code of an export that is not whole yet, as intake has it."""


def fetch_drop(settings: Settings, landlord: str, *, find_connection: FindConnection, now: datetime) -> Result:
    """Copy what lies at a landlord's place into the inbox.

    Returns:
        landlord, status (fetched, known: in the inbox and not taken in yet, nothing_new, waiting: not whole
        yet, not_set: the landlord's settings have no `fetch`), why, drop (its digest), files and bytes (counts),
        folder, exit_code.

    Raises:
        SettingsError: settings or source mapping are wrong.
        FetchError: the place does not answer; FetchRefused where a person must mend something.
        StorageError: the inbox cannot be written.
    """
    from due_regard.intake.source_mapping import load_source_mapping

    found = load_landlord(settings.landlords_dir, landlord)
    if found.fetch is None:
        why = f"the settings of {landlord} have no `fetch`: its drop folder is read where it lies"
        return _report(landlord, "not_set", why)
    mapping = load_source_mapping(settings.sources_dir, found.source)
    inbox = open_inbox(settings, landlord)
    records = inbox.list_records()
    with name_failures(found):
        finish_acknowledgements(found, inbox, list_pending_drops(settings, landlord, records), find_connection, now)
        if found.fetch.kind == "sql":
            return _fetch_from_database(settings, found, mapping, inbox, find_connection, now)
        with open_place(found, find_connection) as source:
            return _fetch_from_files(settings, found, mapping, inbox, source, now)


def _fetch_from_files(
    settings: Settings, landlord: Landlord, mapping: SourceMapping, inbox: Inbox, source: ExportSource, now: datetime
) -> Result:
    from due_regard.intake.completeness import check_completeness, check_listed_files

    report_step(f"{landlord.id}: listing")
    listed = list_export_files(source)
    last = next(reversed(inbox.list_records()), None)
    _check_still_mounted(last, listed)
    if last and is_same_listing(last, listed) and (last.taken or inbox.is_whole(last)):
        _note_laid_again(landlord, inbox, last)
        return _report_known(settings, landlord.id, inbox, last)
    if not listed.files:
        return _report_known(settings, landlord.id, inbox, None)
    changed = {file.name: file.changed_at for file in listed.files}
    if not (complete := check_listed_files("the export", changed, mapping, now=now)).is_ready:
        return _report(landlord.id, "waiting", complete.why)
    with inbox.stage_drop() as staged:
        report_step(f"{landlord.id}: copying")
        copy_export_files(source, listed, staged)
        report_step(f"{landlord.id}: comparing")
        if list_export_files(source) != listed:
            return _report(landlord.id, "waiting", "the export was written to while it was copied")
        if not (complete := check_completeness(staged, mapping, now=now)).is_ready:
            return _report(landlord.id, "waiting", complete.why)
        return _keep_drop(settings, landlord, inbox, staged, listed, now)


def _note_laid_again(landlord: Landlord, inbox: Inbox, last: InboxRecord) -> None:
    """Files that lie there again after they were moved away are moved away again by the next load."""
    if last.acknowledged_at and landlord.fetch and landlord.fetch.acknowledge == "move":
        inbox.write_record(last.model_copy(update={"acknowledged_at": None}))


def list_export_files(source: ExportSource) -> FoundFiles:
    """What lies there, without what operating systems leave behind.

    Raises:
        FetchRefused: a file is larger than intake reads.
    """
    from due_regard.intake.preflight import is_litter
    from due_regard.intake.size_limits import LARGEST_FILE

    listed = source.list_files()
    for at, file in enumerate(listed.files, 1):
        if file.size > LARGEST_FILE:
            raise FetchRefused(
                f"file {at} of the list is larger than {LARGEST_FILE // 2**20} MB; split the export, or name a "
                "folder that holds it alone"
            )
    return replace(listed, files=tuple(file for file in listed.files if not is_litter(file.name)))


def copy_export_files(source: ExportSource, listed: FoundFiles, staged: Path) -> None:
    """Copy the files with their times: stillness is judged by them."""
    from due_regard.delivery.inbox import make_new_file

    if (needed := sum(file.size for file in listed.files)) > (free := shutil.disk_usage(staged).free):
        raise FetchError(f"its files need {needed >> 20} MB, and the disk of the inbox has {free >> 20} MB; make room")
    for at, file in enumerate(listed.files, 1):
        target = make_new_file(staged, file.name)
        source.copy_file(file, target)
        target.chmod(0o600)  # a library may have made it anew
        if target.stat().st_size != file.size:
            raise FetchError(
                f"file {at} of the list was cut short, or written to while it was copied; it is tried again"
            )
        changed = file.changed_at.timestamp()
        os.utime(target, (changed, changed))


def _check_still_mounted(last: InboxRecord | None, listed: FoundFiles) -> None:
    if last and last.mounted_on and last.mounted_on != listed.mounted_on:
        raise FetchError("the share that the folder lay on is not mounted; mount it")


def is_same_listing(record: InboxRecord, listed: FoundFiles) -> bool:
    """Whether a drop was copied from just these files, and they cannot have been written again unseen."""
    then = [(file.name, file.size, file.stamp) for file in record.listing]
    return record.is_settled and then == [(file.name, file.size, file.stamp) for file in listed.files]


def _fetch_from_database(
    settings: Settings, landlord: Landlord, mapping: SourceMapping, inbox: Inbox, find_connection: FindConnection,
    now: datetime,
) -> Result:  # fmt: skip
    from due_regard.delivery.export_sources import FoundFiles
    from due_regard.delivery.sql_export import write_query_files
    from due_regard.intake.size_limits import LARGEST_FILE
    from due_regard.services.query_columns import check_query_columns

    place = landlord.fetch
    connection = find_place_connection(landlord, find_connection)
    if place is None or connection is None:
        raise FetchRefused("sql needs a connection")
    with inbox.stage_drop() as staged:
        report_step(f"{landlord.id}: reading the database")
        write_query_files(connection, place.queries, staged, largest=LARGEST_FILE)
        check_query_columns(staged, mapping)
        return _keep_drop(settings, landlord, inbox, staged, FoundFiles(()), now)


def _keep_drop(
    settings: Settings, landlord: Landlord, inbox: Inbox, staged: Path, listed: FoundFiles, now: datetime
) -> Result:
    """Place a staged drop and write its record; one that is the newest already is not new."""
    from due_regard.delivery.inbox import describe_staged_files
    from due_regard.delivery.inbox_record import InboxRecord, ListedFile

    files = describe_staged_files(staged)
    report_step(f"{landlord.id}: placing")
    drop = inbox.place_drop(staged, files)
    report_step(f"{landlord.id}: recording")
    listing = tuple(
        ListedFile(name=file.name, size=file.size, changed_at=file.changed_at, stamp=file.stamp)
        for file in listed.files
    )
    seen: dict[str, Any] = {
        "listing": listing,
        "is_settled": bool(listing) and listed.is_settled(now),
        "mounted_on": listed.mounted_on,
    }
    last = next(reversed(inbox.list_records()), None)
    if last and last.drop == drop:
        # The same bytes, laid there again: they need not be loaded, and their place is told so once more.
        said = last.acknowledged_at if last.listing == listing else None
        record = inbox.write_record(last.model_copy(update=seen | {"acknowledged_at": said}))
        return _report_known(settings, landlord.id, inbox, record)
    record = inbox.write_record(InboxRecord(drop=drop, fetched_at=now, files=files, **seen))
    return _report(landlord.id, "fetched", None, record, inbox)


def _report_known(settings: Settings, landlord: str, inbox: Inbox, record: InboxRecord | None) -> Result:
    """Nothing new lies there; what is in the inbox may still have to be taken in."""
    pending = list_pending_drops(settings, landlord, inbox.list_records())
    if pending:
        return _report(landlord, "known", "it is in the inbox, and not taken in yet", pending[-1], inbox)
    why = "what lies there was fetched before" if record else "no export lies there"
    return _report(landlord, "nothing_new", why, record, inbox)


def _report(
    landlord: str, status: str, why: str | None = None, record: InboxRecord | None = None, inbox: Inbox | None = None
) -> Result:
    """What a run came to: counts and a digest, never a file's name."""
    return {
        "landlord": landlord,
        "status": status,
        "why": why,
        "drop": record.drop if record else None,
        "files": len(record.files) if record else 0,
        "bytes": record.count_bytes() if record else 0,
        "folder": str(inbox.name_folder(record)) if record and inbox else None,
        "exit_code": _WAITING if status == "waiting" else 0,
    }
