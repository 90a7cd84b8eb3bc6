"""Every column of a table is what was so at its own quarter's end, whatever has happened since."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
import pytest

from due_regard.packs.content.filled_tables import build_measure_table
from due_regard.packs.content.measure_tables import SPECS
from due_regard.packs.content.table_forms import MeasureTable
from due_regard.records.canonical import ENTITY, ColumnKind, Records
from tests.packs.known import LANDLORDS, QUARTER, example_drop, frame, restriction, snapshots

AFTER = pd.Timestamp(QUARTER.shift(1).starts_on) + pd.Timedelta(days=6)


def tables(records: Records, name: str) -> dict[str, MeasureTable]:
    found = snapshots(records, name)
    return {table: build_measure_table(table, found) for table in SPECS if table != "data_quality"}


def add_later_events(records: Records) -> dict[str, pd.DataFrame]:
    """Each event that has not come, a week after the quarter's end; and a record of each kind opened then."""
    return {name: pd.concat(list_later_rows(name, rows), ignore_index=True) for name, rows in records.items()}


def list_later_rows(name: str, rows: pd.DataFrame) -> Iterator[pd.DataFrame]:
    entity = ENTITY[name]
    dates = [column.name for column in entity.columns if column.kind is ColumnKind.DATE and not column.planned]
    events = [name for name in dates if name in rows and name != entity.opened_on]
    yield rows.assign(**{event: rows[event].fillna(AFTER) for event in events})
    if entity.opened_on is not None:
        yield rows.head(3).assign(**{
            entity.key: [f"later {place}" for place in range(len(rows.head(3)))],
            entity.opened_on: AFTER,
            **dict.fromkeys(events, pd.NaT),
        }).astype(rows.dtypes)  # fmt: skip


@pytest.mark.parametrize("name", LANDLORDS)
def test_what_happens_after_the_quarter_changes_no_figure_of_it(name: str) -> None:
    records = example_drop(name).records()
    before, after = tables(records, name), tables(add_later_events(records), name)
    for table in before:
        for kind in ("figures", "listing"):
            old, new = getattr(before[table], kind), getattr(after[table], kind)
            assert (old is None) is (new is None)
            if old is not None:
                pd.testing.assert_frame_equal(old, new, obj=f"{table} {kind}")


def numerators(records: Records, name: str, table: str) -> dict[str, list[float]]:
    figures = tables(records, name)[table].figures
    assert figures is not None
    return {measure: rows["numerator"].tolist() for measure, rows in figures.groupby("measure")}


def test_a_notice_told_after_the_quarter_was_missing_at_its_end() -> None:
    told = restriction("R1", "2026-01-15", notified_on="2026-05-03", notice_in_writing=True)
    records = {"restrictions": frame("restrictions", told)}
    assert numerators(records, "queens_cross", "lacking")["no_letter"][:3] == [0, 1, 0]


def test_a_safeguard_is_counted_in_the_quarter_of_its_case_and_older_ones_apart() -> None:
    rows = [
        {
            "appeal_ref": f"A{place}",
            "restriction_ref": "R1",
            "received_on": day,
            "considered_by": who,
            "decided_on": day,
        }
        for place, (day, who) in enumerate((("2026-01-20", "S1"), ("2026-02-02", "S2"), ("2026-04-20", "S1")))
    ]
    records = {
        "restrictions": frame("restrictions", restriction("R1", "2026-01-15")),
        "appeals": frame("appeals", *rows),
    }
    figures = tables(records, "queens_cross")["safeguards"].figures
    assert figures is not None
    found = figures[figures["measure"].str.startswith("appeal_independent")].set_index(["measure", "quarter"])
    counted = found[["numerator", "denominator"]].astype("Int64")
    now, before = str(QUARTER), str(QUARTER.shift(-1))
    assert counted.loc[("appeal_independent", now)].tolist() == [1, 1]
    assert counted.loc[("appeal_independent", before)].tolist() == [1, 2]
    assert found.loc[("appeal_independent_before", now), "numerator"] == 1
    assert found.loc[("appeal_independent_before", before), "numerator"] == 0
