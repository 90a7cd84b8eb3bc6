"""Every word of a shipped policy that decides an answer is pinned: changed or left out, some case no longer agrees.

The short form tries a few mutants a landlord; `make test-all` tries them all.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from due_regard.assessment import assess_records
from due_regard.policy import Duty, PolicyFile
from tests.policies.case_tables import LANDLORDS, Case, calendar_of, cases, policies

IS_LONG = os.environ.get("DUE_REGARD_LONG_TESTS") == "1"
STEP = 1 if IS_LONG else 12
WORDLESS = {"rule", "kind", "label", "mail_label", "clause", "promise", "reading", "remedy", "owner_role"}
WORDLESS |= {"curable", "statutory", "restricted_to"}
SAME = {
    # The second list is a part of the first, so nobody is let in who limits no complaints.
    "restriction.decider_role.require.any_of[1].all_of[0] left out",
    # Without the restriction the date or the customer that the rule starts from is blank, and there is no row anyway.
    "marker.removed.requires left out",
    "appeal.in_time.requires left out",
    "appeal.signpost.requires left out",
    # Due the same or the next working day, or done from the start: no day is left for another notice.
    *(f"incident.manager_informed.notice.working_days 2 {change} 1" for change in "+-"),
    *(f"restriction.care_inspectorate.notice.working_days 2 {change} 1" for change in "+-"),
    *(f"appeal.in_time.notice.working_days 2 {change} 1" for change in "+-"),
}
"""Mutants that answer the same for any record."""


def _mutants(said: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every way to change one number, drop one entry of a list or drop one optional word, with where it was."""
    if isinstance(said, dict):
        for word, value in said.items():
            if word not in WORDLESS:
                if word in {"when", "requires", "needs", "absent_as_blank", "severity_where", "severity", "roll"}:
                    yield f"{path}.{word} left out", {name: each for name, each in said.items() if name != word}
                yield from ((place, {**said, word: other}) for place, other in _mutants(value, f"{path}.{word}"))
    elif isinstance(said, list):
        for number, value in enumerate(said):
            if len(said) > 1:
                yield f"{path}[{number}] left out", said[:number] + said[number + 1 :]
            mutants = _mutants(value, f"{path}[{number}]")
            yield from ((place, [*said[:number], other, *said[number + 1 :]]) for place, other in mutants)
    elif isinstance(said, int) and not isinstance(said, bool):
        yield f"{path} {said} + 1", said + 1
        yield f"{path} {said} - 1", said - 1


def _duties(landlord: str) -> Iterator[tuple[str, Duty]]:
    """Each mutant of each duty that is still a policy."""
    for duty in policies(landlord).versions[-1].duties:
        said = duty.model_dump(mode="json", by_alias=True, exclude_unset=True)
        for place, mutant in _mutants(said):
            try:
                file = PolicyFile.model_validate({"landlord": landlord, "title": "T", "duties": [mutant]})
            except ValueError:
                continue
            yield f"{duty.rule}{place}", file.duties[0]


def _agrees(case: Case, duty: Duty) -> bool:
    policy = case.history().versions[0]
    history = replace(
        case.history(), versions=(replace(policy, file=policy.file.model_copy(update={"duties": (duty,)})),)
    )
    found = assess_records(case.records(), history, calendar_of(case.landlord), case.as_at)
    named = ["subject_ref", "occurrence", "state", "due_on", "done_on", "days_overdue", "severity"]
    rows = found[named].astype(object).where(found[named].notna(), None).to_dict("records")
    dated = [{n: v.date() if n.endswith("_on") and v else v for n, v in row.items()} for row in rows]
    return dated == [{name: row[name] for name in named} for row in case.expected]


@pytest.mark.parametrize("landlord", LANDLORDS)
def test_a_changed_word_is_seen_by_some_case(landlord: str) -> None:
    unseen = []
    for number, (name, duty) in enumerate(_duties(landlord)):
        mine = [case for case in cases() if (case.landlord, case.rule) == (landlord, duty.rule)]
        if number % STEP == 0 and all(_agrees(case, duty) for case in mine):
            unseen.append(name)
    assert set(unseen) - SAME == set()
