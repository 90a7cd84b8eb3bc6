"""Invented incidents and warnings: a few customers account for many, nine in ten are words alone.

Add what is recorded about an incident here; what is done about it is in restricting.py.
"""

from __future__ import annotations

from datetime import date, timedelta
from itertools import accumulate

from demo.samples.people import choose_by_role
from demo.samples.sample_world import Row, SampleWorld

_CATEGORIES = {
    "aggressive_or_abusive": 46.0,
    "unreasonable_demands": 17.0,
    "unreasonable_persistence": 15.0,
    "complaints_misuse": 7.0,
    "harassment": 5.0,
    "refusal_to_cooperate": 10.0,
}
_CHANNELS = {"phone": 46.0, "in_person": 27.0, "email": 15.0, "letter": 4.0, "text": 4.0, "social_media": 4.0}
_COMMITTEE_WEEKS = 6


def invent_incidents(world: SampleWorld) -> None:
    """Incidents over the years, each with a customer (some again and again) and what was recorded about it."""
    customers = world.rows["customers"]
    # Recurrence: the k-th customer is met in proportion to 1/k^0.8, so one in ten accounts for about half.
    weights = list(accumulate(1 / (k + 1) ** 0.8 for k in range(len(customers))))
    shuffled = world.chance.sample(customers, len(customers))
    span = (world.as_at - world.begins).days
    days = sorted(
        world.begins + timedelta(days=int(span * world.chance.random() ** 0.9)) for _ in range(world.profile.incidents)
    )
    world.rows["incidents"] = [
        _invent_incident(world, number, day, world.chance.choices(shuffled, cum_weights=weights)[0])
        for number, day in enumerate(days, 1)
    ]


def _invent_incident(world: SampleWorld, number: int, day: date, customer: Row) -> Row:
    profile, officer = world.profile, choose_by_role(world, "officer", "team_leader")
    violence = "none"
    if world.happens(profile.violent_share):
        violence = world.one({"threat": 4.0, "physical": 1.0})
    channel = (
        world.one({"in_person": 1.0}) if violence == "physical" else world.one(_CHANNELS | world.profile.more_channels)
    )
    incident: Row = {
        "incident_ref": f"I{day.year % 100:02d}-{number:05d}",
        "customer_ref": customer["customer_ref"],
        "occurred_on": day,
        "category": "aggressive_or_abusive" if violence != "none" else world.one(_CATEGORIES),
        "channel": channel,
        "violence": violence,
        "harassment": world.happens(profile.harassment_share),
        "discriminatory": world.happens(profile.discriminatory_share),
        "staff_ref": officer["staff_ref"],
        "manager_ref": officer["line_manager_ref"],
        "team": officer["team"],
    }
    return (
        incident | _invent_public_naming(world, day) | _invent_follow_up(world, incident) | _invent_naming(world, day)
    )


def _invent_public_naming(world: SampleWorld, day: date) -> Row:
    return {
        "manager_informed_on": world.done(day, 1),
        "committee_reported_on": world.known(_find_committee_after(world, day)) if world.happens(0.985) else None,
    }


def _find_committee_after(world: SampleWorld, day: date) -> date:
    """The committee meets six weeks after each quarter's end."""
    month = (day.month - 1) // 3 * 3 + 4
    quarter_end = date(day.year + month // 13, (month - 1) % 12 + 1, 1)
    return world.calendar.next_working(quarter_end + timedelta(weeks=_COMMITTEE_WEEKS))


def _invent_follow_up(world: SampleWorld, incident: Row) -> Row:
    serious = incident["violence"] != "none" or incident["harassment"] or incident["discriminatory"]
    decided = "manager" if serious and world.happens(0.5) else None
    return {
        "police_reported_on": world.done(incident["occurred_on"], 2) if serious else None,
        "police_decision_by_role": decided,
        "debrief_held_on": world.done(incident["occurred_on"], 5) if serious else None,
    }


def _invent_naming(world: SampleWorld, day: date) -> Row:
    named = world.happens(world.profile.named_publicly_share)
    told = world.done(day, 2) if named else None
    return {
        "staff_named_publicly": named,
        "line_manager_notified_on": told,
        "services_manager_notified_on": told,
        "smt_informed_on": world.done(day, 5) if named else None,
    }


def invent_warnings(world: SampleWorld) -> None:
    """A written warning after most second incidents of a customer, and after some of the later ones."""
    seen: dict[str, int] = {}
    warnings: list[Row] = []
    for incident in world.rows["incidents"]:
        times = seen[incident["customer_ref"]] = seen.get(incident["customer_ref"], 0) + 1
        issued = world.known(world.working(incident["occurred_on"], 1, 6))
        if issued and (times == 2 or (times > 2 and times % 3 == 0)) and world.happens(0.85):
            warnings.append({
                "warning_ref": f"W{len(warnings) + 1:04d}",
                "customer_ref": incident["customer_ref"],
                "incident_ref": incident["incident_ref"],
                "issued_on": issued,
                "issued_by": choose_by_role(world, "team_leader", "manager")["staff_ref"],
                "policy_enclosed": world.kept(),
            })
    world.rows["warnings"] = warnings
