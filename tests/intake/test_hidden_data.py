"""What a person with Excel does not see is read and said to be hidden; sheets are named as the mapping names them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook

from due_regard.intake.rejections import summarise_rejections, write_rejections
from due_regard.intake.source_check import check_source
from tests.intake.drops import ON, only, read, source, write
from tests.intake.packages import SHEET, repacked, saved

CUSTOMERS = [["Person ID", "Customer type"], ["1", "Tenant"], ["2", "Tenant"]]


def book_of(*names: str, rows: list[list[str]] | None = None) -> Workbook:
    book = Workbook()
    book.remove(book.active)
    for name in names:
        sheet = book.create_sheet(name)
        for row in rows or CUSTOMERS:
            sheet.append(row)
    return book


def refusals(folder: Path, book: Workbook) -> list[str]:
    drop = write(folder, **{"UAP register__xlsx": saved(book)})
    return [refused.message for refused in read(drop, name="sheet_per_entity").refused]


@pytest.mark.parametrize(("state", "told"), [("visible", ""), ("hidden", ", hidden"), ("veryHidden", ", very hidden")])
def test_a_sheet_that_stops_the_file_is_told_by_its_place_and_as_hidden(tmp_path: Path, state: str, told: str) -> None:
    book = book_of("Customers", "J Smith")
    book["J Smith"].sheet_state = state
    (message,) = refusals(tmp_path, book)
    assert message.startswith(f"UAP register.xlsx: sheet 2{told} is not known; ")
    assert "Smith" not in message


@pytest.mark.parametrize(
    "rows",
    [
        [["nothing", "known"], ["1", "2"]],
        [["Person ID", "Customer type", "person  id"], ["1", "Tenant", "x"]],
        [["Person ID", "Customer type", "Shoe size"], ["1", "Tenant", "x"]],
        [["Person ID"], ["1"]],
    ],
    ids=["no header", "a header twice", "an unknown header", "a column too few"],
)
def test_every_refusal_that_names_a_sheet_says_that_it_is_hidden(tmp_path: Path, rows: list[list[str]]) -> None:
    book = book_of("Customers", rows=rows)
    book.create_sheet("Read me")
    book["Customers"].sheet_state = "hidden"
    (message,) = refusals(tmp_path, book)
    assert message.startswith("UAP register.xlsx, sheet Customers, hidden: ")


def test_no_unknown_name_of_a_sheet_leaves_the_landlords_own_files(tmp_path: Path) -> None:
    book = book_of("J Smith", rows=[["customer_ref", "customer_type"], ["1", "tenant"], ["2", "lodger"]])
    drop = write(tmp_path / "drop", customers__xlsx=saved(book))
    validated = read(drop)
    assert only(validated, "customers").rejections[0].cell == "J Smith!B3", "for the file to mend, which has that sheet"
    told = [rejection.message for rejection in only(validated, "customers").rejections]
    told += [summarise_rejections(validated), *check_source(source(), drop, ON).describe_lines()]
    assert "Smith" not in "\n".join(told)
    assert "customers.xlsx, sheet 1: 2 rows" in told


def hide_sheet(book: Workbook) -> None:
    book["Customers"].sheet_state = "veryHidden"


def hide_rows(book: Workbook) -> None:
    for row in (2, 3, 9):
        book["Customers"].row_dimensions[row].hidden = True


def hide_columns(book: Workbook) -> None:
    for column in ("B", "F"):
        book["Customers"].column_dimensions[column].hidden = True


@pytest.mark.parametrize(
    ("hide", "told"),
    [
        (hide_sheet, "sheet Customers, very hidden: the whole sheet is very hidden; Excel's menus do not show it"),
        (hide_rows, "sheet Customers: 2 hidden rows, the first of them row 2"),
        (hide_columns, "sheet Customers: hidden columns B"),
    ],
)
def test_hidden_data_is_loaded_and_said(tmp_path: Path, hide: Callable[[Workbook], None], told: str) -> None:
    book = book_of("Customers")
    book.create_sheet("Read me")
    hide(book)
    validated = read(write(tmp_path / "drop", **{"UAP register__xlsx": saved(book)}), name="sheet_per_entity")
    assert len(only(validated, "customers").rows) == 2
    (note,) = only(validated, "customers").notes
    assert note.message == f"UAP register.xlsx, {told}"
    (page,) = write_rejections(validated, tmp_path / "out")
    assert note.message in page.read_text(encoding="utf-8")


def test_rows_and_columns_of_no_height_or_width_are_hidden(tmp_path: Path) -> None:
    wide = b'<cols><col min="1" max="1" width="0" customWidth="1"/></cols><sheetData>'
    content = repacked(
        saved(book_of("Customers")),
        lambda name, part: (
            part.replace(b"<sheetData>", wide).replace(b'<row r="3"', b'<row r="3" ht="0"') if name == SHEET else part
        ),
    )
    validated = read(write(tmp_path, **{"UAP register__xlsx": content}), name="sheet_per_entity")
    assert {note.reason for note in only(validated, "customers").notes} == {"hidden_rows", "hidden_columns"}


def test_what_is_hidden_and_holds_nothing_is_not_told(tmp_path: Path) -> None:
    book = book_of("Customers")
    book.create_sheet("Read me").append(["Notes", date(2026, 3, 1)])
    book["Read me"].sheet_state = "hidden"
    book["Customers"].row_dimensions[1].hidden = True
    book["Customers"].row_dimensions[40].hidden = True
    book["Customers"].column_dimensions["H"].hidden = True
    validated = read(write(tmp_path / "drop", **{"UAP register__xlsx": saved(book)}), name="sheet_per_entity")
    assert only(validated, "customers").notes == ()
    assert write_rejections(validated, tmp_path / "out") == []
