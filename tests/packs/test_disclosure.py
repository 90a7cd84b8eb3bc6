"""The publishable edition: no count under 5 is shown, and none hidden can be worked out from what is."""

from __future__ import annotations

import io
from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest
from openpyxl import load_workbook
from scipy.optimize import Bounds, LinearConstraint, milp

from due_regard.packs.content.disclosure_control import hide_small_counts
from due_regard.packs.content.measure_tables import SPECS, MeasureTable, TableSum, build_measure_table
from due_regard.packs.documents.workbook import build_committee_workbook
from due_regard.packs.measures import FIGURE_COLUMNS
from tests.packs.known import IS_LONG, LANDLORDS, content, example_tables, snapshots
from tests.packs.made_up import records

NOW = "2026-Q2"


def table(values: Mapping[str, int], total: str = "all", quarter: str = NOW) -> MeasureTable:
    """A whole and its parts, which add up to it."""
    whole = sum(values.values())
    rows = [(total, total, quarter, whole, None, "", "count", "")]
    rows += [(name, name, quarter, value, whole, total, "count", "") for name, value in values.items()]
    figures = pd.DataFrame(rows, columns=list(FIGURE_COLUMNS)).astype({"numerator": "Float64", "denominator": "Int64"})
    return MeasureTable("made_up", "Made up", sums=(TableSum(total, tuple(values)),), figures=figures)


def shown(hidden: MeasureTable) -> list[str]:
    assert hidden.figures is not None
    return ["[c]" if pd.isna(value) else str(int(value)) for value in hidden.figures["numerator"]]


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ((10, 20, 30), ["60", "10", "20", "30"]),
        ((0, 20, 30), ["50", "0", "20", "30"]),
        ((5, 20, 30), ["55", "5", "20", "30"]),
        ((4, 20, 30), ["54", "[c]", "[c]", "30"]),
        ((1, 20, 30), ["51", "[c]", "[c]", "30"]),
        ((2, 3, 30), ["35", "[c]", "[c]", "30"]),
        ((0, 0, 30), ["30", "0", "0", "30"]),
        ((0, 3, 30), ["33", "0", "[c]", "[c]"]),
        ((0, 0, 3), ["[c]", "0", "0", "[c]"]),
        ((0, 0, 0), ["0", "0", "0", "0"]),
    ],
)
def test_the_boundaries(parts: tuple[int, int, int], expected: list[str]) -> None:
    hidden = hide_small_counts({"made_up": table(dict(zip("abc", parts, strict=True)))})["made_up"]
    assert shown(hidden) == expected


def test_a_part_whose_rest_is_small_is_hidden() -> None:
    one = table({"kept": 20, "broken": 2})
    assert one.figures is not None
    alone = MeasureTable("made_up", "Made up", figures=one.figures[one.figures["measure"].isin(["all", "kept"])])
    assert shown(hide_small_counts({"made_up": alone})["made_up"]) == ["22", "[c]"]


def test_the_end_of_one_quarter_does_not_betray_the_start_of_the_next() -> None:
    parts = []
    for quarter, opening, new, ended in (("2026-Q2", 3, 9, 6), ("2026-Q1", 0, 9, 6)):
        counts = {"opening": opening, "new": new, "ended": ended, "in_force": opening + new - ended}
        parts += [(name, name, quarter, value, None, "", "count", "") for name, value in counts.items()]
    figures = pd.DataFrame(parts, columns=list(FIGURE_COLUMNS)).astype({"numerator": "Float64", "denominator": "Int64"})
    flow = MeasureTable("restrictions", "Flow", sums=SPECS["restrictions"].sums, figures=figures)
    hidden = hide_small_counts({"restrictions": flow})["restrictions"].figures
    assert hidden is not None
    gone = {(row.measure, row.quarter) for row in hidden.itertuples() if pd.isna(row.numerator)}
    assert {("opening", "2026-Q2"), ("in_force", "2026-Q1")} < gone
    assert len({measure for measure, quarter in gone if quarter == "2026-Q1"}) >= 2


