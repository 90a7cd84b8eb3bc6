"""Loads a validated drop: one transaction a drop, versions for what changed, nothing for what did not.

A run killed at any point leaves the register as it was before or after the whole drop, so that nobody judges half of
one; the next run does it again. What the data owner is told of a drop is written with it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from datetime import datetime

from sqlalchemy import Connection, Engine, insert, select

from due_regard.errors import OlderDrop, RegisterError
from due_regard.records.canonical import ENTITIES
from due_regard.records.validated_drop import AcceptedFile, RefusedFile, ValidatedDrop
from due_regard.register.audit import append_audit
from due_regard.register.clocks import check_not_behind, find_known_from
from due_regard.register.engines import writing
from due_regard.register.loading.batch_rows import (
    FileLoad,
    LoadReport,
    audit_file,
    close_batch,
    finish_file,
    insert_batch,
    insert_file,
)
from due_regard.register.loading.customer_numbers import number_customers
from due_regard.register.loading.disappearances import note_disappearances
from due_regard.register.loading.half_drops import close_half_drops
from due_regard.register.loading.held_drops import is_released_on
from due_regard.register.loading.older_drops import find_newer_drop
from due_regard.register.loading.rejection_counts import count_rejections
from due_regard.register.loading.returned_records import return_withdrawn_records
from due_regard.register.loading.row_versions import write_versions
from due_regard.register.schema.drop_tables import CarriedColumn, ValidationResult
from due_regard.register.sealing.seals import seal_groups

Checkpoint = Callable[[str], None]
_ORDER = {entity.name: place for place, entity in enumerate(ENTITIES)}


TellOwner = Callable[[Connection, LoadReport], None]


def pass_checkpoint(_name: str) -> None:
    """Do nothing: checkpoints are where tests interrupt a load."""


def tell_nobody(_connection: Connection, _report: LoadReport) -> None:
    """Write nothing beside the drop."""


def hash_drop(files: Iterable[AcceptedFile | RefusedFile]) -> str:
    """What identifies a drop's content: its files' names and bytes, in whatever order they were listed."""
    lines = sorted({f"{file.file}\0{file.sha256}" for file in files})
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def load_drop(
    engine: Engine,
    validated: ValidatedDrop,
    *,
    now: datetime,
    keep_newer: bool = False,
    tell_owner: TellOwner = tell_nobody,
    checkpoint: Checkpoint = pass_checkpoint,
) -> LoadReport:
    """Load a drop into the register, whole or not at all.

    Args:
        engine: the register.
        validated: the drop, as intake validated it.
        now: the instant from which the register knows what the drop brings.
        keep_newer: load no older drop that would undo a newer one, unless a person has let it in.
        tell_owner: writes, in the drop's own transaction, what its owner is told of it.
        checkpoint: called with the name of each point passed (begun, loaded once a file, closed, told, committed).

    Raises:
        RegisterError: the register could not be written, a file's rows do not add up, or `now` is behind the newest
            load or ahead of the database's clock.
        OlderDrop: with `keep_newer`, says what it would undo; nothing was loaded.
    """
    landlord = validated.landlord
    with writing(engine, landlord) as connection:
        check_not_behind(connection, landlord, now)
        close_half_drops(connection, landlord, now)
        older = _find_newer_drop(connection, validated) if keep_newer else None
        batch_id = _open_batch(connection, validated, now)
        checkpoint("begun")
        done = [FileLoad(file.file, None, "refused", refused=file.code) for file in validated.refused]
        known_from = find_known_from(connection, landlord, now)
        for part in sorted(validated.files, key=lambda part: (_ORDER[part.entity], part.file)):
            done.append(_load_file(connection, landlord, batch_id, part, known_from, now))
            checkpoint("loaded")
        if older is not None and any(file.loaded or file.noted for file in done):
            raise older
        report = close_batch(connection, landlord, batch_id, done, now)
        checkpoint("closed")
        tell_owner(connection, report)
        checkpoint("told")
    checkpoint("committed")
    return report


def _find_newer_drop(connection: Connection, validated: ValidatedDrop) -> OlderDrop | None:
    """What an older drop would undo; None where it is none, or where a person has let it in."""
    content = hash_drop((*validated.files, *validated.refused))
    return None if is_released_on(connection, validated.landlord, content) else find_newer_drop(connection, validated)


def _open_batch(connection: Connection, validated: ValidatedDrop, now: datetime) -> int:
    landlord = validated.landlord
    sha256 = hash_drop((*validated.files, *validated.refused))
    values = {"landlord": landlord, "source": validated.source, "drop_name": validated.drop, "drop_sha256": sha256}
    batch_id = insert_batch(connection, values | {"received_at": now})
    for file in validated.refused:
        refusal = {"file": file.file, "sha256": file.sha256, "status": "refused", "code": file.code, "columns": []}
        known = {"landlord": landlord, "batch_id": batch_id, "known_from": now}
        seals = seal_groups(connection, landlord, {"batch_files": insert_file(connection, {**known, **refusal})})
        subject, details = f"batch {batch_id}", {"batch": batch_id, "sha256": file.sha256, "code": file.code}
        append_audit(
            connection, landlord=landlord, action="refuse", subject=subject, details=details, at=now, seals=seals
        )
    if validated.suites:
        rows = [{"landlord": landlord, "batch_id": batch_id, "result": dict(suite)} for suite in validated.suites]
        connection.execute(insert(ValidationResult), rows)
    return batch_id


def _load_file(
    connection: Connection, landlord: str, batch_id: int, part: AcceptedFile, known_from: datetime, now: datetime
) -> FileLoad:
    rejected = len({rejection.row_number for rejection in part.rejections})
    if part.read != len(part.rows) + part.collapsed + rejected:
        raise RegisterError(
            f"a file of {part.entity}: {part.read} rows read are not {len(part.rows)} accepted, {part.collapsed} "
            f"repeated and {rejected} rejected; nothing of this drop was loaded"
        )
    file_id = insert_file(
        connection,
        {
            "landlord": landlord,
            "batch_id": batch_id,
            "file": part.file,
            "sha256": part.sha256,
            "entity": part.entity,
            "status": "unchanged",
            "delivery": part.delivery,
            "columns": list(part.columns),
            "known_from": known_from,
        },
    )
    _record_carried_columns(connection, landlord, part, file_id, known_from)
    written = write_versions(connection, landlord, part, file_id, known_from)
    number_customers(connection, landlord, written.customers, file_id)
    noted = note_disappearances(connection, landlord, part, file_id, known_from)
    noted += return_withdrawn_records(connection, landlord, part, file_id, known_from=known_from, now=now)
    done = FileLoad(
        part.file,
        part.entity,
        "loaded" if written.loaded else "unchanged",
        read=part.read,
        loaded=written.loaded,
        unchanged=part.read - rejected - written.loaded,
        rejected=rejected,
        vanished=len(part.disappeared),
        noted=noted,
    )
    finish_file(connection, file_id, done, written.rows_sha256)
    count_rejections(connection, landlord, file_id, part)
    origin: dict[str, object] = {"batch": batch_id, "entity": part.entity, "sha256": part.sha256}
    audit_file(connection, landlord, file_id, done, origin, now, {part.entity: written.seals})
    return done


def _record_carried_columns(
    connection: Connection, landlord: str, part: AcceptedFile, file_id: int, known_from: datetime
) -> None:
    own = CarriedColumn.landlord == landlord, CarriedColumn.entity == part.entity
    have = set(connection.scalars(select(CarriedColumn.column_name).where(*own)))
    keys = {"landlord": landlord, "entity": part.entity, "batch_file_id": file_id, "known_from": known_from}
    new = [keys | {"column_name": name} for name in part.columns if name not in have]
    if new:
        connection.execute(insert(CarriedColumn), new)
