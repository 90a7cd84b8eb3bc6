"""A reader of quarterly and annual editions subtracts the quarters from the year, and works nothing out."""

from __future__ import annotations

from datetime import timedelta

import pytest

from due_regard.packs.content.disclosure_control import PublishedBefore, find_audited_periods, protect_tables
from due_regard.packs.content.filled_tables import build_measure_table
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
from tests.packs.known import IS_LONG, frame, snapshots
from tests.packs.published import LANDLORD, add_edition

QUARTERS_FIRST = (YEAR.last, YEAR)
YEAR_FIRST = (YEAR, *(YEAR.quarters if IS_LONG else YEAR.quarters[3:]))
"""A quarter's edition shows the four before it, too: with the last one all of the year are out."""
LEARNT_FROM = range(3000, 3008) if IS_LONG else (3000, 3001)
"""Of two registers something may hold that does not hold of a third."""
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


def test_a_year_made_without_its_quarters_would_open_them() -> None:
    """Twenty incidents in each of three quarters, three in the last: sixty-three in the year would tell the three."""
    met = [
        {"incident_ref": f"I{quarter}{n}", "customer_ref": f"C{quarter}{n}", "category": "harassment",
         "channel": "phone", "occurred_on": (quarter.starts_on + timedelta(days=3 * n)).isoformat()}
        for quarter, count in zip(YEAR.quarters, (20, 20, 20, 3), strict=True) for n in range(count)
    ]  # fmt: skip
    records = {"incidents": frame("incidents", *met)}
    quarters, years = snapshots(records, LANDLORD, YEAR.last), snapshots(records, LANDLORD, YEAR)
    first = protect_tables({"incidents": build_measure_table("incidents", quarters)}, quarters)
    shown = {name: first.published[f"incidents/incidents/{name}"] for name in map(str, YEAR.quarters)}
    assert list(shown.values()) == [20, 20, 20, None]
    table, whole = {"incidents": build_measure_table("incidents", years)}, f"incidents/incidents/{YEAR}"
    assert protect_tables(table, years).published[whole] == 63, "apart, the year less three quarters is the fourth"
    before = add_edition(PublishedBefore(), first.published)
    taken = {one.quarter: one for one in (*quarters, *years)}
    together = [taken[period] for period in find_audited_periods(YEAR, before.list_periods())]
    assert protect_tables(table, together, before=before).published[whole] is None
