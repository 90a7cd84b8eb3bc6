"""Who is mailed about one case at the stage it has reached: each address once, the owner first.

recipients.py finds an address; sent_history.py knows who was mailed before.
"""

from __future__ import annotations

from dataclasses import dataclass

from due_regard.alerts.cases import Case
from due_regard.alerts.escalation import RISING, EscalationStage
from due_regard.alerts.recipients import Recipient, RecipientDirectory, RecipientProblem


@dataclass(frozen=True, slots=True)
class RouteStep:
    """A recipient and the stage from which they are told of a case; the owner is told of every stage."""

    stage: EscalationStage
    recipient: Recipient
    is_owner: bool


@dataclass(frozen=True, slots=True)
class CaseRoute:
    """Who is to be told of a case today, and who could not be found."""

    steps: tuple[RouteStep, ...]
    problems: tuple[RecipientProblem, ...]


def find_route(case: Case, directory: RecipientDirectory) -> CaseRoute:
    """The owner and whoever is told at the stages reached; for a restricted duty its own roles alone."""
    if case.is_restricted:
        return _find_restricted_route(case, directory)
    finding = case.finding
    subject = (finding.owner_role, finding.subject_type, finding.subject_ref)
    owner = directory.find_owner(*subject, handed_to=finding.handed_to)
    steps = [RouteStep(EscalationStage.AHEAD, owner, is_owner=True)]
    for stage in RISING:
        if stage <= case.stage:
            why = directory.wording.recipient.stage_reached.format(stage=stage.word)
            if stage is EscalationStage.LINE_MANAGER:
                found = directory.find_line_manager(*subject, handed_to=finding.handed_to)
            else:
                found = directory.find_mailbox(stage.word, why)
            steps.append(RouteStep(stage, found, is_owner=False))
    problems = [step.recipient.problem for step in steps if step.recipient.problem is not None]
    return CaseRoute(_remove_repeats(steps), tuple(problems))


def _find_restricted_route(case: Case, directory: RecipientDirectory) -> CaseRoute:
    finding = case.finding
    found = [
        directory.find_restricted(role, finding.subject_type, finding.subject_ref) for role in case.duty.restricted_to
    ]
    steps = [RouteStep(EscalationStage.AHEAD, who, is_owner=True) for who in found if isinstance(who, Recipient)]
    return CaseRoute(_remove_repeats(steps), tuple(who for who in found if isinstance(who, RecipientProblem)))


def _remove_repeats(steps: list[RouteStep]) -> tuple[RouteStep, ...]:
    kept: dict[str, RouteStep] = {}
    for step in steps:
        kept.setdefault(step.recipient.address, step)
    return tuple(kept.values())
