"""What a person sees in a cell is what is loaded, or the row goes back: formats that change a value."""

from __future__ import annotations

from datetime import date, time
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from due_regard.intake.number_formats import read_number_format, read_text_format
from tests.intake.drops import only, read, reasons, write
from tests.intake.packages import saved


@pytest.mark.parametrize(
    ("code", "value", "shown"),
    [
        ('"C"000000', "45", "C000045"),
        ('"C"000000', "1234567", "C1234567"),
        ("000000", "0", "000000"),
        (r"\C000000", "45", "C000045"),
        ('000000"-A"', "45", "000045-A"),
        ("000-000", "45", "000-045"),
        ("000-000", "1234567", "1234-567"),
        ("##-##", "123", "1-23"),
        ("##-##", "3", "-3"),
        ("#", "0", None),
        ("??0", "5", "  5"),
        ('"C"General', "45", "C45"),
        ('@"-X"', "45", "45-X"),
        ("[$-809]000000", "45", "000045"),
        ("[$C-809]000000", "45", "C000045"),
        ("[$€-2] 0", "45", "€ 45"),
        ("[Red]000000", "45", "000045"),
        ("[Color 10]000000", "45", "000045"),
        ("0_);(0)", "45", "45"),
        ("000;-000;0", "0", "0"),
        ("000;-000", "0", "000"),
        ("000;@", "0", "000"),
        ('0;-0;"none"', "0", "none"),
        ("#,##0", "045", "45"),
        ("#,##0", "1045", None),
        ("000,000", "45", None),
        ("0,", "45000", None),
        ("#,##0.00", "45", None),
        ("0.00", "45", None),
        ("0%", "45", None),
        ("0.00E+00", "45", None),
        ("##0.0E+0", "45", None),
        ("# ?/?", "45", None),
        ("[<100]000;0", "45", None),
        ('[=1]"yes";[=0]"no"', "1", None),
        ("[DBNum1]0", "45", None),
        ("*-0", "45", None),
        (";;;", "45", None),
        ("000000", "7.5", None),
        ("000000", "-45", None),
        ('"C', "45", None),
    ],
)
def test_a_number_is_read_as_it_is_shown(code: str, value: str, shown: str | None) -> None:
    found = read_number_format(code)
    assert found is not None
    assert found.render_cell(value) == shown


@pytest.mark.parametrize(
    "code", ["General", "0", "@", "dd/mm/yyyy", "[$-809]d mmmm yyyy;@", "h:mm", "mm-dd-yy", "yyyy-mm-dd hh:mm:ss"]
)
def test_a_format_that_changes_no_number_is_none(code: str) -> None:
    assert read_number_format(code) is None


@pytest.mark.parametrize(
    ("code", "shown"),
    [('"C"@', "CR1"), ('@"-X"', "R1-X"), ('0;0;0;"R"@', "RR1"), (";;;", None), ("0;0;0;[DBNum1]@", None)],
)
def test_a_text_is_read_as_it_is_shown(code: str, shown: str | None) -> None:
    found = read_text_format(code)
    assert found is not None
    assert found.render_cell("R1") == shown


@pytest.mark.parametrize("code", ["General", "@", "000000", "dd/mm/yyyy;@", "yy/mm/dd@", "0;0;0;@", "0;0;0"])
def test_a_format_that_changes_no_text_is_none(code: str) -> None:
    assert read_text_format(code) is None


def read_references(folder: Path, *cells: tuple[Any, str]) -> tuple[list[str], list[int]]:
    """References loaded of a column of values under number formats, and the rows that went back."""
    book = Workbook()
    book.active.append(["customer_ref", "customer_type"])
    for row, (value, code) in enumerate(cells, start=2):
        book.active.append([value, "tenant"])
        book.active.cell(row, 1).number_format = code
    accepted = only(read(write(folder, customers__xlsx=saved(book))), "customers")
    assert {reason for _, _, reason in reasons(accepted)} <= {"unreadable_cell", "date_as_reference"}
    return accepted.rows["customer_ref"].tolist(), [row for row, _, _ in reasons(accepted)]


def test_references_load_as_they_are_shown_or_go_back(tmp_path: Path) -> None:
    cells = [(45, '"C"000000'), (46, "000-000"), (1047, "#,##0"), (48, "0.00E+00"), ("49", '"C"@'), ("00050", "000000")]
    assert read_references(tmp_path, *cells) == (["C000045", "000-046", "C49", "00050"], [4, 5])


def test_a_long_number_under_no_format_is_a_reference(tmp_path: Path) -> None:
    """Excel shows 1.00012E+11 for want of room; nobody else does, and no digit is lost."""
    assert read_references(tmp_path, (100012345678, "General"), (7, "0")) == (["100012345678", "7"], [])


def test_a_date_or_a_time_is_no_reference(tmp_path: Path) -> None:
    """A spreadsheet program takes 3-1 for the first of March."""
    cells = [(date(2026, 3, 1), "d-mmm"), (time(12, 30), "h:mm"), ("3-1", "General")]
    assert read_references(tmp_path, *cells) == (["3-1"], [2, 3])


def test_a_closing_row_is_one_whatever_its_number_shows(tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(["customer_ref", "customer_type"])
    book.active.append(["1", "tenant"])
    book.active.append(["Total", 1234.5])
    book.active["B3"].number_format = "#,##0.00"
    accepted = only(read(write(tmp_path, customers__xlsx=saved(book))), "customers")
    assert (accepted.read, accepted.rejections) == (1, ())
