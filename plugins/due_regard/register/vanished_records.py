"""Lists of vanished records: those that wait for a person, and those that were withdrawn, with their open findings.

Rules of `hidden` are left out of the counts in SQL. Withdrawing one is withdrawals.py's.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Subquery, and_, case, func, select, tuple_

from due_regard.records.canonical import ENTITIES
from due_regard.register.schema.drop_tables import Disappearance
from due_regard.register.schema.finding_tables import OPEN, Finding
from due_regard.register.withdrawn_records import ACTS, WITHDRAWN, select_held_withdrawals

_SUBJECTS = {entity.name: entity.subject for entity in ENTITIES}


def count_waiting_records(
    connection: Connection, landlord: str, *, with_findings: bool = False, hidden: Sequence[str] = ()
) -> int:
    """How many vanished records wait for a person; `with_findings` only those with an open finding."""
    waiting = _select_waiting(landlord).subquery()
    counted = select(func.count()).select_from(waiting)
    if with_findings:
        found = _count_open_findings(landlord, hidden)
        counted = counted.join(found, _is_about(found, waiting))
    return int(connection.scalar(counted) or 0)


def list_waiting_records(
    connection: Connection, landlord: str, *, hidden: Sequence[str] = (), limit: int | None = None, offset: int = 0
) -> list[dict[str, Any]]:
    """Vanished records that wait for a person: entity, ref, noticed_at, open_findings; most findings first."""
    waiting = _select_waiting(landlord).subquery()
    return _read_page(connection, landlord, waiting, waiting.c.noticed_at, hidden, limit, offset)


def _select_waiting(landlord: str) -> Select[Any]:
    held = select_held_withdrawals().where(ACTS.c.landlord == landlord).subquery()
    columns: list[Any] = [Disappearance.entity, Disappearance.ref, Disappearance.noticed_at]
    return select(*columns).where(
        Disappearance.landlord == landlord,
        Disappearance.returned_file_id.is_(None),
        tuple_(Disappearance.entity, Disappearance.ref).not_in(select(held.c.entity, held.c.ref)),
    )


def count_withdrawn_records(connection: Connection, landlord: str) -> int:
    """How many records are withdrawn."""
    held = select_held_withdrawals().where(ACTS.c.landlord == landlord).subquery()
    return int(connection.scalar(select(func.count()).select_from(held)) or 0)


def list_withdrawn_records(
    connection: Connection, landlord: str, *, hidden: Sequence[str] = (), limit: int | None = None, offset: int = 0
) -> list[dict[str, Any]]:
    """Records that are withdrawn: entity, ref, at, actor, why, with_id, open_findings (until the next run)."""
    names = ("entity", "ref", "at", "actor", "why", "with_id")
    held = select_held_withdrawals().where(ACTS.c.landlord == landlord).subquery()
    rows = select(*(ACTS.c[name] for name in names)).where(ACTS.c.id.in_(select(held.c.id))).subquery()
    return _read_page(connection, landlord, rows, rows.c.at, hidden, limit, offset)


def _read_page(
    connection: Connection,
    landlord: str,
    rows: Subquery,
    since: ColumnElement[Any],
    hidden: Sequence[str],
    limit: int | None,
    offset: int,
) -> list[dict[str, Any]]:
    """One page of records with how many open findings are about each, those with most first, then the newest."""
    found = _count_open_findings(landlord, hidden)
    counted = func.coalesce(found.c.n, 0)
    about = _is_about(found, rows)
    page = select(rows, counted.label("open_findings")).join_from(rows, found, about, isouter=True)
    page = page.order_by(counted.desc(), since.desc(), rows.c.entity, rows.c.ref).limit(limit).offset(offset)
    return [dict(row) for row in connection.execute(page).mappings()]


def _is_about(found: Subquery, rows: Subquery) -> ColumnElement[bool]:
    return and_(found.c.subject_type == case(_SUBJECTS, value=rows.c.entity), found.c.subject_ref == rows.c.ref)


def _count_open_findings(landlord: str, hidden: Sequence[str]) -> Subquery:
    open_ones = select(Finding.subject_type, Finding.subject_ref, func.count().label("n")).where(
        Finding.landlord == landlord, Finding.status == OPEN, Finding.rule.not_in(list(hidden))
    )
    return open_ones.group_by(Finding.subject_type, Finding.subject_ref).subquery()


def find_withdrawal(connection: Connection, landlord: str, entity: str, ref: str) -> dict[str, Any] | None:
    """Who withdrew a record, when and why: at, actor, why; None where it is not withdrawn."""
    held = select_held_withdrawals().where(ACTS.c.landlord == landlord, ACTS.c.entity == entity, ACTS.c.ref == ref)
    act = select(ACTS.c.at, ACTS.c.actor, ACTS.c.why).where(ACTS.c.id.in_(select(held.subquery().c.id)))
    row = connection.execute(act).mappings().first()
    return None if row is None else dict(row)


def find_last_act(connection: Connection, landlord: str, known_at: datetime) -> datetime | None:
    """The instant from which the newest act known by an instant holds: a withdrawal, or the end of one."""
    newest = select(func.max(ACTS.c.known_from)).where(ACTS.c.landlord == landlord, ACTS.c.known_from <= known_at)
    found: datetime | None = connection.scalar(newest)
    return found


def list_withdrawals_made(connection: Connection, landlord: str, known_at: datetime) -> list[dict[str, Any]]:
    """Every withdrawal known at an instant that no person had taken back by then: entity, ref, at, known_from."""
    undone = ACTS.alias("undone")
    is_undone = (
        select(undone.c.id)
        .where(undone.c.ends_id == ACTS.c.id, undone.c.event == "undone", undone.c.known_from <= known_at)
        .exists()
    )
    made = select(ACTS.c.entity, ACTS.c.ref, ACTS.c.at, ACTS.c.known_from).where(
        ACTS.c.landlord == landlord, ACTS.c.event == WITHDRAWN, ACTS.c.known_from <= known_at, ~is_undone
    )
    return [dict(row) for row in connection.execute(made.order_by(ACTS.c.id)).mappings()]
