"""The Government Analysis Function's checklist for spreadsheets, as checks on .xlsx bytes.

One function a line of the list; each yields what it finds. `faults` runs them all. Reads the file as a stranger would,
knowing nothing of how it was made.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from zipfile import ZipFile

from defusedxml.ElementTree import fromstring
from openpyxl import Workbook, load_workbook
from openpyxl.cell import Cell
from openpyxl.utils import range_boundaries
from openpyxl.worksheet.worksheet import Worksheet

SHORTHAND = {"[z]", "[x]", "[c]"}
SANS = {"Arial", "Calibri", "Helvetica", "Verdana", "Aptos"}
_DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing}"


@dataclass(frozen=True)
class Book:
    """A workbook opened for checking."""

    content: bytes
    is_published: bool

    @cached_property
    def book(self) -> Workbook:
        return load_workbook(io.BytesIO(self.content))

    @property
    def data_sheets(self) -> list[Worksheet]:
        return [sheet for sheet in self.book.worksheets if sheet.title != "Cover"]

    def tables(self) -> Iterator[tuple[Worksheet, str, list[list[Cell]]]]:
        for sheet in self.book.worksheets:
            for table in sheet.tables.values():
                yield sheet, table.displayName, [list(row) for row in sheet[table.ref]]

    def alt_texts(self) -> list[str]:
        with ZipFile(io.BytesIO(self.content)) as parts:
            names = [name for name in parts.namelist() if name.startswith("xl/drawings/drawing")]
            trees = [fromstring(parts.read(name)) for name in names]
        return [str(node.get("descr") or "") for tree in trees for node in tree.iter(f"{_DRAWING}cNvPr")]


def document_title(book: Book) -> Iterator[str]:
    if not (book.book.properties.title or "").strip():
        yield "the document has no title"


def document_language(book: Book) -> Iterator[str]:
    if book.book.properties.language != "en-GB":
        yield "the document says no language"


def cover_first(book: Book) -> Iterator[str]:
    if book.book.sheetnames[0] != "Cover" or book.book.active is not book.book.worksheets[0]:
        yield "the workbook does not open on a cover"


def contents_complete(book: Book) -> Iterator[str]:
    names = book.book.sheetnames
    if names[1:2] != ["Contents"]:
        yield "the second sheet is no contents"
        return
    linked = [
        cell.hyperlink.location or cell.hyperlink.target
        for row in book.book["Contents"]
        for cell in row
        if cell.hyperlink
    ]
    wanted = {f"#'{name}'!A1" for name in names[2:]}
    if wanted != {f"#{link.lstrip('#')}" for link in linked if link}:
        yield "the contents do not link to every other sheet"


def sheet_names(book: Book) -> Iterator[str]:
    for name in book.book.sheetnames:
        if len(name) > 31 or re.fullmatch(r"Sheet\d*", name):
            yield f"{name} is no meaningful name"


def sheet_titles(book: Book) -> Iterator[str]:
    for sheet in book.book.worksheets:
        cell = sheet["A1"]
        if not isinstance(cell.value, str) or not cell.font.bold or (cell.font.size or 0) < 14:
            yield f"{sheet.title}: no title in A1"


def one_table_a_sheet(book: Book) -> Iterator[str]:
    for sheet in book.data_sheets:
        if len(sheet.tables) != 1:
            yield f"{sheet.title}: {len(sheet.tables)} tables"
        if sheet["A2"].value != "This worksheet contains one table.":
            yield f"{sheet.title}: A2 does not say how many tables there are"


def table_place(book: Book) -> Iterator[str]:
    for sheet in book.data_sheets:
        for table in sheet.tables.values():
            left, top, _, bottom = range_boundaries(table.ref)
            above = [sheet.cell(row, 1).value for row in range(1, top)]
            if left != 1 or any(value is None for value in above) or bottom != sheet.max_row:
                yield f"{sheet.title}: the table does not stand at the left under its text, or is not the last thing"


def table_names(book: Book) -> Iterator[str]:
    names = [name for _, name, _ in book.tables()]
    for name in names:
        if names.count(name) > 1 or re.fullmatch(r"Table_?\d*", name):
            yield f"{name} is no name of its own"


def header_row(book: Book) -> Iterator[str]:
    for sheet, name, rows in book.tables():
        heads = [cell.value for cell in rows[0]]
        named = [column.name for column in sheet.tables[name].tableColumns]
        if (
            len(set(heads)) != len(heads)
            or any(not isinstance(h, str) or not h.strip() for h in heads)
            or heads != named
        ):
            yield f"{sheet.title}: the header row is not one row of different words"
        if not all(cell.alignment.wrap_text for cell in rows[0]):
            yield f"{sheet.title}: headings do not wrap"


def no_merged_cells(book: Book) -> Iterator[str]:
    yield from (f"{sheet.title}: merged cells" for sheet in book.book.worksheets if sheet.merged_cells.ranges)


def no_blank_cells(book: Book) -> Iterator[str]:
    for sheet, _, rows in book.tables():
        if any(cell.value is None or cell.value == "" for row in rows for cell in row):
            yield f"{sheet.title}: a blank cell in the table"


def empty_says_none(book: Book) -> Iterator[str]:
    for sheet, _, rows in book.tables():
        if len(rows) < 2:
            yield f"{sheet.title}: an empty table does not say none"


def no_filters(book: Book) -> Iterator[str]:
    for sheet in book.book.worksheets:
        if sheet.auto_filter.ref or any(table.autoFilter for table in sheet.tables.values()):
            yield f"{sheet.title}: a filter"


def no_frozen_panes(book: Book) -> Iterator[str]:
    yield from (f"{sheet.title}: frozen panes" for sheet in book.book.worksheets if sheet.freeze_panes)


def nothing_hidden(book: Book) -> Iterator[str]:
    for sheet in book.book.worksheets:
        parts = [*sheet.column_dimensions.values(), *sheet.row_dimensions.values()]
        if sheet.sheet_state != "visible" or any(part.hidden for part in parts):
            yield f"{sheet.title}: something is hidden"


def picture_texts(book: Book) -> Iterator[str]:
    texts = book.alt_texts()
    for text in texts:
        if len(text) < 40 or not re.search(r"\d", text):
            yield "a picture whose alt text does not say its finding"
    if len(set(texts)) != len(texts):
        yield "two pictures with the same alt text"


def no_pictures_published(book: Book) -> Iterator[str]:
    if book.is_published and book.alt_texts():
        yield "a picture in a published workbook"


def notes_complete(book: Book) -> Iterator[str]:
    cells = [
        c.value
        for s in book.book.worksheets
        if s.title != "Notes"
        for row in s
        for c in row
        if isinstance(c.value, str)
    ]
    used = {found for text in cells for found in re.findall(r"\[note \d+\]", text)}
    listed = [row[0].value for sheet, _, rows in book.tables() if sheet.title == "Notes" for row in rows[1:]]
    listed = [note for note in listed if note != "None"]
    if listed != [f"[note {number}]" for number in range(1, len(listed) + 1)] or set(listed) != used:
        yield "notes and their marks do not match"


def no_formulas(book: Book) -> Iterator[str]:
    for sheet in book.book.worksheets:
        if any(cell.data_type == "f" for row in sheet for cell in row):
            yield f"{sheet.title}: a live formula"


def native_values(book: Book) -> Iterator[str]:
    for sheet, _, rows in book.tables():
        for cell in (cell for row in rows[1:] for cell in row):
            if isinstance(cell.value, str) and re.fullmatch(r"-?[\d,.]+%?|\d{1,4}[-/]\d{1,2}[-/]\d{1,4}", cell.value):
                if cell.column != 2 or rows[0][1].value != "Clause":
                    yield f"{sheet.title}: a number or date written as text"
            elif not isinstance(cell.value, str | int | float | None) and not cell.is_date:
                yield f"{sheet.title}: a date without a date's format"


def number_formats(book: Book) -> Iterator[str]:
    for sheet, _, rows in book.tables():
        if any(isinstance(c.value, int | float) and c.number_format == "General" for row in rows[1:] for c in row):
            yield f"{sheet.title}: a number without a format"


def plain_fonts(book: Book) -> Iterator[str]:
    for sheet in book.book.worksheets:
        fonts = {(cell.font.name, cell.font.size) for row in sheet for cell in row if cell.value is not None}
        if any(name not in SANS or (size or 0) < 10 for name, size in fonts):
            yield f"{sheet.title}: small or serif letters"


def known_shorthand(book: Book) -> Iterator[str]:
    cover = " ".join(str(cell.value) for row in book.book.worksheets[0] for cell in row if cell.value)
    for sheet, _, rows in book.tables():
        for value in (cell.value for row in rows[1:] for cell in row if isinstance(cell.value, str)):
            if re.fullmatch(r"\[\w\]", value) and (value not in SHORTHAND or value not in cover):
                yield f"{sheet.title}: {value} is explained nowhere"
            if re.fullmatch(r"[-.*]+|n/?a|nan|None?T?", value, re.I) and value != "None":
                yield f"{sheet.title}: a mark that says nothing"


def colour_not_alone(book: Book) -> Iterator[str]:
    for sheet, _, rows in book.tables():
        body = [cell for row in rows[1:] for cell in row]
        if any(cell.fill.fill_type for cell in body) or sheet.conditional_formatting:
            yield f"{sheet.title}: colour among the figures"


def no_extras(book: Book) -> Iterator[str]:
    for sheet in book.book.worksheets:
        if any(cell.comment for row in sheet for cell in row) or sheet.data_validations.dataValidation:
            yield f"{sheet.title}: comments or drop-downs"
        if any((sheet.oddHeader.center.text, sheet.oddFooter.center.text, sheet.oddHeader.left.text)):
            yield f"{sheet.title}: a page header or footer"
    if any("vbaProject" in name or "externalLink" in name for name in ZipFile(io.BytesIO(book.content)).namelist()):
        yield "macros or links to other files"


CHECKS: tuple[Callable[[Book], Iterator[str]], ...] = (
    document_title, document_language, cover_first, contents_complete, sheet_names, sheet_titles, one_table_a_sheet,
    table_place, table_names, header_row, no_merged_cells, no_blank_cells, empty_says_none, no_filters, no_frozen_panes,
    nothing_hidden, picture_texts, no_pictures_published, notes_complete, no_formulas, native_values, number_formats,
    plain_fonts, known_shorthand, colour_not_alone, no_extras,
)  # fmt: skip


def faults(content: bytes, *, is_published: bool = False) -> dict[str, list[str]]:
    """Line of the checklist -> what is wrong with the workbook by it; empty where nothing is."""
    book = Book(content, is_published)
    found = {check.__name__: list(check(book)) for check in CHECKS}
    return {name: wrong for name, wrong in found.items() if wrong}
