"""restriction.* rules but the recurring review (contract: Assessment, restriction)."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.reference.dates import add_months
from tests.reference.records import ABSENT, Record, World, cell
from tests.reference.roles import MANAGERS, is_grave, is_violent, trigger
from tests.reference.verdicts import (
    Answer,
    Verdict,
    any_of,
    check,
    deadline,
    earliest,
    is_in,
    is_yes,
    known,
    needs_all,
    negated,
)


def review_date_set(world: World, restriction: Record) -> list[Verdict]:
    other = {"clydebank": "no_review_reason", "united_welsh": "expires_on"}.get(world.landlord)
    others = [known(cell(restriction, other))] if other else []
    return check(any_of(known(cell(restriction, "review_due_on")), *others))


def end_set(world: World, restriction: Record) -> list[Verdict]:
    return check(known(cell(restriction, "expires_on")))


def expiry(world: World, restriction: Record) -> list[Verdict]:
    expires = cell(restriction, "expires_on")
    done = expires
    if expires is not ABSENT and expires is not None:
        done = earliest(cell(restriction, "ended_on"), _first_renewal(world, restriction, expires))
    return deadline(world, expires, done, where=known(expires), window=30)


def _first_renewal(world: World, restriction: Record, expires: date) -> Any:
    if world.rows("reviews") is ABSENT:
        return ABSENT
    held = [
        review["reviewed_on"]
        for review in world.rows("reviews")
        if review["restriction_ref"] == restriction["restriction_ref"]
        and review["outcome"] in {"retain", "vary"}
        and review["reviewed_on"] >= add_months(expires, -1)
    ]
    return min(held, default=None)


def normal_length(world: World, restriction: Record) -> list[Verdict]:
    expires = cell(restriction, "expires_on")
    short: Answer = None
    if expires is not ABSENT and expires is not None:
        short = expires <= add_months(restriction["starts_on"], 6) or bool(restriction.get("duration_reason"))
    return check(short, where=known(expires), severity="warning")


def decider_role(world: World, restriction: Record) -> list[Verdict]:
    if world.landlord == "hanover":
        roles = {"senior_management_team", "director", "chief_executive"}
        return check(is_in(cell(restriction, "approved_by_role"), roles))
    roles = {
        "queens_cross": {"leadership_team", "director", "chief_executive"},
        "port_of_leith": {"operational_manager", "head_of_service", "director", "chief_executive"},
        "clydebank": MANAGERS,
        "united_welsh": MANAGERS,
    }[world.landlord]
    if world.landlord == "clydebank" and "complaints_limited" in restriction["measure"]:
        roles = {"management_team", "senior_management_team", "executive_management_team", "chief_executive"}
    return check(is_in(cell(restriction, "decided_by_role"), roles))


def prior_warning(world: World, restriction: Record) -> list[Verdict]:
    violent = is_violent(trigger(world, restriction))
    warned = _earlier_warnings(world, restriction)
    holds = None if warned is ABSENT else bool(warned)
    if world.landlord == "united_welsh":
        return check(holds, where=negated(violent), severity="warning")
    return check(holds, severity="explain" if violent else "breach")


def _earlier_warnings(world: World, restriction: Record) -> Any:
    """Days of the customer's warnings before the decision, or ABSENT."""
    warnings = world.of_customer("warnings", restriction["customer_ref"])
    if warnings is ABSENT:
        return ABSENT
    return [warning["issued_on"] for warning in warnings if warning["issued_on"] < restriction["decided_on"]]


def continued_behaviour(world: World, restriction: Record) -> list[Verdict]:
    warned = _earlier_warnings(world, restriction)
    incidents = world.of_customer("incidents", restriction["customer_ref"])
    if warned is ABSENT or (warned and incidents is ABSENT):
        return check(None)
    if not warned:
        return []
    return check(any(min(warned) < incident["occurred_on"] <= restriction["decided_on"] for incident in incidents))


def restorative_step(world: World, restriction: Record) -> list[Verdict]:
    reason = cell(restriction, "restorative_not_possible_reason")
    return check(any_of(known(cell(restriction, "restorative_ref")), known(reason)))


def written_notice(world: World, restriction: Record) -> list[Verdict]:
    notified = known(cell(restriction, "notified_on"))
    if world.landlord == "clydebank":
        return check(any_of(notified, known(cell(restriction, "evidence_ref"))))
    return check(needs_all(notified, is_yes(cell(restriction, "notice_in_writing"))))


def notice_contents(world: World, restriction: Record) -> list[Verdict]:
    contents = {
        "queens_cross": ("reasons", "duration", "review_date", "appeal_right"),
        "united_welsh": ("reasons", "duration", "appeal_right"),
        "hanover": ("reasons",),
        "clydebank": ("review_date",),
    }[world.landlord]
    if world.landlord == "clydebank" and restriction.get("no_review_reason"):
        return []
    each = [is_yes(cell(restriction, f"notice_{content}")) for content in contents]
    return check(needs_all(*each), where=known(cell(restriction, "notified_on")))


def adjustments(world: World, restriction: Record) -> list[Verdict]:
    return check(is_yes(cell(restriction, "adjustments_considered")))


def contact_route(world: World, restriction: Record) -> list[Verdict]:
    if "third_party" in restriction["measure"]:
        return check(True)
    closed = cell(restriction, "channels_restricted")
    if closed is ABSENT:
        return check(None)
    if closed is None:
        return check("no_contact" not in restriction["measure"])
    return check(not {"in_person", "phone", "letter", "email"} <= closed)


def emergency_route(world: World, restriction: Record) -> list[Verdict]:
    return check(is_yes(cell(restriction, "emergency_route")))


def care_inspectorate(world: World, restriction: Record) -> list[Verdict]:
    customer = world.linked("customers", restriction["customer_ref"])
    return deadline(
        world,
        restriction["decided_on"],
        cell(restriction, "care_inspectorate_notified_on"),
        where=is_yes(cell(customer, "receives_support_service")),
    )


def mandate(world: World, restriction: Record) -> list[Verdict]:
    return check(known(cell(restriction, "mandate_signed_on")), where="third_party" in restriction["measure"])


def system_flag(world: World, restriction: Record) -> list[Verdict]:
    flagged = known(cell(restriction, "system_flag_on"))
    if world.landlord in {"clydebank", "hanover"}:
        return check(needs_all(flagged, known(cell(restriction, "register_entry_on"))))
    where = is_grave(trigger(world, restriction)) if world.landlord == "port_of_leith" else True
    return check(flagged, where=where)


def evidence(world: World, restriction: Record) -> list[Verdict]:
    stage = cell(restriction, "decision_stage")
    return check(known(cell(restriction, "evidence_ref")), where=is_in(stage, {"restriction"}))