class Audit:
    """What a reader of the published figures can work out, by integer programming and code of its own."""

    def __init__(self, before: Mapping[str, MeasureTable], after: Mapping[str, MeasureTable]) -> None:
        self.names: dict[tuple[str, str], int] = {}
        self.values: list[int] = []
        self.known: set[int] = set()
        self.rows: list[dict[int, int]] = []
        for name in after:
            if after[name].figures is not None:
                self._read(name, before[name], after[name])
        for (measure, quarter), place in list(self.names.items()):
            earlier = self.names.get(("in_force", str(pd.Period(quarter.replace("-", ""), "Q") - 1).replace("Q", "-Q")))
            if measure == "opening" and earlier is not None:
                self.rows.append({place: 1, earlier: -1})

    def _at(self, measure: str, quarter: str, value: float) -> int:
        place = self.names.setdefault((measure, quarter), len(self.values))
        if place == len(self.values):
            self.values.append(int(value))
        assert self.values[place] == int(value), (measure, quarter)
        return place

    def _read(self, name: str, before: MeasureTable, after: MeasureTable) -> None:
        assert before.figures is not None and after.figures is not None
        for was, now in zip(before.figures.itertuples(), after.figures.itertuples(), strict=True):
            if was.unit != "count" or pd.isna(was.numerator):
                continue
            own = self._at(self._key(name, was.measure), str(was.quarter), was.numerator)
            if pd.notna(now.numerator):
                self.known.add(own)
            if pd.notna(was.denominator):
                whole = self._at(self._key(name, was.of), str(was.quarter), was.denominator)
                rest = self._at(f"{name}.{was.measure}.rest", str(was.quarter), was.denominator - was.numerator)
                self.rows.append({whole: 1, own: -1, rest: -1})
                if pd.notna(now.denominator):
                    self.known.add(whole)
        for one in before.sums:
            for quarter in before.figures["quarter"].unique():
                places = [self.names.get((self._key(name, m), quarter)) for m in (one.total, *one.plus, *one.minus)]
                signs = [1, *[-1] * len(one.plus), *[1] * len(one.minus)]
                if None not in places:
                    self.rows.append(dict(zip([p for p in places if p is not None], signs, strict=True)))

    def _key(self, table: str, measure: object) -> str:
        shared = {"in_force", "customers_restricted", "incidents", "reviews_due", "decided", "overdue", "read"}
        return str(measure) if str(measure) in shared or str(measure) == "opening" else f"{table}.{measure}"

    def betrayed(self) -> list[tuple[str, str]]:
        """Small counts that only one whole number fits."""
        matrix = np.zeros((len(self.rows), len(self.values)))
        for row, terms in enumerate(self.rows):
            for place, sign in terms.items():
                matrix[row, place] += sign
        low = np.array([v if place in self.known else 0 for place, v in enumerate(self.values)], dtype=float)
        high = np.array([v if place in self.known else np.inf for place, v in enumerate(self.values)], dtype=float)
        found = []
        for key, place in self.names.items():
            if 0 < self.values[place] < 5 and not self._can_differ(matrix, low, high, place):
                found.append(key)
        return found

    def _can_differ(self, matrix: np.ndarray, low: np.ndarray, high: np.ndarray, place: int) -> bool:
        if place in self.known:
            return False
        for sign in (-1, 1):
            cost = np.zeros(len(self.values))
            cost[place] = sign
            done = milp(cost, constraints=LinearConstraint(matrix, 0, 0), bounds=Bounds(low, high), integrality=1)
            if done.status != 0 or round(sign * done.fun) != self.values[place]:
                return True
        return False


def publishable(size: int, seed: int) -> tuple[dict[str, MeasureTable], dict[str, MeasureTable]]:
    found = snapshots(records(size, seed), "queens_cross")
    names = (
        "restrictions",
        "restrictions_by_length",
        "reviews",
        "overdue_reviews",
        "incidents",
        "incidents_by_channel",
    )
    before = {name: build_measure_table(name, found) for name in names}
    return before, hide_small_counts(before)


@pytest.mark.parametrize(("size", "seed"), [(2, 1), (12, 3), *([(5, 2), (20, 5), (40, 4)] if IS_LONG else [])])
def test_no_small_count_can_be_worked_out(size: int, seed: int) -> None:
    before, after = publishable(size, seed)
    assert Audit(before, before).betrayed() or size > 12
    assert Audit(before, after).betrayed() == []


@pytest.mark.parametrize("name", LANDLORDS if IS_LONG else LANDLORDS[:1])
def test_a_published_workbook_shows_no_count_under_five(name: str) -> None:
    pack = "senior_management"
    made = content(name, pack, hide_small_counts(example_tables(name)), "publishable")
    book = load_workbook(io.BytesIO(build_committee_workbook(made)))
    seen = 0
    for section, sheet in zip(made.sections, book.worksheets[3:], strict=False):
        if section.table.figures is None:
            continue
        (area,) = (item.ref for item in sheet.tables.values())
        rows = [[cell.value for cell in row] for row in sheet[area]]
        days = {row[0] for row in rows if "days)" in str(row[0])}
        counts = [
            value for row in rows[1:] if row[0] not in days
            for head, value in zip(rows[0], row, strict=True)
            if isinstance(value, int) and "per cent" not in str(head)
        ]  # fmt: skip
        seen += len(counts)
        assert not [value for value in counts if 0 < value < 5], section.title
    assert seen > 50


def test_listings_of_single_cases_are_not_published() -> None:
    after = hide_small_counts(example_tables("queens_cross"))
    gone = set(SPECS) - set(after)
    assert gone == {"no_review_by_choice", "days_to_decide", "lateness", "in_force_over_time", "incidents_by_month"}
