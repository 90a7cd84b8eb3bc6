"""Recording an assessment: the run itself, its counts, and the audit of it.

How a run moves findings is finding_transitions.py's; what a person decides about one is decisions.py's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

import pandas as pd
from sqlalchemy import Connection, Engine, func, insert, select, update

from due_regard.calendars.quarters import find_london_day
from due_regard.errors import RegisterMovedOn
from due_regard.records.canonical import ASSESSMENT_COLUMNS
from due_regard.register.audit import append_audit
from due_regard.register.engines import writing
from due_regard.register.findings.finding_transitions import FindingTransition
from due_regard.register.findings.used_texts import keep_used_texts
from due_regard.register.knowledge_marks import KnowledgeMark, find_knowledge_mark_on
from due_regard.register.loading.encoding import hash_rows, make_arrow_column
from due_regard.register.schema.finding_tables import OPEN, AssessmentCount, AssessmentRun, Finding
from due_regard.register.sealing.seal_rules import STANDING_RULES
from due_regard.register.sealing.seals import Seals, seal_groups
from due_regard.register.stored_records import find_newest_load

_MOVES = ("opened", "seen", "escalated", "resolved", "reopened")


@dataclass(frozen=True)
class RunReport:
    """One recorded run: rows by state, and how findings moved (all 0 where `moved` is false)."""

    run_id: int
    as_at: date
    moved: bool
    states: dict[str, int]
    sha256: str
    opened: int = 0
    seen: int = 0
    escalated: int = 0
    resolved: int = 0
    reopened: int = 0
    open: int = 0


def record_assessment(
    engine: Engine,
    landlord: str,
    assessments: pd.DataFrame,
    *,
    as_at: date,
    now: datetime,
    policy_version: str,
    rests_on: KnowledgeMark | None = None,
    texts: Mapping[str, str] | None = None,
    record_work: Callable[[Connection, int], None] | None = None,
) -> RunReport:
    """Keep an assessment as a run and move the landlord's findings to what it says.

    A date before that of the last moving run is kept as a run but moves no finding: it looks back. So is a date still
    to come: a mistyped year must not stop the findings' life.

    Args:
        engine: the register.
        landlord: whose assessment.
        assessments: `ASSESSMENT_COLUMNS`, and `policy_version` a row if assessed by several.
        as_at: the day it is about.
        now: when it was computed.
        policy_version: the policy it was assessed by, or the newest of them.
        rests_on: `find_knowledge_mark` before the records were read; nobody may have loaded or withdrawn any since.
        texts: the texts it rests on beside records, by name; they are kept with it, so that it can be judged again.
        record_work: writes down what is to be done once the findings are moved, in the same transaction; is given the
            run's id.

    Raises:
        RegisterMovedOn: a file was loaded, or a record withdrawn, since `rests_on`; nothing was recorded.
    """
    with writing(engine, landlord) as connection:
        file_id, known_from = find_newest_load(connection, landlord)
        if rests_on is not None and find_knowledge_mark_on(connection, landlord) != rests_on:
            raise RegisterMovedOn(
                f"{landlord}: files were loaded, or records withdrawn, while it was assessed; assess it again"
            )
        run = {
            "as_at": as_at,
            "recorded_at": now,
            "policy_version": policy_version,
            "rows": len(assessments),
            "sha256": hash_assessments(assessments),
            "known_at": max(now, known_from or now),
            "moved": _is_latest(connection, landlord, as_at, now),
            "last_batch_file_id": file_id,
            "used_texts": None if texts is None else keep_used_texts(connection, landlord, texts, now=now),
        }
        run_id = _insert_run(connection, landlord, run)
        _write_counts(connection, landlord, run_id, assessments)
        moves = dict.fromkeys(_MOVES, 0)
        if run["moved"]:
            transition = FindingTransition(connection, landlord, run_id, as_at, now, policy_version, file_id)
            moves = transition.move_findings(assessments)
            if record_work is not None:
                record_work(connection, run_id)
        open_after = _finish_run(connection, landlord, run_id, moves)
        states = {str(state): int(n) for state, n in assessments["state"].value_counts().sort_index().items()}
        details = {"as_at": as_at.isoformat(), "sha256": run["sha256"], "moved": run["moved"], **moves}
        subject, seals = f"run {run_id}", _seal_run(connection, landlord, run_id, moved=bool(run["moved"]))
        append_audit(
            connection, landlord=landlord, action="assess", subject=subject, details=details, at=now, seals=seals
        )
    return RunReport(run_id, as_at, bool(run["moved"]), states, str(run["sha256"]), **moves, open=open_after)


def _seal_run(connection: Connection, landlord: str, run_id: int, *, moved: bool) -> Seals:
    groups: dict[str, Any] = dict.fromkeys(("assessment_runs", "assessment_counts", "finding_events"), run_id)
    return seal_groups(connection, landlord, groups | (dict.fromkeys(STANDING_RULES) if moved else {}))


def _is_latest(connection: Connection, landlord: str, as_at: date, now: datetime) -> bool:
    """Whether a run as at that day is the landlord's latest word: neither before the last one nor still to come."""
    moving = select(func.max(AssessmentRun.as_at)).where(AssessmentRun.landlord == landlord, AssessmentRun.moved)
    last = connection.scalar(moving) or date.min
    return last <= as_at <= find_london_day(now)


def hash_assessments(assessments: pd.DataFrame) -> str:
    """What identifies an assessment: its rows and their order, by the contract's columns."""
    columns = ((name, make_arrow_column(assessments[name])) for name in ASSESSMENT_COLUMNS)
    return hashlib.sha256(hash_rows(columns, len(assessments)).tobytes()).hexdigest()


def _insert_run(connection: Connection, landlord: str, run: dict[str, Any]) -> int:
    blank = dict.fromkeys((*_MOVES, "open_after"), 0)
    new = insert(AssessmentRun).values(landlord=landlord, **run, **blank).returning(AssessmentRun.id)
    return int(connection.execute(new).scalar_one())


def _finish_run(connection: Connection, landlord: str, run_id: int, moves: dict[str, int]) -> int:
    """Write down how findings moved; how many are open now."""
    still = select(func.count()).where(Finding.landlord == landlord, Finding.status == OPEN)
    open_after = int(connection.scalar(still) or 0)
    connection.execute(update(AssessmentRun).where(AssessmentRun.id == run_id).values(**moves, open_after=open_after))
    return open_after


def _write_counts(connection: Connection, landlord: str, run_id: int, assessments: pd.DataFrame) -> None:
    counts = assessments.groupby(["rule", "state", "severity"], observed=True).size().reset_index(name="n")
    if len(counts):
        rows = counts.assign(run_id=run_id, landlord=landlord).to_dict("records")
        connection.execute(insert(AssessmentCount), cast("list[dict[str, Any]]", rows))
