"""Reading findings: which are open, what their life was, and which are silenced.

Open ones are listed whether silenced or reported done: hiding is the reader's decision. Moving findings is
finding_transitions.py's, a person's decisions are decisions.py's.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Engine, Select, func, select

from due_regard.errors import UnknownReference
from due_regard.records.canonical import ASSESSMENT_COLUMNS
from due_regard.register import sql_files
from due_regard.register.engines import reading
from due_regard.register.schema.finding_tables import OPEN, Finding, FindingEvent

_EXTRA = (
    "policy_version",
    "opened_on",
    "opened_at",
    "first_seen_as_at",
    "last_as_at",
    "times_seen",
    "times_opened",
    "silenced_until",
    "awaiting_since",
    "handed_to",
    "handed_at",
    "disputed_at",
)
"""What the register adds to an assessment's columns."""

_UNSHOWN = frozenset({"nonce", "finding_sha256"})
"""Columns of an event that are for the audit alone."""


def read_open_findings(engine: Engine, landlord: str | None = None, *, as_at: date) -> pd.DataFrame:
    """Open findings of one landlord, or of all, oldest due date first (none last, then by reference).

    Args:
        engine: the register.
        landlord: whose; None for every landlord the session may see.
        as_at: the day on which a silence is judged to be over.

    Returns:
        finding_id, register_ref, `ASSESSMENT_COLUMNS`, `_EXTRA`, is_silenced, is_awaiting; dates as datetime64[s],
        instants in UTC.
    """
    with reading(engine, landlord) as connection:
        return read_open_findings_on(connection, landlord, as_at=as_at)


def read_open_findings_on(
    connection: Connection,
    landlord: str | None,
    *,
    as_at: date,
    subject_ref: str | None = None,
    columns: Collection[str] = (*ASSESSMENT_COLUMNS, *_EXTRA),
) -> pd.DataFrame:
    """`read_open_findings` inside the caller's own transaction.

    With `subject_ref` those on such a subject alone; of `columns` those named, beside its references and two marks.
    """
    names = dict.fromkeys([*columns, "silenced_until", "awaiting_since"])
    wanted = [Finding.id.label("finding_id"), Finding.register_ref, *(getattr(Finding, name) for name in names)]
    chosen: Select[Any] = select(*wanted).where(Finding.status == OPEN)
    if landlord is not None:
        chosen = chosen.where(Finding.landlord == landlord)
    if subject_ref is not None:
        chosen = chosen.where(Finding.subject_ref == subject_ref)
    found = sql_files.make_frame(connection.execute(chosen.order_by(Finding.due_on.nulls_last(), Finding.id)))
    found["is_silenced"] = found["silenced_until"] >= pd.Timestamp(as_at)
    found["is_awaiting"] = found["awaiting_since"].notna()
    return found


def count_open_findings(engine: Engine) -> dict[str, int]:
    """How many findings are open, of each landlord that has any."""
    counted = select(Finding.landlord, func.count()).where(Finding.status == OPEN).group_by(Finding.landlord)
    with reading(engine) as connection:
        return {landlord: number for landlord, number in connection.execute(counted)}


def read_finding(engine: Engine, register_ref: str, landlord: str | None = None) -> dict[str, Any]:
    """Where one finding stands.

    Raises:
        UnknownReference: there is no finding of that reference, or it is not the landlord's that is named.
    """
    with reading(engine, landlord) as connection:
        found = read_finding_on(connection, register_ref)
    if landlord not in {None, found["landlord"]}:
        raise UnknownReference(f"{found['register_ref']} is not a finding of {landlord}")
    return found


def read_finding_on(connection: Connection, register_ref: str) -> dict[str, Any]:
    """`read_finding` of any landlord, inside the caller's own transaction."""
    one = select(Finding.__table__).where(Finding.register_ref == register_ref.strip().upper())
    row = connection.execute(one).mappings().first()
    if row is None:
        raise UnknownReference("no finding has that reference; `due-regard findings` lists the open ones")
    return dict(row)


def read_finding_life(engine: Engine, register_ref: str) -> pd.DataFrame:
    """Every event of one finding, oldest first; `actor`, `why` and `to_ref` are what a person said."""
    with reading(engine) as connection:
        own = FindingEvent.finding_id == read_finding_on(connection, register_ref)["id"]
        events = FindingEvent.__table__
        shown = select(*(c for c in events.c if c.name not in _UNSHOWN)).where(own).order_by(FindingEvent.id)
        return sql_files.make_frame(connection.execute(shown))


def list_silences(engine: Engine, landlord: str | None = None, *, on: date) -> pd.DataFrame:
    """The silences of open findings that hold on a day, the first to end first.

    Args:
        engine: the register.
        landlord: whose; None for every landlord the session may see.
        on: the day.

    Returns:
        register_ref, landlord, rule, silenced_until, silenced_at, and the actor and why of the last silence.
    """
    silenced = FindingEvent.__table__.alias("silenced")
    last = select(func.max(silenced.c.id)).where(silenced.c.finding_id == Finding.id, silenced.c.event == "silenced")
    found = (
        select(
            Finding.register_ref, Finding.landlord, Finding.rule, Finding.silenced_until, Finding.silenced_at,
            FindingEvent.actor, FindingEvent.why,
        )
        .join(FindingEvent, FindingEvent.id == last.scalar_subquery())
        .where(Finding.status == OPEN, Finding.silenced_until >= on)
        .order_by(Finding.silenced_until, Finding.id)
    )  # fmt: skip
    if landlord is not None:
        found = found.where(Finding.landlord == landlord)
    with reading(engine, landlord) as connection:
        return sql_files.make_frame(connection.execute(found))
