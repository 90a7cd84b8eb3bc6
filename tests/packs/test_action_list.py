"""The action list: what to do, by whom, by when, in register references; filters and frozen headings."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pandas as pd
import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from due_regard.packs.content.measure_tables import SPECS
from due_regard.packs.documents.action_list import HEADINGS, build_action_workbook, build_actions, select_open_duties
from due_regard.packs.documents.safe_cells import make_safe_text, put_cell
from due_regard.records.formula_guard import LONGEST_CELL
from tests.packs.known import example_snapshots

DATED = datetime(2026, 6, 30, 23, tzinfo=UTC)
FORMULAS = ["=1+1", '=HYPERLINK("http://example.org")', "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"]


def references(assessments: pd.DataFrame) -> pd.DataFrame:
    found = assessments[["rule", "subject_ref", "occurrence"]].drop_duplicates()
    numbers = [f"F-{n:06}" for n in range(1, len(found) + 1)]
    return found.assign(register_ref=numbers, is_disputed=False, is_handed_over=False)


def listed(**more: object) -> pd.DataFrame:
    now = example_snapshots("queens_cross")[0]
    known = more.get("references", references(now.assessments))
    found = select_open_duties(now.assessments, more.get("restricted", ()))  # type: ignore[arg-type]
    return build_actions(found, now.duties, known)  # type: ignore[arg-type]


def sheet(found: pd.DataFrame, name: str = "Actions", **more: int) -> Worksheet:
    asked = {"total": len(found), **more}
    return load_workbook(io.BytesIO(build_action_workbook(found, "Action list", DATED, **asked)))[name]


def test_every_open_duty_is_listed_once() -> None:
    now = example_snapshots("queens_cross")[0].assessments
    open_ones = now[now["state"].isin(["overdue", "breach", "due_soon"]) & (now["severity"] != "info")]
    found = listed()
    assert len(found) == len(open_ones) > 50
    assert found["Register reference"].is_unique
    assert found["What to do"].str.len().gt(10).all() and found["By whom"].notna().all()


def test_the_longest_overdue_comes_first() -> None:
    found = listed()
    states = list(found["State"])
    assert states == sorted(states, key=["Overdue", "Missing", "Due soon"].index)
    due = found.loc[found["State"] == "Overdue", "By when"]
    assert due.is_monotonic_increasing


def test_days_overdue_say_what_they_are_counted_in() -> None:
    found = listed()
    late = found[found["Days overdue"] > 0]
    units = late.groupby("Duty")["Counted in"].unique()
    assert set(late["Counted in"]) == {"working days", "calendar days"}
    assert units["Appeal acknowledged within 3 working days"].tolist() == ["working days"]
    assert set(found.loc[found["Days overdue"] == 0, "Counted in"]) <= {""}


def test_what_is_disputed_or_handed_over_says_so() -> None:
    known = references(example_snapshots("queens_cross")[0].assessments)
    known.loc[known.index[:40], "is_disputed"], known.loc[known.index[20:60], "is_handed_over"] = True, True
    found = listed(references=known).merge(known, left_on="Register reference", right_on="register_ref")
    assert 0 < found["is_disputed"].sum() < len(found) and 0 < found["is_handed_over"].sum() < len(found)
    assert ((found["Disputed"] == "Yes") == found["is_disputed"]).all()
    assert ((found["By whom"] == "the person it was handed over to") == found["is_handed_over"]).all()
    assert set(found["Disputed"]) == {"Yes", ""}


def test_what_only_some_may_hear_of_is_left_out() -> None:
    assert len(listed(restricted=("restriction.review",))) < len(listed())


def test_one_not_in_the_register_says_so() -> None:
    none = references(example_snapshots("queens_cross")[0].assessments).iloc[:0]
    assert set(listed(references=none)["Register reference"]) == {"Not yet numbered"}


def test_it_has_filters_frozen_headings_and_native_dates() -> None:
    found = sheet(listed())
    assert found.freeze_panes == "B2"
    assert found.auto_filter.ref == f"A1:K{found.max_row}"
    assert tuple(cell.value for cell in found[1]) == HEADINGS
    dates = [row[3] for row in found.iter_rows(min_row=2) if row[6].value == "Overdue"]
    assert dates and all(cell.is_date for cell in dates)
    assert all(isinstance(row[4].value, int) for row in found.iter_rows(min_row=2))


def test_an_empty_list_says_none() -> None:
    assert sheet(listed().iloc[:0])["A2"].value == "None"


def test_the_same_rows_give_the_same_bytes() -> None:
    assert build_action_workbook(listed(), "A", DATED, total=9) == build_action_workbook(listed(), "A", DATED, total=9)


def test_what_a_long_list_leaves_out_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = listed()
    monkeypatch.setattr("due_regard.packs.documents.action_list.LONGEST_LIST", 10)
    assert listed().equals(whole.head(10))
    about = [row[0].value for row in sheet(listed(), "About", total=len(whole), left_out=3)]
    assert f"Only the first 10 are listed here; {len(whole) - 10:,} more stand in the register." in about
    assert any(str(line).startswith("3 more concern matters") for line in about)


@pytest.mark.parametrize("text", FORMULAS)
def test_text_is_never_a_live_formula(text: str) -> None:
    found = listed().head(1).assign(**{"What to do": text})
    cell = sheet(found)["B2"]
    assert cell.data_type == "s" and str(cell.value).strip() == text.strip()
    book = Workbook()
    put_cell(book.worksheets[0]["A1"], text)
    out = io.BytesIO()
    book.save(out)
    written = load_workbook(out).worksheets[0]["A1"]
    assert written.data_type == "s" and written.quotePrefix


def test_control_characters_and_long_texts_are_tamed() -> None:
    assert make_safe_text("a\x00b\x1fc\ufffed\n") == "abcd\n"
    assert len(make_safe_text("x" * 40_000)) == LONGEST_CELL


def test_every_table_of_figures_gives_its_denominator_or_is_a_plain_count() -> None:
    found = example_snapshots("queens_cross")[0]
    for name, spec in SPECS.items():
        for figure in spec.figures(found) if spec.figures else []:
            assert (figure.denominator is None) == (not figure.of), (name, figure)
            if figure.unit == "count" and figure.numerator is not None and figure.denominator is not None:
                assert 0 <= figure.numerator <= figure.denominator, (name, figure)
