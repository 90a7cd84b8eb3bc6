"""Drops in which every deadline that runs from one day is met just in time, a day early, a day late, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from tests.reference.dates import WorkingDays, add_months, next_quarter_end
from tests.reference.drops import Drop, Row, drop_of

NATIONS = (WorkingDays("SCT"), WorkingDays("WLS"))
NOTICE = (3, 7, 30)


def due_days(start: date) -> set[date]:
    """Every day on which some duty running from `start` falls due, in either nation."""
    counted = {nation.nth_after(start, count) for nation in NATIONS for count in (1, 3, 5, 10)}
    months = {add_months(start, count) for count in (3, 6, 12)}
    rolled = {nation.roll(add_months(start, 1)) for nation in NATIONS}
    return {start, *counted, *months, *rolled, next_quarter_end(start)}


def edge_days(start: date) -> list[date]:
    """Those days, the day before and the day after each."""
    return sorted({due + timedelta(days=by) for due in due_days(start) for by in (-1, 0, 1)})


def judging_days(start: date) -> list[date]:
    """The edge days, and the days on which notice of a due date begins."""
    notice = {due - timedelta(days=days + by) for due in due_days(start) for days in NOTICE for by in (-1, 0, 1)}
    return sorted({*edge_days(start), *notice})


def edge_drop(start: date) -> Drop:
    """One record of each kind for each edge day, done on that day, and one never done."""
    done = ["", *(day.isoformat() for day in edge_days(start))]
    return drop_of({
        "customers": [{"customer_ref": "C1", "customer_type": "tenant", "receives_support_service": "yes"}],
        "incidents": [_incident(start, number, day) for number, day in enumerate(done)],
        "restrictions": [row for number, day in enumerate(done) for row in _restrictions(start, number, day)],
        "reviews": [_review(number, day) for number, day in enumerate(done) if day],
        "appeals": [row for number, day in enumerate(done) for row in _appeals(start, number, day)],
        "markers": [_marker(start, number, day) for number, day in enumerate(done)],
        "access_requests": [_request(start, number, day) for number, day in enumerate(done)],
    })


def _incident(start: date, number: int, done: str) -> Row:
    return {
        "incident_ref": f"I{number}",
        "customer_ref": f"D{number}",
        "occurred_on": start.isoformat(),
        "category": "harassment",
        "channel": "phone",
        "violence": "threat",
        "manager_informed_on": done,
        "police_reported_on": done,
        "committee_reported_on": done,
        "debrief_held_on": done,
    }


def _restrictions(start: date, number: int, day: str) -> Iterator[Row]:
    """Four restrictions from `start`: one that expires, one to be reviewed, one ended on `day`; one decided then."""
    common = {
        "measure": "named_contact",
        "decided_by": "S1",
        "customer_ref": "C1",
        "decided_on": start.isoformat(),
        "starts_on": start.isoformat(),
        "notified_on": start.isoformat(),
        "care_inspectorate_notified_on": day,
    }
    half_year = add_months(start, 6).isoformat()
    yield {**common, "restriction_ref": f"X{number}", "expires_on": day}
    yield {**common, "restriction_ref": f"V{number}", "review_due_on": day, "expires_on": half_year}
    yield {**common, "restriction_ref": f"E{number}", "ended_on": day, "expires_on": half_year}
    if day:
        then = {"decided_on": day, "starts_on": day, "notified_on": ""}
        yield {**common, **then, "restriction_ref": f"D{number}", "customer_ref": f"D{number}"}


def _review(number: int, day: str) -> Row:
    outcome = ("retain", "vary", "lift")[number % 3]
    of = f"V{number}"
    return {"review_ref": f"R{number}", "restriction_ref": of, "reviewed_on": day, "outcome": outcome}


def _appeals(start: date, number: int, day: str) -> Iterator[Row]:
    """Two appeals: one received on `start` and dealt with on `day`, one received on `day` and quashed on `start`."""
    yield {
        "appeal_ref": f"A{number}",
        "restriction_ref": f"X{number}",
        "received_on": start.isoformat(),
        "acknowledged_on": day,
        "decided_on": day,
        "considered_by": "S2",
        "considered_by_role": "director",
        "notified_on": day,
    }
    yield {
        "appeal_ref": f"B{number}",
        "restriction_ref": f"E{number}",
        "received_on": day or start.isoformat(),
        "decided_on": start.isoformat(),
        "outcome": "quashed",
        "notified_on": day,
    }


def _marker(start: date, number: int, done: str) -> Row:
    due = add_months(start, 12).isoformat()
    columns = ("reviewed_on", "removed_on")
    row = {"marker_ref": f"M{number}", "customer_ref": "C1", "placed_on": start.isoformat(), "review_due_on": due}
    return {**row, "restriction_ref": f"E{number}", columns[number % 2]: done}


def _request(start: date, number: int, done: str) -> Row:
    row = {"request_ref": f"Q{number}", "customer_ref": "C1", "received_on": start.isoformat()}
    return {**row, "responded_on": done}
