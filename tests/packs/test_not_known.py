"""A word that is not known is neither a yes nor a no nor a blank: packs count it apart, and sums still add up."""

from __future__ import annotations

import pandas as pd

from due_regard.packs.content.disclosure_control import protect_tables
from due_regard.packs.content.filled_tables import build_measure_table
from due_regard.packs.content.table_forms import MeasureTable
from due_regard.records.canonical import UNKNOWN_CELLS, Records
from tests.packs.known import frame, restriction, snapshots

L = "queens_cross"
INCIDENT = {"customer_ref": "C1", "occurred_on": "2026-05-05", "category": "harassment", "channel": "phone"}


def marked(found: pd.DataFrame, *named: str | None) -> pd.DataFrame:
    return found.assign(**{UNKNOWN_CELLS: pd.Series(list(named), dtype="str")})


def incidents(**own: str) -> Records:
    rows = [
        {**INCIDENT, "incident_ref": f"I{number}", "violence": violence, "harassment": harassment}
        for number, (violence, harassment) in enumerate(
            [("threat", True), ("none", False), (None, None), (None, None)], 1
        )
    ]
    rows[0] |= own
    return {"incidents": marked(frame("incidents", *rows), None, None, "harassment;violence", None)}


def quarter(table: MeasureTable, at: str = "2026-Q2") -> dict[str, tuple[float, float | None]]:
    assert table.figures is not None
    found = table.figures[table.figures["quarter"] == at]
    return {
        row.measure: (row.numerator, None if pd.isna(row.denominator) else row.denominator)
        for row in found.itertuples()
    }


def build(records: Records, name: str) -> MeasureTable:
    return build_measure_table(name, snapshots(records, L))


def test_incidents_of_which_it_is_not_known_are_no_incidents_without() -> None:
    found = quarter(build(incidents(), "incidents"))
    assert found["violent"] == (1, 3)
    assert found["violent_not_known"] == (1, 4)
    assert found["harassment"] == (1, 3)
    assert "named_not_known" not in found


def test_words_that_are_not_known_and_own_words_have_lines_and_the_sum_holds() -> None:
    table = build(incidents(), "incidents_by_violence")
    found = quarter(table)
    assert {name: count for name, (count, _) in found.items()} == {
        "none": 1, "threat": 1, "physical": 0, "not_known": 1, "not_recorded": 1,
    }  # fmt: skip
    assert table.sums[0].plus == ("none", "threat", "physical", "not_known", "not_recorded")
    own = quarter(build(incidents(category="dogs"), "incidents_by_category"))
    assert (own["own_words"], own["harassment"], own["not_recorded"]) == ((1, 4), (3, 4), (0, 4))


def test_without_such_words_the_tables_are_as_they_were() -> None:
    plain = {"incidents": incidents()["incidents"].drop(columns=UNKNOWN_CELLS)}
    for name in ("incidents", "incidents_by_violence", "incidents_by_category"):
        assert not {m for m in quarter(build(plain, name)) if m.endswith(("not_known", "own_words"))}


def test_a_safeguard_that_is_not_known_is_not_lacking() -> None:
    rows = [
        restriction(f"R{n}", "2026-01-05", emergency_route=yes, expires_on=None)
        for n, yes in enumerate((True, None, None), 1)
    ]
    found = quarter(
        build({"restrictions": marked(frame("restrictions", *rows), None, "emergency_route", None)}, "lacking")
    )
    assert found["no_emergency_route"] == (1, 2)
    assert found["no_emergency_route_not_known"] == (1, 3)
    assert found["no_end_date"] == (3, 3)


def test_an_outcome_that_is_not_known_is_not_unrecorded() -> None:
    appeals = frame("appeals", *(
        {"appeal_ref": f"A{n}", "restriction_ref": "R1", "received_on": "2026-05-05", "decided_on": "2026-05-12",
         "outcome": outcome}
        for n, outcome in enumerate(("quashed", None, None), 1)
    ))  # fmt: skip
    records = {
        "appeals": marked(appeals, None, "outcome", None),
        "restrictions": frame("restrictions", restriction("R1", "2026-01-05")),
    }
    table = build(records, "appeals")
    found = quarter(table)
    assert (found["quashed"], found["outcome_not_known"], found["no_outcome"]) == ((1, 3), (1, 3), (1, 3))
    assert "outcome_not_known" in table.sums[0].plus


def test_a_landlords_own_measure_is_counted_and_printed_in_words() -> None:
    rows = [
        restriction("R1", "2026-01-05", measure="named_contact;panel_visits", no_review_reason="agreed"),
        restriction("R2", "2026-01-05"),
    ]
    records = {"restrictions": frame("restrictions", *rows)}
    found = quarter(build(records, "restrictions_by_measure"))
    assert (found["named_contact"], found["own_words"]) == ((2, 2), (1, 2))
    listing = build(records, "no_review_by_choice").listing
    assert listing is not None
    assert listing["What it limits"].tolist() == ["One named contact, Panel visits"]
    build(records, "in_force_over_time")


def test_a_published_edition_hides_the_small_counts_of_these_lines_too() -> None:
    tables = {name: build(incidents(), name) for name in ("incidents", "incidents_by_violence")}
    hidden = protect_tables(tables, snapshots(incidents(), L)).tables["incidents_by_violence"].figures
    assert hidden is not None
    assert hidden.loc[(hidden["measure"] == "not_known") & (hidden["quarter"] == "2026-Q2"), "numerator"].isna().all()
