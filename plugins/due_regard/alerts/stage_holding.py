"""Holds a finding at its stage until the stage below was accepted long enough ago.

Without it a late go-live, a mail server away for weeks or a silence that ends would tell everybody from the owner to
the committee on one morning. A clock set by law waits for nobody.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from due_regard.alerts.alert_context import AlertContext
from due_regard.alerts.cases import Case
from due_regard.alerts.escalation import RISING, EscalationClock, EscalationStage, add_stage_distance
from due_regard.alerts.routing import CaseRoute, RouteStep


@dataclass(frozen=True)
class StageHold:
    """Holds the cases of one landlord and day; clocks that many findings share are reckoned once."""

    context: AlertContext
    _earliest: dict[tuple[EscalationClock, EscalationStage, date], date] = field(
        default_factory=dict, repr=False, compare=False
    )

    def hold_stage(self, case: Case, route: CaseRoute) -> tuple[Case, CaseRoute]:
        """`case` at the highest stage that may go out on the day, with the first day on which the next one may.

        `route` is that of the stage it has reached; what comes back is as much of it as goes out.
        """
        if case.duty.statutory or case.is_backlog or case.stage < EscalationStage.OVERDUE:
            return case, route
        as_at, below, earliest = self.context.as_at, EscalationStage.OVERDUE, date.min
        for stage in RISING:
            accepted_on = _find_accepted_day(case, below, route.steps, self.context)
            # A stage told out of turn by an earlier revision, or in a trial, does not shorten the way up.
            earliest = self._find_earliest(case.clock, below, stage, max(accepted_on or as_at, earliest))
            if stage > case.stage or accepted_on is None or earliest > as_at:
                break
            below = stage
        held = Case(case.finding, case.duty, case.clock, below, case.is_backlog, earliest)
        return held, route.end_at(below)

    def _find_earliest(
        self, clock: EscalationClock, below: EscalationStage, stage: EscalationStage, since: date
    ) -> date:
        key = (clock, stage, since)
        if key not in self._earliest:
            calendar, alerts = self.context.calendar, self.context.settings
            self._earliest[key] = add_stage_distance(clock, below, stage, since, calendar=calendar, alerts=alerts)
        return self._earliest[key]


def _find_accepted_day(
    case: Case, stage: EscalationStage, steps: tuple[RouteStep, ...], context: AlertContext
) -> date | None:
    """The day whoever is told at `stage` was told; where they were told before as somebody else, whoever was told."""
    step = EscalationStage.AHEAD if stage is EscalationStage.OVERDUE else stage
    is_own_step = any(one.stage is step for one in steps)
    finding = case.finding
    return context.sent_history.find_accepted_day(
        finding.finding_id, finding.occasion, stage, step if is_own_step else None
    )
