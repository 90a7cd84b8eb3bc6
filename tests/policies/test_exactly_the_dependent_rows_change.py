"""One value, one list of roles or one clause changed in a policy file changes the rows of that rule and no others.

Judged on the contract's examples, against the assessments of the file as shipped.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from due_regard.assessment import assess_records
from due_regard.policy import Duty, PolicyHistory, load_policies
from due_regard.records.canonical import Records
from tests.contract_examples import EXAMPLES, Example
from tests.policies.case_tables import LANDLORDS, calendar_of, policies
from tests.policies.policy_files import policy_in
from tests.reference.drops import read_drop

KEY = ("rule", "subject_type", "subject_ref", "occurrence")
QC, PL, CB, UW, HN = "queens_cross", "port_of_leith", "clydebank", "united_welsh", "hanover"
BY_LANDLORD = {landlord: [each for each in EXAMPLES if each.landlord == landlord] for landlord in LANDLORDS}
DATES = {"state", "due_on", "days_overdue"}
CHANGES = [
    # landlord, rule, old text, new text, columns that then differ
    (QC, "appeal.acknowledge", "working_days: 3", "working_days: 4", DATES),
    (QC, "restriction.review", "months: 6", "months: 3", DATES),
    (QC, "restriction.normal_length", "months: 6", "months: 2", {"state"}),
    (QC, "restriction.decider_role", "leadership_team, ", "", {"state"}),
    (QC, "restriction.adjustments", '"9.3"', '"9.4"', {"clause"}),
    (PL, "incident.restriction_decided", "working_days: 10", "working_days: 3", DATES),
    (PL, "restriction.review", "months: 12", "months: 6", DATES),
    (PL, "policy.review", "2022-12-31", "2027-12-31", DATES),
    (PL, "review.reviewer_role", "operational_manager, ", "", {"state"}),
    (PL, "appeal.signpost", "clause: 4.2.9", "clause: 4.2.10", {"clause"}),
    (CB, "appeal.given_effect", "working_days: 5", "working_days: 1", DATES),
    (CB, "restriction.decider_role", "                  - manager\n", "", {"state"}),
    (CB, "restriction.restorative_step", '"20"', '"20a"', {"clause"}),
    (UW, "appeal.decide", "working_days: 10", "working_days: 3", DATES),
    (UW, "restriction.decider_role", "          - manager\n", "", {"state"}),
    (UW, "review.customer_notified", '"9.3"', '"9.4"', {"clause"}),
    (HN, "restriction.review", "months: 3", "months: 4", DATES),
    (HN, "restriction.expiry", "days: 30", "days: 300", {"state"}),
    (HN, "restriction.decider_role", "senior_management_team, ", "", {"state"}),
    (HN, "restriction.written_notice", "kind: check", "kind: check\n    severity: warning", {"severity"}),
    (HN, "warning.policy_enclosed", "owner_role: governance", "owner_role: decider", {"owner_role"}),
    (HN, "review.explanation", '"6.6"', '"6.7"', {"clause"}),
    (HN, "review.explanation", "should be provided", "should be given", set()),
]


@lru_cache
def _records(example: Example) -> Records:
    return read_drop(example.exports).frames()


def _rows(history: PolicyHistory, example: Example) -> dict[tuple[Any, ...], dict[str, Any]]:
    found = assess_records(_records(example), history, calendar_of(example.landlord), example.as_at)
    plain = found.astype(object).where(found.notna(), None).to_dict("records")
    return {tuple(row[name] for name in KEY): {str(name): value for name, value in row.items()} for row in plain}


@lru_cache
def _shipped(example: Example) -> dict[tuple[Any, ...], dict[str, Any]]:
    return _rows(policies(example.landlord), example)


def _differing(history: PolicyHistory, landlord: str) -> tuple[set[str], set[str]]:
    """Rules and columns that differ from what the shipped file gives."""
    rules: set[str] = set()
    columns: set[str] = set()
    for example in BY_LANDLORD[landlord]:
        old, new = _shipped(example), _rows(history, example)
        rules |= {key[0] for key in old.keys() ^ new.keys()}
        for key in old.keys() & new.keys():
            if old[key] != new[key]:
                rules.add(key[0])
                columns |= {name for name in old[key] if old[key][name] != new[key][name]}
    return rules, columns


@pytest.mark.parametrize(
    ("landlord", "rule", "old", "new", "columns"),
    CHANGES,
    ids=[f"{c[1]}-{c[0]}-{'-'.join(sorted(c[4]))}" for c in CHANGES],
)
def test_one_change_in_a_file_changes_its_own_rule_alone(
    landlord: str, rule: str, old: str, new: str, columns: set[str], tmp_path: Path
) -> None:
    history = load_policies(policy_in(tmp_path, landlord, rule, old, new).parent, landlord)
    assert _differing(history, landlord) == ({rule} if columns else set(), columns)


def _with(landlord: str, *duties: Duty) -> PolicyHistory:
    policy = policies(landlord).versions[-1]
    return PolicyHistory((replace(policy, file=policy.file.model_copy(update={"duties": duties})),))


@pytest.mark.parametrize("landlord", LANDLORDS)
def test_every_row_carries_the_clause_of_its_own_rule(landlord: str) -> None:
    duties = [duty.model_copy(update={"clause": f"{duty.rule} 1"}) for duty in policies(landlord).versions[-1].duties]
    for example in BY_LANDLORD[landlord]:
        rows = _rows(_with(landlord, *duties), example).values()
        assert {(row["rule"], row["clause"]) for row in rows} == {(row["rule"], f"{row['rule']} 1") for row in rows}


@pytest.mark.parametrize("landlord", LANDLORDS)
def test_a_rule_left_out_leaves_the_others_as_they_were(landlord: str) -> None:
    duties = policies(landlord).versions[-1].duties
    for left_out in duties[::7]:
        rest = [duty for duty in duties if duty.rule != left_out.rule]
        assert _differing(_with(landlord, *rest), landlord) == ({left_out.rule}, set())


@pytest.mark.parametrize("landlord", LANDLORDS)
def test_the_order_of_duties_in_a_file_changes_nothing(landlord: str) -> None:
    duties = policies(landlord).versions[-1].duties
    assert _differing(_with(landlord, *reversed(duties)), landlord) == (set(), set())
