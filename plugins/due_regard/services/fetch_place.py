"""A landlord's place to fetch from and its inbox, opened for those who fetch, take in, acknowledge and check.

What goes wrong there is said with landlord and connection, never with what a library said.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from due_regard.config.connections import Connection, FindConnection
from due_regard.config.landlord import Landlord
from due_regard.config.settings import Settings
from due_regard.errors import FetchError, FetchRefused, SettingsError
from due_regard.services.landlord_context import open_landlord_register

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from due_regard.delivery.export_sources import ExportSource
    from due_regard.delivery.inbox import Inbox
    from due_regard.delivery.inbox_record import InboxRecord


_NOT_MADE = "AirflowNotFoundException"
"""What Airflow, which is not known here, calls a connection that nobody made."""


def open_inbox(settings: Settings, landlord: str) -> Inbox:
    """The landlord's inbox."""
    from due_regard.delivery.inbox import Inbox

    return Inbox(settings.inbox / landlord)


@contextmanager
def name_failures(landlord: Landlord) -> Iterator[None]:
    """Says of a failure to fetch whose export it was, and by which connection."""
    place = landlord.fetch
    try:
        yield
    except FetchError as reason:
        by = f"connection {place.connection}" if place and place.connection else "its folder"
        raise type(reason)(f"{landlord.id}, {by}: {reason}") from None


def find_place_connection(landlord: Landlord, find_connection: FindConnection) -> Connection | None:
    """The connection that a landlord's place names; None where it names none.

    Raises:
        SettingsError: it is not there, or no connection.
        FetchRefused: Airflow has none of this name.
        FetchError: it cannot be had.
    """
    place = landlord.fetch
    if place is None or place.connection is None:
        return None
    try:
        return find_connection(place.connection)
    except SettingsError as reason:
        raise SettingsError(f"{landlord.id}: {reason}") from None
    except Exception as reason:
        # Whoever keeps connections says in its own words why; they may hold part of one.
        if (name := type(reason).__name__) == _NOT_MADE:
            raise FetchRefused(
                "there is no such connection; make it in Airflow (Admin, Connections) or in its secrets backend"
            ) from None
        raise FetchError(
            f"the connection cannot be read ({name}); look whether Airflow's database and secrets backend answer"
        ) from None


@contextmanager
def open_place(landlord: Landlord, find_connection: FindConnection) -> Iterator[ExportSource]:
    """Where a landlord's files lie.

    Raises:
        FetchError: it does not answer, or refuses.
    """
    from due_regard.delivery.export_sources import open_export_source

    place = landlord.fetch
    if place is None:
        raise FetchError("its settings file has no `fetch`")
    with open_export_source(place, find_place_connection(landlord, find_connection)) as source:
        yield source


def list_pending_drops(
    settings: Settings, landlord: str, records: list[InboxRecord], *, upgrade: bool = False
) -> list[InboxRecord]:
    """The fetched drops to take in, the oldest first: those after the newest that the register has taken in.

    The register is asked, for a backup of it may have been restored since; `upgrade` creates and migrates it first.
    """
    taken = [at for at, record in enumerate(records, 1) if record.taken]
    if not taken:
        return records
    with open_landlord_register(settings, landlord, upgrade=upgrade) as engine:
        newest = max((at for at in taken if is_taken_in(engine, landlord, records[at - 1])), default=0)
    return records[newest:]


def is_taken_in(engine: Engine, landlord: str, record: InboxRecord) -> bool:
    """Whether the register has the batch by which a drop was taken in."""
    from due_regard import register
    from due_regard.register.loading.drop_history import read_batch

    if record.taken is None:
        return False
    with register.reading(engine, landlord) as connection:
        batch = read_batch(connection, landlord, record.taken.batch_id)
    return batch is not None and batch["drop_sha256"] == record.taken.sha256


def finish_acknowledgements(
    landlord: Landlord, inbox: Inbox, pending: list[InboxRecord], find_connection: FindConnection, now: datetime
) -> list[InboxRecord]:
    """Say at the place of every drop that was loaded what its settings ask; those of which it was said.

    Before anything is listed there: files of a drop that was half moved away are no new drop.
    """
    from due_regard.delivery.acknowledgement import acknowledge_drop

    place, waiting = landlord.fetch, {record.drop for record in pending}
    due = [
        each for each in inbox.list_records() if each.taken and not each.acknowledged_at and each.drop not in waiting
    ]
    if place is None or not due:
        return []
    if place.acknowledge == "leave":
        return [inbox.write_record(record.model_copy(update={"acknowledged_at": now})) for record in due]
    done = []
    with _say_loaded(), open_place(landlord, find_connection) as source:
        for record in due:
            acknowledge_drop(source, place, record)
            done.append(inbox.write_record(record.model_copy(update={"acknowledged_at": now})))
    return done


@contextmanager
def _say_loaded() -> Iterator[None]:
    """Says of what fails here that nothing of the drop is left to do but this."""
    try:
        yield
    except FetchError as reason:
        raise type(reason)(f"a drop is loaded, and cannot be acknowledged where it came from: {reason}") from None
