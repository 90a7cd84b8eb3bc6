"""Dated duties that are pending: written anew by each run that moves findings, read for the calendar.

A date that is overdue or due soon is a finding, and read with it; hidden rules are left out in SQL, so in counts too.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Select, delete, func, literal, null, select, union_all
from sqlalchemy.sql.selectable import Subquery

from due_regard.register.engines import match_linked
from due_regard.register.loading import bulk
from due_regard.register.schema.drop_tables import Base
from due_regard.register.schema.finding_tables import OPEN, ComingDuty, Finding

_TABLE = Base.metadata.tables[ComingDuty.__tablename__]
_KEY = ("rule", "subject_type", "subject_ref", "occurrence")
_SAID = ("due_on", "clause", "owner_role", "policy_version")


def replace_coming_duties(connection: Connection, landlord: str, assessments: pd.DataFrame) -> None:
    """Keep what `assessments` (with `policy_version`) says is pending with a date, in place of what was kept before."""
    is_coming = (assessments["state"] == "pending") & assessments["due_on"].notna()
    rows = assessments.loc[is_coming & (assessments["severity"] != "info"), [*_KEY, *_SAID]]
    connection.execute(delete(ComingDuty).where(ComingDuty.landlord == landlord))
    if len(rows):
        bulk.insert_rows(connection, _TABLE, bulk.list_frame_columns(rows), {"landlord": landlord})


def list_coming_about(
    connection: Connection, landlord: str, refs: Collection[str], *, hidden: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """What is coming for records of these references, whatever their kind; rules of `hidden` are left out."""
    is_about = match_linked(connection, ComingDuty.landlord, landlord, ComingDuty.subject_ref, refs)
    about = select(*(getattr(ComingDuty, name) for name in (*_KEY, *_SAID))).where(
        is_about, ComingDuty.rule.not_in(list(hidden))
    )
    return [dict(row) for row in connection.execute(about.order_by(ComingDuty.due_on)).mappings()]


def list_dates_between(
    connection: Connection,
    landlord: str,
    first: date,
    last: date,
    *,
    hidden: Sequence[str] = (),
    limit: int,
    offset: int = 0,
) -> list[dict[str, Any]]:
    """Dates from `first` to `last`, the earliest first: `rule`, `subject_type`, `subject_ref`, `occurrence`, `due_on`,
    `clause`, `owner_role`, `policy_version`, and of open findings `register_ref` and `state`; rules of `hidden` are
    left out.
    """  # noqa: D205 - one sentence
    dates = _union_dates(landlord, first, last, hidden)
    order = (dates.c.due_on, dates.c.rule, dates.c.subject_ref, dates.c.occurrence)
    page = select(dates).order_by(*order).limit(limit).offset(offset)
    return [dict(row) for row in connection.execute(page).mappings()]


def count_dates_between(
    connection: Connection, landlord: str, first: date, last: date, *, hidden: Sequence[str] = ()
) -> int:
    """How many `list_dates_between` has in all."""
    dates = _union_dates(landlord, first, last, hidden)
    return int(connection.scalar(select(func.count()).select_from(dates)) or 0)


def _union_dates(landlord: str, first: date, last: date, hidden: Sequence[str]) -> Subquery:
    open_ones = _select_columns(Finding, Finding.register_ref, Finding.state).where(Finding.status == OPEN)
    coming = _select_columns(ComingDuty, null().label("register_ref"), literal("pending").label("state"))
    both = [
        chosen.where(of.landlord == landlord, of.due_on.between(first, last), of.rule.not_in(list(hidden)))
        for of, chosen in ((Finding, open_ones), (ComingDuty, coming))
    ]
    return union_all(*both).subquery()


def _select_columns(of: Any, *more: Any) -> Select[Any]:
    return select(*(getattr(of, name) for name in (*_KEY, *_SAID)), *more)
