"""appeal.* rules (contract: Assessment, appeal)."""

from __future__ import annotations

from typing import Any

from tests.reference.records import ABSENT, Record, World, cell
from tests.reference.roles import MANAGERS
from tests.reference.verdicts import Answer, Verdict, add_wd, all_of, any_of, check, deadline, is_in, known, negated


def _restriction(world: World, appeal: Record) -> Any:
    return world.linked("restrictions", appeal["restriction_ref"])


def acknowledge(world: World, appeal: Record) -> list[Verdict]:
    return deadline(world, add_wd(world, appeal["received_on"], 3), cell(appeal, "acknowledged_on"))


def communicate(world: World, appeal: Record) -> list[Verdict]:
    return deadline(world, add_wd(world, appeal["received_on"], 10), cell(appeal, "notified_on"))


def decide(world: World, appeal: Record) -> list[Verdict]:
    return deadline(world, add_wd(world, appeal["received_on"], 10), cell(appeal, "decided_on"))


def notify(world: World, appeal: Record) -> list[Verdict]:
    decided = cell(appeal, "decided_on")
    return deadline(world, add_wd(world, decided, 5), cell(appeal, "notified_on"), where=known(decided))


def in_time(world: World, appeal: Record) -> list[Verdict]:
    column = {"queens_cross": "notified_on", "united_welsh": "decided_on"}[world.landlord]
    told = cell(_restriction(world, appeal), column)
    return deadline(world, add_wd(world, told, 10), appeal["received_on"], where=known(told), severity="info")


def independent(world: World, appeal: Record) -> list[Verdict]:
    restriction, considered_by = _restriction(world, appeal), cell(appeal, "considered_by")
    holds: Answer = None
    if restriction is not ABSENT and restriction is not None and _is_considered_by_sure(appeal):
        holds = considered_by != restriction["decided_by"]
    return check(holds, where=all_of(known(restriction), known(considered_by)))


def _is_considered_by_sure(appeal: Record) -> bool:
    # Without decided_on nobody can say whether considered_by was known by now.
    return "decided_on" in appeal and "considered_by" in appeal


def decider_role(world: World, appeal: Record) -> list[Verdict]:
    roles = {
        "queens_cross": {"leadership_team", "director", "chief_executive"},
        "clydebank": {"executive_management_team", "chief_executive"},
        "united_welsh": MANAGERS,
    }[world.landlord]
    if "decided_on" not in appeal:
        return check(None)
    considered = any_of(known(cell(appeal, "considered_by")), known(appeal["decided_on"]))
    return check(is_in(cell(appeal, "considered_by_role"), roles), where=considered)


def appealable(world: World, appeal: Record) -> list[Verdict]:
    restriction = _restriction(world, appeal)
    first_stage = is_in(cell(restriction, "decision_stage"), {"active_management"})
    return check(negated(first_stage), where=known(restriction), severity="explain")


def signpost(world: World, appeal: Record) -> list[Verdict]:
    restriction = _restriction(world, appeal)
    where = all_of(
        known(restriction),
        known(cell(appeal, "notified_on")),
        negated(is_in(cell(appeal, "outcome"), {"quashed"})),
    )
    bodies = _bodies(world, restriction)
    if bodies is None:
        return check(None, where=where)
    return check(is_in(cell(appeal, "external_body"), bodies), where=all_of(where, bool(bodies)))


def _bodies(world: World, restriction: Any) -> set[str] | None:
    """External bodies that may be named to this customer; None if the source cannot tell."""
    if world.landlord != "queens_cross":
        return {"port_of_leith": {"spso"}, "united_welsh": {"psow"}}[world.landlord]
    customer = world.linked("customers", cell(restriction, "customer_ref"))
    supported = cell(customer, "receives_support_service")
    if supported is ABSENT:
        return None
    bodies = {"tenant": {"spso"}, "factored_owner": {"first_tier_tribunal"}}.get(cell(customer, "customer_type"), set())
    return bodies | ({"care_inspectorate"} if supported else set())


def given_effect(world: World, appeal: Record) -> list[Verdict]:
    restriction, decided = _restriction(world, appeal), cell(appeal, "decided_on")
    where = all_of(known(restriction), is_in(cell(appeal, "outcome"), {"quashed"}), known(decided))
    return deadline(world, add_wd(world, decided, 5), cell(restriction, "ended_on"), where=where)
