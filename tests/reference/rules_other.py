"""review.*, warning.*, marker.*, access_request.* and policy.* rules (contract: Assessment, last table)."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.reference.dates import add_months
from tests.reference.records import Record, World, cell
from tests.reference.verdicts import (
    NOT_MEASURED,
    Verdict,
    all_of,
    any_of,
    check,
    dated,
    deadline,
    earliest,
    is_in,
    is_yes,
    known,
)


def _restriction(world: World, record: Record) -> Any:
    return world.linked("restrictions", cell(record, "restriction_ref"))


def _review_check(world: World, review: Record, holds: Any, outcomes: set[str] | None = None) -> list[Verdict]:
    # Every review rule needs the restriction, whether or not it reads it.
    exists = known(_restriction(world, review))
    return check(holds, where=all_of(exists, outcomes is None or review["outcome"] in outcomes))


def reviewer_role(world: World, review: Record) -> list[Verdict]:
    roles = {
        "port_of_leith": {"operational_manager", "head_of_service", "director", "chief_executive"},
        "hanover": {"head_of_governance"},
    }[world.landlord]
    return _review_check(world, review, is_in(cell(review, "reviewed_by_role"), roles))


def next_date_set(world: World, review: Record) -> list[Verdict]:
    holds = known(cell(review, "next_review_on"))
    if world.landlord == "clydebank":
        holds = any_of(holds, known(cell(_restriction(world, review), "no_review_reason")))
    return _review_check(world, review, holds, {"retain", "vary"})


def lift_done(world: World, review: Record) -> list[Verdict]:
    return _review_check(world, review, known(cell(_restriction(world, review), "ended_on")), {"lift"})


def explanation(world: World, review: Record) -> list[Verdict]:
    return _review_check(world, review, is_yes(cell(review, "explanation_recorded")), {"retain"})


def customer_notified(world: World, review: Record) -> list[Verdict]:
    return _review_check(world, review, known(cell(review, "customer_notified_on")), {"vary", "lift"})


def policy_enclosed(world: World, warning: Record) -> list[Verdict]:
    return check(is_yes(cell(warning, "policy_enclosed")))


def marker_removed(world: World, marker: Record) -> list[Verdict]:
    ended = known(cell(_restriction(world, marker), "ended_on"))
    return check(known(cell(marker, "removed_on")), where=ended, severity="info")


def marker_review(world: World, marker: Record) -> list[Verdict]:
    due = cell(marker, "review_due_on")
    done = earliest(cell(marker, "reviewed_on"), cell(marker, "removed_on"))
    return deadline(world, due, done, where=known(due), window=30)


def access_respond(world: World, request: Record) -> list[Verdict]:
    due = world.days.roll(add_months(request["received_on"], 1))
    return deadline(world, due, cell(request, "responded_on"), window=7)


def policy_review(world: World) -> list[Verdict]:
    due = {"port_of_leith": date(2022, 12, 31), "clydebank": date(2026, 7, 31)}.get(world.landlord)
    # Queens Cross and Hanover give a cycle in years and no date to count it from.
    return [NOT_MEASURED] if due is None else [dated(world, due, None, 90)]
