"""Seals the views of each day that is over: their digest goes into the landlord's audit chain, once.

From then on `audit verify` finds a view of that day that was changed, removed or put in. A day without a view is sealed
too once a first view was kept, so that none can be put in later.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import Connection, Engine, func, select

from due_regard.calendars.quarters import find_london_day
from due_regard.register.audit import append_audit
from due_regard.register.engines import reading, writing
from due_regard.register.schema.view_tables import RecordView
from due_regard.register.viewed_records import VIEWS_DIGESTED, digest_day, find_day_start, find_last_sealed_day

_SETTLED = timedelta(hours=1)
"""How long after its end a day is left open: a page asked for before midnight may be written after it."""


def seal_views(engine: Engine, landlord: str, *, now: datetime) -> list[date]:
    """Seal the landlord's days that are over and not sealed yet; called again on the same day it writes nothing.

    Returns:
        The days sealed now.
    """
    with reading(engine, landlord) as connection:
        if not _list_unsealed_days(connection, landlord, now):
            return []
    with writing(engine, landlord) as connection:
        days = _list_unsealed_days(connection, landlord, now)
        for day in days:
            found = digest_day(connection, landlord, day)
            details = {"rows": found.rows, "sha256": found.sha256}
            append_audit(
                connection, landlord=landlord, action=VIEWS_DIGESTED, subject=str(day), details=details, at=now
            )
    return days


def _list_unsealed_days(connection: Connection, landlord: str, now: datetime) -> list[date]:
    if last := find_last_sealed_day(connection, landlord):
        first = last + timedelta(days=1)
    elif begun := connection.scalar(select(func.min(RecordView.at)).where(RecordView.landlord == landlord)):
        first = find_london_day(begun)
    else:
        return []
    days = []
    while find_day_start(first + timedelta(days=1)) + _SETTLED <= now:
        days.append(first)
        first += timedelta(days=1)
    return days
