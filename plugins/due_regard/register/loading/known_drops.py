"""The landlord's newest drop, delivered once more: what a load of it would write, written without its rows.

A load of a drop changes nothing where the register holds what the last load of it left and no act came since: each of
its rows is as it was judged then. So its batch, files, counts and the answers of its validation are written again.
Whether files and program are the same is intake's to say (drop_identity.py).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, delete, insert, select

from due_regard.register.clocks import check_not_behind, find_known_from
from due_regard.register.engines import reading, writing
from due_regard.register.loading.batch_rows import (
    FileLoad,
    LoadReport,
    audit_file,
    close_batch,
    finish_file,
    insert_batch,
    insert_file,
)
from due_regard.register.loading.half_drops import close_half_drops
from due_regard.register.schema.drop_tables import Batch, BatchFile, KnownDrop, RejectionCount, ValidationResult
from due_regard.register.withdrawals import has_later_withdrawals


@dataclass(frozen=True)
class DropReading:
    """How a drop was read, and what was told of it; see `KnownDrop`."""

    identity: str
    judged_on: date
    rests_on_day: bool
    not_known: list[Any]
    handed_back: dict[str, str]


@dataclass(frozen=True)
class KnownBatch:
    """The batch of a drop that is known, and how it was read."""

    id: int
    source: str
    drop_name: str
    drop_sha256: str
    reading: DropReading


def remember_drop(engine: Engine, landlord: str, batch_id: int, read: DropReading) -> None:
    """Keep that all of a batch was dealt with, what goes back included; nothing where another came since."""
    with writing(engine, landlord) as connection:
        if _is_as_left(connection, landlord, batch_id):
            _replace_known_drop(connection, landlord, batch_id, read)


def find_known_drop(engine: Engine, landlord: str, identity: str, on: date) -> KnownBatch | None:
    """The newest batch, if it is of the same files read the same way, and the register is as it left it."""
    with reading(engine, landlord) as connection:
        return _find_known_drop(connection, landlord, identity, on)


def load_known_drop(
    engine: Engine, landlord: str, identity: str, *, drop: str, on: date, now: datetime
) -> LoadReport | None:
    """Take a drop in that is known; None, and nothing written, where it is not (any more).

    Args:
        engine: the register.
        landlord: whose drop.
        identity: what identifies its files and their reading.
        drop: the drop folder's name.
        on: the day of intake.
        now: the instant of intake.

    Raises:
        ClockError: `now` is behind the newest load.
    """
    with writing(engine, landlord) as connection:
        check_not_behind(connection, landlord, now)
        known = _find_known_drop(connection, landlord, identity, on)
        if known is None:
            return None
        close_half_drops(connection, landlord, now)
        values: dict[str, object] = {"landlord": landlord, "source": known.source, "drop_name": drop}
        batch_id = insert_batch(connection, values | {"drop_sha256": known.drop_sha256, "received_at": now})
        _copy_rows(connection, ValidationResult, ValidationResult.batch_id, known.id, batch_id)
        known_from = find_known_from(connection, landlord, now)
        files = connection.execute(
            select(BatchFile.__table__).where(BatchFile.batch_id == known.id).order_by(BatchFile.id)
        )
        done = [_repeat_file(connection, file, batch_id, known_from, now) for file in files.mappings().all()]
        report = close_batch(connection, landlord, batch_id, done, now)
        _replace_known_drop(connection, landlord, batch_id, known.reading)
    return report


def _find_known_drop(connection: Connection, landlord: str, identity: str, on: date) -> KnownBatch | None:
    names = (KnownDrop.judged_on, KnownDrop.rests_on_day, KnownDrop.not_known, KnownDrop.handed_back)
    batch = (Batch.id, Batch.source, Batch.drop_name, Batch.drop_sha256)
    known = select(*batch, *names).join(Batch, Batch.id == KnownDrop.batch_id)
    row = connection.execute(
        known.where(KnownDrop.landlord == landlord, Batch.landlord == landlord, KnownDrop.identity == identity)
    ).first()
    if row is None or not _is_as_left(connection, landlord, row.id):
        return None
    if on < row.judged_on or (on > row.judged_on and row.rests_on_day):
        return None
    read = DropReading(identity, row.judged_on, row.rests_on_day, row.not_known, row.handed_back)
    return KnownBatch(row.id, row.source, row.drop_name, row.drop_sha256, read)


def _is_as_left(connection: Connection, landlord: str, batch_id: int) -> bool:
    """Whether the register's records are as a batch left them: no file came after it, and no act of a person."""
    newest = select(BatchFile.batch_id, BatchFile.known_from).where(BatchFile.landlord == landlord)
    last = connection.execute(newest.order_by(BatchFile.id.desc()).limit(1)).first()
    if last is None or last.batch_id != batch_id:
        return False
    return not has_later_withdrawals(connection, landlord, last.known_from)


def _replace_known_drop(connection: Connection, landlord: str, batch_id: int, read: DropReading) -> None:
    connection.execute(delete(KnownDrop).where(KnownDrop.landlord == landlord))
    connection.execute(insert(KnownDrop).values(landlord=landlord, batch_id=batch_id, **asdict(read)))


def _repeat_file(
    connection: Connection, file: RowMapping, batch_id: int, known_from: datetime, now: datetime
) -> FileLoad:
    """Write a file of the known batch again, with every row as it was."""
    landlord = file["landlord"]
    same = {name: file[name] for name in ("landlord", "file", "sha256", "entity", "delivery", "columns")}
    file_id = insert_file(connection, same | {"batch_id": batch_id, "known_from": known_from, "status": "unchanged"})
    read, rejected = file["rows_read"], file["rows_rejected"]
    done = FileLoad(
        file["file"], file["entity"], "unchanged", read=read, unchanged=read - rejected, rejected=rejected,
        vanished=file["rows_vanished"],
    )  # fmt: skip
    finish_file(connection, file_id, done, file["rows_sha256"])
    _copy_rows(connection, RejectionCount, RejectionCount.batch_file_id, file["id"], file_id)
    origin: dict[str, object] = {"batch": batch_id, "entity": file["entity"], "sha256": file["sha256"]}
    audit_file(connection, landlord, file_id, done, origin, now, {})
    return done


def _copy_rows(connection: Connection, model: Any, link: Any, old: int, new: int) -> None:
    """Write what is said of one batch or file of another."""
    rows = connection.execute(select(model.__table__).where(link == old)).mappings()
    values = [{name: cell for name, cell in row.items() if name != "id"} | {link.key: new} for row in rows]
    if values:
        connection.execute(insert(model), values)
