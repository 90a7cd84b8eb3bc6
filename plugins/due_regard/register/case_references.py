"""From one reference to the records and findings of its case, and from an address to a member of staff.

Reads by indexes alone: one case among a million records. Records are the newest versions.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, exists, func, literal, or_, select, union_all

from due_regard.records.canonical import ENTITIES, ENTITY, Entity
from due_regard.register.engines import match_linked
from due_regard.register.schema.finding_tables import Finding
from due_regard.register.schema.record_tables import CASE_LINKS, RECORD_TABLES
from due_regard.register.withdrawn_records import is_standing

_FINDING = re.compile(r"F-?0*(\d{1,15})", re.IGNORECASE)
_AT_ONCE = 500


def find_findings_by_reference(connection: Connection, landlord: str, reference: str) -> tuple[int, ...]:
    """Findings, open or closed, of a register reference, or of a record or a customer and of what belongs to them."""
    words = reference.strip()
    if found := _FINDING.fullmatch(words):
        own = select(Finding.id).where(Finding.landlord == landlord, Finding.id == int(found[1]))
        return tuple(connection.scalars(own))
    subjects = find_subjects_of_case(connection, landlord, {words, words.upper()})
    return _find_findings_of_subjects(connection, landlord, subjects)


def find_subjects_of_case(connection: Connection, landlord: str, references: Iterable[str]) -> set[tuple[str, str]]:
    """(subject type, reference) of records that have, or link to, one of the references: a customer's appeals too."""
    given = tuple(references)
    found = _find_linked_subjects(connection, landlord, given, CASE_LINKS)
    restrictions = tuple(ref for subject, ref in found if subject == "restriction")
    found |= _find_linked_subjects(connection, landlord, restrictions, ("restriction_ref",))
    return found | {(entity.subject, ref) for entity in ENTITIES for ref in given}


def _find_linked_subjects(
    connection: Connection, landlord: str, references: tuple[str, ...], links: tuple[str, ...]
) -> set[tuple[str, str]]:
    selects: list[Select[Any]] = []
    for entity in ENTITIES:
        table = RECORD_TABLES[entity.name]
        # A part a column: an OR over several would read the whole table on SQLite.
        for link in (link for link in links if link in table.c and link != entity.key):
            mine = select(literal(entity.subject), table.c[entity.key])
            linked = match_case(connection, landlord, entity, link, references)
            selects.append(mine.where(linked, is_newest(table, entity)))
    return {(row[0], row[1]) for row in connection.execute(union_all(*selects))} if references else set()


def _find_findings_of_subjects(
    connection: Connection, landlord: str, subjects: set[tuple[str, str]]
) -> tuple[int, ...]:
    refs, found = sorted({ref for _, ref in subjects}), []
    for start in range(0, len(refs), _AT_ONCE):
        some = select(Finding.id, Finding.subject_type, Finding.subject_ref).where(
            match_linked(connection, Finding.landlord, landlord, Finding.subject_ref, refs[start : start + _AT_ONCE])
        )
        found += [row.id for row in connection.execute(some) if (row.subject_type, row.subject_ref) in subjects]
    return tuple(sorted(found))


def match_case(
    connection: Connection, landlord: str, entity: Entity, column: str, refs: Collection[str]
) -> ColumnElement[bool]:
    """Condition: a record is the landlord's, and its key or the column of a link is one of a few references."""
    table = RECORD_TABLES[entity.name]
    if column == entity.key:
        return and_(table.c.landlord == landlord, table.c[column].in_(list(refs)))
    return match_linked(connection, table.c.landlord, landlord, table.c[column], refs)


def is_newest(table: Table, entity: Entity) -> ColumnElement[bool]:
    """Condition: no later version of the record is known, and it is not withdrawn."""
    later = table.alias()
    newer = exists().where(
        later.c.landlord == table.c.landlord,
        later.c[entity.key] == table.c[entity.key],
        later.c.version == table.c.version + 1,
    )
    return and_(~newer, is_standing(table, entity))


@dataclass(frozen=True)
class StaffMember:
    """A member of staff by the staff export, as far as it says who they are and whom they work with."""

    landlord: str
    staff_ref: str
    team: str | None


def find_staff_by_email(connection: Connection, landlords: Iterable[str], email: str) -> list[StaffMember]:
    """The members of staff with an address, whatever its case, who are not said to be away."""
    table = RECORD_TABLES["staff"]
    found = select(table.c.landlord, table.c.staff_ref, table.c.team).where(
        table.c.landlord.in_(list(landlords)),
        func.lower(func.trim(table.c.email)) == email.strip().lower(),
        or_(table.c.is_active.is_(None), table.c.is_active),
        is_newest(table, ENTITY["staff"]),
    )
    return [StaffMember(*row) for row in connection.execute(found.order_by(table.c.staff_ref))]


def list_reports(connection: Connection, landlord: str, managers: Iterable[str]) -> list[str]:
    """The members of staff whose line manager is one of `managers`."""
    table = RECORD_TABLES["staff"]
    found = select(table.c.staff_ref).where(
        table.c.landlord == landlord,
        table.c.line_manager_ref.in_(list(managers)),
        is_newest(table, ENTITY["staff"]),
    )
    return list(connection.scalars(found.order_by(table.c.staff_ref)))


def find_team(connection: Connection, landlord: str, staff_ref: str) -> str | None:
    """The team of a member of staff, as the staff export has it."""
    table = RECORD_TABLES["staff"]
    mine = select(table.c.team).where(table.c.landlord == landlord, table.c.staff_ref == staff_ref)
    return connection.scalar(mine.order_by(table.c.version.desc()).limit(1))
