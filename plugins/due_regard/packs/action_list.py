"""The action list for managers: what is open at the quarter's end, in register references, with filters.

It carries no customer, no staff and no source reference; duties that only some may hear of are left out and counted.
Rows are streamed, so a long list costs no more than openpyxl itself.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import pandas as pd
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from due_regard.contract import OPEN_STATES
from due_regard.packs.archive import workbook_bytes
from due_regard.packs.cells import safe_text, streamed

HEADINGS = (
    "Register reference", "What to do", "By whom", "By when", "Days overdue", "State", "Duty", "Clause", "How serious",
)  # fmt: skip
_WIDTHS = (18, 60, 20, 16, 10, 14, 44, 12, 14)
_STATES = {"overdue": "Overdue", "due_soon": "Due soon", "breach": "Missing"}
_SEVERITIES = {"breach": "Breach", "explain": "Explain", "warning": "Warning"}
_UNNUMBERED = "Not yet numbered"
LONGEST_LIST = 50_000
"""Rows of the list: more is no list to act on, and the rest stand in the register. The list says how many it leaves."""


def actions(
    assessments: pd.DataFrame, duties: pd.DataFrame, references: pd.DataFrame, restricted: Collection[str]
) -> pd.DataFrame:
    """Open duties as rows to act on: `HEADINGS`, the longest overdue first, then what is missing, then what is due.

    Args:
        assessments: contract's assessment columns, as at one day.
        duties: `measures.DUTY_COLUMNS`.
        references: columns rule, subject_ref, occurrence, register_ref.
        restricted: rules that only some may hear of; left out.
    """
    found = assessments[assessments["state"].isin(OPEN_STATES) & (assessments["severity"] != "info")]
    found = found[~found["rule"].isin(list(restricted))]
    found = found.merge(references, on=["rule", "subject_ref", "occurrence"], how="left")
    found = found.merge(duties[["rule", "label", "remedy"]], on="rule", how="left")
    found = found.assign(rank=found["state"].map({"overdue": 0, "breach": 1, "due_soon": 2}))
    found = found.sort_values(["rank", "due_on", "rule", "register_ref", "subject_ref"], kind="stable")
    columns = (
        found["register_ref"].fillna(_UNNUMBERED), found["remedy"], found["owner_role"].str.replace("_", " "),
        found["due_on"], found["days_overdue"], found["state"].map(_STATES), found["label"], found["clause"],
        found["severity"].map(_SEVERITIES),
    )  # fmt: skip
    return pd.DataFrame({name: column.to_numpy() for name, column in zip(HEADINGS, columns, strict=True)})


def action_workbook(found: pd.DataFrame, title: str, left_out: int, dated: datetime) -> bytes:
    """`actions` as .xlsx bytes with filters and frozen headings; the same rows give the same bytes.

    Args:
        found: `actions`.
        title: of the document.
        left_out: open duties that only some may hear of.
        dated: the document's date.
    """
    book = Workbook(write_only=True)
    book.properties.title, book.properties.language = title, "en-GB"
    shown, beyond = found.head(LONGEST_LIST), max(0, len(found) - LONGEST_LIST)
    sheet = book.create_sheet("Actions")
    sheet.freeze_panes = "B2"
    for place, width in enumerate(_WIDTHS, 1):
        sheet.column_dimensions[get_column_letter(place)].width = width
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(HEADINGS))}{max(len(shown), 1) + 1}"
    sheet.append(_header(sheet))
    for row in _rows(sheet, shown):
        sheet.append(row)
    about = book.create_sheet("About")
    for line in _about(title, len(found), beyond, left_out):
        about.append([line])
    about.column_dimensions["A"].width = 100
    return workbook_bytes(book, dated)


def _header(sheet: Worksheet) -> list[object]:
    cells = []
    for heading in HEADINGS:
        cell = streamed(sheet, heading)
        cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="DCE6F1")
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        cells.append(cell)
    return list(cells)


def _rows(sheet: Worksheet, found: pd.DataFrame) -> list[list[object]]:
    """Rows of plain values; only text that could be taken for a formula needs a cell of its own."""
    if found.empty:
        return [["None", *[""] * (len(HEADINGS) - 1)]]
    due = [day.date() if pd.notna(day) else "As soon as possible" for day in found["By when"]]
    texts = {name: [_text(sheet, value) for value in found[name]] for name in HEADINGS if found[name].dtype != "int64"}
    columns = [due if name == "By when" else texts.get(name, found[name].to_list()) for name in HEADINGS]
    return [list(row) for row in zip(*columns, strict=True)]


def _text(sheet: Worksheet, value: object) -> object:
    text = safe_text(str(value))
    return streamed(sheet, text) if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


def _about(title: str, rows: int, beyond: int, left_out: int) -> list[str]:
    lines = [
        title,
        f"{rows:,} open duties at the end of the quarter, the longest overdue first.",
        "Look up a register reference in the register to see whose record it is; none is named here on purpose.",
        "Missing means that something the policy asks for is not recorded.",
    ]
    if beyond:
        lines.insert(2, f"Only the first {LONGEST_LIST:,} are listed here; {beyond:,} more stand in the register.")
    if left_out:
        lines.append(f"{left_out:,} more concern matters that only named roles may hear of; they are told directly.")
    return lines
