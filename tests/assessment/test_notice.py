"""Notice begins on its day: due soon on the first day of the rule's window, pending on the day before."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from due_regard.assessment import assess_records
from due_regard.policy import PolicyHistory
from tests.assessment.against_reference import calendar, disagreements, engine_rows, plain_rows, policies
from tests.reference.dates import DIVISIONS, WorkingDays
from tests.reference.drops import Drop, drop_of
from tests.reference.judge import LANDLORDS

START = date(2026, 3, 30)
"""Before Easter, so that the days before a due date are no plain working days."""

CALENDAR_DAYS = {
    "restriction.review": 30,
    "restriction.expiry": 30,
    "incident.committee_report": 30,
    "marker.review": 30,
    "access_request.respond": 7,
    "policy.review": 90,
}
WORKING_DAYS = {
    "appeal.acknowledge",
    "appeal.communicate",
    "appeal.decide",
    "appeal.notify",
    "appeal.given_effect",
    "incident.restriction_decided",
}


def _drop() -> Drop:
    """One record of each kind on the start day, nothing done."""
    day = START.isoformat()
    restriction = {"restriction_ref": "R1", "customer_ref": "C1", "measure": "named_contact", "decided_by": "S1"}
    dates = {"decided_on": day, "starts_on": day, "expires_on": "2026-12-31", "review_due_on": "2026-09-29"}
    incident = {"incident_ref": "I1", "customer_ref": "C2", "occurred_on": day, "channel": "phone"}
    appeal = {"appeal_ref": "A1", "restriction_ref": "R1", "received_on": day, "decided_on": day, "outcome": "quashed"}
    marker = {"marker_ref": "M1", "customer_ref": "C1", "placed_on": day, "review_due_on": "2027-03-30"}
    return drop_of({
        "restrictions": [{**restriction, **dates}],
        "reviews": [],
        "incidents": [{**incident, "category": "harassment", "violence": "threat"}],
        "appeals": [appeal, {**appeal, "appeal_ref": "A2", "decided_on": ""}],
        "markers": [marker],
        "access_requests": [{"request_ref": "Q1", "customer_ref": "C1", "received_on": day}],
    })


def _due_days(landlord: str) -> dict[str, date]:
    """What is still to be done on the start day, and by when."""
    rows = engine_rows(_drop().frames(), landlord, START)
    return {row["rule"]: row["due_on"] for row in rows if row["due_on"] and row["state"] in {"pending", "due_soon"}}


def _first_day_of_notice(landlord: str, rule: str, due: date) -> date:
    if rule in CALENDAR_DAYS:
        return due - timedelta(days=CALENDAR_DAYS[rule])
    days = WorkingDays(DIVISIONS[landlord])
    day = due
    while days.nth_after(day - timedelta(days=1), 2) >= due:
        day -= timedelta(days=1)
    return day


@pytest.mark.parametrize("landlord", LANDLORDS)
def test_notice_begins_on_its_day(landlord: str) -> None:
    drop = _drop()
    for rule, due in _due_days(landlord).items():
        if rule not in CALENDAR_DAYS and rule not in WORKING_DAYS:
            continue
        first = _first_day_of_notice(landlord, rule, due)
        for as_at in (first - timedelta(days=1), first, due, due + timedelta(days=1)):
            assert disagreements(drop, landlord, as_at) == []
        assert "due_soon" in _states(drop, landlord, rule, first)
        assert "due_soon" not in _states(drop, landlord, rule, first - timedelta(days=1))


def _states(drop: Drop, landlord: str, rule: str, as_at: date) -> set[str]:
    return {row["state"] for row in engine_rows(drop.frames(), landlord, as_at) if row["rule"] == rule}


@pytest.mark.parametrize(
    ("landlord", "as_at", "state"),
    [
        ("port_of_leith", date(2022, 10, 1), "pending"),
        ("port_of_leith", date(2022, 10, 2), "due_soon"),
        ("port_of_leith", date(2022, 12, 31), "due_soon"),
        ("port_of_leith", date(2023, 1, 1), "overdue"),
        ("clydebank", date(2026, 5, 1), "pending"),
        ("clydebank", date(2026, 5, 2), "due_soon"),
        ("clydebank", date(2026, 7, 31), "due_soon"),
        ("clydebank", date(2026, 8, 1), "overdue"),
    ],
)
def test_the_policy_s_own_review(landlord: str, as_at: date, state: str) -> None:
    rows = engine_rows(_drop().frames(), landlord, as_at)
    assert [row["state"] for row in rows if row["rule"] == "policy.review"] == [state]


@pytest.mark.parametrize(
    ("landlord", "approved_on", "due"),
    [
        ("queens_cross", date(2024, 2, 29), date(2029, 2, 28)),
        ("hanover", date(2023, 8, 31), date(2026, 8, 31)),
    ],
)
def test_a_cycle_runs_from_the_day_of_approval(landlord: str, approved_on: date, due: date) -> None:
    (version,) = policies(landlord).versions
    file = version.file.model_copy(update={"approved_on": approved_on})
    history = PolicyHistory((replace(version, file=file),))
    for as_at, state in ((due - timedelta(days=91), "pending"), (due - timedelta(days=90), "due_soon")):
        rows = plain_rows(assess_records({}, history, calendar(landlord), as_at))
        found = [(row["state"], row["due_on"]) for row in rows if row["rule"] == "policy.review"]
        assert found == [(state, due)]
