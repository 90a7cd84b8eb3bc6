"""The engine equals the slow reference, row for row, on seeded drops with columns and files missing.

The short form runs a few seeds; `make test-all` runs many, and every column for every landlord.
"""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

import pytest

from tests.assessment.against_reference import IS_LONG, disagreements
from tests.reference.drops import ANCHORS, Drop, build_drop, muddle, optional_columns, thin_out
from tests.reference.judge import LANDLORDS, judge

SEEDS = range(600 if IS_LONG else 12)
WHOLE = build_drop(20_260_630, date(2026, 6, 30), size=60)
AS_AT = date(2026, 6, 30)


def _some_drop(seed: int) -> tuple[Drop, list[date]]:
    """A drop and the dates to judge it on: its anchor and days beside it."""
    rng = Random(seed)
    anchor = rng.choice(ANCHORS) if rng.random() < 0.5 else date(2021, 1, 1) + timedelta(days=rng.randrange(2600))
    drop = build_drop(seed, anchor, size=rng.choice((4, 12, 30)))
    drop = thin_out(drop, rng) if rng.random() < 0.7 else drop
    beside = anchor + timedelta(days=rng.choice((-30, -7, -2, -1, 1, 2, 31)))
    return drop, [anchor, beside]


@pytest.mark.parametrize("seed", SEEDS)
def test_engine_equals_reference_on_seeded_drops(seed: int) -> None:
    drop, dates = _some_drop(seed)
    assert [line for as_at in dates for landlord in LANDLORDS for line in disagreements(drop, landlord, as_at)] == []


@pytest.mark.parametrize("seed", SEEDS)
def test_engine_equals_reference_where_cells_hold_words_that_nobody_knows(seed: int) -> None:
    drop, dates = _some_drop(seed)
    drop = muddle(drop, Random(seed), share=(0.05, 0.3, 1.0)[seed % 3])
    assert [line for as_at in dates for landlord in LANDLORDS for line in disagreements(drop, landlord, as_at)] == []


def test_words_that_nobody_knows_bear_on_every_landlord() -> None:
    drop = muddle(WHOLE, Random(1))
    for landlord in LANDLORDS:
        counts = [
            sum(row["state"] == "not_measured" for row in judge(each.tables(), landlord, AS_AT))
            for each in (WHOLE, drop)
        ]
        assert counts[0] < counts[1]


@pytest.mark.parametrize("landlord", LANDLORDS)
def test_engine_equals_reference_without_each_file(landlord: str) -> None:
    found = [line for entity in WHOLE.sheets for line in disagreements(WHOLE.without_file(entity), landlord, AS_AT)]
    assert found == []


@pytest.mark.parametrize("landlord", LANDLORDS)
def test_engine_equals_reference_where_each_file_is_a_header_alone(landlord: str) -> None:
    found = [line for entity in WHOLE.sheets for line in disagreements(WHOLE.without_rows(entity), landlord, AS_AT)]
    assert found == []


@pytest.mark.parametrize("landlord", LANDLORDS)
def test_engine_equals_reference_without_each_column(landlord: str) -> None:
    whole = judge(WHOLE.tables(), landlord, AS_AT)
    borne = []
    for entity, column in optional_columns():
        less = WHOLE.without_column(entity, column)
        if IS_LONG or judge(less.tables(), landlord, AS_AT) != whole:
            borne.append(column)
            assert disagreements(less, landlord, AS_AT) == []
    assert len(borne) > 8


@pytest.mark.parametrize("landlord", LANDLORDS)
def test_staff_give_the_roles_that_a_source_does_not_carry(landlord: str) -> None:
    roles = ["restrictions.decided_by", "restrictions.approved_by", "reviews.reviewed_by", "appeals.considered_by"]
    drop = WHOLE
    for entity, by in (role.split(".") for role in roles):
        drop = drop.without_column(entity, f"{by}_role")
    assert disagreements(drop, landlord, AS_AT) == []
    assert disagreements(drop.without_file("staff"), landlord, AS_AT) == []


@pytest.mark.parametrize("landlord", LANDLORDS)
def test_nothing_delivered_is_not_nothing_overdue(landlord: str) -> None:
    assert disagreements(Drop({}), landlord, AS_AT) == []
