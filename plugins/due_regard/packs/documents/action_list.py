"""The action list for managers: what is open at the quarter's end, in register references, with filters.

It carries no customer, no staff and no source reference; duties that only some may hear of are left out and counted.
Rows are streamed, so a long list costs no more than openpyxl itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

import pandas as pd
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from due_regard.packs.documents.safe_cells import make_safe_text, make_streamed_cell
from due_regard.records.canonical import find_open_rows
from due_regard.records.formula_guard import FORMULA_STARTS
from due_regard.records.workbook_bytes import save_workbook

HEADINGS = (
    "Register reference", "What to do", "By whom", "By when", "Days overdue", "Counted in", "State",
    "Disputed", "Duty", "Clause", "How serious",
)  # fmt: skip
_WIDTHS = (18, 60, 20, 16, 10, 14, 14, 10, 44, 12, 14)
_STATES = {"overdue": "Overdue", "due_soon": "Due soon", "breach": "Missing"}
_SEVERITIES = {"breach": "Breach", "explain": "Explain", "warning": "Warning"}
_RANKS = {"overdue": 0, "breach": 1, "due_soon": 2}
_UNNUMBERED = "Not yet numbered"
_NEW_OWNER = "the person it was handed over to"
LONGEST_LIST = 50_000
"""Rows of the list: more is no list to act on, and the rest stand in the register. The list says how many it leaves."""


def select_open_duties(assessments: pd.DataFrame, restricted: Collection[str] = ()) -> pd.DataFrame:
    """Assessments someone must act on, the longest overdue first, then what is missing, then what is due soon.

    `assessments` has the contract's columns, as at one day; rules in `restricted` (only some may hear of them) are left
    out.
    """
    found = assessments[find_open_rows(assessments)]
    found = found[~found["rule"].isin(list(restricted))]
    found = found.assign(rank=found["state"].astype("str").map(_RANKS))
    return found.sort_values(["rank", "due_on", "rule", "subject_ref", "occurrence"], kind="stable")


def build_actions(found: pd.DataFrame, duties: pd.DataFrame, references: pd.DataFrame) -> pd.DataFrame:
    """The first `LONGEST_LIST` of `select_open_duties` as rows to act on: `HEADINGS`.

    `duties` has `measures.DUTY_COLUMNS`; `references` the columns rule, subject_ref, occurrence, register_ref,
    is_disputed and is_handed_over.
    """
    first = found.head(LONGEST_LIST).astype({"rule": "str"})
    first = first.merge(references, on=["rule", "subject_ref", "occurrence"], how="left")
    first = first.merge(duties[["rule", "label", "remedy", "days_unit"]], on="rule", how="left")
    handed, disputed = (first[name].fillna(False).astype("bool") for name in ("is_handed_over", "is_disputed"))
    owners = first["owner_role"].str.replace("_", " ").mask(handed, _NEW_OWNER)
    columns = (
        first["register_ref"].fillna(_UNNUMBERED), first["remedy"], owners,
        first["due_on"], first["days_overdue"], _list_units(first), first["state"].map(_STATES),
        disputed.map({True: "Yes", False: ""}),
        first["label"], first["clause"], first["severity"].map(_SEVERITIES),
    )  # fmt: skip
    return pd.DataFrame({name: column.to_numpy() for name, column in zip(HEADINGS, columns, strict=True)})


def _list_units(rows: pd.DataFrame) -> pd.Series:
    """What each row's days overdue are counted in; nothing where there are none."""
    return rows["days_unit"].where(rows["days_overdue"] > 0).fillna("").astype("str")


def build_action_workbook(found: pd.DataFrame, title: str, dated: datetime, *, total: int, left_out: int = 0) -> bytes:
    """`build_actions` as .xlsx bytes with filters and frozen headings; the same rows give the same bytes.

    `total` counts the open duties there are, listed or not; `left_out` further ones that only some may hear of.
    """
    book = Workbook(write_only=True)
    book.properties.title, book.properties.language = title, "en-GB"
    sheet = book.create_sheet("Actions")
    sheet.freeze_panes = "B2"
    for place, width in enumerate(_WIDTHS, 1):
        sheet.column_dimensions[get_column_letter(place)].width = width
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(HEADINGS))}{max(len(found), 1) + 1}"
    sheet.append(_write_header(sheet))
    for row in _write_rows(sheet, found):
        sheet.append(row)
    about = book.create_sheet("About")
    for line in _write_about_sheet(title, len(found), total, left_out):
        about.append([line])
    about.column_dimensions["A"].width = 100
    return save_workbook(book, dated)


def _write_header(sheet: Worksheet) -> list[object]:
    cells: list[object] = []
    for heading in HEADINGS:
        cell = make_streamed_cell(sheet, heading)
        cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="DCE6F1")
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        cells.append(cell)
    return cells


def _write_rows(sheet: Worksheet, found: pd.DataFrame) -> Iterator[tuple[object, ...]]:
    """Rows of plain values; only text that could be taken for a formula needs a cell of its own."""
    if found.empty:
        return iter([("None", *[""] * (len(HEADINGS) - 1))])
    due = found["By when"].dt.date.astype("object").where(found["By when"].notna(), "As soon as possible")
    columns = [due if name == "By when" else _make_column_cells(sheet, found[name]) for name in HEADINGS]
    return zip(*(column.to_list() for column in columns), strict=True)


def _make_column_cells(sheet: Worksheet, values: pd.Series) -> pd.Series:
    """Each different text made safe once: most stand in thousands of rows."""
    if pd.api.types.is_integer_dtype(values):
        return values
    return values.astype("object").map({value: _make_text_cell(sheet, value) for value in values.unique()})


def _make_text_cell(sheet: Worksheet, value: object) -> object:
    text = make_safe_text(str(value))
    return make_streamed_cell(sheet, text) if text.startswith(FORMULA_STARTS) else text


def _write_about_sheet(title: str, rows: int, total: int, left_out: int) -> list[str]:
    lines = [
        title,
        f"{total:,} open duties at the end of the quarter, the longest overdue first.",
        "Look up a register reference in the register to see whose record it is; none is named here on purpose.",
        "Missing means that something the policy asks for is not recorded.",
        "Disputed means that somebody says the finding is wrong: it stays open until governance has decided.",
    ]
    if total > rows:
        lines.insert(2, f"Only the first {rows:,} are listed here; {total - rows:,} more stand in the register.")
    if left_out:
        lines.append(f"{left_out:,} more concern matters that only named roles may hear of; they are told directly.")
    return lines
