"""Which work was begun for a landlord and has not come to its end in time: rows of `runs`.

A killed process calls nothing back, so the row is opened before the work and closed after it. Whom to tell of one left
open is services/report_failure.py's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Engine, and_, func, insert, select, update

from due_regard.register.engines import reading, writing
from due_regard.register.schema.finding_tables import AssessmentRun
from due_regard.register.schema.run_tables import TaskRun

BACKUP_DAG, PROOF_DAG, WATCH_DAG = "backup", "verify", "watch"
"""Work on a whole register, of which each landlord has a row to be told by: it is no sign that a landlord is run."""

_DAY_DAG = "daily"

RUNNING, FAILED, SUCCEEDED = "running", "failed", "succeeded"


@dataclass(frozen=True)
class RunKey:
    """One piece of work for one landlord in one run of a DAG."""

    landlord: str
    dag_id: str
    verb: str
    run_id: str


@dataclass(frozen=True)
class OverdueRun:
    """A run that has not succeeded by its time: it failed, or its process was killed and left it running."""

    key: RunKey
    started_at: datetime
    has_failed: bool


@dataclass(frozen=True)
class NewestWork:
    """What a landlord's day came to last: a piece of work, when it began, and its outcome."""

    verb: str
    started_at: datetime
    outcome: str


def open_run(engine: Engine, key: RunKey, *, now: datetime, must_end_by: datetime) -> None:
    """Note that the work begins, or begins again."""
    begun = {"started_at": now, "must_end_by": must_end_by, "ended_at": None, "outcome": RUNNING}
    with writing(engine, key.landlord) as connection:
        if not _update_run(connection, key, begun):
            connection.execute(insert(TaskRun).values(**vars(key), **begun))


def fail_run(engine: Engine, key: RunKey, *, now: datetime, must_end_by: datetime) -> None:
    """Note that the work failed; a retry that has not succeeded by `must_end_by` is told."""
    with writing(engine, key.landlord) as connection:
        _update_run(connection, key, {"must_end_by": must_end_by, "ended_at": now, "outcome": FAILED})


def close_run(engine: Engine, key: RunKey, *, now: datetime) -> None:
    """Note that the work is done."""
    with writing(engine, key.landlord) as connection:
        _update_run(connection, key, {"ended_at": now, "outcome": SUCCEEDED})


def _update_run(connection: Connection, key: RunKey, values: dict[str, Any]) -> bool:
    matches = (getattr(TaskRun, name) == value for name, value in vars(key).items())
    return bool(connection.execute(update(TaskRun).where(*matches).values(**values)).rowcount)


def list_overdue_runs(engine: Engine, *, now: datetime, unmended: bool = False) -> list[OverdueRun]:
    """Runs of every landlord that had not succeeded by their time, the oldest first.

    Args:
        engine: the register.
        now: what is still within its time is not overdue.
        unmended: leave out those after which a later run of the same work succeeded.
    """
    # Not "other than succeeded": every task asks, and would walk all work that was ever done.
    overdue = select(TaskRun).where(TaskRun.outcome.in_((RUNNING, FAILED)), TaskRun.must_end_by < now)
    if unmended:
        later = _find_last_successes().subquery()
        same = and_(*(TaskRun.__table__.c[name] == later.c[name] for name in ("landlord", "dag_id", "verb")))
        is_mended = select(later.c.landlord).where(same, later.c.started_at > TaskRun.started_at)
        overdue = overdue.where(~is_mended.exists())
    with reading(engine) as connection:
        rows = connection.execute(overdue.with_only_columns(*TaskRun.__table__.c).order_by(TaskRun.started_at)).all()
    return [
        OverdueRun(RunKey(row.landlord, row.dag_id, row.verb, row.run_id), row.started_at, row.outcome == FAILED)
        for row in rows
    ]


def _find_last_successes() -> Any:
    columns = (TaskRun.landlord, TaskRun.dag_id, TaskRun.verb)
    latest = select(*columns, func.max(TaskRun.started_at).label("started_at"))
    return latest.where(TaskRun.outcome == SUCCEEDED).group_by(*columns)


def find_first_sign(connection: Connection, landlord: str) -> datetime | None:
    """When work was first done for a landlord; None where none ever was."""
    own = TaskRun.landlord == landlord, TaskRun.dag_id.not_in((BACKUP_DAG, PROOF_DAG, WATCH_DAG))
    begun = connection.scalar(select(func.min(TaskRun.started_at)).where(*own))
    assessed = connection.scalar(select(func.min(AssessmentRun.recorded_at)).where(AssessmentRun.landlord == landlord))
    return min((at for at in (begun, assessed) if at is not None), default=None)


def read_assessed_days(connection: Connection, landlord: str, *, since: date) -> dict[date, datetime]:
    """Each day from `since` that the landlord's findings stood at, and when it was first assessed."""
    first = select(AssessmentRun.as_at, func.min(AssessmentRun.recorded_at)).group_by(AssessmentRun.as_at)
    own = first.where(AssessmentRun.landlord == landlord, AssessmentRun.moved, AssessmentRun.as_at >= since)
    return {row[0]: row[1] for row in connection.execute(own)}


def find_newest_work(connection: Connection, landlord: str, *, since: datetime) -> NewestWork | None:
    """The newest piece of work of the landlord's days that began at or after `since`."""
    own = select(TaskRun.verb, TaskRun.started_at, TaskRun.outcome).where(
        TaskRun.landlord == landlord, TaskRun.dag_id == f"{landlord}.{_DAY_DAG}", TaskRun.started_at >= since
    )
    row = connection.execute(own.order_by(TaskRun.started_at.desc()).limit(1)).first()
    return None if row is None else NewestWork(row.verb, row.started_at, row.outcome)


def note_watch(engine: Engine, landlord: str, watch: str, *, now: datetime) -> None:
    """Note that a watch has looked after a landlord: its sign of life, of which the last one is kept."""
    key = RunKey(landlord, WATCH_DAG, "tell", watch)
    looked = {"started_at": now, "must_end_by": now, "ended_at": now, "outcome": SUCCEEDED}
    with writing(engine, landlord) as connection:
        if not _update_run(connection, key, looked):
            connection.execute(insert(TaskRun).values(**vars(key), **looked))


def read_watches(connection: Connection, landlord: str) -> dict[str, datetime]:
    """Each watch that ever looked after a landlord, and when it last did."""
    own = select(TaskRun.run_id, TaskRun.started_at).where(TaskRun.landlord == landlord, TaskRun.dag_id == WATCH_DAG)
    return {row.run_id: row.started_at for row in connection.execute(own)}
