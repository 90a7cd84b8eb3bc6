"""On which days a landlord was judged, and which findings were open at the end of one: from runs and events alone.

Where findings stand now is open_findings.py's. A run that looked back or ahead moved no finding and judged no day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import pandas as pd
from sqlalchemy import Engine, func, select

from due_regard.calendars.quarters import LONDON
from due_regard.register import sql_files
from due_regard.register.engines import reading
from due_regard.register.schema.finding_tables import AssessmentCount, AssessmentRun


@dataclass(frozen=True)
class JudgedDay:
    """The last run that moved a landlord's findings on one day.

    Attributes:
        run_id: the run.
        as_at: the day.
        known_at: the instant whose knowledge it rests on.
        sha256: identifies its assessments.
        open_findings: how many were open after it.
        rules: duties it had anything to say of.
        unmeasured: rule -> how often it could not be measured.
        is_last: whether no later run moved the findings.
    """

    run_id: int
    as_at: date
    known_at: datetime
    sha256: str
    open_findings: int
    rules: tuple[str, ...]
    unmeasured: dict[str, int]
    is_last: bool


def find_judged_day(engine: Engine, landlord: str, as_at: date) -> JudgedDay | None:
    """How the landlord was judged on a day; None where it was not."""
    moving = (AssessmentRun.landlord == landlord, AssessmentRun.moved)
    with reading(engine, landlord) as connection:
        on_day = select(AssessmentRun.__table__).where(*moving, AssessmentRun.as_at == as_at)
        run = connection.execute(on_day.order_by(AssessmentRun.id.desc()).limit(1)).mappings().first()
        if run is None:
            return None
        newest = connection.scalar(select(func.max(AssessmentRun.id)).where(*moving))
        counts = select(AssessmentCount.rule, AssessmentCount.state, AssessmentCount.n)
        said = connection.execute(counts.where(AssessmentCount.run_id == run["id"])).all()
    unmeasured: dict[str, int] = {}
    for rule, state, n in said:
        if state == "not_measured":
            unmeasured[rule] = unmeasured.get(rule, 0) + n
    rules = tuple(sorted({rule for rule, _, _ in said}))
    return JudgedDay(
        run["id"], as_at, run["known_at"], run["sha256"], run["open_after"], rules, unmeasured, run["id"] == newest
    )


def list_judged_days(engine: Engine, landlord: str) -> list[date]:
    """The days on which a landlord was judged, the first first."""
    days = select(AssessmentRun.as_at).where(AssessmentRun.landlord == landlord, AssessmentRun.moved).distinct()
    with reading(engine, landlord) as connection:
        return list(connection.scalars(days.order_by(AssessmentRun.as_at)))


def list_judged_landlords(engine: Engine) -> list[str]:
    """The landlords that were ever judged in this register, as far as the session may see them."""
    with reading(engine) as connection:
        found = select(AssessmentRun.landlord).where(AssessmentRun.moved).distinct()
        return list(connection.scalars(found.order_by(AssessmentRun.landlord)))


def read_findings_open_on(engine: Engine, landlord: str, on: date) -> pd.DataFrame:
    """Findings that were open at the end of a day, by their events.

    Returns:
        finding_id, register_ref, rule, subject_type, subject_ref, occurrence, state (as it was then).
    """
    with reading(engine, landlord) as connection:
        return sql_files.read_statement(connection, "register/findings_open_on", landlord=landlord, on=on)


def read_new_owners_on(engine: Engine, landlord: str, on: date) -> pd.DataFrame:
    """Findings that were in the hands of a new owner at the end of a day: finding_id, handed_to."""
    ends = datetime.combine(on + timedelta(days=1), time(), LONDON)
    with reading(engine, landlord) as connection:
        return sql_files.read_statement(connection, "register/new_owners_on", landlord=landlord, ends=ends)
