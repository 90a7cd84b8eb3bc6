"""Whether the instant that an act is given as now can be one, and from when what it brings is known.

A clock that ran ahead once would hide whatever is learnt until the instant that it said; one that ran behind would put
new facts before old ones. Machines a few minutes apart do no harm: `find_known_from` keeps the order.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Engine, func, select, text

from due_regard.errors import ClockError
from due_regard.register.engines import reading
from due_regard.register.schema.drop_tables import AuditRow
from due_regard.register.schema.finding_tables import AssessmentRun
from due_regard.register.stored_records import find_newest_load

TOLERANCE = timedelta(minutes=5)
"""How far two machines' clocks may be apart."""


def check_not_ahead(connection: Connection, now: datetime) -> None:
    """Ask PostgreSQL's own clock; SQLite has none but the machine's.

    Raises:
        ClockError: `now` is more than `TOLERANCE` ahead of it; says both instants.
    """
    if connection.dialect.name != "postgresql":
        return
    theirs = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    if now > theirs + TOLERANCE:
        raise ClockError(
            f"this machine's clock says {format_instant(now)}, and the database's {format_instant(theirs)}: nothing "
            "was changed. Set the wrong one right, and do it again"
        )


def check_not_behind(connection: Connection, landlord: str, now: datetime) -> None:
    """Compare with the landlord's newest load.

    Raises:
        ClockError: `now` is more than `TOLERANCE` behind it; says both instants.
    """
    _, last = find_newest_load(connection, landlord)
    if last is not None and now < last - TOLERANCE:
        raise ClockError(
            f"{landlord}: it is {format_instant(now)} by the clock, and the newest load is dated {format_instant(last)}"
            "; nothing was changed. Set this machine's clock right if it is behind; if that load was dated by a clock "
            f"that ran ahead, `due-regard register redate --landlord {landlord}` puts it right"
        )


def check_follows_audit(engine: Engine, landlord: str, now: datetime) -> None:
    """Compare a given instant with the newest entry of the landlord's audit.

    Raises:
        ClockError: `now` is more than `TOLERANCE` behind it; says both instants.
    """
    with reading(engine, landlord) as connection:
        last = connection.scalar(select(func.max(AuditRow.at)).where(AuditRow.landlord == landlord))
    if last is not None and now < last - TOLERANCE:
        raise ClockError(
            f"{landlord}: {format_instant(now)} is given for now, and something was recorded at {format_instant(last)}"
            "; nothing was changed. A history is recorded in its order: give a later instant, or begin a new register"
        )


def format_instant(at: datetime) -> str:
    """An instant as messages say it."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def find_known_from(connection: Connection, landlord: str, now: datetime) -> datetime:
    """From when a new fact is known: now, not before what is known already, and after every recorded run.

    These must stay rebuildable.
    """
    _, last = find_newest_load(connection, landlord)
    assessed = connection.scalar(select(func.max(AssessmentRun.known_at)).where(AssessmentRun.landlord == landlord))
    after = assessed + timedelta(microseconds=1) if assessed else now
    return max(now, last or now, after)
