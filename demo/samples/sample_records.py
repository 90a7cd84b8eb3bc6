"""Invented markers and requests for access, and all records of one landlord together.

Add an entity here once its own module invents it.
"""

from __future__ import annotations

from datetime import timedelta

from demo.samples.conduct import invent_incidents, invent_warnings
from demo.samples.people import choose_by_role, invent_customers, invent_staff
from demo.samples.restricting import invent_appeals, invent_restrictions
from demo.samples.sample_world import Row, Rows, SampleWorld, add_calendar_months


def invent_records(world: SampleWorld) -> Rows:
    """Every record of one landlord's drop, without faults."""
    for step in (
        invent_staff,
        invent_customers,
        invent_incidents,
        invent_warnings,
        invent_restrictions,
        invent_appeals,
        _invent_markers,
        _invent_requests,
    ):
        step(world)
    return world.rows


def _invent_markers(world: SampleWorld) -> None:
    incidents = {row["incident_ref"]: row for row in world.rows["incidents"]}
    marked = [row for row in world.rows["restrictions"] if world.happens(0.6)]
    world.rows["markers"] = [
        _invent_marker(world, number, row, incidents[row["incident_ref"]]) for number, row in enumerate(marked, 1)
    ]


def _invent_marker(world: SampleWorld, number: int, restriction: Row, incident: Row) -> Row:
    placed_on, ended_on = restriction["starts_on"], restriction.get("ended_on")
    removed_on = world.done(ended_on, 10) if ended_on else None
    review_due_on = add_calendar_months(placed_on, 12)
    reviewed_on = None if removed_on else world.known(world.days_after(review_due_on, -20, 5))
    return {
        "marker_ref": f"M{number:04d}",
        "customer_ref": restriction["customer_ref"],
        "restriction_ref": restriction["restriction_ref"],
        "incident_ref": restriction["incident_ref"],
        "marker_type": "no_lone_visit" if incident["violence"] != "none" else "risk_alert",
        "placed_on": placed_on,
        "review_due_on": review_due_on,
        "reviewed_on": reviewed_on if world.kept() else None,
        "removed_on": removed_on,
        "owner_ref": choose_by_role(world, "team_leader", "manager")["staff_ref"],
    }


def _invent_requests(world: SampleWorld) -> None:
    customers = world.chance.sample(world.rows["restrictions"], len(world.rows["restrictions"]) // 2)
    world.rows["access_requests"] = [
        {
            "request_ref": f"Q{number:04d}",
            "customer_ref": row["customer_ref"],
            "received_on": received_on,
            "responded_on": world.done(received_on, 20),
            "owner_ref": choose_by_role(world, "head_of_governance")["staff_ref"],
        }
        for number, row in enumerate(customers, 1)
        if (received_on := world.known(row["decided_on"] + timedelta(days=world.chance.randint(2, 200))))
    ]
