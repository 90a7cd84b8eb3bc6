"""The publishable edition: no count under 5 is shown, and none hidden can be worked out from what is."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from openpyxl import load_workbook

from due_regard.calendars.quarters import Quarter
from due_regard.calendars.reporting_years import Period, ReportingYear
from due_regard.packs.content.counted_cases import CountedRow, QuarterCounts, count_published_cases, group_periods
from due_regard.packs.content.disclosure_control import (
    SMALLEST_SHOWN,
    PublishedBefore,
    choose_hidden_figures,
    find_audited_periods,
    protect_tables,
)
from due_regard.packs.content.measure_tables import SPECS
from due_regard.packs.content.table_forms import MeasureTable, QuarterLink
from due_regard.packs.documents.workbook import build_committee_workbook
from tests.packs.known import IS_LONG, LANDLORDS, content, example_snapshots, example_tables
from tests.packs.published import (
    Tables,
    count_recovered,
    fill_tables,
    hide_below_five,
    publish_register,
    take_quarters,
)

NOW = Quarter(2026, 2)
NOTHING = PublishedBefore()


def quarter_of(figures: Mapping[str, Sequence[int]], customers: Sequence[int], quarter: Quarter = NOW) -> QuarterCounts:
    """Figures by how many cases each kind of customer adds; `.rest` in a name: not printed."""
    rows = [
        CountedRow((f"t/{name}/{quarter}",) if ".rest" not in name else (), np.array(cases),
                   int(np.array(cases) @ np.array(customers)), True, ".rest" not in name)
        for name, cases in figures.items()
    ]  # fmt: skip
    return QuarterCounts((quarter,), tuple(row for row in rows if row.value), np.array(customers), frozenset())


def hide(
    *quarters: QuarterCounts, links: Sequence[QuarterLink] = (), before: PublishedBefore = NOTHING
) -> dict[str, str]:
    """`name@quarter` -> what is printed."""
    hidden = choose_hidden_figures(quarters, links, before)
    return {
        name.removeprefix("t/"): "[c]" if name in hidden else str(row.value)
        for counts in quarters
        for row in counts.rows
        for name in row.names
    }


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ((10, 20, 30), ["60", "10", "20", "30"]),
        ((5, 20, 30), ["55", "5", "20", "30"]),
        ((4, 20, 30), ["54", "[c]", "[c]", "30"]),
        ((1, 20, 30), ["51", "[c]", "[c]", "30"]),
        ((2, 3, 30), ["35", "[c]", "[c]", "30"]),
        ((3, 30), ["33", "[c]", "[c]"]),
        ((3,), ["[c]", "[c]"]),
        # Noughts are shown, so each hidden part is known to be one at least: two that make two would be told.
        ((1, 1, 30), ["32", "[c]", "[c]", "[c]"]),
    ],
)
def test_the_boundaries(parts: tuple[int, ...], expected: list[str]) -> None:
    eye = np.eye(len(parts), dtype=int)
    figures = {"all": [1] * len(parts), **{f"part_{place}": eye[place] for place in range(len(parts))}}
    assert list(hide(quarter_of(figures, parts)).values()) == expected


def test_a_part_whose_rest_is_small_is_hidden() -> None:
    told = hide(quarter_of({"all": [1, 1], "kept": [1, 0], "kept.rest": [0, 1]}, [20, 2]))
    assert sorted(told.values()) in (["20", "[c]"], ["22", "[c]"])


def test_a_whole_that_is_another_figure_does_not_give_a_part_away() -> None:
    """One figure in two tables is hidden in both."""
    counts = quarter_of({"all": [1, 1], "small": [1, 0], "other": [0, 1]}, [3, 30])
    twice = tuple(replace(row, names=(*row.names, *(f"u/{name}" for name in row.names))) for row in counts.rows)
    hidden = choose_hidden_figures([replace(counts, rows=twice)], (), NOTHING)
    assert all((f"u/{name}" in hidden) == (name in hidden) for row in counts.rows for name in row.names)


def test_the_end_of_one_quarter_does_not_betray_the_start_of_the_next() -> None:
    last = NOW.shift(-1)
    kinds = {"opening": [0, 1, 1, 0], "new": [1, 0, 0, 1], "ended": [0, 1, 0, 1], "in_force": [1, 0, 1, 0]}
    quarters = (quarter_of(kinds, [6, 2, 1, 7]), quarter_of(kinds, [3, 9, 0, 6], last))
    told = hide(*quarters, links=[(("t/opening", 0, 1), ("t/in_force", 1, -1))])
    assert told[f"opening/{NOW}"] == told[f"in_force/{last}"] == "[c]"
    assert sum(value == "[c]" for name, value in told.items() if name.endswith(str(last))) >= 2


def test_a_total_over_rows_of_which_one_is_hidden_is_hidden_too() -> None:
    """The total of all safeguards weighs each new restriction seven times, and so bounds what is hidden."""
    kinds = {"judged": [7, 1], "new": [1, 0], "incident": [0, 1]}
    counts = quarter_of(kinds, [1, 30])
    named = [replace(row, names=tuple("safeguards" + name[1:] for name in row.names)) for row in counts.rows]
    told = choose_hidden_figures([replace(counts, rows=tuple(named))], (), NOTHING)
    assert {f"safeguards/judged/{NOW}", f"safeguards/missing/{NOW}", f"safeguards/new/{NOW}"} <= told


def test_what_was_shown_before_is_not_hidden_for_another() -> None:
    counts = quarter_of({"all": [1, 1, 1], "a": [1, 0, 0], "b": [0, 1, 0], "c": [0, 0, 1]}, [3, 20, 30])
    assert hide(counts)[f"b/{NOW}"] == "[c]"
    before = PublishedBefore({f"t/b/{NOW}": 20, f"t/all/{NOW}": 53}, frozenset())
    told = hide(counts, before=before)
    assert (told[f"b/{NOW}"], told[f"all/{NOW}"]) == ("20", "53")
    assert (told[f"a/{NOW}"], told[f"c/{NOW}"]) == ("[c]", "[c]")


def test_where_earlier_editions_give_a_count_away_nothing_more_of_its_quarter_is_shown() -> None:
    counts = quarter_of({"all": [1, 1], "a": [1, 0], "b": [0, 1], "both": [2, 1]}, [3, 20])
    told = hide(counts, before=PublishedBefore({f"t/b/{NOW}": 20, f"t/all/{NOW}": 23}, frozenset()))
    assert list(told.values()) == ["23", "[c]", "20", "[c]"]


def test_what_was_hidden_before_stays_hidden() -> None:
    counts = quarter_of({"all": [1, 1], "a": [1, 0], "b": [0, 1]}, [30, 20])
    told = hide(counts, before=PublishedBefore({}, frozenset({f"t/a/{NOW}"})))
    assert told == {f"all/{NOW}": "50", f"a/{NOW}": "[c]", f"b/{NOW}": "20"}


def test_quarters_of_earlier_editions_are_looked_at_too() -> None:
    assert find_audited_periods(NOW, set()) == list_back(NOW, 5)
    assert find_audited_periods(NOW, {NOW.shift(-6)}) == list_back(NOW, 7)
    assert find_audited_periods(NOW.shift(-1), {NOW}) == list_back(NOW, 6)
    assert find_audited_periods(NOW, {NOW.shift(-40)}) == list_back(NOW, 12)


def list_back(period: Period, count: int) -> tuple[Period, ...]:
    return tuple(period.shift(-back) for back in range(count))


def test_a_year_is_looked_at_with_the_quarters_that_were_published() -> None:
    year = ReportingYear(Quarter(2025, 2))
    assert find_audited_periods(year, set()) == (year, year.shift(-1)), "quarters nobody published bind no year"
    found = find_audited_periods(year, {NOW, NOW.shift(-2)})
    assert found == (NOW, year, NOW.shift(-1), NOW.shift(-2), year.shift(-1))
    assert find_audited_periods(NOW, {year}) == (NOW, year, *list_back(NOW.shift(-1), 4))
    assert group_periods(found) == [[0], [1, 2, 3], [4]], "a year and its quarters are counted together"


def test_every_count_of_people_says_what_it_counts() -> None:
    """Without its cases a figure is hidden whole: older safeguards, which from quarter to quarter tell the new ones."""
    blind = {name for counts in count_published_cases(example_snapshots("queens_cross"), 0) for name in counts.hidden}
    assert len(blind) > 3
    assert {name.split("/")[1][-7:] for name in blind} == {"_before"}


@pytest.fixture(scope="module")
def published() -> tuple[Tables, list[Tables]]:
    """True tables of a register, and its two packs of one quarter."""
    return publish_register(4, most=25, last_quarters=1)


def test_a_reader_of_both_packs_works_nothing_out(published: tuple[Tables, list[Tables]]) -> None:
    asked, recovered = count_recovered(*published)
    assert asked > 50
    assert recovered == 0


def test_where_counts_under_five_alone_are_hidden_the_reader_works_some_out() -> None:
    true = fill_tables(take_quarters(3, 25, 5))
    assert count_recovered(true, hide_below_five([true]))[1] > 0


def test_all_packs_of_a_landlord_hide_the_same(published: tuple[Tables, list[Tables]]) -> None:
    _, (few, every) = published
    for name, table in few.items():
        pd.testing.assert_frame_equal(table.figures, every[name].figures)


@pytest.mark.parametrize("name", LANDLORDS if IS_LONG else LANDLORDS[:1])
def test_a_published_workbook_shows_no_count_under_five(name: str) -> None:
    pack = "senior_management"
    made = content(name, pack, protect_example(name), "publishable")
    book = load_workbook(io.BytesIO(build_committee_workbook(made)))
    seen = 0
    nobodys = {"incidents_by_team": 1, "data_quality": 5}
    for section, sheet in zip(made.sections, book.worksheets[3:], strict=False):
        if section.table.figures is None:
            assert "Cases not measured" not in {cell.value for row in sheet for cell in row}
            continue
        (area,) = (item.ref for item in sheet.tables.values())
        rows = [[cell.value for cell in row] for row in sheet[area]]
        days = {row[0] for row in rows if "days)" in str(row[0])}
        counts = [
            value for row in rows[1 + nobodys.get(section.table.name, 0):] if row[0] not in days
            for head, value in zip(rows[0], row, strict=True)
            if isinstance(value, int) and "per cent" not in str(head)
        ]  # fmt: skip
        seen += len(counts)
        assert not [value for value in counts if 0 < value < SMALLEST_SHOWN], section.title
    assert seen > 50


@cache
def protect_example(name: str) -> dict[str, MeasureTable]:
    return protect_tables(example_tables(name), example_snapshots(name)).tables


def test_listings_of_single_cases_are_not_published() -> None:
    gone = set(SPECS) - set(protect_example("queens_cross"))
    assert gone == {
        "no_review_by_choice",
        "quarterly_reviews",
        "days_to_decide",
        "lateness",
        "in_force_over_time",
        "incidents_by_month",
        "named_staff",
    }
