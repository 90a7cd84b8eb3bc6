"""A reader of quarterly and annual editions subtracts the quarters from the year, and works nothing out."""

from __future__ import annotations

import pytest

from tests.packs.annual import (
    YEAR,
    Relations,
    count_recovered_of_years,
    fill_each,
    learn_year_relations,
    publish_all,
    read_all,
    take_periods,
)
from tests.packs.known import IS_LONG

QUARTERS_FIRST = (YEAR.last, YEAR)
YEAR_FIRST = (YEAR, *(YEAR.quarters if IS_LONG else YEAR.quarters[3:]))
"""A quarter's edition shows the four before it, too: with the last one all of the year are out."""
LEARNT_FROM = (3000, 3001)
SEEDS, MOST = (range(1, 7), 40) if IS_LONG else ((3,), 15)


@pytest.fixture(scope="module")
def relations() -> Relations:
    """What holds, learnt from registers of the attacker's own."""
    found = learn_year_relations([read_all(fill_each(take_periods(seed, 60))) for seed in LEARNT_FROM])
    whole = ("year:incidents/incidents", 0)
    assert {whole: -1, **{("incidents/incidents", back): 1 for back in range(4)}} in found.sums
    assert (("year:restrictions/in_force", 0), ("restrictions/in_force", 0)) in found.same
    return found


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("asked", [QUARTERS_FIRST, YEAR_FIRST], ids=["quarters first", "year first"])
def test_no_quarter_is_opened_by_its_year(relations: Relations, seed: int, asked: tuple) -> None:
    asked_for, recovered = count_recovered_of_years(*publish_all(seed, MOST, asked), relations)
    assert asked_for > 20
    assert recovered == 0


def test_a_year_made_without_its_quarters_would_open_them(relations: Relations) -> None:
    true, editions = publish_all(3, MOST, QUARTERS_FIRST, is_year_alone=True)
    assert count_recovered_of_years(true, editions, relations)[1] > 0
