"""The packs on record: checksums, provenance and figures of each, and the day it was issued.

Writes go through the caller's transaction. Whether a pack may be issued is for who calls to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, insert, or_, select

from due_regard.calendars.quarters import find_london_day
from due_regard.errors import PackError
from due_regard.mail.builder import ComposedMail
from due_regard.mail.mail_memory import is_counted, is_mail_of, is_of_mode
from due_regard.mail.mail_mode import LIVE, MailMode
from due_regard.mail.outbox import put_mail
from due_regard.packs.content.table_forms import MeasureTable
from due_regard.register import append_audit
from due_regard.register.schema.alert_tables import AlertMessage
from due_regard.register.schema.pack_tables import PackIssue, PackRow
from due_regard.register.sealing.seals import Seals, seal_groups


@dataclass(frozen=True)
class PackRecord:
    """A pack on record."""

    id: int
    sha256: str
    ingredients: Mapping[str, Any]
    figures: Mapping[str, Any]


def find_last_pack(
    conn: Connection, landlord: str, *, pack: str, quarter: str, edition: str, known_at: datetime | None, version: int
) -> PackRecord | None:
    """The latest build of this pack, quarter, edition, version and state of knowledge."""
    known = PackRow.known_at.is_(None) if known_at is None else PackRow.known_at == known_at
    query = (
        select(PackRow.id, PackRow.sha256, PackRow.ingredients, PackRow.figures)
        .where(
            PackRow.landlord == landlord,
            PackRow.pack == pack,
            PackRow.quarter == quarter,
            PackRow.edition == edition,
            func.coalesce(PackRow.version, 1) == version,
            known,
        )
        .order_by(PackRow.id.desc())
        .limit(1)
    )
    row = conn.execute(query).first()
    return None if row is None else PackRecord(row.id, row.sha256, row.ingredients, row.figures)


def record_pack(conn: Connection, landlord: str, *, at: datetime, **values: Any) -> int:
    """Put a pack on record and into the audit chain; returns its id. `values` are the other columns of `PackRow`."""
    done = conn.execute(insert(PackRow).values(landlord=landlord, built_at=at, **values).returning(PackRow.id))
    pack_id = int(done.scalar_one())
    shown = {name: values[name] for name in ("pack", "quarter", "edition", "sha256")}
    subject, seals = f"pack {pack_id}", seal_groups(conn, landlord, {"packs": pack_id})
    append_audit(conn, landlord=landlord, action="pack_build", subject=subject, details=shown, at=at, seals=seals)
    return pack_id


def is_issued(
    conn: Connection, landlord: str, pack: str, quarter: str, edition: str = "confidential", *, version: int = 1
) -> bool:
    """Whether a build of this version of a pack reached its audience: a person said so, or its mail was accepted."""
    asked = _select_issues(landlord, pack, quarter, edition, version, is_accepted())
    return conn.scalar(asked.limit(1)) is not None


def is_mailed(
    conn: Connection,
    landlord: str,
    pack: str,
    quarter: str,
    mode: MailMode,
    edition: str = "confidential",
    *,
    version: int = 1,
    since: datetime | None = None,
) -> bool:
    """Whether, in `mode`, a build of this version was accepted, is on its way, or was handed over by hand.

    `since` is when its approval was last taken back: what a trial mailed before does not count.
    """
    asked = _select_issues(landlord, pack, quarter, edition, version, and_(is_of_mode(mode), is_counted()))
    if since is not None:
        asked = asked.where(PackIssue.issued_at > since)
    return conn.scalar(asked.limit(1)) is not None


def _select_issues(
    landlord: str, pack: str, quarter: str, edition: str, version: int, is_told: ColumnElement[bool]
) -> Select[int]:
    """Issues of any build of a version, by a person or by a mail of which `is_told` holds."""
    build = (PackRow.edition == edition, func.coalesce(PackRow.version, 1) == version)
    mine = (PackIssue.pack == pack, PackIssue.quarter == quarter)
    return _select_told(landlord, is_told).join(PackRow, PackRow.id == PackIssue.pack_id).where(*mine, *build)


def _select_told(landlord: str, is_told: ColumnElement[bool]) -> Select[int]:
    issues = select(PackIssue.id).outerjoin(AlertMessage, is_mail_of(PackIssue)).where(PackIssue.landlord == landlord)
    return issues.where(or_(PackIssue.message_id.is_(None), is_told))


def is_accepted() -> ColumnElement[bool]:
    """That the mail of an issue was really accepted for its clerk."""
    return and_(AlertMessage.mode == LIVE, AlertMessage.status == "sent")


def record_issue(
    conn: Connection,
    landlord: str,
    pack_id: int,
    *,
    how: str,
    now: datetime,
    by: str | None = None,
    why: str | None = None,
) -> bool:
    """Put on record that a person handed a pack to its audience; False where that build was issued before.

    Args:
        conn: a writing transaction.
        landlord: whose pack it is.
        pack_id: of the pack on record.
        how: in a word or two.
        now: aware UTC; its London day is the day of issue.
        by: who says so; kept.
        why: their reason; kept.

    Raises:
        PackError: the landlord has no such pack.
    """
    pack = _find_pack(conn, landlord, pack_id)
    if conn.scalar(_select_told(landlord, is_accepted()).where(PackIssue.pack_id == pack_id).limit(1)) is not None:
        return False
    issued = {"pack": pack.pack, "quarter": pack.quarter, "how": how}
    day = find_london_day(now)
    said = {"issued_on": day, "issued_at": now, "issued_by": by, "issued_why": why, **issued}
    seals = _insert_issue(conn, landlord, pack_id, said)
    subject, details = f"pack {pack_id}", {**issued, "on": day.isoformat(), "sha256": pack.sha256}
    append_audit(conn, landlord=landlord, action="pack_issue", subject=subject, details=details, at=now, seals=seals)
    return True


def record_mailing(conn: Connection, landlord: str, pack_id: int, mail: ComposedMail, *, now: datetime) -> None:
    """Put a pack's mail into the outbox; the pack is issued once the mail server has accepted it for its clerk.

    Raises:
        PackError: the landlord has no such pack.
    """
    pack = _find_pack(conn, landlord, pack_id)
    put_mail(conn, landlord, mail, now=now)
    posted = {"pack": pack.pack, "quarter": pack.quarter, "how": "mail"}
    said = {"issued_on": mail.mail_on, "issued_at": now, "message_id": mail.message_id, **posted}
    seals = _insert_issue(conn, landlord, pack_id, said)
    seals |= seal_groups(conn, landlord, {"alert_messages": mail.message_id})
    details = {**posted, "on": mail.mail_on.isoformat(), "sha256": pack.sha256, "mail": mail.message_id}
    subject = f"pack {pack_id}"
    append_audit(conn, landlord=landlord, action="pack_post", subject=subject, details=details, at=now, seals=seals)


def _insert_issue(conn: Connection, landlord: str, pack_id: int, said: Mapping[str, Any]) -> Seals:
    new = insert(PackIssue).values(landlord=landlord, pack_id=pack_id, **said).returning(PackIssue.id)
    return seal_groups(conn, landlord, {"pack_issues": int(conn.execute(new).scalar_one())})


def _find_pack(conn: Connection, landlord: str, pack_id: int) -> Row[str, str, str]:
    mine = (PackRow.landlord == landlord, PackRow.id == pack_id)
    pack = conn.execute(select(PackRow.pack, PackRow.quarter, PackRow.sha256).where(*mine)).first()
    if pack is None:
        raise PackError(f"{landlord} has no pack {pack_id}; build it first")
    return pack


def list_kept_figures(tables: Mapping[str, MeasureTable]) -> dict[str, list[float | None]]:
    """`table/measure/quarter` -> [numerator, denominator], for every table of figures and every number of a listing."""
    found: dict[str, list[float | None]] = {}
    for name, table in sorted(tables.items()):
        figures = table.figures if table.figures is not None else table.counted
        if figures is not None:
            for row in figures.itertuples():
                found[f"{name}/{row.measure}/{row.quarter}"] = [
                    _as_optional_number(row.numerator),
                    _as_optional_number(row.denominator),
                ]
    return found


def _as_optional_number(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)
