"""Records of one case or of a few, out of a million: read by reference or by what they link to, never by scanning.

Of each record the version that was the newest at an instant, as in stored_records.py, which reads whole entities; none
of a record that was withdrawn then.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import pandas as pd
from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, or_, select

from due_regard.records.canonical import ENTITY, UNKNOWN_CELLS, Entity, Records
from due_regard.register import sql_files
from due_regard.register.engines import match_linked
from due_regard.register.findings.finding_transitions import KEY
from due_regard.register.schema.finding_tables import Finding
from due_regard.register.schema.record_tables import RECORD_TABLES
from due_regard.register.stored_records import read_carried_columns
from due_regard.register.withdrawn_records import is_standing

_RESTRICTIONS, _BY_RESTRICTION = ENTITY["restrictions"], ("reviews", "appeals")
_BY_CUSTOMER = ("customers", "incidents", "warnings", "restrictions", "markers")
_PERSONS = ("decided_by", "approved_by", "reviewed_by", "considered_by")
"""Whose roles a source may leave to the staff export."""


def read_restriction_cases(
    connection: Connection, landlord: str, refs: Collection[str], *, known_at: datetime
) -> Records:
    """Restrictions with all that duties about them, or about what belongs to them, may ask for.

    That is: their customers with those's incidents, warnings, restrictions and markers; reviews and appeals of all
    these restrictions; of the staff who decided, their roles. An entity never delivered is absent, as `Records` says.
    """
    carried = read_carried_columns(connection, landlord, known_at=known_at)
    if _RESTRICTIONS.name not in carried:
        return {}
    customers = _list_values(connection, landlord, _RESTRICTIONS, "customer_ref", {_RESTRICTIONS.key: refs}, known_at)
    wanted = {name: {"customer_ref": customers} for name in _BY_CUSTOMER}
    restrictions = _list_values(
        connection, landlord, _RESTRICTIONS, _RESTRICTIONS.key, wanted[_RESTRICTIONS.name], known_at
    )
    wanted |= {name: {_RESTRICTIONS.key: restrictions} for name in _BY_RESTRICTION}
    found = {
        name: _read_frame(connection, landlord, ENTITY[name], carried[name], where, known_at)
        for name, where in wanted.items()
        if name in carried
    }
    if "staff" in carried:
        roles = carried["staff"] & {"staff_ref", "role"}
        persons = {"staff_ref": _list_persons(found)}
        found["staff"] = _read_frame(connection, landlord, ENTITY["staff"], roles, persons, known_at)
    return found


def _list_persons(records: Records) -> set[str]:
    named = (frame[name].dropna() for frame in records.values() for name in _PERSONS if name in frame)
    return {ref for refs in named for ref in refs}


def _read_frame(
    connection: Connection,
    landlord: str,
    entity: Entity,
    carried: frozenset[str],
    where: Mapping[str, Collection[str]],
    known_at: datetime,
) -> pd.DataFrame:
    """Rows in order of their reference, in canonical dtypes; `UNKNOWN_CELLS` only where some cell is unknown."""
    own = RECORD_TABLES[entity.name]
    names = [*(column.name for column in entity.columns if column.name in carried), UNKNOWN_CELLS]
    rows = _select_known(connection, landlord, entity, [own.c[name] for name in names], where, known_at)
    # Sorted here: asked for in this order, SQLite would walk the whole table in it and look at each row.
    frame = sql_files.make_frame(connection.execute(rows)).sort_values(entity.key, ignore_index=True)
    return frame if frame[UNKNOWN_CELLS].notna().any() else frame.drop(columns=UNKNOWN_CELLS)


def _list_values(
    connection: Connection,
    landlord: str,
    entity: Entity,
    column: str,
    where: Mapping[str, Collection[str]],
    known_at: datetime,
) -> list[str]:
    own = RECORD_TABLES[entity.name].c[column]
    # Without DISTINCT, for which SQLite would walk an index from end to end.
    return sorted(set(connection.scalars(_select_known(connection, landlord, entity, [own], where, known_at))))


def _select_known(
    connection: Connection,
    landlord: str,
    entity: Entity,
    columns: Sequence[Any],
    where: Mapping[str, Collection[str]],
    known_at: datetime,
) -> Select[Any]:
    own = RECORD_TABLES[entity.name]
    bounds = (
        and_(own.c.landlord == landlord, own.c[name].in_(list(values)))
        if name == entity.key
        else match_linked(connection, own.c.landlord, landlord, own.c[name], values)
        for name, values in where.items()
    )
    return select(*columns).where(*bounds, *_is_newest(entity, known_at))


def _is_newest(entity: Entity, known_at: datetime) -> tuple[ColumnElement[bool], ...]:
    """That a row is the version known at the instant, of a record that was not withdrawn then."""
    own = RECORD_TABLES[entity.name]
    later = own.alias("later")
    newer = exists().where(
        later.c.landlord == own.c.landlord, later.c[entity.key] == own.c[entity.key],
        later.c.version == own.c.version + 1, later.c.known_from <= known_at,
    )  # fmt: skip
    return own.c.known_from <= known_at, ~newer, is_standing(own, entity, known_at)


_LISTED = ("restriction_ref", "customer_ref", "measure", "channels_restricted", "decided_on", "starts_on", "expires_on")


def list_restrictions_in_force(
    connection: Connection, landlord: str, *, as_at: date, known_at: datetime, limit: int, offset: int
) -> list[dict[str, Any]]:
    """Restrictions in force at the end of a day, that of the longest standing first.

    One is in force from the later of its decision and its start to the day before it ended.
    """
    own = RECORD_TABLES[_RESTRICTIONS.name]
    chosen = select(*(own.c[name] for name in _LISTED)).where(*_is_in_force(landlord, as_at, known_at))
    page = chosen.order_by(own.c.starts_on, own.c[_RESTRICTIONS.key]).limit(limit).offset(offset)
    return [dict(row) for row in connection.execute(page).mappings()]


def count_restrictions_in_force(connection: Connection, landlord: str, *, as_at: date, known_at: datetime) -> int:
    """How many restrictions are in force at the end of a day."""
    own = RECORD_TABLES[_RESTRICTIONS.name]
    counted = select(func.count()).select_from(own).where(*_is_in_force(landlord, as_at, known_at))
    return int(connection.scalar(counted) or 0)


def _is_in_force(landlord: str, as_at: date, known_at: datetime) -> tuple[ColumnElement[bool], ...]:
    own = RECORD_TABLES[_RESTRICTIONS.name]
    still = or_(own.c.ended_on.is_(None), own.c.ended_on > as_at)
    begun = (own.c.decided_on <= as_at, own.c.starts_on <= as_at)
    return (own.c.landlord == landlord, still, *begun, *_is_newest(_RESTRICTIONS, known_at))


def list_findings_about(
    connection: Connection, landlord: str, refs: Collection[str], *, hidden: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """Findings about records of these references, whatever their kind; rules of `hidden` are left out."""
    names = ("register_ref", *KEY, "status", "state", "due_on", "clause", "severity", "policy_version")
    is_about = match_linked(connection, Finding.landlord, landlord, Finding.subject_ref, refs)
    about = select(*(getattr(Finding, name) for name in names)).where(is_about, Finding.rule.not_in(list(hidden)))
    return [dict(row) for row in connection.execute(about.order_by(Finding.id)).mappings()]


def list_appeals_of(
    connection: Connection, landlord: str, refs: Collection[str], *, known_at: datetime
) -> dict[str, str]:
    """Reference of each appeal against one of these restrictions -> the restriction's."""
    appeals = ENTITY["appeals"]
    own = RECORD_TABLES[appeals.name]
    columns = [own.c[appeals.key], own.c.restriction_ref]
    chosen = _select_known(connection, landlord, appeals, columns, {"restriction_ref": refs}, known_at)
    return {row[0]: row[1] for row in connection.execute(chosen)}
