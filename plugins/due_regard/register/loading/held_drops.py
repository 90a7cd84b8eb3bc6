"""Drops that were held for a person, and the list of everything that came.

Loading is load.py's; whether a drop is held is intake's judgement.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Engine, Row, Select, func, insert, select, update

from due_regard.errors import RegisterMovedOn, SettingsError, UnknownReference
from due_regard.register import sql_files
from due_regard.register.audit import append_audit
from due_regard.register.engines import reading, writing
from due_regard.register.schema.drop_tables import Batch
from due_regard.register.sealing.seals import seal_groups

TAKEN = ("loaded", "unchanged", "refused")
"""States of a batch whose drop was taken in, whatever came of it."""


def hold_drop(
    engine: Engine,
    *,
    landlord: str,
    source: str,
    drop: str,
    sha256: str,
    why: str,
    now: datetime,
    newer_batch: int | None = None,
) -> int:
    """Note that a drop was held for a person; the batch's id. Noted once a content.

    Args:
        engine: the register.
        landlord: whose drop.
        source: its source mapping.
        drop: the drop folder's name.
        sha256: what identifies its content (`hash_drop`).
        why: the reason with its figures, without any cell's value.
        now: when.
        newer_batch: of an older drop sent again, the newer one that it would undo.
    """
    same = [Batch.landlord == landlord, Batch.drop_sha256 == sha256, Batch.drop_name == drop, Batch.status == "held"]
    with writing(engine, landlord) as connection:
        known = connection.scalar(select(Batch.id).where(*same).order_by(Batch.id.desc()).limit(1))
        if known is not None and _find_taken(connection, landlord, sha256, after=known) is None:
            return int(known)
        values: dict[str, Any] = {"landlord": landlord, "source": source, "drop_name": drop, "drop_sha256": sha256}
        values |= {"received_at": now, "status": "held", "why": why, "newer_batch_id": newer_batch}
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
    """Let a held drop in, once: the next intake of the same content loads it.

    Raises:
        UnknownReference: there is no such batch, or it is not the landlord's that is named.
        RegisterMovedOn: it is not held (any more); says what became of it.
        SettingsError: no name or reason is given.
    """
    if not actor.strip() or not why.strip():
        raise SettingsError("say who releases the drop, and why: both are kept")
    names = ("landlord", "status", "released_at", "released_by", "drop_sha256")
    one = select(*(getattr(Batch, name) for name in names)).where(Batch.id == batch_id)
    with reading(engine) as connection:
        found = connection.execute(one).first()
    if found is None:
        raise UnknownReference(f"there is no batch {batch_id}; `due-regard drop list` shows them")
    if landlord not in {None, found.landlord}:
        raise UnknownReference(f"batch {batch_id} is not a drop of {landlord}")
    with writing(engine, found.landlord) as connection:
        now_is = connection.execute(one).one()
        taken = _find_taken(connection, found.landlord, found.drop_sha256, after=batch_id)
        if now_is.status == "held" and taken is not None:
            raise RegisterMovedOn(
                f"the drop of batch {batch_id} was taken in since, with batch {taken}: there is nothing to release; "
                "nothing was changed"
            )
        if now_is.status != "held":
            raise RegisterMovedOn(_describe_release(connection, batch_id, now_is))
        said = {"released_at": now, "released_by": actor.strip(), "released_why": why.strip()}
        connection.execute(update(Batch).where(Batch.id == batch_id).values(status="released", **said))
        subject, seals = f"batch {batch_id}", seal_groups(connection, found.landlord, {"batches": batch_id})
        append_audit(
            connection, landlord=found.landlord, action="release", subject=subject, details={}, at=now, seals=seals
        )


def _find_taken(connection: Connection, landlord: str, sha256: str, *, after: int) -> int | None:
    """The newest batch after one with which the drop of a content was taken in."""
    own = Batch.landlord == landlord, Batch.drop_sha256 == sha256, Batch.id > after, Batch.status.in_(TAKEN)
    return connection.scalar(select(func.max(Batch.id)).where(*own))


def _describe_release(connection: Connection, batch_id: int, found: Row[Any]) -> str:
    """Why a batch cannot be released, and what to do instead."""
    who = f" (by {found.released_by}, {found.released_at:%Y-%m-%d %H:%M} UTC)" if found.released_at else ""
    said = f"batch {batch_id} is {found.status}{who}, not held; nothing was changed"
    if found.status != "released":
        return f"{said}: `due-regard drop list` shows what is held"
    if is_released_on(connection, found.landlord, found.drop_sha256):
        return f"{said}: run intake again, which takes the drop in"
    return f"{said}: the drop was taken in since, and a release counts once; sent again, it is held anew if it must be"


def is_released(engine: Engine, landlord: str, sha256: str) -> bool:
    """Whether a person has let in the drop of this content, and it was not taken in since: a release counts once."""
    with reading(engine, landlord) as connection:
        return is_released_on(connection, landlord, sha256)


def is_released_on(connection: Connection, landlord: str, sha256: str) -> bool:
    """`is_released` inside the caller's own transaction."""
    own = Batch.landlord == landlord, Batch.drop_sha256 == sha256
    newest = select(Batch.status).where(*own, Batch.status.in_(("released", *TAKEN))).order_by(Batch.id.desc()).limit(1)
    return connection.scalar(newest) == "released"


def list_drops(engine: Engine, landlord: str | None = None) -> pd.DataFrame:
    """What came, when and with which counts, newest first: the columns of `batches`."""
    rows: Select[Any] = select(Batch.__table__).order_by(Batch.id.desc())
    if landlord is not None:
        rows = rows.where(Batch.landlord == landlord)
    with reading(engine, landlord) as connection:
        return sql_files.make_frame(connection.execute(rows))
