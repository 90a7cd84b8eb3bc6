"""Who is mailed about one case at the stage it has reached: each address once, the owner first.

recipients.py finds an address; sent_history.py knows who was mailed before.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from due_regard.alerts.cases import Case
from due_regard.alerts.escalation import EscalationStage
from due_regard.alerts.recipients import Recipient, RecipientDirectory, RecipientProblem


@dataclass(frozen=True, slots=True)
class RouteStep:
    """A recipient and the stage from which they are told of a case; the owner is told of every stage."""

    stage: EscalationStage
    recipient: Recipient
    is_owner: bool


@dataclass(frozen=True, slots=True)
class CaseRoute:
    """Who is to be told of a case today, and who could not be found, each from which stage on."""

    steps: tuple[RouteStep, ...]
    problems: tuple[tuple[EscalationStage, RecipientProblem], ...]
    _ends: dict[EscalationStage, CaseRoute] = field(default_factory=dict, repr=False, compare=False)

    def end_at(self, stage: EscalationStage) -> CaseRoute:
        """The same without whoever is told at a higher stage."""
        if stage not in self._ends:
            self._ends[stage] = CaseRoute(
                tuple(step for step in self.steps if step.stage <= stage),
                tuple(problem for problem in self.problems if problem[0] <= stage),
            )
        return self._ends[stage]


@dataclass(frozen=True)
class RouteFinder:
    """The routes of cases; those of one owner, one line manager and one stage are the same route."""

    directory: RecipientDirectory
    _known: dict[tuple[int, int, EscalationStage], tuple[Recipient, Recipient | None, CaseRoute]] = field(
        default_factory=dict, repr=False, compare=False
    )

    def find_route(self, case: Case) -> CaseRoute:
        """The owner and whoever is told at the stages reached; for a restricted duty its own roles alone."""
        if case.is_restricted:
            return _find_restricted_route(case, self.directory)
        finding, manager = case.finding, None
        subject = (finding.owner_role, finding.subject_type, finding.subject_ref)
        owner = self.directory.find_owner(*subject, handed_to=finding.handed_to)
        if case.stage >= EscalationStage.LINE_MANAGER:
            manager = self.directory.find_line_manager(*subject, handed_to=finding.handed_to)
        # By identity: the directory gives the same value for the same person. Kept with the route, none is another's.
        key = (id(owner), id(manager), case.stage)
        if key not in self._known:
            self._known[key] = (owner, manager, self._make_route(owner, manager, case.stage))
        return self._known[key][2]

    def _make_route(self, owner: Recipient, manager: Recipient | None, reached: EscalationStage) -> CaseRoute:
        steps = [RouteStep(EscalationStage.AHEAD, owner, is_owner=True)]
        if manager is not None:
            steps.append(RouteStep(EscalationStage.LINE_MANAGER, manager, is_owner=False))
        for stage in (EscalationStage.DIRECTOR, EscalationStage.COMMITTEE):
            if stage <= reached:
                why = self.directory.wording.recipient.stage_reached.format(stage=stage.word)
                steps.append(RouteStep(stage, self.directory.find_mailbox(stage.word, why), is_owner=False))
        problems = [(step.stage, step.recipient.problem) for step in steps if step.recipient.problem is not None]
        return CaseRoute(_remove_repeats(steps), tuple(problems))


def _find_restricted_route(case: Case, directory: RecipientDirectory) -> CaseRoute:
    finding = case.finding
    found = [
        directory.find_restricted(role, finding.subject_type, finding.subject_ref) for role in case.duty.restricted_to
    ]
    steps = [RouteStep(EscalationStage.AHEAD, who, is_owner=True) for who in found if isinstance(who, Recipient)]
    problems = [(EscalationStage.AHEAD, who) for who in found if isinstance(who, RecipientProblem)]
    return CaseRoute(_remove_repeats(steps), tuple(problems))


def _remove_repeats(steps: list[RouteStep]) -> tuple[RouteStep, ...]:
    kept: dict[str, RouteStep] = {}
    for step in steps:
        kept.setdefault(step.recipient.address, step)
    return tuple(kept.values())
