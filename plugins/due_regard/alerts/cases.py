"""Open findings as alerts needs them: each with its duty, clock and stage, and what keeps it out of today's mail.

Pure: frames and dates in, values out. routing.py finds who is told; sent_history.py knows what was mailed before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeAlias

import pandas as pd

from due_regard.alerts.alert_context import AlertContext
from due_regard.alerts.escalation import EscalationClock, EscalationStage, find_clock, find_stage
from due_regard.policy import Duty
from due_regard.policy.duties import FedFigure

INHIBITED_BY: Mapping[FedFigure | None, tuple[FedFigure, ...]] = {"reviews": ("expiries",)}
"""Figure a duty feeds -> figures whose duties, overdue on the same subject, hide its `due soon`.

A lapsed restriction needs no reminder of its review.
"""


FINDING_COLUMNS = (
    "rule", "subject_type", "subject_ref", "state", "due_on", "clause", "owner_role", "policy_version", "opened_on",
    "times_opened", "handed_to", "handed_at", "disputed_at",
)  # fmt: skip
"""What is read of open findings to tell of them: half of what the register keeps."""

_DutyClock: TypeAlias = tuple[Duty, EscalationClock | None, EscalationStage]


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


@dataclass
class DutyClocks:
    """The duty, the clock and the stage of findings on one day: those of one duty and the same dates share them."""

    context: AlertContext
    _found: dict[tuple[str, date | None, date | None, date], _DutyClock] = field(default_factory=dict, repr=False)

    def find_clock(self, finding: OpenFinding) -> _DutyClock:
        """The duty by which a finding was assessed, its clock (None: it has no date) and the stage that has reached."""
        key = (finding.rule, finding.policy_version, finding.due_on, finding.opened_on)
        if key not in self._found:
            self._found[key] = self._work_out(*key)
        return self._found[key]

    def _work_out(self, rule: str, version: date | None, due_on: date | None, opened_on: date) -> _DutyClock:
        calendar, alerts = self.context.calendar, self.context.settings
        duty = self.context.history.find_duty(rule, version)
        clock = find_clock(duty, due_on=due_on, opened_on=opened_on, calendar=calendar, alerts=alerts)
        if clock is None:
            return duty, None, EscalationStage.NONE
        return duty, clock, find_stage(clock, self.context.as_at, calendar=calendar, alerts=alerts)


def make_findings(frame: pd.DataFrame) -> list[OpenFinding]:
    """`FINDING_COLUMNS` of `register.read_open_findings` as values; made column by column, for most cells repeat."""
    columns: tuple[Iterable[Any], ...] = (
        map(int, frame["finding_id"]),
        *(map(str, frame[name].to_list()) for name in ("register_ref", "rule", "subject_type", "subject_ref")),
        _convert_cells(frame["due_on"], _as_date),
        *(map(str, frame[name].to_list()) for name in ("clause", "owner_role")),
        _convert_cells(frame["opened_on"], _as_date, date.min),
        map(int, frame["times_opened"]),
        *(map(bool, frame[name].to_list()) for name in ("is_silenced", "is_awaiting")),
        _convert_cells(frame["policy_version"], _as_date),
        _convert_cells(frame["handed_to"], str),
        frame["handed_at"].notna().to_list(),
        _convert_cells(frame["disputed_at"], pd.Timestamp.to_pydatetime),
    )
    return [OpenFinding(*values) for values in zip(*columns, strict=True)]


def _convert_cells(cells: pd.Series, convert: Callable[[Any], Any], blank: Any = None) -> list[Any]:
    """Each different cell converted once."""
    codes, values = pd.factorize(cells)
    # The code of a blank is -1: the last.
    converted = [*map(convert, values), blank]
    return [converted[code] for code in codes.tolist()]


def _as_date(cell: Any) -> date:
    return pd.Timestamp(str(cell)).date()


def build_cases(findings: Iterable[OpenFinding], backlog: frozenset[int], context: AlertContext) -> list[Case]:
    """Every finding that has reached a stage on the day, less those that a worse one on the same subject hides.

    `backlog` are the ids of those that were wrong before go-live; they are there at once, for their list waits for no
    grace.
    """
    as_at, clocks = context.as_at, DutyClocks(context)
    # A finding opened by a later day's assessment was not known on `as_at`.
    found = [_build_case(finding, backlog, clocks) for finding in findings if finding.opened_on <= as_at]
    reached = [case for case in found if case is not None and (case.stage > EscalationStage.NONE or case.is_backlog)]
    # By date, not by the state recorded: the assessment may be older than the mail.
    lapsed = {(c.duty.feeds, c.finding.subject_ref) for c in reached if not c.clock.is_check and c.clock.anchor < as_at}
    return [case for case in reached if case.clock.anchor < as_at or not _is_inhibited(case, lapsed)]


def _build_case(finding: OpenFinding, backlog: frozenset[int], clocks: DutyClocks) -> Case | None:
    duty, clock, stage = clocks.find_clock(finding)
    if clock is None:
        return None
    is_backlog = not duty.restricted_to and finding.finding_id in backlog and finding.handed_to is None
    return Case(finding, duty, clock, stage, is_backlog)


def _is_inhibited(case: Case, lapsed: set[tuple[FedFigure | None, str]]) -> bool:
    worse = INHIBITED_BY.get(case.duty.feeds, ())
    return any((figure, case.finding.subject_ref) in lapsed for figure in worse)
