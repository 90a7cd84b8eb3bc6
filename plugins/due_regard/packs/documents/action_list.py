"""The action list: what is open at the quarter's end, with filters, set up to be printed.

Managers have one row a finding, in register references: theirs to do. A committee has one row a duty, with how many,
how late and whose: it can ask, and cannot do. Neither carries a customer, staff or source reference; duties that only
some may hear of are left out and counted.
Rows are streamed, so a long list costs no more than openpyxl itself.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import date, datetime
from math import ceil

import pandas as pd
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from due_regard.packs.content.owner_teams import find_teams
from due_regard.packs.documents.safe_cells import make_safe_text, make_streamed_cell
from due_regard.records.canonical import Records, find_open_rows
from due_regard.records.formula_guard import FORMULA_STARTS
from due_regard.records.workbook_bytes import save_workbook

HEADINGS = (
    "Register reference", "What to do", "By whom", "Team", "By when", "Days overdue", "Counted in", "State",
    "Disputed", "Duty", "Clause", "How serious",
)  # fmt: skip
COMMITTEE_HEADINGS = (
    "What is to be done", "Owner", "Overdue", "Longest overdue", "Counted in", "Missing", "Propose by", "Duty",
    "Clause",
)  # fmt: skip
_WIDTHS = {
    "Register reference": 13, "What to do": 58, "By whom": 20, "Team": 16, "By when": 19, "Days overdue": 10,
    "Counted in": 14, "State": 11, "Disputed": 10, "Duty": 42, "Clause": 11, "How serious": 11,
    "What is to be done": 56, "Owner": 26, "Overdue": 10, "Longest overdue": 10, "Missing": 10, "Propose by": 18,
}  # fmt: skip
_LINE = 15
"""Height of one line, in points."""
_STATES = {"overdue": "Overdue", "due_soon": "Due soon", "breach": "Missing"}
_SEVERITIES = {"breach": "Breach", "explain": "Explain", "warning": "Warning"}
_RANKS = {"overdue": 0, "breach": 1, "due_soon": 2}
_UNNUMBERED = "Not yet numbered"
_NEW_OWNER = "The person it was handed over to"
LONGEST_LIST = 50_000
"""Rows of the list: more is no list to act on, and the rest stand in the register. The list says how many it leaves."""


def select_open_duties(assessments: pd.DataFrame, restricted: Collection[str] = ()) -> pd.DataFrame:
    """Assessments someone must act on, the longest overdue first, then what is missing, then what is due soon.

    `assessments` has the contract's columns, as at one day; rules in `restricted` (only some may hear of them) are left
    out.
    """
    found = assessments[find_open_rows(assessments)]
    found = found[~found["rule"].isin(list(restricted))]
    found = found.assign(rank=found["state"].map(_RANKS).astype("int64"))
    return found.sort_values(["rank", "due_on", "rule", "subject_ref", "occurrence"], kind="stable")


def build_actions(
    found: pd.DataFrame,
    duties: pd.DataFrame,
    references: pd.DataFrame,
    records: Records,
    name_post: Callable[[str], str],
) -> pd.DataFrame:
    """The first `LONGEST_LIST` of `select_open_duties` as rows to act on: `HEADINGS`.

    `duties` has `measures.DUTY_COLUMNS`; `references` the columns rule, subject_ref, occurrence, register_ref,
    is_disputed and is_handed_over; `records` say which team each is with.
    """
    first = found.head(LONGEST_LIST).astype({"rule": "str"}).reset_index(drop=True)
    first = first.assign(team=find_teams(first, records))
    first = first.merge(references, on=["rule", "subject_ref", "occurrence"], how="left")
    first = first.merge(duties[["rule", "label", "remedy", "days_unit"]], on="rule", how="left")
    handed, disputed = (first[name].fillna(False).astype("bool") for name in ("is_handed_over", "is_disputed"))
    roles = first["owner_role"].astype("str")
    owners = roles.map({role: name_post(role) for role in roles.unique()}).mask(handed, _NEW_OWNER)
    columns = (
        first["register_ref"].fillna(_UNNUMBERED), first["remedy"], owners, first["team"].mask(handed, ""),
        first["due_on"], first["days_overdue"], _list_units(first), first["state"].map(_STATES),
        disputed.map({True: "Yes", False: ""}),
        first["label"], first["clause"], first["severity"].map(_SEVERITIES),
    )  # fmt: skip
    return pd.DataFrame({name: column.to_numpy() for name, column in zip(HEADINGS, columns, strict=True)})


def _list_units(rows: pd.DataFrame) -> pd.Series:
    """What each row's days overdue are counted in; nothing where there are none."""
    return rows["days_unit"].where(rows["days_overdue"] > 0).fillna("").astype("str")


