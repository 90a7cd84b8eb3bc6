"""Which addresses stand on the rungs of one case, each once, the owner first.

How an address is found is recipients'; who was told before is memory's.
"""

from __future__ import annotations

from dataclasses import dataclass

from due_regard.alerts.cases import Case
from due_regard.alerts.escalation import RISING, EscalationStage
from due_regard.alerts.recipients import Recipient, RecipientDirectory, RecipientProblem


@dataclass(frozen=True)
class RouteStep:
    """A recipient and the stage from which they hear of a case; the owner hears of every stage."""

    stage: EscalationStage
    recipient: Recipient
    is_owner: bool


@dataclass(frozen=True)
class CaseRoute:
    """Who hears of a case today, and what could not be resolved."""

    steps: tuple[RouteStep, ...]
    problems: tuple[RecipientProblem, ...]


def find_route(case: Case, directory: RecipientDirectory) -> CaseRoute:
    """The owner and everybody on the rungs reached; a restricted duty's own roles alone."""
    if case.is_restricted:
        return _find_restricted_route(case, directory)
    finding = case.finding
    subject = (finding.owner_role, finding.subject_type, finding.subject_ref)
    steps = [RouteStep(EscalationStage.AHEAD, directory.owner(*subject), is_owner=True)]
    for stage in RISING:
        if stage <= case.stage:
            found = (
                directory.line_manager(*subject)
                if stage is EscalationStage.LINE_MANAGER
                else directory.mailbox(stage.word, f"the {stage.word}'s stage")
            )
            steps.append(RouteStep(stage, found, is_owner=False))
    problems = [step.recipient.problem for step in steps if step.recipient.problem is not None]
    return CaseRoute(_remove_repeats(steps), tuple(problems))


def _find_restricted_route(case: Case, directory: RecipientDirectory) -> CaseRoute:
    finding = case.finding
    found = [directory.restricted(role, finding.subject_type, finding.subject_ref) for role in case.duty.restricted_to]
    steps = [RouteStep(EscalationStage.AHEAD, who, is_owner=True) for who in found if isinstance(who, Recipient)]
    return CaseRoute(_remove_repeats(steps), tuple(who for who in found if isinstance(who, RecipientProblem)))


def _remove_repeats(steps: list[RouteStep]) -> tuple[RouteStep, ...]:
    kept: dict[str, RouteStep] = {}
    for step in steps:
        kept.setdefault(step.recipient.address, step)
    return tuple(kept.values())
