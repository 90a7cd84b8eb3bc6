"""restriction.review, the recurring review of a restriction (contract: Assessment, the review of a restriction)."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.reference.dates import add_months
from tests.reference.records import ABSENT, Record, World, cell
from tests.reference.verdicts import NOT_MEASURED, Verdict, dated

CYCLES = {"queens_cross": 6, "port_of_leith": 12, "hanover": 3}
"""Months between reviews; Clydebank and United Welsh review on agreed dates alone."""


def review(world: World, restriction: Record) -> list[Verdict]:
    if world.landlord == "clydebank" and restriction.get("no_review_reason"):
        return []
    if not _is_measurable(world, restriction):
        return [NOT_MEASURED]
    found = occurrences(world, restriction)
    if found and "ended_on" not in restriction:
        return [NOT_MEASURED]
    return [dated(world, due, done, 30) for _, due, done in found]


def _is_measurable(world: World, restriction: Record) -> bool:
    """Whether every agreed date that could make an occurrence is carried, ended_on aside."""
    if world.rows("reviews") is ABSENT:
        return False
    if world.landlord in CYCLES:
        return True
    if "review_due_on" not in restriction:
        return False
    if world.carries("reviews", "next_review_on"):
        return True
    kept = _kept(world, restriction)
    return restriction["review_due_on"] is None and (not kept or kept[0]["outcome"] == "lift")


def _kept(world: World, restriction: Record) -> list[Record]:
    """Reviews of the restriction in order, those after its end left out."""
    ended = restriction.get("ended_on")
    held = [row for row in world.rows("reviews") if row["restriction_ref"] == restriction["restriction_ref"]]
    held = [row for row in held if ended is None or row["reviewed_on"] <= ended]
    return sorted(held, key=lambda row: (row["reviewed_on"], row["review_ref"]))


def occurrences(world: World, restriction: Record) -> list[tuple[date, date, date | None]]:
    """Base, due and done date of each occurrence that has a due date."""
    chain: list[tuple[date, date | None, date | None]] = []
    base, agreed = _first_base(world, restriction), cell(restriction, "review_due_on")
    for held in _kept(world, restriction):
        chain.append((base, _due(world, base, agreed), held["reviewed_on"]))
        if held["outcome"] == "lift":
            break
        base, agreed = held["reviewed_on"], cell(held, "next_review_on")
    else:
        chain.append((base, _due(world, base, agreed), restriction.get("ended_on")))
    return [(base, due, done) for base, due, done in chain if due is not None]


def _first_base(world: World, restriction: Record) -> date:
    told = restriction.get("notified_on") if world.landlord == "hanover" else None
    return told or restriction["starts_on"]


def _due(world: World, base: date, agreed: Any) -> date | None:
    """The earlier of the cycle's end and the agreed date; an agreed date not carried counts as blank."""
    cycle = CYCLES.get(world.landlord)
    ends = [] if cycle is None else [add_months(base, cycle)]
    return min([*ends, *([] if agreed is None or agreed is ABSENT else [agreed])], default=None)
