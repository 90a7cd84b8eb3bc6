"""Drops that were held for a person, and the list of everything that came.

Loading is load.py's; whether a drop is held is intake's judgement.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import Engine, Select, insert, select, update

from due_regard.errors import RegisterMovedOn, SettingsError, UnknownReference
from due_regard.register import sql_files
from due_regard.register.audit import append_audit
from due_regard.register.engines import reading, writing
from due_regard.register.schema.drop_tables import Batch
from due_regard.register.sealing.seals import seal_groups


def hold_drop(engine: Engine, *, landlord: str, source: str, drop: str, sha256: str, why: str, now: datetime) -> int:
    """Note that a drop was held for a person; the batch's id. Noted once a content.

    Args:
        engine: the register.
        landlord: whose drop.
        source: its source mapping.
        drop: the drop folder's name.
        sha256: what identifies its content (`hash_drop`).
        why: the reason with its figures, without any cell's value.
        now: when.
    """
    same = [Batch.landlord == landlord, Batch.drop_sha256 == sha256, Batch.drop_name == drop, Batch.status == "held"]
    with writing(engine, landlord) as connection:
        known = connection.scalar(select(Batch.id).where(*same).order_by(Batch.id.desc()).limit(1))
        if known is not None:
            return int(known)
        values: dict[str, Any] = {"landlord": landlord, "source": source, "drop_name": drop, "drop_sha256": sha256}
        values |= {"received_at": now, "status": "held", "why": why}
        batch_id = int(connection.execute(insert(Batch).values(**values).returning(Batch.id)).scalar_one())
        subject, details = f"batch {batch_id}", {"sha256": sha256}
        seals = seal_groups(connection, landlord, {"batches": batch_id})
        append_audit(
            connection, landlord=landlord, action="hold", subject=subject, details=details, at=now, seals=seals
        )
    return batch_id


def release_drop(
    engine: Engine, batch_id: int, *, actor: str, why: str, now: datetime, landlord: str | None = None
) -> None:
    """Let a held drop in: the next intake of the same content loads it.

    Raises:
        UnknownReference: there is no such batch, or it is not the landlord's that is named.
        RegisterMovedOn: it is not held (any more); says what became of it.
        SettingsError: no name or reason is given.
    """
    if not actor.strip() or not why.strip():
        raise SettingsError("say who releases the drop, and why: both are kept")
    one = select(Batch.landlord, Batch.status, Batch.released_at, Batch.released_by).where(Batch.id == batch_id)
    with reading(engine) as connection:
        found = connection.execute(one).first()
    if found is None:
        raise UnknownReference(f"there is no batch {batch_id}; `due-regard drop list` shows them")
    if landlord not in {None, found.landlord}:
        raise UnknownReference(f"batch {batch_id} is not a drop of {landlord}")
    with writing(engine, found.landlord) as connection:
        now_is = connection.execute(one).one()
        if now_is.status != "held":
            who = f" (by {now_is.released_by}, {now_is.released_at:%Y-%m-%d %H:%M} UTC)" if now_is.released_at else ""
            raise RegisterMovedOn(f"batch {batch_id} is {now_is.status}{who}, not held; nothing was changed")
        said = {"released_at": now, "released_by": actor.strip(), "released_why": why.strip()}
        connection.execute(update(Batch).where(Batch.id == batch_id).values(status="released", **said))
        subject, seals = f"batch {batch_id}", seal_groups(connection, found.landlord, {"batches": batch_id})
        append_audit(
            connection, landlord=found.landlord, action="release", subject=subject, details={}, at=now, seals=seals
        )


def is_released(engine: Engine, landlord: str, sha256: str) -> bool:
    """Whether a person has let in the drop of this content."""
    own = select(Batch.id).where(Batch.landlord == landlord, Batch.drop_sha256 == sha256, Batch.status == "released")
    with reading(engine, landlord) as connection:
        return connection.scalar(own.limit(1)) is not None


def list_drops(engine: Engine, landlord: str | None = None) -> pd.DataFrame:
    """What came, when and with which counts, newest first: the columns of `batches`."""
    rows: Select[Any] = select(Batch.__table__).order_by(Batch.id.desc())
    if landlord is not None:
        rows = rows.where(Batch.landlord == landlord)
    with reading(engine, landlord) as connection:
        return sql_files.make_frame(connection.execute(rows))
