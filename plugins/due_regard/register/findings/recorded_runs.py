"""Recorded runs as they are to be judged again, and whether each row is the one that the audit was told of.

Judging one again takes its texts and the core: services/judge_run_again.py does it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Engine, Select, select

from due_regard.register.engines import reading
from due_regard.register.schema.drop_tables import AuditRow
from due_regard.register.schema.finding_tables import AssessmentRun
from due_regard.register.sealing.row_faults import ProofFault

_AUDITED = ("opened", "seen", "escalated", "resolved", "reopened", "moved", "sha256")
_TABLE = "assessment_runs"


@dataclass(frozen=True)
class RecordedRun:
    """One recorded run, and by digest the texts it rests on; None: of an earlier revision, which kept none."""

    id: int
    landlord: str
    as_at: date
    known_at: datetime
    policy_version: str
    rows: int
    sha256: str
    moved: bool
    used_texts: Mapping[str, str] | None

    @property
    def place(self) -> str:
        """How a message names its row."""
        return f"run {self.id}"


def list_recorded_runs(engine: Engine, landlord: str) -> list[RecordedRun]:
    """Every run of a landlord, the newest first."""
    with reading(engine, landlord) as connection:
        return [_make_run(row) for row in connection.execute(_select_runs(landlord)).mappings()]


def read_recorded_run(engine: Engine, landlord: str, run_id: int) -> RecordedRun:
    """One run of a landlord."""
    with reading(engine, landlord) as connection:
        return _make_run(connection.execute(_select_runs(landlord).where(AssessmentRun.id == run_id)).mappings().one())


def _select_runs(landlord: str) -> Select[Any]:
    names = (getattr(AssessmentRun, name) for name in RecordedRun.__dataclass_fields__)
    return select(*names).where(AssessmentRun.landlord == landlord).order_by(AssessmentRun.id.desc())


def _make_run(row: Mapping[Any, Any]) -> RecordedRun:
    said = row["used_texts"]
    # A list that somebody tampered with may be none.
    texts = said if said is None or isinstance(said, dict) else {}
    return RecordedRun(**{**{str(name): value for name, value in row.items()}, "used_texts": texts})


def find_run_faults(connection: Connection, landlord: str) -> Iterator[ProofFault]:
    """Runs that are not what the audit was told of them, and those that one of the two does not know."""
    entries = select(AuditRow.subject, AuditRow.details, AuditRow.at)
    entries = entries.where(AuditRow.landlord == landlord, AuditRow.action == "assess").order_by(AuditRow.seq)
    told = {subject: (json.loads(details), at) for subject, details, at in connection.execute(entries)}
    runs = select(AssessmentRun.__table__).where(AssessmentRun.landlord == landlord).order_by(AssessmentRun.id)
    keeps_texts = False
    for row in connection.execute(runs).mappings():
        place = f"run {row['id']}"
        if keeps_texts and not row["used_texts"]:
            why = "its list of texts was removed: runs before it have one"
            yield ProofFault(landlord, _TABLE, place, "changed", why)
        keeps_texts = keeps_texts or bool(row["used_texts"])
        if place not in told:
            yield ProofFault(landlord, _TABLE, place, "put in", "the audit was told of no such run")
            continue
        details, at = told.pop(place)
        wrong = [name for name in _AUDITED if row[name] != details[name]]
        wrong += ["as_at"] if row["as_at"].isoformat() != details["as_at"] else []
        wrong += ["recorded_at"] if row["recorded_at"] != at else []
        if wrong:
            why = f"the audit was told of other values: {', '.join(wrong)}"
            yield ProofFault(landlord, _TABLE, place, "changed", why)
    for place in told:
        yield ProofFault(landlord, _TABLE, place, "missing", "the audit was told of it")
