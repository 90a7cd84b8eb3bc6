"""Who looked at which record: one row a view, and the digest of a day's rows that the audit keeps.

A view is one insert that waits for no other writer where the engine lets it (PostgreSQL). Sealing days is
view_digests.py's; audit.py compares a day with its digest.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select

from due_regard.calendars.quarters import LONDON
from due_regard.register.clocks import check_not_ahead
from due_regard.register.engines import writing
from due_regard.register.schema.view_tables import RecordView

VIEWS_DIGESTED = "views"
"""The audit's verb for a day's digest; its subject is the day."""


@dataclass(frozen=True)
class ViewDigest:
    """How many views a landlord's day has, and the SHA-256 over all of them in order."""

    rows: int
    sha256: str


def record_view(
    engine: Engine, landlord: str, *, actor: str, used_right: str, kind: str, ref: str, now: datetime
) -> None:
    """Keep that a person was shown a named record.

    Args:
        engine: the register.
        landlord: whose record.
        actor: who looked, as findings/actors.py names them.
        used_right: the right that let them.
        kind: what it is: finding, restriction, …
        ref: its reference.
        now: when.

    Raises:
        RegisterError: it could not be written; the page must not be shown then.
    """
    values = {"landlord": landlord, "at": now, "actor": actor, "used_right": used_right, "kind": kind, "ref": ref}
    with writing(engine, landlord, alone=False) as connection:
        check_not_ahead(connection, now)
        connection.execute(insert(RecordView).values(**values))


def list_views(
    connection: Connection, landlord: str, ref: str = "", *, hidden_right: str | None, limit: int
) -> tuple[list[dict[str, Any]], int]:
    """The newest views of a landlord's records (at, actor, used_right, kind, ref), of one where it is named.

    Returns:
        The first `limit`, and how many there are; those by `hidden_right` are left out of both.
    """
    mine = [RecordView.landlord == landlord]
    mine += [RecordView.ref == ref] if ref else []
    mine += [] if hidden_right is None else [RecordView.used_right != hidden_right]
    total = connection.scalar(select(func.count()).select_from(RecordView).where(*mine)) or 0
    columns = (RecordView.at, RecordView.actor, RecordView.used_right, RecordView.kind, RecordView.ref)
    rows = connection.execute(select(*columns).where(*mine).order_by(RecordView.id.desc()).limit(limit))
    return [dict(row) for row in rows.mappings()], total


def digest_day(connection: Connection, landlord: str, day: date) -> ViewDigest:
    """The digest of the views of one London day, in the order in which they came."""
    columns = (RecordView.id, RecordView.at, RecordView.actor, RecordView.used_right, RecordView.kind, RecordView.ref)
    rows = select(*columns).where(RecordView.landlord == landlord, RecordView.at >= find_day_start(day))
    rows = rows.where(RecordView.at < find_day_start(day + timedelta(days=1))).order_by(RecordView.id)
    digest, count = hashlib.sha256(), 0
    for row in connection.execute(rows, execution_options={"yield_per": 10_000}):
        at = row.at.astimezone(UTC).isoformat(timespec="microseconds")
        line = json.dumps([row.id, at, row.actor, row.used_right, row.kind, row.ref])
        digest.update(line.encode() + b"\n")
        count += 1
    return ViewDigest(count, digest.hexdigest())


def find_day_start(day: date) -> datetime:
    """The instant at which a day begins in London."""
    return datetime.combine(day, time(), LONDON)
