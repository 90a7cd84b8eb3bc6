"""On which days a landlord was judged, and which findings were open at the end of one: from runs and events alone.

Where findings stand now is open_findings.py's. A run that looked back or ahead moved no finding and judged no day.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

import pandas as pd
from sqlalchemy import Connection, Engine, func, select

from due_regard.calendars.quarters import LONDON
from due_regard.register import sql_files
from due_regard.register.engines import reading
from due_regard.register.schema.finding_tables import AssessmentCount, AssessmentRun


@dataclass(frozen=True)
class DutyCounts:
    """Of which duties a run could tell anything.

    Attributes:
        rules: duties it had anything to say of.
        unmeasured: rule -> how often it could not be measured.
        measured: duties that could be measured, be it in part.
    """

    rules: tuple[str, ...] = ()
    unmeasured: Mapping[str, int] = field(default_factory=dict)
    measured: tuple[str, ...] = ()

    @property
    def is_blind(self) -> bool:
        """Whether no duty could be measured: then no open finding is no all-clear."""
        return bool(self.rules) and not self.measured


@dataclass(frozen=True)
class JudgedDay:
    """The last run that moved a landlord's findings on one day.

    Attributes:
        run_id: the run.
        as_at: the day.
        known_at: the instant whose knowledge it rests on.
        sha256: identifies its assessments.
        open_findings: how many were open after it.
        duties: which of them could be measured.
        is_last: whether no later run moved the findings.
    """

    run_id: int
    as_at: date
    known_at: datetime
    sha256: str
    open_findings: int
    duties: DutyCounts
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
        duties = _count_duties(connection, run["id"])
    return JudgedDay(run["id"], as_at, run["known_at"], run["sha256"], run["open_after"], duties, run["id"] == newest)


def count_duties_on(connection: Connection, landlord: str, as_at: date) -> DutyCounts:
    """Of which duties the newest run up to a day could tell anything; of none where there was no run."""
    runs = select(func.max(AssessmentRun.id)).where(AssessmentRun.landlord == landlord, AssessmentRun.moved)
    run_id = connection.scalar(runs.where(AssessmentRun.as_at <= as_at))
    return DutyCounts() if run_id is None else _count_duties(connection, run_id)


def _count_duties(connection: Connection, run_id: int) -> DutyCounts:
    counts = select(AssessmentCount.rule, AssessmentCount.state, AssessmentCount.n)
    rules, measured, unmeasured = set(), set(), Counter[str]()
    for rule, state, n in connection.execute(counts.where(AssessmentCount.run_id == run_id)):
        rules.add(rule)
        if state == "not_measured":
            unmeasured[rule] += n
        else:
            measured.add(rule)
    return DutyCounts(tuple(sorted(rules)), dict(unmeasured), tuple(sorted(measured)))


def find_last_judged(connection: Connection, landlord: str) -> tuple[date, datetime, int] | None:
    """The day that a landlord's findings stand at, the instant whose knowledge that rests on, and the run."""
    moving = (AssessmentRun.landlord == landlord, AssessmentRun.moved)
    last = select(AssessmentRun.as_at, AssessmentRun.known_at, AssessmentRun.id).where(*moving)
    row = connection.execute(last.order_by(AssessmentRun.id.desc()).limit(1)).first()
    return None if row is None else (row[0], row[1], row[2])


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
