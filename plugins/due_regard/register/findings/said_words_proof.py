"""Whether what people said of findings is what the audit holds a keyed hash of."""

from __future__ import annotations

import json
from collections.abc import Iterator

from sqlalchemy import Connection, RowMapping, select

from due_regard.register.faults import ProofFault
from due_regard.register.findings.said_words import hash_said_words
from due_regard.register.schema.drop_tables import AuditRow
from due_regard.register.schema.finding_tables import FindingEvent

_TABLE = "finding_events"


def count_said_words(connection: Connection, landlord: str) -> int:
    """How many decisions the audit holds a hash of."""
    return len(_read_hashes(connection, landlord))


def find_word_faults(connection: Connection, landlord: str) -> Iterator[ProofFault]:
    """Decisions of people that are not what the audit was told of, and those that one of the two does not know."""
    told = _read_hashes(connection, landlord)
    said = select(FindingEvent.__table__).where(FindingEvent.landlord == landlord, FindingEvent.actor.is_not(None))
    for row in connection.execute(said.order_by(FindingEvent.id)).mappings():
        place, kept = f"event {row['id']}", told.pop(row["id"], None)
        if kept is None:
            yield ProofFault(landlord, _TABLE, place, "put in", "the audit was told of no such decision")
        elif _hash_row(row) != kept:
            why = "who decided, why, until when or for whom is not what the audit holds a hash of"
            yield ProofFault(landlord, _TABLE, place, "changed", why)
    for event_id in sorted(told):
        yield ProofFault(landlord, _TABLE, f"event {event_id}", "missing", "the audit was told of this decision")


def _read_hashes(connection: Connection, landlord: str) -> dict[int, str]:
    """Event -> hash of what a person said, of every decision that the audit was told of."""
    entries = select(AuditRow.details).where(AuditRow.landlord == landlord, AuditRow.details.contains("said_sha256"))
    every = (json.loads(details) for details in connection.scalars(entries.order_by(AuditRow.seq)))
    return {one["event"]: one["said_sha256"] for one in every if "event" in one}


def _hash_row(row: RowMapping) -> str:
    return hash_said_words(
        row["nonce"] or "", actor=row["actor"], why=row["why"] or "", until=row["until"], to_ref=row["to_ref"]
    )
