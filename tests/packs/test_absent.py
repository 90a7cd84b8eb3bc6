"""What the export does not carry is said to be not measured; it never reads as nought."""

from __future__ import annotations

import pandas as pd
import pytest

from due_regard.packs.content.filled_tables import build_measure_table
from due_regard.packs.content.measure_tables import SPECS
from due_regard.packs.content.table_forms import MeasureTable
from due_regard.packs.documents.display_grid import build_grid
from due_regard.packs.documents.workbook import build_committee_workbook
from due_regard.records.canonical import Records
from tests.packs.checklist import faults
from tests.packs.known import EXAMPLES, IS_LONG, LANDLORDS, content, example_drop, read_drop_folder, snapshots

ABSENT = EXAMPLES.parent / "examples_absent"


def tables(records: Records, name: str) -> dict[str, MeasureTable]:
    found = snapshots(records, name)
    return {table: build_measure_table(table, found) for table in SPECS}


def whys(table: MeasureTable) -> set[str]:
    assert table.figures is not None
    return set(table.figures["why"])


@pytest.mark.parametrize("name", LANDLORDS if IS_LONG else ("clydebank", "united_welsh"))
def test_a_pack_of_an_export_with_gaps_keeps_the_checklist(name: str) -> None:
    filled = tables(read_drop_folder(ABSENT / name / "exports", name).records(), name)
    for table in filled.values():
        build_grid(table)
    assert faults(build_committee_workbook(content(name, "senior_management", filled))) == {}


def test_a_register_without_records_measures_nothing() -> None:
    filled = tables({}, "queens_cross")
    for name in ("restrictions", "lacking", "restrictions_by_measure", "incidents", "incidents_by_category", "markers"):
        assert whys(filled[name]) == {"not measured"}, name
    listing = filled["not_measured"].listing
    assert listing is not None
    assert len(listing) > 20
    assert listing["Why"].str.startswith("No ").sum() > 20
    assert faults(build_committee_workbook(content("queens_cross", "health_and_safety_committee", filled))) == {}


@pytest.mark.parametrize(
    ("entity", "column", "table", "measure"),
    [
        ("restrictions", "ended_on", "restrictions", "in_force"),
        ("restrictions", "ended_on", "continuous_time", "longest_days"),
        ("restrictions", "emergency_route", "lacking", "no_emergency_route"),
        ("restrictions", "no_review_reason", "lacking", "no_review_by_choice"),
        ("appeals", "decided_on", "appeals", "decided"),
        ("appeals", "outcome", "appeals", "quashed"),
        ("incidents", "violence", "incidents", "violent"),
        ("incidents", "team", "incidents_by_team", "silent_teams"),
        ("markers", "removed_on", "markers", "left_behind"),
        ("markers", "restriction_ref", "markers", "left_behind"),
    ],
)
def test_a_column_not_carried_is_not_measured(entity: str, column: str, table: str, measure: str) -> None:
    records = dict(example_drop("queens_cross").records())
    records[entity] = records[entity].drop(columns=column)
    found = build_measure_table(table, snapshots(records, "queens_cross")).figures
    assert found is not None
    rows = found[found["measure"] == measure]
    assert len(rows) == 5 and set(rows["why"]) == {"not measured"} and rows["numerator"].isna().all()


def test_the_same_figures_are_named_with_and_without_records() -> None:
    """Else a sentence of a pack would name a figure that an export with a gap does not have."""
    some, none = tables(example_drop("queens_cross").records(), "queens_cross"), tables({}, "queens_cross")
    for name, table in some.items():
        if table.figures is not None:
            empty = none[name].figures
            assert empty is not None
            named = {m for m in table.figures["measure"] if not str(m).startswith("team_")}
            assert named == set(empty["measure"]), name


def test_a_blank_is_lacking_and_not_unmeasured() -> None:
    records = dict(example_drop("queens_cross").records())
    blank = pd.Series(pd.NA, index=records["restrictions"].index, dtype="boolean")
    records["restrictions"] = records["restrictions"].assign(emergency_route=blank)
    found = build_measure_table("lacking", snapshots(records, "queens_cross")).figures
    assert found is not None
    row = found[found["measure"] == "no_emergency_route"].iloc[0]
    assert row["numerator"] == row["denominator"] == 22


@pytest.mark.parametrize(
    ("name", "measure"), [("port_of_leith", "acknowledgements_due"), ("clydebank", "decisions_due")]
)
def test_what_no_policy_promises_is_no_row(name: str, measure: str) -> None:
    table = build_measure_table("appeals", snapshots(example_drop(name).records(), name))
    assert table.figures is not None
    labels = table.figures.loc[table.figures["measure"] == measure, "label"].unique()
    assert len(labels) == 1
    assert str(labels[0]) not in {row[0] for row in build_grid(table).rows}
