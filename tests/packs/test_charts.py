"""Charts: drawn at every size, saying what their table says, the same bytes each time."""

from __future__ import annotations

import io
from dataclasses import replace
from functools import cache

import pandas as pd
import pytest
from PIL import Image

from due_regard.packs import charts
from due_regard.packs.charts import (
    ageing_chart,
    appeal_days_chart,
    in_force_chart,
    incident_run_chart,
    timeliness_chart,
)
from due_regard.packs.charts.incident_run_chart import find_last_run
from due_regard.packs.content.filled_tables import build_measure_table
from due_regard.packs.content.table_forms import MeasureTable
from due_regard.packs.measures.incident_months import count_by_month
from due_regard.packs.measures.timeliness import OVERDUE_BANDS
from due_regard.records.canonical import Records
from tests.packs.known import QUARTER, example_tables, frame, history, snapshots
from tests.packs.made_up import records

SIZES = (0, 1, 3, 40, 400)


@cache
def tables(size: int) -> dict[str, MeasureTable]:
    found = snapshots(records(size), "queens_cross")
    return {name: build_measure_table(name, found) for name in charts.CHARTS}


@pytest.mark.parametrize("size", SIZES)
def test_charts_are_drawn_at_every_size(size: int) -> None:
    drawn = {name: charts.draw_table_chart(table) for name, table in tables(size).items()}
    assert (size == 0) == all(chart is None for chart in drawn.values())
    for chart in filter(None, drawn.values()):
        width, height = Image.open(io.BytesIO(chart.png)).size
        assert (width, 1440 > height > 180) == (1080, True)
        assert chart.title in chart.alt
    assert size < 40 or all(drawn.values())


def test_the_same_data_give_the_same_picture() -> None:
    again = {name: build_measure_table(name, snapshots(records(40), "queens_cross")) for name in charts.CHARTS}
    for name, table in tables(40).items():
        first = charts.draw_table_chart(table)
        charts.draw_once.cache_clear()
        assert charts.draw_table_chart(again[name]) == first


def test_packs_that_share_a_table_share_its_picture_and_no_other() -> None:
    charts.draw_once.cache_clear()
    table, other = tables(40)["lateness"], tables(400)["lateness"]
    first = charts.draw_table_chart(table)
    assert charts.draw_table_chart(replace(table, title="As this pack calls it")) is first
    assert charts.draw_table_chart(other) != first


def lateness(on_time: int, undone: int) -> pd.DataFrame:
    row = ["Restriction reviewed", "calendar days", on_time, 0, 0, 0, undone, on_time + undone]
    return pd.DataFrame([row], columns=["Duty", "Counted in", *timeliness_chart.LATENESS, "Due in the quarter"])


def test_alt_text_follows_the_data() -> None:
    before, after = timeliness_chart.draw_timeliness(lateness(3, 1)), timeliness_chart.draw_timeliness(lateness(2, 2))
    assert before is not None and after is not None
    assert before.title == "Done on time: 3 of 4 duties that fell due; not done by the quarter's end: 1"
    assert "Restriction reviewed (calendar days): 2 on time, 2 not done" in after.alt
    assert before.png != after.png


@pytest.mark.parametrize("name", ["lateness", "policy_review"])
def test_days_late_are_named_as_the_clause_of_each_duty_counts_them(name: str) -> None:
    listing = example_tables("queens_cross")[name].listing
    assert listing is not None
    duties = history("queens_cross").find_version(QUARTER.ends_on).duties
    units = {duty.label: duty.days_unit for duty in duties}
    units["The policy itself"] = next(duty.days_unit for duty in duties if duty.feeds == "policy_review")
    assert listing["Counted in"].to_list() == [units[label] for label in listing.iloc[:, 0]]
    assert name != "lateness" or {*listing["Counted in"]} == {"working days", "calendar days"}


def months(counts: list[int], baseline: float | str = "[z]") -> pd.DataFrame:
    every = pd.date_range("2025-01-01", periods=len(counts), freq="MS")
    return pd.DataFrame({"Month": every, "Incidents": counts, "Baseline": baseline})


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ([6] * 6, None),
        ([6] * 7, (0, 6, 7, True)),
        ([4] * 7, (0, 6, 7, False)),
        # A month on the line is passed over: it neither breaks a run nor makes it longer.
        ([6, 6, 6, 5, 6, 6, 6], None),
        ([6, 6, 6, 5, 6, 6, 6, 6], (0, 7, 7, True)),
        ([6, 6, 6, 4, 6, 6, 6, 6], None),
        # The last of two runs, and the whole of it.
        ([6] * 8 + [4] * 9, (8, 16, 9, False)),
        ([6] * 8 + [4, 6, 4], (0, 7, 8, True)),
        ([5] * 24, None),
    ],
)
def test_a_run_is_seven_months_on_one_side_of_the_baseline(
    counts: list[int], expected: tuple[int, int, int, bool] | None
) -> None:
    found = find_last_run(pd.Series(counts), 5)
    assert (None if found is None else (found.first, found.last, found.months, found.is_above)) == expected


