"""The audit: one append-only, hash-chained list of what was done, a landlord.

It holds counts, ids and hashes, never a personal value. Every act of the register appends here inside its own
transaction; whoever adds an act elsewhere calls `append_audit` in theirs.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, insert, select

from due_regard.errors import AuditError
from due_regard.register.engines import reading
from due_regard.register.schema.drop_tables import AuditRow
from due_regard.register.viewed_records import VIEWS_DIGESTED, digest_day

GENESIS = "0" * 64
_SHOWN = 32
_LINK = re.compile(rf"([^:,]+):(\d+):([0-9a-f]{{{_SHOWN}}})")


@dataclass(frozen=True)
class AuditReport:
    """A verified audit: how many rows, and the head to print and keep outside the register."""

    rows: int
    head: str


def append_audit(
    connection: Connection,
    *,
    landlord: str,
    action: str,
    subject: str,
    details: Mapping[str, Any],
    at: datetime,
    seals: Mapping[str, Any] | None = None,
) -> str:
    """Append one row to the landlord's chain and return its hash.

    Args:
        connection: inside `writing(engine, landlord)`, whose lock keeps the chain single.
        landlord: whose chain.
        action: a verb, such as load or silence.
        subject: what it was done to, as an id or a public reference.
        details: counts, ids and hashes; JSON-safe.
        at: when.
        seals: digests of the rows that the act wrote (`seal_groups`): by them they can be proved.
    """
    if seals:
        details = {**details, "seals": seals}
    last = connection.execute(
        select(AuditRow.seq, AuditRow.hash).where(AuditRow.landlord == landlord).order_by(AuditRow.seq.desc()).limit(1)
    ).first()
    seq, previous = (last.seq + 1, last.hash) if last else (1, GENESIS)
    text = json.dumps(details, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    at = at.astimezone(UTC)
    digest = _compute_link(previous, landlord, seq, at, action, subject, text)
    connection.execute(
        insert(AuditRow).values(
            landlord=landlord,
            seq=seq,
            at=at,
            action=action,
            subject=subject,
            details=text,
            prev_hash=previous,
            hash=digest,
        )
    )
    return digest


def _compute_link(previous: str, landlord: str, seq: int, at: datetime, action: str, subject: str, details: str) -> str:
    link = json.dumps([previous, landlord, seq, at.isoformat(timespec="microseconds"), action, subject, details])
    return hashlib.sha256(link.encode()).hexdigest()


def verify_audit(engine: Engine, head: str | None = None) -> AuditReport:
    """Recompute every chain that the session may see, and compare the views of sealed days with their digests.

    Args:
        engine: the register.
        head: a head printed earlier; the chains must still contain it, which is how a removed tail shows.

    Raises:
        AuditError: a row or a view of a sealed day was edited, removed or put in, or `head` is no longer there; the
            message says where.
    """
    with reading(engine) as connection:
        return verify_audit_on(connection, head)


def verify_audit_on(connection: Connection, head: str | None = None) -> AuditReport:
    """`verify_audit` inside the caller's own transaction."""
    expected = _parse_heads(head) if head else {}
    heads: dict[str, tuple[int, str]] = {}
    count, sealed = 0, []
    ordered: Select[Any] = select(AuditRow.__table__).order_by(AuditRow.landlord, AuditRow.seq)
    for row in connection.execution_options(yield_per=10_000).execute(ordered):
        seq, previous = heads.get(row.landlord, (0, GENESIS))
        _check_link(row, seq, previous)
        if row.action == VIEWS_DIGESTED:
            sealed.append(row)
        wanted = expected.get(row.landlord)
        if wanted and wanted[0] == row.seq and not row.hash.startswith(wanted[1]):
            raise AuditError(f"audit of {row.landlord}: row {row.seq} is not the one the given head was printed for")
        heads[row.landlord] = (row.seq, row.hash)
        count += 1
    for row in sealed:
        _check_views(connection, row)
    for landlord, (seq, _) in expected.items():
        last = heads.get(landlord, (0, ""))[0]
        if last < seq:
            raise AuditError(f"audit of {landlord}: ends at row {last}, but the given head was row {seq}: tail removed")
    return AuditReport(count, _format_heads(heads))


def _check_link(row: Row[Any], seq: int, previous: str) -> None:
    where = f"audit of {row.landlord}: row {row.seq}"
    if row.seq != seq + 1:
        raise AuditError(f"{where} follows row {seq}: rows between them were removed")
    if row.prev_hash != previous:
        raise AuditError(f"{where} does not continue row {seq}: one of the two was changed")
    if row.hash != _compute_link(previous, row.landlord, row.seq, row.at, row.action, row.subject, row.details):
        raise AuditError(f"{where} was changed after it was written")


def _check_views(connection: Connection, row: Row[Any]) -> None:
    """Compare the views of a sealed day with the digest that the chain holds."""
    kept, found = json.loads(row.details), digest_day(connection, row.landlord, date.fromisoformat(row.subject))
    where = f"views of {row.landlord} on {row.subject}"
    if found.rows != kept["rows"]:
        what = "some were removed" if found.rows < kept["rows"] else "some were put in"
        raise AuditError(f"{where}: {found.rows} where the audit's row {row.seq} counted {kept['rows']}: {what}")
    if found.sha256 != kept["sha256"]:
        raise AuditError(f"{where} are not those of which the audit's row {row.seq} keeps a digest: one was changed")


def read_audit_head(engine: Engine, landlord: str | None = None) -> str:
    """The heads of the chains, without verifying them, as `verify_audit` takes them: landlord:row:hash, …."""
    with reading(engine, landlord) as connection:
        return read_audit_head_on(connection, landlord)


def read_audit_head_on(connection: Connection, landlord: str | None = None) -> str:
    """`read_audit_head` inside the caller's own transaction."""
    later = AuditRow.__table__.alias("later")
    mine = AuditRow.__table__
    newest = select(mine.c.landlord, mine.c.seq, mine.c.hash).where(
        ~select(later.c.seq).where(later.c.landlord == mine.c.landlord, later.c.seq == mine.c.seq + 1).exists()
    )
    if landlord is not None:
        newest = newest.where(mine.c.landlord == landlord)
    return _format_heads({row.landlord: (row.seq, row.hash) for row in connection.execute(newest)})


def _format_heads(heads: Mapping[str, tuple[int, str]]) -> str:
    return ",".join(f"{landlord}:{seq}:{digest[:_SHOWN]}" for landlord, (seq, digest) in sorted(heads.items()))


def _parse_heads(head: str) -> dict[str, tuple[int, str]]:
    links = [_LINK.fullmatch(part) for part in head.strip().split(",")]
    if None in links:
        raise AuditError("the head is not one that was printed: landlord:row:hash, separated by commas")
    return {link[1]: (int(link[2]), link[3]) for link in links if link}
