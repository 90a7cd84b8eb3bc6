"""The figures that a duty may feed (`feeds:`): what duty each is made of, and which a policy leaves without one.

Packs and mails ask for a figure by its word here, never for a rule by its name. Add a word to `FedFigure` in duties.py,
its marks here and its line in docs/policy-words.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from due_regard.policy.conditions import Differs
from due_regard.policy.duties import Duty

_APPEAL: Mapping[str, Any] = {"kind": "deadline", "subject": "appeal"}
MARKS: Mapping[str, Mapping[str, Any]] = {
    "reviews": {"kind": "review", "subject": "restriction"},
    "expiries": {"kind": "deadline", "subject": "restriction", "due": "expires_on"},
    "acknowledgements": {**_APPEAL, "done": "acknowledged_on"},
    "decisions": {**_APPEAL, "done": "decided_on"},
    "answers": {**_APPEAL, "start": "received_on", "done": "notified_on"},
    "notices": {**_APPEAL, "start": "decided_on", "done": "notified_on"},
    "independence": {
        "kind": "check", "subject": "appeal", "require": Differs(differs={"considered_by": "restriction.decided_by"}),
    },
    "policy_review": {"kind": "document", "subject": "policy"},
}  # fmt: skip
"""Figure -> what a duty that feeds it says. Kind and subject must be these; by the rest such a duty is recognised."""


def find_figure_faults(duties: Sequence[Duty]) -> Iterator[tuple[int, str]]:
    """Duties (by their place) that feed a figure of another kind, or one that an earlier duty feeds."""
    fed: dict[str, str] = {}
    for number, duty in enumerate(duties):
        if duty.feeds is None:
            continue
        marks = MARKS[duty.feeds]
        if (duty.kind, duty.subject) != (marks["kind"], marks["subject"]):
            asked = f"a {marks['kind']} of {marks['subject']}"
            yield number, f"{duty.feeds} is fed by {asked}, not by a {duty.kind} of {duty.subject}"
        if duty.feeds in fed:
            yield number, f"{duty.feeds} is fed by {fed[duty.feeds]} already; one duty of a version feeds a figure"
        fed.setdefault(duty.feeds, duty.rule)


def find_unfed_figures(duties: Sequence[Duty]) -> dict[str, list[str]]:
    """Figures that no duty feeds though some look as if they should: figure -> the rules of these duties."""
    fed = {duty.feeds for duty in duties}
    unfed = {
        figure: [duty.rule for duty in duties if duty.feeds is None and _has_marks(duty, marks)]
        for figure, marks in MARKS.items()
        if figure not in fed
    }
    return {figure: rules for figure, rules in unfed.items() if rules}


def _has_marks(duty: Duty, marks: Mapping[str, Any]) -> bool:
    return all(getattr(duty, name, None) == value for name, value in marks.items())
