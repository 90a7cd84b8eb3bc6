"""Every rule of the five policies answers as its behaviour table says (tests/policies/cases)."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from due_regard.assessment import assess_records
from due_regard.policy import CheckDuty, DeadlineDuty, DocumentDuty, Duty, ReviewDuty
from due_regard.records.canonical import ASSESSMENT_COLUMNS
from tests.policies.case_tables import LANDLORDS, Case, calendar_of, cases, policies

CASES = cases()
DUTIES = [(landlord, duty) for landlord in LANDLORDS for duty in policies(landlord).versions[-1].duties]
NEVER = {
    # A record exists on or after its opening date only, so a date due that same day is never further off.
    "restriction.care_inspectorate": {"pending"},
    "incident.manager_informed": {"pending"},
    # What is done is the very date that brings the appeal into being.
    "appeal.in_time": {"overdue", "due_soon", "pending"},
}


def _plain(value: Any) -> Any:
    if isinstance(value, pd.Timestamp):
        return value.date()
    return None if value is pd.NaT else value


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rule_answers_as_its_table_says(case: Case) -> None:
    found = assess_records(case.records(), case.history(), calendar_of(case.landlord), case.as_at)
    rows = [{str(name): _plain(value) for name, value in row.items()} for row in found.to_dict("records")]
    assert [{name: row[name] for name in ASSESSMENT_COLUMNS} for row in rows] == list(case.expected)


@pytest.mark.parametrize(("landlord", "duty"), DUTIES, ids=[f"{duty.rule}-{landlord}" for landlord, duty in DUTIES])
def test_every_possible_outcome_has_a_case(landlord: str, duty: Duty) -> None:
    mine = [case for case in CASES if (case.landlord, case.rule) == (landlord, duty.rule)]
    shown = set().union(*(case.outcomes for case in mine))
    assert _possible(duty) - NEVER.get(duty.rule, set()) - shown == set()


def _possible(duty: Duty) -> set[str]:
    """Every outcome that its kind and words allow."""
    excepting = {"no row"} if not isinstance(duty, DocumentDuty) and (duty.when or duty.requires) else set()
    match duty:
        case CheckDuty():
            return excepting | {"met", "breach", "not_measured"}
        case DocumentDuty(due=None):
            return {"not_measured", "overdue", "due_soon", "pending"}
        case DocumentDuty():
            return {"overdue", "due_soon", "pending"}
        case DeadlineDuty() | ReviewDuty():
            return excepting | {"met", "late", "overdue", "due_soon", "pending", "not_measured"}


def test_no_case_names_an_unknown_rule_or_landlord() -> None:
    known = {(landlord, duty.rule) for landlord, duty in DUTIES}
    assert {(case.landlord, case.rule) for case in CASES} == known


def test_no_two_cases_have_one_name() -> None:
    names = [str(case) for case in CASES]
    assert sorted(set(names)) == sorted(names)
