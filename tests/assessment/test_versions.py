"""A duty is judged by the version of the policy in force on the day it arose.

Two landlords' policies stand for two versions of one: what arose before the change must read as the reference reads it
for the first, what arose from then on as for the second. A deadline arises on its start, an occurrence of a review on
its base, a check and a deadline whose due date is given with the record.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from due_regard.assessment import assess_records
from due_regard.policy import Policy, PolicyHistory
from tests.assessment.against_reference import IS_LONG, calendar, plain_rows, policies
from tests.reference.dates import DIVISIONS, WorkingDays
from tests.reference.drops import Drop, build_drop
from tests.reference.judge import SUBJECTS, judge
from tests.reference.records import OPENS, REF, Record, World, world_on
from tests.reference.review_chain import occurrences

AS_AT = date(2026, 6, 30)
# Hanover starts the first review elsewhere and United Welsh keeps another nation's calendar.
PAIRS = [
    ("queens_cross", "port_of_leith"),
    ("port_of_leith", "queens_cross"),
    ("queens_cross", "clydebank"),
    ("clydebank", "port_of_leith"),
]
SEEDS = range(60 if IS_LONG else 2)
STARTED_BY = {"appeal.notify": "decided_on", "appeal.given_effect": "decided_on"}
Row = tuple[Any, ...]


def _world(drop: Drop, landlord: str) -> World:
    return world_on(drop.tables(), landlord, AS_AT, WorkingDays(DIVISIONS[landlord]))


def _arose(world: World, rule: str, record: Record) -> date:
    if rule == "appeal.in_time":
        told: date = world.linked("restrictions", record["restriction_ref"])["notified_on"]
        return told
    found: date = record[STARTED_BY.get(rule, OPENS[SUBJECTS[rule.split(".")[0]]])]
    return found


def _dated_rows(drop: Drop, landlord: str) -> Iterator[tuple[date, Row]]:
    """The day on which each row's duty arose, and the row without landlord and number."""
    world = _world(drop, landlord)
    for row in judge(drop.tables(), landlord, AS_AT):
        if row["rule"] == "policy.review":
            continue
        entity = SUBJECTS[row["rule"].split(".")[0]]
        record = next(found for found in world.rows(entity) if found[REF[entity]] == row["subject_ref"])
        arose = (
            occurrences(world, record)[row["occurrence"] - 1][0]
            if row["rule"] == "restriction.review"
            else _arose(world, row["rule"], record)
        )
        yield arose, _short(row)


def _short(row: dict[str, Any]) -> Row:
    names = ("rule", "subject_ref", "state", "due_on", "done_on", "days_overdue", "severity")
    return tuple(row[name] for name in names)


def _spliced(drop: Drop, old: str, new: str, change: date) -> list[Row]:
    before = [row for arose, row in _dated_rows(drop, old) if arose < change]
    return sorted(before + [row for arose, row in _dated_rows(drop, new) if arose >= change], key=repr)


def _history(old: str, new: str, change: date) -> PolicyHistory:
    first, second = policies(old).versions[-1], policies(new).versions[-1]
    renamed = second.file.model_copy(update={"landlord": old})
    return PolicyHistory((replace(first, effective_from=date(2000, 1, 1)), Policy(change, renamed)))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_each_duty_is_judged_by_the_version_of_its_day(old: str, new: str, seed: int) -> None:
    drop = build_drop(seed + 900, AS_AT, size=20)
    change = AS_AT - timedelta(days=(30, 183, 400)[seed % 3])
    frame = assess_records(drop.frames(), _history(old, new, change), calendar(old), AS_AT)
    rows = [row for row in plain_rows(frame) if row["rule"] != "policy.review"]
    assert sorted(map(_short, rows), key=repr) == _spliced(drop, old, new, change)
    numbers = [(row["rule"], row["subject_ref"], row["occurrence"]) for row in rows]
    assert len(set(numbers)) == len(numbers)
    assert {version.date() for version in frame["policy_version"]} == {date(2000, 1, 1), change}


def test_the_change_of_version_matters() -> None:
    drop = build_drop(900, AS_AT, size=20)
    first, second = (_spliced(drop, "queens_cross", "port_of_leith", day) for day in (date(2000, 1, 1), AS_AT))
    assert first != second
