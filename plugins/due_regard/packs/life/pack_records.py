"""The packs on record: checksums, provenance and figures of each, and the day it was issued.

Writes go through the caller's transaction. Whether a pack may be issued is for who calls to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection, insert, select

from due_regard.calendars.quarters import find_london_day
from due_regard.errors import PackError
from due_regard.packs.content.measure_tables import MeasureTable
from due_regard.register import append_audit
from due_regard.register.schema.pack_tables import PackIssue, PackRow


@dataclass(frozen=True)
class PackRecord:
    """A pack on record."""

    id: int
    sha256: str
    ingredients: Mapping[str, Any]
    figures: Mapping[str, Any]


def find_last_pack(
    conn: Connection, landlord: str, *, pack: str, quarter: str, edition: str, known_at: datetime | None
) -> PackRecord | None:
    """The latest build of this pack, quarter, edition and state of knowledge."""
    known = PackRow.known_at.is_(None) if known_at is None else PackRow.known_at == known_at
    query = (
        select(PackRow.id, PackRow.sha256, PackRow.ingredients, PackRow.figures)
        .where(
            PackRow.landlord == landlord,
            PackRow.pack == pack,
            PackRow.quarter == quarter,
            PackRow.edition == edition,
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
    append_audit(conn, landlord=landlord, action="pack_build", subject=f"pack {pack_id}", details=shown, at=at)
    return pack_id


def is_issued(conn: Connection, landlord: str, pack: str, quarter: str) -> bool:
    """Whether any build of this pack and quarter was handed to its audience."""
    mine = (PackIssue.landlord == landlord, PackIssue.pack == pack, PackIssue.quarter == quarter)
    return conn.execute(select(PackIssue.id).where(*mine)).first() is not None


def record_issue(
    conn: Connection, landlord: str, pack_id: int, *, how: str, now: datetime, on: date | None = None
) -> bool:
    """Put on record that a pack was handed to its audience; False where that build already had been.

    Args:
        conn: a writing transaction; the mail goes into the outbox in the same one.
        landlord: whose pack it is.
        pack_id: of the pack on record.
        how: `mail`, `link` or in a person's words.
        now: aware UTC.
        on: the day it leaves, where that is later; today by default.

    Raises:
        PackError: the landlord has no such pack.
    """
    query = select(PackRow.pack, PackRow.quarter, PackRow.sha256).where(
        PackRow.landlord == landlord, PackRow.id == pack_id
    )
    pack = conn.execute(query).first()
    if pack is None:
        raise PackError(f"{landlord} has no pack {pack_id}; build it first")
    if conn.execute(select(PackIssue.id).where(PackIssue.pack_id == pack_id)).first():
        return False
    issued = {"pack": pack.pack, "quarter": pack.quarter, "how": how}
    day = on or find_london_day(now)
    conn.execute(insert(PackIssue).values(landlord=landlord, pack_id=pack_id, issued_on=day, issued_at=now, **issued))
    details = {**issued, "on": day.isoformat(), "sha256": pack.sha256}
    append_audit(conn, landlord=landlord, action="pack_issue", subject=f"pack {pack_id}", details=details, at=now)
    return True


def list_kept_figures(tables: Mapping[str, MeasureTable]) -> dict[str, list[float | None]]:
    """`table/measure/quarter` -> [numerator, denominator], for every table of figures."""
    found: dict[str, list[float | None]] = {}
    for name, table in sorted(tables.items()):
        if table.figures is not None:
            for row in table.figures.itertuples():
                found[f"{name}/{row.measure}/{row.quarter}"] = [
                    _as_optional_number(row.numerator),
                    _as_optional_number(row.denominator),
                ]
    return found


def _as_optional_number(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)
