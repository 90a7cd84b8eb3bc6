"""Every workbook keeps the Analysis Function's checklist, and the checker finds each line's seeded fault."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.table import Table as SheetTable

from due_regard.packs.content.disclosure_control import protect_tables
from due_regard.packs.content.measure_tables import SPECS
from due_regard.packs.content.pack_definition import load_pack_definition
from due_regard.packs.documents.workbook import build_committee_workbook
from tests.packs.checklist import CHECKS, faults
from tests.packs.known import LANDLORDS, REPORTS, content, example_snapshots, example_tables, landlord

PACKS = sorted({(name, landlord(name).packs[0].name) for name in LANDLORDS})
"""One pack a landlord: between them they show every table."""


def test_the_packs_looked_at_show_every_table() -> None:
    shown = {section.table for _, pack in PACKS for section in load_pack_definition(REPORTS, pack).sections}
    assert shown == set(SPECS)


@pytest.mark.parametrize(("name", "pack"), PACKS)
def test_a_committee_workbook_keeps_the_checklist(name: str, pack: str) -> None:
    made = content(name, pack, with_charts=name in {"queens_cross", "hanover"})
    assert faults(build_committee_workbook(made)) == {}


@pytest.mark.parametrize(("name", "pack"), PACKS[:1])
def test_a_published_workbook_keeps_the_checklist(name: str, pack: str) -> None:
    shown = content(name, pack, protect_tables(example_tables(name), example_snapshots(name)).tables, "publishable")
    assert faults(build_committee_workbook(shown), is_published=True) == {}


@pytest.fixture(scope="module")
def sound() -> bytes:
    """A small workbook: two tables with charts, one with notes, one listing."""
    whole = content("queens_cross", "health_and_safety_committee", with_charts=True)
    few = [
        s for s in whole.sections if s.table.name in {"restrictions", "overdue_reviews", "days_to_decide", "readings"}
    ]
    notes = tuple(dict.fromkeys(note for section in few for note in section.table.notes))
    numbered = [replace(section, notes=tuple(notes.index(note) + 1 for note in section.table.notes)) for section in few]
    made = build_committee_workbook(replace(whole, sections=tuple(numbered), notes=notes))
    assert faults(made) == {}
    return made


def _first_table(book: Workbook) -> SheetTable:
    return next(iter(book.worksheets[3].tables.values()))


def _rename_table(book: Workbook) -> None:
    sheet = book.worksheets[3]
    table = sheet.tables.pop(_first_table(book).displayName)
    table.displayName = table.name = "Table1"
    sheet.add_table(table)


def _second_table(book: Workbook) -> None:
    sheet = book.worksheets[3]
    sheet["P1"], sheet["P2"] = "One", "Two"
    sheet.add_table(SheetTable(displayName="another", ref="P1:P2"))


def _header_only(book: Workbook) -> None:
    table = _first_table(book)
    top = int(table.ref.split(":")[0][1:])
    table.ref = f"A{top}:{table.ref.split(':')[1].rstrip('0123456789')}{top}"


def _serif(book: Workbook) -> None:
    book.worksheets[0]["A2"].font = Font(name="Times New Roman", size=12)


def _body_cell(book: Workbook, column: str = "B") -> str:
    return f"{column}{int(_first_table(book).ref.split(':')[0][1:]) + 1}"


def _set(book: Workbook, value: object, column: str = "B") -> None:
    book.worksheets[3][_body_cell(book, column)].value = value  # type: ignore[assignment]


def _unexplained(book: Workbook) -> None:
    _set(book, "[q]")


def _date_without_format(book: Workbook) -> None:
    _set(book, "30/06/2026")


def _alt(book: Workbook, text: str) -> None:
    image = next(image for sheet in book.worksheets for image in sheet._images)
    image.anchor.pic.nvPicPr.cNvPr.descr = text


def _unformatted(book: Workbook) -> None:
    book.worksheets[3][_body_cell(book)].number_format = "General"


def _heading(book: Workbook) -> None:
    first = _first_table(book).ref.split(":")[0]
    book.worksheets[3][first].alignment = Alignment(wrap_text=False)


def _fill(book: Workbook) -> None:
    book.worksheets[3][_body_cell(book)].fill = PatternFill("solid", fgColor="FF0000")


def _hide(book: Workbook) -> None:
    book.worksheets[3].column_dimensions["C"].hidden = True


def _blank_row(book: Workbook) -> None:
    book.worksheets[3]["A3"].value = None


SEEDS: dict[str, Callable[[Workbook], object]] = {
    "document_title": lambda book: setattr(book.properties, "title", ""),
    "document_language": lambda book: setattr(book.properties, "language", None),
    "cover_first": lambda book: setattr(book, "active", 2),
    "contents_complete": lambda book: setattr(book["Contents"]["A5"], "hyperlink", None),
    "sheet_names": lambda book: setattr(book.worksheets[4], "title", "Sheet4"),
    "sheet_titles": lambda book: setattr(book.worksheets[3]["A1"], "font", Font(name="Arial", size=12)),
    "one_table_a_sheet": _second_table,
    "table_place": _blank_row,
    "table_names": _rename_table,
    "header_row": _heading,
    "no_merged_cells": lambda book: book.worksheets[0].merge_cells("A1:B1"),
    "no_blank_cells": lambda book: _set(book, None),
    "empty_says_none": _header_only,
    "no_filters": lambda book: setattr(book.worksheets[3].auto_filter, "ref", "A8:C12"),
    "no_frozen_panes": lambda book: setattr(book.worksheets[3], "freeze_panes", "B2"),
    "nothing_hidden": _hide,
    "picture_texts": lambda book: _alt(book, "Picture"),
    "no_pictures_published": lambda book: None,
    "notes_complete": lambda book: setattr(book["Notes"]["A5"], "value", "[note 9]"),
    "no_formulas": lambda book: _set(book, "=1+1"),
    "native_values": _date_without_format,
    "number_formats": _unformatted,
    "plain_fonts": _serif,
    "known_shorthand": _unexplained,
    "colour_not_alone": _fill,
    "no_extras": lambda book: setattr(book.worksheets[0]["A2"], "comment", Comment("see", "me")),
}


def test_every_line_has_its_seeded_fault() -> None:
    assert set(SEEDS) == {check.__name__ for check in CHECKS}


@pytest.mark.parametrize("line", sorted(SEEDS))
def test_each_seeded_fault_is_found(sound: bytes, line: str) -> None:
    book = load_workbook(io.BytesIO(sound))
    SEEDS[line](book)
    spoilt = io.BytesIO()
    book.save(spoilt)
    assert line in faults(spoilt.getvalue(), is_published=line == "no_pictures_published")
