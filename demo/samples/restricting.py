"""Invented restrictions with their reviews, appeals and markers, and requests for access: about one incident in 25.

Add what follows a decision here; who decides is in the landlord's profile.
"""

from __future__ import annotations

from datetime import date, timedelta

from demo.samples.people import choose_by_role
from demo.samples.sample_world import Row, SampleWorld, add_calendar_months

_MEASURES = (
    ("named_contact",),
    ("writing_only", "channel_limited"),
    ("appointment_only",),
    ("named_contact", "set_times"),
    ("third_party",),
    ("issues_limited",),
    ("complaints_limited", "named_contact"),
    ("no_contact", "third_party"),
)
_CHANNELS = {
    "writing_only": ("phone", "in_person", "text"),
    "channel_limited": ("phone", "in_person", "text"),
    "appointment_only": ("in_person",),
    "no_contact": ("in_person", "phone", "letter", "email"),
}
_RECENT_DAYS = (1, 5, 13, 20)
"""How many days before the export the latest appeals came in; nothing is decided yet, so that clocks are running."""
_UNANSWERED_DAYS = 2
"""The latest of them are not even acknowledged."""


def invent_restrictions(world: SampleWorld) -> None:
    """About one incident in 25 leads to a restriction: customers met before and warned, violent incidents first."""
    world.rows["restrictions"] = [
        _invent_restriction(world, number, incident) for number, incident in enumerate(_choose_triggers(world), 1)
    ]
    world.rows["reviews"] = [
        review for restriction in world.rows["restrictions"] for review in _invent_reviews(world, restriction)
    ]