def build_committee_actions(
    found: pd.DataFrame, duties: pd.DataFrame, name_post: Callable[[str], str], by: date
) -> pd.DataFrame:
    """One row a duty of `select_open_duties` that is overdue or missing, the most cases first: `COMMITTEE_HEADINGS`."""
    owed = found[found["state"].isin(["overdue", "breach"])].astype({"rule": "str", "owner_role": "str"})
    late = owed["state"].astype("str") == "overdue"
    counted = owed.assign(late=late, missing=~late, days=owed["days_overdue"].where(late, 0)).groupby("rule")
    columns = {"late": ("late", "sum"), "missing": ("missing", "sum"), "days": ("days", "max")}
    each = counted.agg(**columns, owner=("owner_role", "first"), n=("rule", "size")).reset_index()
    each = each.merge(duties[["rule", "label", "remedy", "clause", "days_unit"]], on="rule")
    each = each.sort_values(["n", "rule"], ascending=[False, True], kind="stable")
    columns_shown = {
        "What is to be done": each["remedy"], "Owner": each["owner"].map(name_post), "Overdue": each["late"],
        "Longest overdue": each["days"].astype("int64"), "Counted in": each["days_unit"].where(each["days"] > 0, ""),
        "Missing": each["missing"], "Propose by": pd.Timestamp(by), "Duty": each["label"], "Clause": each["clause"],
    }  # fmt: skip
    return pd.DataFrame(columns_shown, columns=list(COMMITTEE_HEADINGS))


def build_action_workbook(
    found: pd.DataFrame, title: str, dated: datetime, *, total: int, listed: int, left_out: int = 0
) -> bytes:
    """`build_actions` or `build_committee_actions` as .xlsx bytes, with filters; the same rows give the same bytes.

    `total` counts the open duties there are, `listed` those that the rows stand for; `left_out` further ones that only
    some may hear of.
    """
    book = Workbook(write_only=True)
    book.properties.title, book.properties.language = title, "en-GB"
    sheet = book.create_sheet("Actions")
    sheet.freeze_panes = "B2"
    headings = [str(name) for name in found.columns]
    for place, name in enumerate(headings, 1):
        sheet.column_dimensions[get_column_letter(place)].width = _WIDTHS[name]
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(headings))}{max(len(found), 1) + 1}"
    # One height for all rows: Excel finds each row's by itself, LibreOffice and printing do not.
    sheet.sheet_format.defaultRowHeight, sheet.sheet_format.customHeight = _LINE * _count_lines(found), True
    _set_up_print(sheet, title)
    sheet.append(_write_header(sheet, headings))
    for row in _write_rows(sheet, found):
        sheet.append(row)
    about = book.create_sheet("About")
    for line in _write_about_sheet(title, listed, total, left_out):
        about.append([line])
    about.column_dimensions["A"].width = 100
    return save_workbook(book, dated)


def _count_lines(found: pd.DataFrame) -> int:
    """Lines that the longest text takes in its column; the headings take two."""
    longest = {str(name): max(map(len, map(str, found[name].unique())), default=0) for name in found.columns}
    return max(2, *(ceil(length / _WIDTHS[name]) for name, length in longest.items()))


def _set_up_print(sheet: Worksheet, title: str) -> None:
    """Landscape, one page wide, the headings on every page, and which page of how many."""
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = Worksheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.print_title_rows = "1:1"
    # An ampersand begins a code of Excel's in a footer.
    sheet.oddFooter.left.text = title.replace("&", "&&")  # type: ignore[union-attr]
    sheet.oddFooter.right.text = "Page &P of &N"  # type: ignore[union-attr]


def _write_header(sheet: Worksheet, headings: Sequence[str]) -> list[object]:
    cells: list[object] = []
    for heading in headings:
        cell = make_streamed_cell(sheet, heading)
        cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="DCE6F1")
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        cells.append(cell)
    return cells


def _write_rows(sheet: Worksheet, found: pd.DataFrame) -> Iterator[tuple[object, ...]]:
    """Rows of plain values; text that is too wide, or could be taken for a formula, has a cell that its rows share."""
    names = [str(name) for name in found.columns]
    if found.empty:
        return iter([("None", *[None] * (len(names) - 1))])
    return zip(*(_make_column_cells(sheet, found[name]) for name in names), strict=True)


def _make_column_cells(sheet: Worksheet, values: pd.Series) -> list[object]:
    """Each different text made safe once: most stand in thousands of rows."""
    if pd.api.types.is_integer_dtype(values):
        return values.to_list()
    if pd.api.types.is_datetime64_any_dtype(values):
        return list(values.dt.date.astype("object").where(values.notna(), "As soon as possible"))
    codes, texts = pd.factorize(values, use_na_sentinel=False)
    cells = [_make_text_cell(sheet, str(text), _WIDTHS[str(values.name)]) for text in texts]
    return [cells[code] for code in codes.tolist()]


def _make_text_cell(sheet: Worksheet, text: str, width: int) -> object:
    """None, which is no cell at all, where there is nothing to say; what is wider than its column goes on below."""
    text = make_safe_text(text)
    if not text:
        return None
    if len(text) <= width and not text.startswith(FORMULA_STARTS):
        return text
    cell = make_streamed_cell(sheet, text)
    cell.alignment = Alignment(wrap_text=True)
    return cell


def _write_about_sheet(title: str, rows: int, total: int, left_out: int) -> list[str]:
    lines = [
        title,
        f"{total:,} open duties at the end of the quarter, the worst first.",
        "Days overdue are counted in what the next column says: working days, or calendar days.",
        "Missing means that something the policy asks for is not recorded.",
        "Disputed means that somebody says the finding is wrong: it stays open until governance has decided.",
        "No customer and no case is named here on purpose: the register has them, under the register reference.",
    ]
    if total > rows:
        lines.insert(2, f"Only the first {rows:,} are listed here; {total - rows:,} more stand in the register.")
    if left_out:
        lines.append(f"{left_out:,} more concern matters that only named roles may hear of; they are told directly.")
    return lines
