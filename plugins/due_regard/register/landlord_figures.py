"""What is measured of every landlord of a register at once: one query a figure, however many landlords it holds.

Counts and dates alone; nothing here names a person, a record or a file. What may be shown of them is the caller's.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, case, func, select

from due_regard.register.schema.alert_tables import AlertMessage
from due_regard.register.schema.drop_tables import Batch
from due_regard.register.schema.finding_tables import OPEN, AssessmentRun, Finding


@dataclass(frozen=True)
class RuleFigures:
    """How many findings of one rule are open, and since when the oldest overdue one of them is due."""

    landlord: str
    rule: str
    open: int
    oldest_due_on: date | None


def count_drops(connection: Connection) -> dict[str, tuple[int, int]]:
    """Landlord -> how many drops were loaded so far, and how many rows of its drops were handed back."""
    loaded = func.sum(case((Batch.status == "loaded", 1), else_=0))
    rows = connection.execute(select(Batch.landlord, loaded, func.sum(Batch.rows_rejected)).group_by(Batch.landlord))
    return {landlord: (int(drops), int(rejected)) for landlord, drops, rejected in rows}


def count_findings_by_rule(connection: Connection) -> list[RuleFigures]:
    """The open findings of each landlord and rule."""
    overdue_on = case((Finding.state == "overdue", Finding.due_on))
    counted = select(Finding.landlord, Finding.rule, func.count(), func.min(overdue_on)).where(Finding.status == OPEN)
    return [RuleFigures(*row) for row in connection.execute(counted.group_by(Finding.landlord, Finding.rule))]


def count_waiting_mails(connection: Connection, modes: Collection[str]) -> dict[str, int]:
    """Landlord -> how many of its mails of these modes have still to leave."""
    waits = AlertMessage.status.in_(("waiting", "sending")), AlertMessage.mode.in_(list(modes))
    counted = select(AlertMessage.landlord, func.count()).where(*waits).group_by(AlertMessage.landlord)
    return {landlord: number for landlord, number in connection.execute(counted)}


def read_last_assessments(connection: Connection) -> dict[str, datetime]:
    """Landlord -> when it was last assessed."""
    newest = select(AssessmentRun.landlord, func.max(AssessmentRun.recorded_at)).group_by(AssessmentRun.landlord)
    return {landlord: at for landlord, at in connection.execute(newest)}
