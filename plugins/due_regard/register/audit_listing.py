"""The audit, page by page, with who did it and why: names stand in the tables of what was done, not in the audit."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from due_regard.register.schema.drop_tables import AuditRow, Batch
from due_regard.register.schema.finding_tables import Finding, FindingEvent
from due_regard.register.schema.pack_tables import PackEvent, PackIssue

_ROW = ("seq", "at", "action", "subject", "details", "hash")


def _is_chosen(landlord: str, subject: str) -> tuple[ColumnElement[bool], ...]:
    own = (AuditRow.landlord == landlord,)
    return (*own, AuditRow.subject == subject) if subject else own


def count_audit_rows(connection: Connection, landlord: str, subject: str = "") -> int:
    """How many rows the landlord's audit has, of one subject where it is named."""
    return int(connection.scalar(select(func.count()).where(*_is_chosen(landlord, subject))) or 0)


def list_audit_rows(
    connection: Connection,
    landlord: str,
    subject: str = "",
    *,
    hidden: Sequence[str] = (),
    limit: int,
    offset: int,
) -> list[dict[str, Any]]:
    """Rows of the landlord's audit, the newest first: `_ROW` (details as a mapping), actor, why and is_withheld.

    What a person said of a finding of one of the rules in `hidden` is withheld.
    """
    rows = select(*(getattr(AuditRow, name) for name in _ROW)).where(*_is_chosen(landlord, subject))
    page = rows.order_by(AuditRow.seq.desc()).limit(limit).offset(offset)
    found = [{**row, "details": _read_details(row["details"])} for row in connection.execute(page).mappings()]
    said = _read_said_words(connection, landlord, found, hidden)
    unsaid = {"actor": None, "why": None, "is_withheld": False}
    return [row | said.get(row["seq"], unsaid) for row in found]


def _read_details(details: str) -> dict[str, Any]:
    """What an entry says of the act; not the digests of the rows it wrote, which are for `audit verify --deep`."""
    return {name: value for name, value in json.loads(details).items() if name != "seals"}


def _read_said_words(
    connection: Connection, landlord: str, rows: Iterable[dict[str, Any]], hidden: Sequence[str]
) -> dict[int, dict[str, Any]]:
    """Row -> actor, why, is_withheld; one statement for decisions, one for drops, one for packs."""
    decided = {row["seq"]: row["details"]["event"] for row in rows if "event" in row["details"]}
    released = {row["seq"]: _find_number(row) for row in rows if row["action"] == "release"}
    issued = {row["seq"]: _find_number(row) for row in rows if row["action"] == "pack_issue"}
    acted = {row["seq"]: row["details"]["pack_event"] for row in rows if "pack_event" in row["details"]}
    events = select(FindingEvent.id, FindingEvent.actor, FindingEvent.why, Finding.rule).join(
        Finding, Finding.id == FindingEvent.finding_id
    )
    batches = select(Batch.id, Batch.released_by, Batch.released_why).where(Batch.landlord == landlord)
    issues = select(PackIssue.pack_id, PackIssue.issued_by, PackIssue.issued_why).where(
        PackIssue.landlord == landlord, PackIssue.issued_by.is_not(None)
    )
    acts = select(PackEvent.id, PackEvent.actor, PackEvent.why).where(PackEvent.landlord == landlord)
    answers = (
        (decided, events.where(FindingEvent.landlord == landlord, FindingEvent.id.in_(list(decided.values())))),
        (released, batches.where(Batch.id.in_(list(released.values())))),
        (issued, issues.where(PackIssue.pack_id.in_(list(issued.values())))),
        (acted, acts.where(PackEvent.id.in_(list(acted.values())))),
    )
    said: dict[int, dict[str, Any]] = {}
    for numbers, statement in answers:
        words = {row[0]: row for row in connection.execute(statement)} if numbers else {}
        for seq, number in numbers.items():
            if number in words:
                said[seq] = _choose_words(words[number], hidden)
    return said


def _choose_words(row: Any, hidden: Sequence[str]) -> dict[str, Any]:
    if len(row) > 3 and row[3] in hidden:
        return {"actor": None, "why": None, "is_withheld": True}
    return {"actor": row[1], "why": row[2], "is_withheld": False}


def _find_number(row: dict[str, Any]) -> int:
    """The id in a subject such as `batch 7`."""
    number = str(row["subject"]).rpartition(" ")[2]
    return int(number) if number.isdecimal() else 0