def test_a_run_is_named_with_its_rule() -> None:
    chart = incident_run_chart.draw_incident_run(months([9, 11, 10, 9, 11, 12, 13, 12, 14, 12, 13, 12], 10.0))
    assert chart is not None
    assert chart.title == (
        "138 incidents in 12 months; 8 in a row above the baseline of 10, May 2025 to December 2025: "
        "a change, not chance"
    )
    assert "NHS England, Making Data Count" in chart.alt


def test_without_a_run_no_change_is_said() -> None:
    chart = incident_run_chart.draw_incident_run(months([9, 11] * 6, 10.0))
    assert chart is not None and "no run of 7 months on one side of the baseline of 10, so no change" in chart.title


@pytest.mark.parametrize("baseline", ["[z]", 0.5])
def test_too_few_are_said_to_be_too_few(baseline: float | str) -> None:
    chart = incident_run_chart.draw_incident_run(months([1, 0, 2], baseline))
    assert chart is not None
    assert chart.title == "3 incidents in 3 months, 2 in the last; too few to say whether that changed"


def met(*days: str) -> Records:
    rows = [{"incident_ref": f"I{n}", "customer_ref": "C1", "occurred_on": day} for n, day in enumerate(days)]
    return {"incidents": frame("incidents", *rows)}


def list_baselines(*days: str) -> list[object]:
    """The baseline of each of five quarters' packs."""
    return [count_by_month(snapshot)["Baseline"].iloc[-1] for snapshot in snapshots(met(*days), "queens_cross")]


def test_the_baseline_is_the_first_four_whole_quarters_and_stays() -> None:
    often = [f"2024-{month:02}-{day:02}" for month in range(1, 13) for day in (1, 2, 3)]
    assert list_baselines(*often, *[f"2026-06-{day:02}" for day in range(1, 30)]) == [3.0] * 5
    # The quarter in which the records begin is whole only if they begin with it.
    late = ["2023-12-15", *often]
    assert list_baselines(*late) == [3.0] * 5
    young = [f"2025-{month:02}-10" for month in range(5, 13)]
    assert set(list_baselines(*young)) == {"[z]"}


def test_not_done_is_the_darkest_band() -> None:
    shades = [int(fill[1:3], 16) + int(fill[3:5], 16) + int(fill[5:7], 16) for fill in timeliness_chart.FILLS]
    assert shades == sorted(shades, reverse=True) and shades[0] == 3 * 255 and shades[-1] < 160


def test_duties_kept_are_drawn_newest_quarter_first() -> None:
    table = tables(40)["duties_kept"]
    chart = charts.draw_table_chart(table)
    assert chart is not None and table.figures is not None
    first = table.figures.iloc[0]
    assert chart.alt.index("Apr to Jun 2026: ") < chart.alt.index("Jan to Mar 2026: ")
    assert f"Apr to Jun 2026: {int(first['numerator'])} due" in chart.alt


def test_the_limit_of_appeals_is_the_policys_or_none() -> None:
    columns = ["Quarter", "Working days to decide", "Appeals", "Limit in working days"]
    rows = [("Jan to Mar 2026", "[z]", 0), ("Apr to Jun 2026", 9, 2), ("Apr to Jun 2026", 12, 1)]
    limited = appeal_days_chart.draw_appeal_days(pd.DataFrame([(*row, 10) for row in rows], columns=columns))
    free = appeal_days_chart.draw_appeal_days(pd.DataFrame([(*row, "[z]") for row in rows], columns=columns))
    assert limited is not None and free is not None
    assert limited.title == "2 of 3 appeals decided in five quarters took no more than 10 working days"
    assert free.title == "3 appeals decided in five quarters, the slowest in 12 working days; the policy sets no limit"


def test_ageing_says_how_old_the_oldest_is() -> None:
    ages = [label for _, label, _ in (*OVERDUE_BANDS[:2], OVERDUE_BANDS[-1])]
    some = ageing_chart.draw_ageing(pd.DataFrame({"Age": ages, "Reviews": [2, 3, 0]}))
    one = ageing_chart.draw_ageing(pd.DataFrame({"Age": ages, "Reviews": [0, 0, 1]}))
    assert some is not None and one is not None
    assert some.title == "5 reviews are overdue, 3 of them by 31 to 90 calendar days"
    assert one.title == "1 review is overdue, by over 365 calendar days"


def test_small_multiples_leave_out_what_never_was() -> None:
    data = pd.DataFrame({"Quarter": ["Jan to Mar 2026", "Apr to Jun 2026"], "All restrictions": [3, 1],
                         "By appointment only": [3, 1], "In writing only": [0, 0]})  # fmt: skip
    chart = in_force_chart.draw_in_force(data)
    assert chart is not None
    assert chart.alt.startswith("2 small line charts")
    assert "In writing only" not in chart.alt
    assert chart.title == "1 restriction was in force at the end of Jun 2026, 2 fewer than at the end of Mar 2026"


def test_a_table_with_a_hidden_figure_has_no_chart() -> None:
    table = tables(40)["overdue_reviews"]
    assert table.figures is not None
    hidden = table.figures.assign(numerator=table.figures["numerator"].mask(table.figures["measure"] == "up_to_30"))
    assert charts.draw_table_chart(MeasureTable(table.name, table.title, figures=hidden)) is None
