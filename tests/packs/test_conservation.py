"""What must add up, adds up: on every example, in every quarter, for every sum a table declares."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pandas as pd
import pytest

from due_regard.calendars.quarters import Quarter
from due_regard.packs.content.measure_tables import SPECS
from due_regard.packs.content.table_forms import MeasureTable
from due_regard.packs.measures import BATCH_COLUMNS
from due_regard.packs.measures.restrictions import measure_flow
from due_regard.packs.measures.upkeep import measure_data_quality
from tests.packs.known import LANDLORDS, example_tables, frame, restriction, snapshots
from tests.packs.known import QUARTER as NOW


def value(figures: pd.DataFrame, measure: str, quarter: str) -> float | None:
    rows = figures[figures["quarter"] == quarter]
    own = rows.loc[rows["measure"] == measure, "numerator"]
    whole = rows.loc[rows["of"] == measure, "denominator"]
    found = own if len(own) else whole.drop_duplicates()
    assert len(found) == 1, (measure, quarter)
    return None if pd.isna(found.iloc[0]) else float(found.iloc[0])


def imbalances(table: MeasureTable) -> list[str]:
    assert table.figures is not None
    wrong = []
    for one in table.sums:
        for quarter in table.figures["quarter"].unique():
            names = (one.total, *one.plus, *one.minus)
            values = {name: value(table.figures, name, quarter) for name in names}
            if None in values.values():
                assert set(values.values()) == {None}, (table.name, quarter, values)
                continue
            if values[one.total] != sum(values[n] for n in one.plus) - sum(values[n] for n in one.minus):
                wrong.append(f"{table.name} {quarter} {values}")
    return wrong


@pytest.mark.parametrize("landlord", LANDLORDS)
def test_every_declared_sum_holds(landlord: str) -> None:
    tables = [table for table in example_tables(landlord).values() if table.sums]
    assert len(tables) >= 9
    assert [wrong for table in tables for wrong in imbalances(table)] == []


@pytest.mark.parametrize("landlord", LANDLORDS)
def test_one_quarter_opens_with_what_the_last_closed_with(landlord: str) -> None:
    figures = example_tables(landlord)["restrictions"].figures
    assert figures is not None
    quarters = list(figures["quarter"].unique())
    assert quarters == [str(NOW.shift(-back)) for back in range(5)]
    for later, earlier in pairwise(quarters):
        assert value(figures, "opening", later) == value(figures, "in_force", earlier)


def test_a_broken_sum_is_found() -> None:
    table = example_tables(LANDLORDS[0])["restrictions"]
    assert table.figures is not None
    broken = table.figures.copy()
    broken.loc[broken["measure"] == "ended", "numerator"] += 1
    assert len(imbalances(MeasureTable(table.name, table.title, sums=table.sums, figures=broken))) == 5


@pytest.mark.parametrize(
    ("begins", "ends", "expected"),
    [
        ("2026-03-31", None, (1, 0, 0, 1)),
        ("2026-04-01", None, (0, 1, 0, 1)),
        ("2026-06-30", None, (0, 1, 0, 1)),
        ("2026-07-01", None, (0, 0, 0, 0)),
        ("2026-01-01", "2026-03-31", (0, 0, 0, 0)),
        ("2026-01-01", "2026-04-01", (1, 0, 1, 0)),
        ("2026-01-01", "2026-06-30", (1, 0, 1, 0)),
        ("2026-01-01", "2026-07-01", (1, 0, 0, 1)),
        ("2026-05-01", "2026-05-01", (0, 1, 1, 0)),
        ("2026-05-01", "2026-04-20", (0, 1, 1, 0)),
    ],
)
def test_the_edges_of_a_quarter(begins: str, ends: str | None, expected: tuple[int, ...]) -> None:
    records = {"restrictions": frame("restrictions", restriction("R1", begins, ends))}
    snapshot = snapshots(records, "queens_cross", Quarter(2026, 2))[0]
    found = {figure.measure: figure.numerator for figure in measure_flow(snapshot)}
    assert tuple(found[name] for name in ("opening", "new", "ended", "in_force")) == expected


def test_files_that_came_late_count_in_the_quarter_a_pack_reports_alone() -> None:
    found = snapshots({}, "queens_cross", Quarter(2026, 1))
    late = pd.DataFrame([(pd.Timestamp("2026-04-09"), "appeals", 5, 3, 1, 1)], columns=list(BATCH_COLUMNS))
    counts = [{f.measure: f.numerator for f in measure_data_quality(replace(one, files=late))} for one in found]
    assert counts[0] == {"files": 1, "read": 5, "loaded": 3, "unchanged": 1, "rejected": 1}
    assert all(count["files"] == 0 for count in counts[1:])


def test_every_table_is_figures_or_a_listing() -> None:
    assert all((spec.figures is None) != (spec.listing is None) for spec in SPECS.values())
