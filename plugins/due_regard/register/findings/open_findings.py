"""Reading findings: which are open, what their life was, and how they flowed over a period.

Open ones are listed whether silenced or reported done: hiding is the reader's decision. Moving findings is runs.py's,
a person's decisions are decisions.py's.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Engine, Select, select

from due_regard.errors import RegisterError
from due_regard.records.canonical import ASSESSMENT_COLUMNS
from due_regard.register import sql_files
from due_regard.register.engines import reading
from due_regard.register.schema.finding_tables import Finding, FindingEvent

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
)
OPEN_COLUMNS = ("finding_id", "register_ref", *ASSESSMENT_COLUMNS, *_EXTRA, "is_silenced", "is_awaiting")
"""Columns of `read_open_findings`."""


def read_open_findings(engine: Engine, landlord: str | None = None, *, as_at: date) -> pd.DataFrame:
    """Open findings of one landlord, or of all, oldest due date first (none last, then by reference).

    Args:
        engine: the register.
        landlord: whose; None for every landlord the session may see.
        as_at: the day on which a silence is judged to be over.

    Returns:
        `OPEN_COLUMNS`; dates as datetime64[s], instants in UTC.
    """
    with reading(engine, landlord) as connection:
        return read_open_findings_on(connection, landlord, as_at=as_at)


def read_open_findings_on(connection: Connection, landlord: str | None, *, as_at: date) -> pd.DataFrame:
    """`read_open_findings` inside the caller's own transaction."""
    columns: list[Any] = [Finding.id.label("finding_id"), Finding.register_ref]
    columns += [getattr(Finding, name) for name in (*ASSESSMENT_COLUMNS, *_EXTRA)]
    chosen: Select[Any] = select(*columns).where(Finding.status == "open")
    if landlord is not None:
        chosen = chosen.where(Finding.landlord == landlord)
    found = sql_files.make_frame(connection.execute(chosen.order_by(Finding.due_on.nulls_last(), Finding.id)))
    found["is_silenced"] = found["silenced_until"] >= pd.Timestamp(as_at)
    found["is_awaiting"] = found["awaiting_since"].notna()
    return found


def read_finding(engine: Engine, register_ref: str) -> dict[str, Any]:
    """Where one finding stands.

    Raises:
        RegisterError: there is no finding of that reference.
    """
    with reading(engine) as connection:
        return read_finding_on(connection, register_ref)


def read_finding_on(connection: Connection, register_ref: str) -> dict[str, Any]:
    """`read_finding` inside the caller's own transaction."""
    one = select(Finding.__table__).where(Finding.register_ref == register_ref.strip().upper())
    row = connection.execute(one).mappings().first()
    if row is None:
        raise RegisterError("no finding has that reference; `due-regard findings` lists the open ones")
    return dict(row)


def read_finding_life(engine: Engine, register_ref: str) -> pd.DataFrame:
    """Every event of one finding, oldest first; `actor` and `why` are what a person said."""
    with reading(engine) as connection:
        own = FindingEvent.finding_id == read_finding_on(connection, register_ref)["id"]
        events = FindingEvent.__table__
        shown = select(*(c for c in events.c if c.name != "nonce")).where(own).order_by(FindingEvent.id)
        return sql_files.make_frame(connection.execute(shown))


def read_findings_open_on(engine: Engine, landlord: str, on: date) -> pd.DataFrame:
    """The findings that were open at the end of the day `on`, by the events recorded: finding_id, rule, state."""
    with reading(engine, landlord) as connection:
        return sql_files.read_statement(connection, "register/findings_open_on", landlord=landlord, on=on)


def count_finding_flows(engine: Engine, landlord: str, since: date, until: date) -> pd.DataFrame:
    """How findings flowed after `since` up to and with `until`, a rule: opening + opened - resolved = closing.

    Reopened findings count as opened.
    """
    with reading(engine, landlord) as connection:
        flows = sql_files.read_statement(
            connection, "register/finding_flows", landlord=landlord, since=since, until=until
        )
    return flows.astype(dict.fromkeys(("opening", "opened", "resolved", "closing"), "int64"))
