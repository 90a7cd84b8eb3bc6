"""Take in what a landlord delivers: its drop folder where it lies or, where its export is fetched, the inbox.

A fetched drop is acknowledged where it came from only once the register has it.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from due_regard.config.connections import FindConnection
from due_regard.config.landlord import Landlord, load_landlord
from due_regard.config.settings import Settings
from due_regard.services.fetch_place import finish_acknowledgements, list_pending_drops, name_failures, open_inbox
from due_regard.services.landlord_context import open_landlord_register
from due_regard.services.result import Result
from due_regard.services.steps import report_step
from due_regard.services.take_in_drop import report_no_drop, take_in_drop

if TYPE_CHECKING:
    from due_regard.delivery.inbox import Inbox
    from due_regard.delivery.inbox_record import InboxRecord, TakenIn


def take_in_delivery(
    settings: Settings, landlord: str, *, source: str | None = None, find_connection: FindConnection, now: datetime
) -> Result:
    """Take in the landlord's drop folder, or every fetched drop that waits, the oldest first.

    Returns:
        as `take_in_drop`, of the newest drop, with its `drop` (digest) where it was fetched; status also nothing_new,
        and acknowledged where an earlier run loaded the drop and this one said so at its place.

    Raises:
        DueRegardError: as `take_in_drop`; FetchError where it was loaded and cannot be acknowledged.
    """
    found = load_landlord(settings.landlords_dir, landlord)
    inbox = open_inbox(settings, landlord)
    if found.fetch is None:
        result = take_in_drop(settings, landlord, source=source, now=now)
        _remove_what_is_left(settings, landlord, inbox, now)
        return result
    records = inbox.list_records()
    pending = list_pending_drops(settings, landlord, records, upgrade=True)
    results = [_take_in_fetched(settings, landlord, inbox, record, source, now) for record in pending]
    return _finish_delivery(settings, found, inbox, results, find_connection, now)


def _remove_what_is_left(settings: Settings, landlord: str, inbox: Inbox, now: datetime) -> None:
    """Remove old drops of a landlord whose export is no longer fetched; the newest, too, for none is compared to it."""
    if records := inbox.list_records():
        left = [record.drop for record in list_pending_drops(settings, landlord, records, upgrade=True)]
        inbox.remove_old_drops(left, keep_days=settings.inbox_keep_days, now=now, keep_newest=False)


def _finish_delivery(
    settings: Settings, landlord: Landlord, inbox: Inbox, results: list[Result], find_connection: FindConnection,
    now: datetime,
) -> Result:  # fmt: skip
    """Acknowledge what is loaded, remove what is old; what the whole came to."""
    pending = list_pending_drops(settings, landlord.id, inbox.list_records())
    report_step(f"{landlord.id}: acknowledging")
    with name_failures(landlord):
        said = finish_acknowledgements(landlord, inbox, pending, find_connection, now)
    left = [record.drop for record in pending]
    inbox.remove_old_drops(left, keep_days=settings.inbox_keep_days, now=now)
    if results:
        return results[-1]
    if said:
        batch = said[-1].taken.batch_id if said[-1].taken else None
        told = report_no_drop(landlord.id, "acknowledged", "it was loaded before, and is acknowledged now")
        return told | {"batch_id": batch, "drop": said[-1].drop, "exit_code": 0}
    if inbox.list_records():
        return report_no_drop(landlord.id, "nothing_new", "every fetched drop was taken in") | {"exit_code": 0}
    return report_no_drop(landlord.id, "missing", "no drop was fetched yet; `due-regard fetch` does")


def _take_in_fetched(
    settings: Settings, landlord: str, inbox: Inbox, record: InboxRecord, source: str | None, now: datetime
) -> Result:
    """Take one drop in and note by which batch; one that is held or refused goes on waiting."""
    with inbox.open_drop(record) as folder:
        result = take_in_drop(settings, landlord, drop=folder, source=source, now=now)
    if result["status"] in {"loaded", "unchanged"}:
        report_step(f"{landlord}: noting")
        inbox.write_record(record.model_copy(update={"taken": find_batch(settings, landlord, result, now)}))
    return result | {"drop": record.drop}


def find_batch(settings: Settings, landlord: str, result: dict[str, Any], now: datetime) -> TakenIn:
    """The batch that took a drop in, as the register has it."""
    from due_regard import register
    from due_regard.delivery.inbox_record import TakenIn
    from due_regard.register.loading.batch_rows import ROW_COUNTS
    from due_regard.register.loading.drop_history import read_batch

    with open_landlord_register(settings, landlord) as engine, register.reading(engine, landlord) as connection:
        batch = read_batch(connection, landlord, result["batch_id"])
    counts = {f"rows_{name}": sum(file[name] for file in result["files"]) for name in ROW_COUNTS}
    counts["files_refused"] = sum(bool(file["refused"]) for file in result["files"])
    sha256 = batch["drop_sha256"] if batch else ""
    return TakenIn(batch_id=result["batch_id"], sha256=sha256, status=result["status"], counts=counts, at=now)
