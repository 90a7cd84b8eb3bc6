"""Repairs a register that was written by a clock that ran ahead: what is dated in the future is known from today on.

A load dated 2038 hides from every question, until then, what came after it. Its instants, and those of the loads, runs
and packs that rest on it, are moved to just before the repair, in the order they have: so every question about an
instant before the repair is answered as before, and a run that was moved is rebuilt from its new one. The act is
recorded. What people decided, and what mails were sent, stays dated as it was: it hides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, Connection, Engine, Table, bindparam, func, select, text, update

from due_regard.calendars.quarters import find_london_day
from due_regard.errors import RegisterError, SettingsError
from due_regard.records.canonical import ENTITY
from due_regard.register.audit import append_audit
from due_regard.register.clocks import TOLERANCE, format_instant
from due_regard.register.engines import writing
from due_regard.register.schema import revisions
from due_regard.register.schema.drop_tables import Batch
from due_regard.register.schema.finding_tables import AssessmentRun, FindingEvent
from due_regard.register.sealing.seal_rules import LEAF, RULES
from due_regard.register.sealing.seals import read_leaves, seal_groups
from due_regard.register.write_guards import lift_guards

DATED = {
    "batches": ("received_at", "released_at"),
    "batch_files": ("known_from",),
    "carried_columns": ("known_from",),
    "disappearances": ("noticed_at",),
    "withdrawals": ("known_from",),
    "used_texts": ("first_used_at",),
    "assessment_runs": ("known_at", "recorded_at"),
    "packs": ("known_at", "built_at"),
    **dict.fromkeys(ENTITY, ("known_from",)),
}
"""Table -> the instants that say since when a thing is known, or what was known for it."""

_CAUSE = "a clock that ran ahead had dated loads, runs or packs in the future"
_NAMED = ("batches", "assessment_runs", "packs")


@dataclass(frozen=True)
class RedatingReport:
    """What was moved: instants by what they were, which batches, runs and packs bear them, and runs of days to come."""

    moved: Mapping[datetime, datetime]
    batches: tuple[int, ...]
    runs: tuple[int, ...]
    packs: tuple[int, ...]
    runs_to_come: tuple[int, ...]


def redate_register(engine: Engine, landlord: str, *, actor: str, why: str, now: datetime) -> RedatingReport:
    """Move what is dated after `now` to just before it, in the order it has.

    Args:
        engine: the register.
        landlord: whose.
        actor: who repairs it.
        why: the reason; both are kept with the batches that are moved, as those of a release are, not in the audit.
        now: the clock, which must be right.

    Raises:
        SettingsError: no name or reason is given.
        RegisterError: nothing is dated in the future, the database's own clock says otherwise, or on PostgreSQL the
            session is not that of the tables' owner; nothing was changed.
    """
    if not actor.strip() or not why.strip():
        raise SettingsError("say who redates the register, and why: both are kept")
    with writing(engine, landlord) as connection:
        moved = _choose_instants(connection, landlord, now)
        named = {name: _list_ids(connection, landlord, name, moved) for name in _NAMED}
        groups = _list_groups(connection, landlord, moved)
        with lift_guards(connection, action="repair", details={"why": _CAUSE}, at=now, landlord=landlord, tables=DATED):
            said = {"redated_at": now, "redated_by": actor.strip(), "redated_why": why.strip()}
            kept_with = _keep_words(connection, landlord, named["batches"], said)
            to_come = _forget_days_to_come(connection, landlord, now)
            _move_instants(connection, landlord, moved)
        groups |= {"batches": sorted({*groups.get("batches", ()), *kept_with})}
        groups |= {"assessment_runs": sorted({*groups.get("assessment_runs", ()), *to_come})}
        details = {"moved": {old.isoformat(): new.isoformat() for old, new in moved.items()}, "runs_to_come": to_come}
        seals = seal_groups(connection, landlord, groups)
        append_audit(
            connection,
            landlord=landlord,
            action="redate",
            subject="loads, runs and packs",
            details=details | named,
            at=now,
            seals=seals,
        )
    return RedatingReport(moved, named["batches"], named["assessment_runs"], named["packs"], to_come)


def list_future_instants(connection: Connection, landlord: str, *, after: datetime) -> list[datetime]:
    """The instants of loads, runs and packs that lie after `after`, in order."""
    found: set[datetime] = set()
    for table, column in _list_columns():
        if table.name not in ENTITY:  # a record's is that of its file
            own = select(column).where(table.c.landlord == landlord, column > after).distinct()
            found.update(connection.scalars(own))
    return sorted(found)


def count_future_decisions(connection: Connection, landlord: str, *, after: datetime) -> int:
    """How many events of findings, decisions among them, are dated after an instant."""
    own = FindingEvent.landlord == landlord, FindingEvent.at > after
    return int(connection.scalar(select(func.count()).select_from(FindingEvent).where(*own)) or 0)


def _list_columns() -> list[tuple[Table, Column[Any]]]:
    tables = revisions.build_metadata().tables
    return [(tables[name], tables[name].c[column]) for name, columns in DATED.items() for column in columns]


def _choose_instants(connection: Connection, landlord: str, now: datetime) -> dict[datetime, datetime]:
    """The new instant of each that lies in the future: a microsecond apart, after what was known before `now`."""
    future = list_future_instants(connection, landlord, after=now)
    if not future or future[-1] <= now + TOLERANCE:
        raise RegisterError(
            f"{landlord}: no load, run or pack is dated after {format_instant(now)}: there is nothing to redate"
        )
    step = timedelta(microseconds=1)
    past = [
        connection.scalar(
            select(column).where(table.c.landlord == landlord, column <= now).order_by(column.desc()).limit(1)
        )
        for table, column in _list_columns()
        if table.name not in ENTITY
    ]
    start = max([now - len(future) * step - step, *filter(None, past)])
    return {old: start + number * step for number, old in enumerate(future, start=1)}


def _list_ids(connection: Connection, landlord: str, name: str, moved: Mapping[datetime, datetime]) -> tuple[int, ...]:
    table = revisions.build_metadata().tables[name]
    found: set[int] = set()
    for column in DATED[name]:
        own = select(table.c.id).where(table.c.landlord == landlord, table.c[column].in_(list(moved)))
        found.update(connection.scalars(own))
    return tuple(sorted(found))


def _list_groups(connection: Connection, landlord: str, moved: Mapping[datetime, datetime]) -> dict[str, Any]:
    """Which groups of rows the audit must seal anew, by rule."""
    groups: dict[str, Any] = {}
    for table, column in _list_columns():
        for rule in RULES.values():
            if rule.table == table.name and column.name in rule.list_columns() and rule.link is not None:
                terms: list[Any] = [table.c.landlord == landlord, column.in_(list(moved))]
                terms += [text(f"({rule.where})")] if rule.where else []
                links = connection.scalars(select(table.c[rule.link]).where(*terms).distinct())
                groups[rule.name] = sorted({*groups.get(rule.name, ()), *links})
    return {name: links for name, links in groups.items() if links}


def _move_instants(connection: Connection, landlord: str, moved: Mapping[datetime, datetime]) -> None:
    for table, column in _list_columns():
        _move_column(connection, landlord, table, column, moved)
    for name in ENTITY:
        _renew_leaves(connection, landlord, name, moved.values())


def _move_column(
    connection: Connection, landlord: str, table: Table, column: Column[Any], moved: Mapping[datetime, datetime]
) -> None:
    for old, new in moved.items():
        connection.execute(update(table).where(table.c.landlord == landlord, column == old).values({column.name: new}))


def _renew_leaves(connection: Connection, landlord: str, name: str, instants: Iterable[datetime]) -> None:
    """Let records that were moved keep the digest of what they say now; those of earlier revisions keep none."""
    table, key = revisions.build_metadata().tables[name], ENTITY[name].key
    terms = [table.c.landlord == landlord, table.c.known_from.in_(list(instants)), table.c[LEAF].is_not(None)]
    rows = [
        {"ref": ref, "number": int(version), "digest": own}
        for part in read_leaves(connection, RULES[name], *terms)
        for ref, version, own in zip(
            part.cells[key].to_pylist(), part.cells["version"].to_pylist(), part.own, strict=True
        )
    ]
    if rows:
        one = (table.c.landlord == landlord, table.c[key] == bindparam("ref"), table.c.version == bindparam("number"))
        connection.execute(update(table).where(*one).values({LEAF: bindparam("digest")}), rows)


def _keep_words(
    connection: Connection, landlord: str, batches: tuple[int, ...], said: Mapping[str, Any]
) -> tuple[int, ...]:
    """Keep what the person said with the batches that are moved, or with the newest one; which these are."""
    own = select(func.max(Batch.id)).where(Batch.landlord == landlord)
    kept_with = batches or tuple(filter(None, [connection.scalar(own)]))
    connection.execute(update(Batch).where(Batch.landlord == landlord, Batch.id.in_(kept_with)).values(**said))
    return kept_with


def _forget_days_to_come(connection: Connection, landlord: str, now: datetime) -> tuple[int, ...]:
    """Runs as at a day to come that moved findings, after which no run of today could: they count as a look ahead."""
    ahead = AssessmentRun.landlord == landlord, AssessmentRun.moved, AssessmentRun.as_at > find_london_day(now)
    found = tuple(connection.scalars(select(AssessmentRun.id).where(*ahead).order_by(AssessmentRun.id)))
    connection.execute(update(AssessmentRun).where(*ahead).values(moved=False))
    return found
