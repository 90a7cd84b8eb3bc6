"""incident.* rules (contract: Assessment, incident)."""

from __future__ import annotations

from typing import Any

from tests.reference.dates import next_quarter_end
from tests.reference.records import ABSENT, Record, World, cell
from tests.reference.roles import MANAGERS, is_grave, is_harassing, is_violent
from tests.reference.verdicts import Verdict, add_wd, all_of, any_of, check, deadline, is_in, is_yes, known, needs_all


def committee_report(world: World, incident: Record) -> list[Verdict]:
    due = next_quarter_end(incident["occurred_on"])
    return deadline(world, due, cell(incident, "committee_reported_on"), window=30)


def manager_informed(world: World, incident: Record) -> list[Verdict]:
    informed = cell(incident, "manager_informed_on")
    if world.landlord == "queens_cross":
        return deadline(world, add_wd(world, incident["occurred_on"], 1), informed)
    return check(known(informed))


def police(world: World, incident: Record) -> list[Verdict]:
    where = is_violent(incident)
    if world.landlord == "port_of_leith":
        where = is_grave(incident)
    if world.landlord == "united_welsh":
        where = all_of(where, incident["channel"] == "phone")
    holds = known(cell(incident, "police_reported_on"))
    if world.landlord == "clydebank":
        holds = any_of(holds, is_in(cell(incident, "police_decision_by_role"), MANAGERS))
    return check(holds, where=where, severity="warning" if world.landlord == "queens_cross" else "breach")


def debrief(world: World, incident: Record) -> list[Verdict]:
    where = any_of(is_violent(incident), is_harassing(incident))
    return check(known(cell(incident, "debrief_held_on")), where=where, severity="warning")


def naming_shared(world: World, incident: Record) -> list[Verdict]:
    named = is_yes(cell(incident, "staff_named_publicly"))
    return check(known(cell(incident, "smt_informed_on")), where=named)


def naming_notified(world: World, incident: Record) -> list[Verdict]:
    told = [known(cell(incident, f"{who}_manager_notified_on")) for who in ("line", "services")]
    return check(needs_all(*told), where=is_yes(cell(incident, "staff_named_publicly")))


def restriction_decided(world: World, incident: Record) -> list[Verdict]:
    due = add_wd(world, incident["occurred_on"], 10)
    return deadline(world, due, _restricted_on(world, incident), where=is_grave(incident))


def _restricted_on(world: World, incident: Record) -> Any:
    """The incident's own day if a restriction was in force, else the first decision since; ABSENT if unknowable."""
    restrictions = world.of_customer("restrictions", incident["customer_ref"])
    if restrictions is ABSENT or not world.carries("restrictions", "ended_on"):
        return ABSENT
    day = incident["occurred_on"]
    for restriction in restrictions:
        ended = restriction["ended_on"]
        if restriction["decided_on"] < day and (ended is None or ended > day):
            return day
    return min((row["decided_on"] for row in restrictions if row["decided_on"] >= day), default=None)
