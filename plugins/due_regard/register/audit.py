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

from sqlalchemy import Connection, Engine, Row, Select, and_, func, insert, select

from due_regard.errors import AuditError
from due_regard.register.clocks import check_not_ahead
from due_regard.register.engines import reading
from due_regard.register.head_log import APPENDED, SHOWN, NotedHeads
from due_regard.register.schema.drop_tables import AuditRow
from due_regard.register.viewed_records import VIEWS_DIGESTED, digest_day

GENESIS = "0" * 64
_LINK = re.compile(rf"([^:,]+):(\d+):([0-9a-f]{{{SHOWN}}})")


BASIS_ACTS = (
    *("batch", "release", "silence", "unsilence", "resolve", "unresolve", "hand_over", "hand_back"),
    *("dispute", "end_dispute", "comment", "withdraw", "undo_withdrawal", "return"),
)
"""Acts on which a pack rests: what came, and what people decided; not what the program did with it."""

_BROUGHT_NOTHING = AuditRow.details.contains('"status":"unchanged"') & (
    AuditRow.details.contains('"noted":0,') | ~AuditRow.details.contains('"noted":')
)
"""A drop that said what the last one had said: a pack built again after it is the same."""


@dataclass(frozen=True)
class BasisHead:
    """The head that a pack prints, and the instant of its act."""

    head: str
    at: datetime


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

    Raises:
        ClockError: `at` is ahead of the database's own clock.
    """
    check_not_ahead(connection, at)
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
    connection.info.setdefault(APPENDED, {})[landlord] = (seq, digest, at)
    return digest


def _compute_link(previous: str, landlord: str, seq: int, at: datetime, action: str, subject: str, details: str) -> str:
    link = json.dumps([previous, landlord, seq, at.isoformat(timespec="microseconds"), action, subject, details])
    return hashlib.sha256(link.encode()).hexdigest()


def verify_audit(engine: Engine, head: str | None = None, noted: NotedHeads | None = None) -> AuditReport:
    """Recompute every chain that the session may see, and compare the views of sealed days with their digests.

    Args:
        engine: the register.
        head: a head printed earlier; the chains must still contain it, which is how a removed tail shows.
        noted: heads noted outside the register, each of which they must contain.

    Raises:
        AuditError: a row or a view of a sealed day was edited, removed or put in, or `head` is no longer there; the
            message says where.
    """
    with reading(engine) as connection:
        return verify_audit_on(connection, head, noted)


def verify_audit_on(connection: Connection, head: str | None = None, noted: NotedHeads | None = None) -> AuditReport:
    """`verify_audit` inside the caller's own transaction."""
    expected = {landlord: dict(rows) for landlord, rows in (noted.heads if noted else {}).items()}
    for landlord, (seq, digest) in (parse_heads(head) if head else {}).items():
        expected.setdefault(landlord, {})[seq] = digest
    heads: dict[str, tuple[int, str]] = {}
    count, sealed = 0, []
    ordered: Select[Any] = select(AuditRow.__table__).order_by(AuditRow.landlord, AuditRow.seq)
    for row in connection.execute(ordered, execution_options={"yield_per": 10_000}):
        seq, previous = heads.get(row.landlord, (0, GENESIS))
        _check_link(row, seq, previous)
        if row.action == VIEWS_DIGESTED:
            sealed.append(row)
        wanted = expected.get(row.landlord, {}).get(row.seq)
        if wanted and not row.hash.startswith(wanted):
            raise AuditError(f"audit of {row.landlord}: row {row.seq} is not the one a head was printed for")
        heads[row.landlord] = (row.seq, row.hash)
        count += 1
    for row in sealed:
        _check_views(connection, row)
    for landlord, rows in expected.items():
        last, seq = heads.get(landlord, (0, ""))[0], max(rows)
        if last < seq:
            raise AuditError(
                f"audit of {landlord}: ends at row {last}, but a printed or noted head was row {seq}: tail removed"
            )
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
    return _format_heads(read_chain_ends(connection, landlord))


def read_chain_ends(connection: Connection, landlord: str | None = None) -> dict[str, tuple[int, str]]:
    """Landlord -> number and hash of the last row of its chain."""
    chosen = select(AuditRow.landlord, func.max(AuditRow.seq).label("seq")).group_by(AuditRow.landlord)
    if landlord is not None:
        chosen = chosen.where(AuditRow.landlord == landlord)
    last = chosen.subquery()
    ends = select(AuditRow.landlord, AuditRow.seq, AuditRow.hash).join(
        last, and_(last.c.landlord == AuditRow.landlord, last.c.seq == AuditRow.seq)
    )
    return {row.landlord: (row.seq, row.hash) for row in connection.execute(ends)}


def find_basis_head(connection: Connection, landlord: str, known_at: datetime) -> BasisHead | None:
    """The head of the newest load or person's decision by `known_at`; None before the first."""
    newest = (
        select(AuditRow.seq, AuditRow.hash, AuditRow.at)
        .where(AuditRow.landlord == landlord, AuditRow.action.in_(BASIS_ACTS), AuditRow.at <= known_at)
        .where(~_BROUGHT_NOTHING)
        .order_by(AuditRow.seq.desc())
    )
    row = connection.execute(newest.limit(1)).first()
    return None if row is None else BasisHead(_format_heads({landlord: (row.seq, row.hash)}), row.at)


def make_verify_command(landlord: str, head: str) -> str:
    """What compares the register with a head that was printed."""
    return f"due-regard audit verify --landlord {landlord} --head {head}"


def _format_heads(heads: Mapping[str, tuple[int, str]]) -> str:
    return ",".join(f"{landlord}:{seq}:{digest[:SHOWN]}" for landlord, (seq, digest) in sorted(heads.items()))


def parse_heads(head: str) -> dict[str, tuple[int, str]]:
    """A printed head as landlord -> (row, first digits of its hash).

    Raises:
        AuditError: it is not one.
    """
    links = [_LINK.fullmatch(part) for part in head.strip().split(",")]
    if None in links:
        raise AuditError("the head is not one that was printed: landlord:row:hash, separated by commas")
    return {link[1]: (int(link[2]), link[3]) for link in links if link}