def _choose_triggers(world: SampleWorld) -> list[Row]:
    warned = {warning["customer_ref"]: warning["issued_on"] for warning in reversed(world.rows["warnings"])}
    latest = world.as_at - timedelta(days=25)
    after_warning = [
        incident
        for incident in world.rows["incidents"]
        if warned.get(incident["customer_ref"], world.as_at) < incident["occurred_on"] <= latest
    ]
    violent = [i for i in world.rows["incidents"] if i["violence"] != "none" and i["occurred_on"] <= latest]
    number = world.profile.incidents // 25
    half = min(len(violent), number // 2)
    chosen = world.chance.sample(violent, half)
    others = [incident for incident in after_warning if incident not in chosen]
    chosen += world.chance.sample(others, min(len(others), number - half))
    return sorted(chosen, key=lambda incident: str(incident["incident_ref"]))


def _invent_restriction(world: SampleWorld, number: int, incident: Row) -> Row:
    measures = world.any_of(_MEASURES + world.profile.more_measures)
    decided_on = world.working(incident["occurred_on"], 3, 9)
    starts_on = world.working(decided_on, 0, 2)
    decider = choose_by_role(world, *_choose_deciders(world, measures))
    restriction: Row = {
        "restriction_ref": f"R{decided_on.year % 100:02d}-{number:03d}",
        "customer_ref": incident["customer_ref"],
        "incident_ref": incident["incident_ref"],
        "decision_stage": world.one({"restriction": 9.0, "active_management": 1.0}),
        "measure": list(measures),
        "channels_restricted": sorted({channel for word in measures for channel in _CHANNELS.get(word, ())}),
        "decided_on": decided_on,
        "decided_by": decider["staff_ref"],
        "decided_by_role": decider["role"],
        "starts_on": starts_on,
    }
    return (
        restriction
        | _invent_approval(world)
        | _invent_term(world, starts_on)
        | _invent_notice(world, decided_on)
        | _invent_safeguards(world, restriction)
    )


def _choose_deciders(world: SampleWorld, measures: tuple[str, ...]) -> tuple[str, ...]:
    if "complaints_limited" in measures and world.profile.complaints_decider_roles:
        return world.profile.complaints_decider_roles
    return world.profile.decider_roles if world.kept() else ("team_leader",)


def _invent_approval(world: SampleWorld) -> Row:
    approver = choose_by_role(world, *world.profile.approver_roles)
    kept = world.kept()
    return {
        "approved_by": approver["staff_ref"] if kept else None,
        "approved_by_role": approver["role"] if kept else None,
    }


def _invent_term(world: SampleWorld, starts_on: date) -> Row:
    profile, months = world.profile, world.profile.length_months
    longer = world.happens(0.15)
    expires_on = add_calendar_months(starts_on, months * 2 if longer else months) if world.kept() else None
    unreviewed = world.happens(profile.no_review_share)
    return {
        "expires_on": expires_on,
        "duration_reason": "repeated after earlier restriction" if longer and world.kept() else None,
        "review_due_on": None if unreviewed else add_calendar_months(starts_on, profile.review_months),
        "no_review_reason": "ends with the tenancy" if unreviewed else None,
    }


def _invent_notice(world: SampleWorld, decided_on: date) -> Row:
    notified_on = world.done(decided_on, 3, kept=0.97)
    parts = ("in_writing", "reasons", "duration", "review_date", "appeal_right")
    return {"notified_on": notified_on} | {f"notice_{part}": world.kept() if notified_on else None for part in parts}


def _invent_safeguards(world: SampleWorld, restriction: Row) -> Row:
    decided_on, number = restriction["decided_on"], restriction["restriction_ref"][1:]
    restorative = world.one({"ref": 6.0, "reason": 3.0, "neither": 1.0})
    third_party = "third_party" in restriction["measure"]
    supported = {row["customer_ref"] for row in world.rows["customers"] if row["receives_support_service"]}
    return {
        "adjustments_considered": world.kept(),
        "emergency_route": world.kept(),
        "mandate_signed_on": world.done(decided_on, 5) if third_party else None,
        "system_flag_on": world.done(decided_on, 2),
        "register_entry_on": world.done(decided_on, 2),
        "care_inspectorate_notified_on": world.done(decided_on, 0)
        if restriction["customer_ref"] in supported
        else None,
        "evidence_ref": f"EV-{number}" if world.kept() else None,
        "restorative_ref": f"RS-{number}" if restorative == "ref" else None,
        "restorative_not_possible_reason": "declined by customer" if restorative == "reason" else None,
    }


def _invent_reviews(world: SampleWorld, restriction: Row) -> list[Row]:
    """The reviews held so far; the last of a restriction that has run its time lifts it, and ends it."""
    reviews: list[Row] = []
    due = restriction["review_due_on"]
    last = restriction["expires_on"] or add_calendar_months(restriction["starts_on"], world.profile.length_months * 2)
    while due and len(reviews) < 12:
        held = world.days_after(due, -12, -1) if world.happens(0.82) else world.days_after(due, 3, 40)
        if held > world.as_at or (not world.happens(0.95) and held > world.as_at - timedelta(days=120)):
            break
        review = _invent_review(world, restriction, len(reviews) + 1, held, lift=held >= last - timedelta(days=20))
        reviews.append(review)
        due = review["next_review_on"]
    return reviews


def _invent_review(world: SampleWorld, restriction: Row, number: int, held: date, *, lift: bool) -> Row:
    outcome = "lift" if lift or world.happens(0.06) else world.one({"retain": 4.0, "vary": 1.0})
    reviewer = choose_by_role(world, *(world.profile.reviewer_roles if world.kept() else ("manager",)))
    if outcome == "lift" and world.happens(0.97):
        restriction["ended_on"] = world.known(world.working(held, 0, 3))
    return {
        "review_ref": f"V{restriction['restriction_ref'][1:]}-{number}",
        "restriction_ref": restriction["restriction_ref"],
        "reviewed_on": held,
        "reviewed_by": reviewer["staff_ref"],
        "reviewed_by_role": reviewer["role"],
        "outcome": outcome,
        "explanation_recorded": world.kept(),
        "next_review_on": add_calendar_months(held, world.profile.review_months)
        if outcome != "lift" and world.kept()
        else None,
        "customer_notified_on": world.done(held, 5),
    }


def invent_appeals(world: SampleWorld) -> None:
    """Nearly every second restriction is appealed; the latest appeals are so recent that their clocks still run."""
    restrictions = [row for row in world.rows["restrictions"] if row["notified_on"]]
    latest = [row for row in restrictions if not row.get("ended_on")][-len(_RECENT_DAYS) :]
    appealed = [row for row in restrictions if row not in latest and world.happens(0.45)]
    appeals = [_invent_appeal(world, row, world.working(row["notified_on"], 2, 12)) for row in appealed]
    for row, days in zip(reversed(latest), _RECENT_DAYS, strict=False):
        appeals.append(_invent_appeal(world, row, world.calendar.next_working(world.as_at - timedelta(days=days))))
    world.rows["appeals"] = [
        {"appeal_ref": f"A{number:04d}", **appeal}
        for number, appeal in enumerate(sorted(appeals, key=lambda row: str(row["received_on"])), 1)
        if appeal["received_on"] <= world.as_at
    ]


def _invent_appeal(world: SampleWorld, restriction: Row, received_on: date) -> Row:
    age = (world.as_at - received_on).days
    acknowledged_on = world.done(received_on, 3, kept=0.85) if age > _UNANSWERED_DAYS else None
    decided_on = world.known(world.working(received_on, 5, 9 if world.happens(0.8) else 16))
    if age <= max(_RECENT_DAYS):
        decided_on = None
    outcome = world.one({"upheld": 6.0, "varied": 2.0, "quashed": 1.0}) if decided_on else None
    who = choose_by_role(world, *world.profile.appeal_roles)
    while who["staff_ref"] == restriction["decided_by"] and world.happens(0.9):
        who = choose_by_role(world, *world.profile.appeal_roles)
    if outcome == "quashed" and not restriction.get("ended_on"):
        restriction["ended_on"] = world.done(decided_on or received_on, 5)
    notified_on = world.known(world.working(decided_on, 0, 2)) if decided_on else None
    return {
        "restriction_ref": restriction["restriction_ref"],
        "received_on": received_on,
        "acknowledged_on": acknowledged_on,
        "handled_by": choose_by_role(world, "manager", "head_of_governance")["staff_ref"] if world.kept() else None,
        "considered_by": who["staff_ref"] if decided_on else None,
        "considered_by_role": who["role"] if decided_on else None,
        "decided_on": decided_on,
        "outcome": outcome,
        "notified_on": notified_on,
        "external_body": _choose_body(world, restriction) if notified_on and world.kept() else None,
    }


def _choose_body(world: SampleWorld, restriction: Row) -> str | None:
    types = {row["customer_ref"]: row["customer_type"] for row in world.rows["customers"]}
    return world.profile.appeal_bodies.get(types[restriction["customer_ref"]])
