"""Holds a finding at its stage until the stage below was accepted long enough ago.

Without it a late go-live, a mail server away for weeks or a silence that ends would tell everybody from the owner to
the committee on one morning. A clock set by law waits for nobody.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from due_regard.alerts.alert_context import AlertContext
from due_regard.alerts.cases import Case
from due_regard.alerts.escalation import RISING, EscalationStage, add_stage_distance
from due_regard.alerts.routing import CaseRoute, RouteStep


def hold_stage(case: Case, route: CaseRoute, context: AlertContext) -> tuple[Case, CaseRoute]:
    """`case` at the highest stage that may go out on the day, with the first day on which the next one may.

    `route` is that of the stage it has reached; what comes back is as much of it as goes out.
    """
    if case.duty.statutory or case.is_backlog or case.stage < EscalationStage.OVERDUE:
        return case, route
    below, earliest = EscalationStage.OVERDUE, date.min
    for stage in RISING:
        accepted_on = _find_accepted_day(case, below, route.steps, context)
        # A stage told out of turn by an earlier revision, or in a trial, does not shorten the way up.
        since = max(accepted_on or context.as_at, earliest)
        earliest = add_stage_distance(
            case.clock, below, stage, since, calendar=context.calendar, alerts=context.settings
        )
        if stage > case.stage or accepted_on is None or earliest > context.as_at:
            break
        below = stage
    return replace(case, stage=below, next_stage_from=earliest), route.end_at(below)


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
