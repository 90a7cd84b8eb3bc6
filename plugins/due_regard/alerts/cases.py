"""Open findings as alerts needs them: each with its duty, clock and stage, and what keeps it out of today's mail.

Pure: frames and dates in, values out. routing.py finds who is told; sent_history.py knows what was mailed before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd

from due_regard.alerts.alert_context import AlertContext
from due_regard.alerts.escalation import EscalationClock, EscalationStage, find_clock, find_stage
from due_regard.policy import Duty
from due_regard.policy.duties import FedFigure

INHIBITED_BY: Mapping[FedFigure | None, tuple[FedFigure, ...]] = {"reviews": ("expiries",)}
"""Figure a duty feeds -> figures whose duties, overdue on the same subject, hide its `due soon`.

A lapsed restriction needs no reminder of its review.
"""


@dataclass(frozen=True, slots=True)
class OpenFinding:
    """One open finding of the register; `occasion` changes when it opens again or its due date moves.

    Attributes:
        handed_to: the member of staff a person handed it to.
        was_handed_over: whether its owner was ever changed by a person, be it back.
        disputed_at: since when a person's dispute waits for governance.
    """

    finding_id: int
    register_ref: str
    rule: str
    subject_type: str
    subject_ref: str
    due_on: date | None
    clause: str
    owner_role: str
    opened_on: date
    times_opened: int
    is_silenced: bool
    is_awaiting: bool
    policy_version: date | None
    handed_to: str | None = None
    was_handed_over: bool = False
    disputed_at: datetime | None = None

    @property
    def occasion(self) -> str:
        """What was mailed of one occasion is not mailed again; a new due date or a new opening is another one."""
        return f"{self.times_opened}/{self.due_on or '-'}"


@dataclass(frozen=True, slots=True)
class Case:
    """A finding with its duty and the stage it has reached on one day.

    Attributes:
        is_backlog: it was wrong on the day before the landlord's go-live, and nobody handed it out: it is listed once
            and moves up no stage.
        next_stage_from: the first day the next stage may go out, where the stage below holds it back.
    """

    finding: OpenFinding
    duty: Duty
    clock: EscalationClock
    stage: EscalationStage
    is_backlog: bool
    next_stage_from: date = date.min

    @property
    def is_restricted(self) -> bool:
        """Whether only the duty's `restricted_to` may be told of it."""
        return bool(self.duty.restricted_to)

    @property
    def has_silence(self) -> bool:
        """Whether a person's silence holds; from the director's stage on it cannot hide a statutory clock."""
        return self.finding.is_silenced and not self.is_beyond_silence

    @property
    def is_beyond_silence(self) -> bool:
        """Whether it is a statutory clock that has reached the director."""
        return self.duty.statutory and self.stage >= EscalationStage.DIRECTOR


def make_findings(frame: pd.DataFrame) -> list[OpenFinding]:
    """The rows of `register.read_open_findings` as values."""
    return [_make_finding(row) for row in frame.to_dict("records")]


def build_cases(findings: Iterable[OpenFinding], backlog: frozenset[int], context: AlertContext) -> list[Case]:
    """Every finding that has reached a stage on the day, less those that a worse one on the same subject hides.

    `backlog` are the ids of those that were wrong before go-live; they are there at once, for their list waits for no
    grace.
    """
    as_at = context.as_at
    # A finding opened by a later day's assessment was not known on `as_at`.
    stages: dict[EscalationClock, EscalationStage] = {}
    found = [_build_case(finding, backlog, context, stages) for finding in findings if finding.opened_on <= as_at]
    reached = [case for case in found if case is not None and (case.stage > EscalationStage.NONE or case.is_backlog)]
    # By date, not by the state recorded: the assessment may be older than the mail.
    lapsed = {(c.duty.feeds, c.finding.subject_ref) for c in reached if not c.clock.is_check and c.clock.anchor < as_at}
    return [case for case in reached if case.clock.anchor < as_at or not _is_inhibited(case, lapsed)]


def _build_case(
    finding: OpenFinding,
    backlog: frozenset[int],
    context: AlertContext,
    stages: dict[EscalationClock, EscalationStage],
) -> Case | None:
    """The case of a finding; `stages` keeps what is known of a clock, for many findings share one."""
    as_at, calendar, alerts = context.as_at, context.calendar, context.settings
    duty = context.history.find_duty(finding.rule, finding.policy_version)
    clock = find_clock(duty, due_on=finding.due_on, opened_on=finding.opened_on, calendar=calendar, alerts=alerts)
    if clock is None:
        return None
    if clock not in stages:
        stages[clock] = find_stage(clock, as_at, calendar=calendar, alerts=alerts)
    is_backlog = not duty.restricted_to and finding.finding_id in backlog and finding.handed_to is None
    return Case(finding, duty, clock, stages[clock], is_backlog)


def _is_inhibited(case: Case, lapsed: set[tuple[FedFigure | None, str]]) -> bool:
    worse = INHIBITED_BY.get(case.duty.feeds, ())
    return any((figure, case.finding.subject_ref) in lapsed for figure in worse)


def _make_finding(row: Mapping[Any, Any]) -> OpenFinding:
    return OpenFinding(
        finding_id=int(str(row["finding_id"])),
        register_ref=str(row["register_ref"]),
        rule=str(row["rule"]),
        subject_type=str(row["subject_type"]),
        subject_ref=str(row["subject_ref"]),
        due_on=_as_optional_date(row["due_on"]),
        clause=str(row["clause"]),
        owner_role=str(row["owner_role"]),
        opened_on=_as_optional_date(row["opened_on"]) or date.min,
        times_opened=int(str(row["times_opened"])),
        is_silenced=bool(row["is_silenced"]),
        is_awaiting=bool(row["is_awaiting"]),
        policy_version=_as_optional_date(row["policy_version"]),
        handed_to=None if pd.isna(row["handed_to"]) else str(row["handed_to"]),
        was_handed_over=not pd.isna(row["handed_at"]),
        disputed_at=None if pd.isna(row["disputed_at"]) else row["disputed_at"].to_pydatetime(),
    )


def _as_optional_date(cell: Any) -> date | None:
    if pd.isna(cell):
        return None
    return pd.Timestamp(str(cell)).date()
