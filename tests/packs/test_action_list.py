"""The action list: what to do, by whom, by when, in register references; filters and frozen headings."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from zipfile import ZipFile

import pandas as pd
import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from due_regard.packs.content.measure_tables import SPECS
from due_regard.packs.content.owner_teams import NOT_RECORDED, find_teams
from due_regard.packs.content.paper_wording import load_paper_wording
from due_regard.packs.documents.action_list import (
    COMMITTEE_HEADINGS,
    HEADINGS,
    build_action_workbook,
    build_actions,
    build_committee_actions,
    select_open_duties,
)
from due_regard.packs.documents.safe_cells import make_safe_text, put_cell
from due_regard.records.formula_guard import LONGEST_CELL
from tests.packs.known import REPORTS, example_snapshots, frame, restriction

WORDING = load_paper_wording(REPORTS / "paper")
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
    return build_actions(found, now.duties, known, now.records, WORDING.format_post)  # type: ignore[arg-type]


def sheet(found: pd.DataFrame, name: str = "Actions", **more: int) -> Worksheet:
    asked = {"total": len(found), "listed": len(found), **more}
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


def test_a_blank_is_no_cell_at_all() -> None:
    """Else a filter offers it beside the real blanks, and a tenth of the list is cells that say nothing."""
    found = listed()
    assert set(found["Disputed"]) == {""}
    body = build_action_workbook(found, "Action list", DATED, total=len(found), listed=len(found))
    with ZipFile(io.BytesIO(body)) as parts:
        cells = parts.read("xl/worksheets/sheet1.xml").count(b"<c ")
    filled = found.astype("object").replace("", None).notna().sum().sum() + found["By when"].isna().sum()
    assert cells == filled + len(found.columns)


@pytest.mark.parametrize("reader", ["managers", "committee"])
def test_no_text_is_cut_by_the_next_column(reader: str) -> None:
    found = listed()
    if reader == "committee":
        now = example_snapshots("queens_cross")[0]
        found = build_committee_actions(
            select_open_duties(now.assessments), now.duties, WORDING.format_post, date(2026, 8, 1)
        )
    page = sheet(found)
    widths = [page.column_dimensions[get_column_letter(place)].width for place in range(1, page.max_column + 1)]
    cells = [(cell, width) for row in page.iter_rows() for cell, width in zip(row, widths, strict=True)]
    wide = [cell for cell, width in cells if isinstance(cell.value, str) and len(cell.value) > width]
    assert len(wide) > 5
    assert all(cell.alignment.wrap_text for cell in wide)
    lines = max(len(str(cell.value)) / width for cell, width in cells)
    assert page.sheet_format.defaultRowHeight >= 15 * lines


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
    assert ((found["By whom"] == "The person it was handed over to") == found["is_handed_over"]).all()
    assert set(found["Disputed"]) == {"Yes", ""}


def test_what_only_some_may_hear_of_is_left_out() -> None:
    assert len(listed(restricted=("restriction.review",))) < len(listed())


def test_one_not_in_the_register_says_so() -> None:
    none = references(example_snapshots("queens_cross")[0].assessments).iloc[:0]
    assert set(listed(references=none)["Register reference"]) == {"Not yet numbered"}


def test_it_has_filters_frozen_headings_and_native_dates() -> None:
    found = sheet(listed())
    assert found.freeze_panes == "B2"
    assert found.auto_filter.ref == f"A1:L{found.max_row}"
    assert tuple(cell.value for cell in found[1]) == HEADINGS
    dates = [row[4] for row in found.iter_rows(min_row=2) if row[7].value == "Overdue"]
    assert dates and all(cell.is_date for cell in dates)
    assert all(isinstance(row[5].value, int) for row in found.iter_rows(min_row=2))


def test_it_is_printed_landscape_one_page_wide_with_its_headings_on_each() -> None:
    found = sheet(listed())
    assert (found.page_setup.orientation, found.page_setup.fitToWidth, found.page_setup.fitToHeight) == (
        "landscape",
        1,
        0,
    )
    assert found.sheet_properties.pageSetUpPr is not None and found.sheet_properties.pageSetUpPr.fitToPage
    assert found.print_title_rows == "$1:$1"
    assert found.oddFooter is not None and found.oddFooter.right.text == "Page &P of &N"


def committee_rows() -> pd.DataFrame:
    now = example_snapshots("queens_cross")[0]
    found = select_open_duties(now.assessments)
    return build_committee_actions(found, now.duties, WORDING.format_post, date(2026, 7, 28))


def test_a_committee_has_one_row_a_duty_that_it_can_ask_about() -> None:
    found, each = committee_rows(), listed()
    owed = each[each["State"] != "Due soon"]
    assert "Register reference" not in found.columns and found["Duty"].is_unique
    assert set(found["Duty"]) == set(owed["Duty"])
    assert (found["Overdue"] + found["Missing"]).sum() == len(owed)
    sizes = (found["Overdue"] + found["Missing"]).to_list()
    assert sizes == sorted(sizes, reverse=True)
    late = each[each["State"] == "Overdue"].groupby("Duty")["Days overdue"].max()
    assert found.set_index("Duty")["Longest overdue"].loc[late.index].to_list() == late.to_list()
    assert set(found.loc[found["Longest overdue"] > 0, "Counted in"]) == {"working days", "calendar days"}


def test_a_committees_list_is_written_as_managers_is() -> None:
    found = sheet(committee_rows())
    assert tuple(cell.value for cell in found[1]) == COMMITTEE_HEADINGS
    assert found["G2"].is_date and found["B2"].value in {WORDING.format_post(role) for role in WORDING.posts}


def test_owners_are_posts() -> None:
    assert set(listed()["By whom"]) <= {WORDING.format_post(role) for role in WORDING.posts}


def test_a_team_is_the_records_or_that_of_whom_it_names() -> None:
    staff = [{"staff_ref": "S1", "role": "manager", "team": "Homes"}, {"staff_ref": "S2", "role": "director"}]
    incidents = [
        {"incident_ref": ref, "customer_ref": "C1", "occurred_on": "2026-05-05", "team": team, "manager_ref": manager}
        for ref, team, manager in (("I1", "Repairs", "S1"), ("I2", None, "S1"), ("I3", None, "S2"))
    ]
    held = [restriction("R1", "2026-01-01"), restriction("R2", "2026-01-01", decided_by="S2")]
    appeals = [
        {"appeal_ref": f"A{n}", "restriction_ref": f"R{n}", "received_on": "2026-05-05", "considered_by": "S2"}
        for n in (1, 2)
    ]
    records = {
        "staff": frame("staff", *staff), "incidents": frame("incidents", *incidents),
        "restrictions": frame("restrictions", *held), "appeals": frame("appeals", *appeals),
    }  # fmt: skip
    kinds = {"I": "incident", "R": "restriction", "A": "appeal", "P": "policy"}
    asked = ["I1", "I2", "I3", "R1", "R2", "A1", "A2", "P1"]
    rows = pd.DataFrame({"subject_type": [kinds[ref[0]] for ref in asked], "subject_ref": asked})
    told = dict(zip(asked, find_teams(rows, records), strict=True))
    known = {ref: team for ref, team in told.items() if team != NOT_RECORDED}
    assert known == {"I1": "Repairs", "I2": "Homes", "R1": "Homes", "A1": "Homes"}


def test_an_empty_list_says_none() -> None:
    assert sheet(listed().iloc[:0])["A2"].value == "None"


def test_the_same_rows_give_the_same_bytes() -> None:
    assert build_action_workbook(listed(), "A", DATED, total=9, listed=9) == build_action_workbook(
        listed(), "A", DATED, total=9, listed=9
    )


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
