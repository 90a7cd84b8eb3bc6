"""Open findings as work: who must act on each, how urgent it is, how far it moved up; what the data owner must mend.

The same directory and the same clocks as the mails', for all open findings of a landlord at once and whatever was told:
a page shows what is to be done, be it mailed or not. Pure but for the records it is given.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeAlias

import pandas as pd

from due_regard.alerts.alert_context import AlertContext
from due_regard.alerts.cases import DutyClocks, OpenFinding
from due_regard.alerts.escalation import RISING, EscalationStage
from due_regard.alerts.recipients import Recipient, RecipientDirectory, RecipientProblem
from due_regard.alerts.record_cells import RecordCell
from due_regard.alerts.told_before import BACKLOG
from due_regard.policy import Duty
from due_regard.register.schema.work_tables import COMING, DUE, NOTED, OVERDUE

_OwnedBy: TypeAlias = tuple[str, str, str, str | None]
"""Role, subject type, subject, whom it was handed to: what settles who must act."""

_CELLS_KEPT = 3
_COLUMNS = (
    *("finding_id", "rule", "state", "urgency", "since_on", "owner_role", "staff_ref", "team", "handed_to"),
    *("handed_team", "is_deputy", "has_problem", "stage", "is_backlog"),
)
_DTYPES = {
    "finding_id": "int64",
    "urgency": "int64",
    "since_on": "datetime64[s]",
    "staff_ref": "str",
    "team": "str",
    "handed_to": "str",
    "handed_team": "str",
    "stage": "str",
    "is_deputy": "bool",
    "has_problem": "bool",
    "is_backlog": "bool",
}


@dataclass(frozen=True)
class WorkPlan:
    """Rows of `work_items` and `owner_problems`, without landlord and run."""

    items: pd.DataFrame
    problems: list[dict[str, Any]]


@dataclass
class WorkBook:
    """What many findings share is worked out once: duties, their clocks, owners of subjects, their problems."""

    context: AlertContext
    directory: RecipientDirectory
    clocks: DutyClocks
    owners: dict[_OwnedBy, Recipient] = field(default_factory=dict)
    managers: dict[_OwnedBy, Recipient] = field(default_factory=dict)
    found: dict[str, RecipientProblem] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    cells: dict[str, dict[RecordCell, None]] = field(default_factory=dict)

    def find_owner(self, finding: OpenFinding, handed_to: str | None) -> Recipient:
        """Who must act on it: whom it was handed to, or whom the record names."""
        subject = (finding.owner_role, finding.subject_type, finding.subject_ref)
        key = (*subject, handed_to)
        if key not in self.owners:
            self.owners[key] = self.directory.find_owner(*subject, handed_to=handed_to)
        return self.owners[key]

    def note_problems(self, finding: OpenFinding, duty: Duty, stage: EscalationStage) -> None:
        """Keep what hinders the mails about a finding at its stage."""
        for problem in self._list_problems(finding, duty, stage):
            self.found.setdefault(problem.key, problem)
            self.counts[problem.key] += 1
            if problem.cell is not None:
                self.cells.setdefault(problem.key, {})[problem.cell] = None

    def _list_problems(self, finding: OpenFinding, duty: Duty, stage: EscalationStage) -> Iterator[RecipientProblem]:
        if duty.restricted_to:
            told = [
                self.directory.find_restricted(role, finding.subject_type, finding.subject_ref)
                for role in duty.restricted_to
            ]
            yield from (one for one in told if isinstance(one, RecipientProblem))
            return
        told_of = [self.find_owner(finding, finding.handed_to)]
        told_of += [self._find_manager(finding)] if stage >= EscalationStage.LINE_MANAGER else []
        told_of += [
            self.directory.find_mailbox(step.word, "")
            for step in RISING
            if EscalationStage.LINE_MANAGER < step <= stage
        ]
        yield from {one.problem.key: one.problem for one in told_of if one.problem is not None}.values()

    def _find_manager(self, finding: OpenFinding) -> Recipient:
        subject = (finding.owner_role, finding.subject_type, finding.subject_ref)
        key = (*subject, finding.handed_to)
        if key not in self.managers:
            self.managers[key] = self.directory.find_line_manager(*subject, handed_to=finding.handed_to)
        return self.managers[key]

    def list_problems(self) -> list[dict[str, Any]]:
        """Rows of `owner_problems`, those that hinder most findings first."""
        rows = []
        for key, findings in self.counts.most_common():
            problem, cells = self.found[key], list(self.cells.get(key, ()))
            shown = [[cell.entity, cell.ref, cell.column] for cell in cells[:_CELLS_KEPT]]
            rows.append({
                "key": key,
                "words": problem.words,
                "remedy": problem.remedy,
                "staff_ref": problem.staff_ref,
                "cells": shown,
                "more_cells": len(cells) - len(shown),
                "findings": findings,
            })
        return rows


def plan_work(
    findings: Sequence[OpenFinding],
    states: Sequence[str],
    directory: RecipientDirectory,
    backlog: frozenset[int],
    context: AlertContext,
) -> WorkPlan:
    """The open findings of a landlord, each with its state, as work on the day of `context`.

    `backlog` are the ids of those that were wrong before go-live: they move up no stage.
    """
    book = WorkBook(context, directory, DutyClocks(context))
    rows = [
        _make_item(finding, state, finding.finding_id in backlog, book)
        for finding, state in zip(findings, states, strict=True)
    ]
    items = pd.DataFrame(rows, columns=list(_COLUMNS)).astype(_DTYPES)
    return WorkPlan(items, book.list_problems())


def _make_item(finding: OpenFinding, state: str, is_old: bool, book: WorkBook) -> Mapping[str, Any]:
    (duty, _, stage), owner = book.clocks.find_clock(finding), book.find_owner(finding, finding.handed_to)
    named = owner if finding.handed_to is None else book.find_owner(finding, None)
    is_backlog = is_old and not duty.restricted_to
    is_waiting = is_backlog and finding.handed_to is None
    book.note_problems(finding, duty, EscalationStage.NONE if is_waiting else stage)
    return {
        "finding_id": finding.finding_id,
        "rule": finding.rule,
        "state": state,
        "urgency": _find_urgency(state, duty, finding.due_on, book.context.as_at),
        "since_on": finding.due_on or finding.opened_on,
        "owner_role": finding.owner_role,
        "staff_ref": named.staff_ref,
        "team": named.team,
        "handed_to": None if finding.handed_to is None else owner.staff_ref,
        "handed_team": None if finding.handed_to is None else owner.team,
        "is_deputy": owner.is_deputy,
        "has_problem": owner.problem is not None,
        "stage": BACKLOG if is_waiting else stage.word,
        "is_backlog": is_backlog,
    }


def _find_urgency(state: str, duty: Duty, due_on: date | None, as_at: date) -> int:
    """Overdue, then due, then coming; what nothing done now can put right comes last."""
    if state == "overdue":
        return OVERDUE
    if due_on is not None:
        return COMING if due_on > as_at else DUE
    return DUE if duty.curable else NOTED
