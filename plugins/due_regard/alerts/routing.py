"""Which addresses stand on the rungs of one case, each once, the owner first.

How an address is found is recipients'; who was told before is memory's.
"""

from __future__ import annotations

from dataclasses import dataclass

from due_regard.alerts.cases import Case
from due_regard.alerts.ladder import RISING, Stage
from due_regard.alerts.recipients import Directory, Problem, Recipient


@dataclass(frozen=True)
class Rung:
    """A recipient and the stage from which they hear of a case; the owner hears of every stage."""

    stage: Stage
    recipient: Recipient
    is_owner: bool


@dataclass(frozen=True)
class Route:
    """Who hears of a case today, and what could not be resolved."""

    rungs: tuple[Rung, ...]
    problems: tuple[Problem, ...]


def route(case: Case, directory: Directory) -> Route:
    """The owner and everybody on the rungs reached; a restricted duty's own roles alone."""
    if case.is_restricted:
        return _restricted(case, directory)
    finding = case.finding
    subject = (finding.owner_role, finding.subject_type, finding.subject_ref)
    rungs = [Rung(Stage.AHEAD, directory.owner(*subject), is_owner=True)]
    for stage in RISING:
        if stage <= case.stage:
            found = (
                directory.line_manager(*subject)
                if stage is Stage.LINE_MANAGER
                else directory.mailbox(stage.word, f"the {stage.word}'s stage")
            )
            rungs.append(Rung(stage, found, is_owner=False))
    problems = [rung.recipient.problem for rung in rungs if rung.recipient.problem is not None]
    return Route(_each_once(rungs), tuple(problems))


def _restricted(case: Case, directory: Directory) -> Route:
    finding = case.finding
    found = [directory.restricted(role, finding.subject_type, finding.subject_ref) for role in case.duty.restricted_to]
    rungs = [Rung(Stage.AHEAD, who, is_owner=True) for who in found if isinstance(who, Recipient)]
    return Route(_each_once(rungs), tuple(who for who in found if isinstance(who, Problem)))


def _each_once(rungs: list[Rung]) -> tuple[Rung, ...]:
    kept: dict[str, Rung] = {}
    for rung in rungs:
        kept.setdefault(rung.recipient.address, rung)
    return tuple(kept.values())
