"""The committee workbook, to the Government Analysis Function's checklist for spreadsheets.

A cover, contents, main points and notes; then one table a sheet, with native numbers and dates, a table name, one
header row, no merged or blank cell, no filter and no frozen pane. What it says is content's; a chart stands beside its
table in the confidential edition alone, as a published workbook holds no picture.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from textwrap import wrap

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.styles.cell_style import StyleArray
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.table import Table as SheetTable
from openpyxl.worksheet.table import TableColumn
from openpyxl.worksheet.worksheet import Worksheet

from due_regard.packs.charts.canvas import DPI
from due_regard.packs.content.pack_content import EDITIONS, PackContent, SectionContent, describe_clause
from due_regard.packs.content.paper_head import list_head_lines
from due_regard.packs.content.paper_parts import PaperContent
from due_regard.packs.content.sheet_names import make_sheet_name
from due_regard.packs.documents.chart_picture import place_chart
from due_regard.packs.documents.display_grid import SHORTHAND, DisplayGrid, build_grid
from due_regard.packs.documents.native_chart import place_native_chart
from due_regard.packs.documents.safe_cells import put_cell
from due_regard.packs.documents.table_cells import BODY, FONT, WRAP, choose_alignment, style_cell
from due_regard.records.workbook_bytes import save_workbook

_BOLD = Font(name=FONT, size=12, bold=True)
_TITLE = Font(name=FONT, size=15, bold=True)
_LINK = Font(name=FONT, size=12, underline="single", color="0563C1")
_HEAD = PatternFill("solid", fgColor="DCE6F1")
_SPILL = Alignment(wrap_text=False, vertical="top")
_LINE = 16.5
"""Points a line of 12-point text takes; openpyxl sets no row heights, and wrapped text would be cut."""
_ROW_PIXELS = 20
"""Pixels of a row, at least: so many rows below a picture the next one begins under it."""
_NARROW = 75
"""Characters up to which a table leaves room for its chart on the right; under a wider one the chart stands below."""


def build_committee_workbook(content: PackContent, paper: PaperContent | None = None) -> bytes:
    """`content` as .xlsx bytes, the annex of `paper`; the same content gives the same bytes."""
    book = Workbook()
    book.remove(book.worksheets[0])
    _set_properties(book, content)
    _write_cover(book.create_sheet("Cover"), content, paper)
    _write_contents(book.create_sheet("Contents"), content)
    _write_main_points(book.create_sheet("Main points"), content)
    for section in content.sections:
        _write_section(book.create_sheet(make_sheet_name(section)), section, content.edition)
    _write_notes(book.create_sheet("Notes"), content)
    _write_provenance(book.create_sheet("Provenance"), content)
    return save_workbook(book, content.quarter.closes_at)


def _set_properties(book: Workbook, content: PackContent) -> None:
    book.properties.title = f"{content.title}: {content.landlord_name}, {content.quarter_label}"
    book.properties.language = "en-GB"
    book.properties.creator = content.landlord_name
    book.properties.subject = f"Report to the {content.audience}"


def _write_cover(sheet: Worksheet, content: PackContent, paper: PaperContent | None) -> None:
    lines = [
        content.landlord_name,
        f"Report to the {content.audience}, {content.quarter_label}",
        *(list_head_lines(paper.particulars, paper.to_complete) if paper else []),
        content.introduction,
        *([content.correction] if content.correction else []),
        *(["What is asked", content.decision_asked] if content.decision_asked else []),
        "Why this report is made",
        *content.basis,
        "What the figures rest on",
        f"Every figure is as at {content.quarter.ends_on:%-d %B %Y} unless its heading says otherwise.",
        *content.standing,
        "How to read this workbook",
        "The Main points sheet says what matters; each sentence is worked out from the table it names.",
        "Words in square brackets in a table:",
        *(f"{mark} {meaning}" for mark, meaning in SHORTHAND.items()),
        "Who may read it",
        EDITIONS[content.edition],
    ]
    headings = {
        "What is asked", "Why this report is made", "What the figures rest on", "How to read this workbook",
        "Who may read it",
    }  # fmt: skip
    _set_widths(sheet, (100,))
    _write_lines(sheet, content.title, lines, headings)


def _write_lines(
    sheet: Worksheet, title: str, lines: Iterable[str], headings: Set[str] = frozenset(), *, spill: bool = False
) -> int:
    """Write the title in A1 and a line a row below it; returns the last row. `spill` lets them run over the columns."""
    _write_cell(sheet, 1, 1, title, _TITLE)
    row = 1
    for row, line in enumerate(lines, 2):
        _write_cell(sheet, row, 1, line, _BOLD if line in headings else BODY)
        if not spill:
            _fit_lines(sheet, row, _count_lines(line, sheet.column_dimensions["A"].width))
    for place in range(1, row + 1) if spill else (1,):
        sheet.cell(place, 1).alignment = _SPILL
    return row


def _fit_lines(sheet: Worksheet, row: int, lines: int) -> None:
    if lines > 1:
        sheet.row_dimensions[row].height = lines * _LINE


def _count_lines(text: object, width: float) -> int:
    said, room = str(text), max(1, int(width))
    # Most cells are shorter than their line, which is seen much sooner than a text is broken into lines.
    return 1 if len(said) <= room and "\t" not in said else len(wrap(said, room)) or 1


def _write_cell(sheet: Worksheet, row: int, column: int, value: object, font: Font = BODY) -> None:
    cell = sheet.cell(row, column)
    put_cell(cell, value)
    cell.font, cell.alignment = font, WRAP


def _write_contents(sheet: Worksheet, content: PackContent) -> None:
    others = [("Main points", "What matters, in sentences"), ("Notes", "Notes to the tables")]
    others.append(("Provenance", "Drops, policy and calendar that the figures rest on"))
    sections = [(make_sheet_name(section), section.title) for section in content.sections]
    rows = [others[0], *sections, *others[1:]]
    first = _write_list(sheet, "contents", {"Worksheet": 40, "What it shows": 70}, rows)
    for row, (name, _) in enumerate(rows, first + 1):
        cell = sheet.cell(row, 1)
        cell.hyperlink = f"#'{name}'!A1"
        cell.font = _LINK


def _write_main_points(sheet: Worksheet, content: PackContent) -> None:
    said = [(sentence, make_sheet_name(section)) for section in content.sections for sentence in section.sentences]
    _write_list(sheet, "main_points", {"Main point": 100, "Worked out from the table on": 40}, said)


def _write_notes(sheet: Worksheet, content: PackContent) -> None:
    rows = [(f"[note {place}]", note) for place, note in enumerate(content.notes, 1)]
    _write_list(sheet, "notes", {"Note": 14, "What it says": 100}, rows, spill=True)


def _write_provenance(sheet: Worksheet, content: PackContent) -> None:
    widths = {"What went into this report": 60, "Digest": 70}
    _write_list(sheet, "provenance", widths, content.provenance)


def _write_list(
    sheet: Worksheet, name: str, widths: Mapping[str, float], rows: Sequence[tuple[str, str]], *, spill: bool = False
) -> int:
    """Fill a sheet with one table of text; `widths` are its headings with their widths. Returns the header's row."""
    _set_widths(sheet, tuple(widths.values()))
    _write_lines(sheet, sheet.title, ["This worksheet contains one table."], spill=spill)
    grid = DisplayGrid(tuple(widths), ("text", "text"), tuple(rows) or (("None", "[z]"),))
    return _write_table(sheet, 3, name, grid)


def _write_section(sheet: Worksheet, section: SectionContent, edition: str) -> None:
    marks = " ".join(f"[note {number}]" for number in section.notes)
    lines = ["This worksheet contains one table.", section.why, describe_clause(section), *section.sentences]
    lines += [f"Officers' commentary: {section.commentary}"] if section.commentary else []
    if marks:
        lines.insert(1, f"Some figures are explained in {marks}, on the Notes worksheet.")
    found = build_grid(section.table, section.revised)
    chart = section.chart if edition == "confidential" else None
    if chart is not None:
        lines.insert(1, f"It also holds a chart of the table, as a picture and as Excel's own: {chart.title}.")
    widths = _find_column_widths(found)
    _set_widths(sheet, widths)
    last = _write_lines(sheet, f"{section.number} {section.title}", lines, spill=True)
    head = _write_table(sheet, last + 1, section.table.name, found)
    if chart is not None:
        beside = sum(widths) <= _NARROW
        row, column = (head, len(widths) + 2) if beside else (head + len(found.rows) + 2, 1)
        height = place_chart(sheet, chart, row, column, dpi=DPI)
        below = row + height // _ROW_PIXELS + 2
        place_native_chart(sheet, section.table, chart, head, found, below, column)
        sheet.page_setup.fitToHeight = 1


def _write_table(sheet: Worksheet, row: int, name: str, found: DisplayGrid) -> int:
    """Write `found` with its header at `row`, marked up as a table; returns the header's row."""
    for column, heading in enumerate(found.headings, 1):
        _write_cell(sheet, row, column, heading, _BOLD)
        sheet.cell(row, column).fill = _HEAD
        sheet.cell(row, column).alignment = choose_alignment(found.forms[column - 1], column)
    widths = [sheet.column_dimensions[get_column_letter(place)].width for place in range(1, len(found.forms) + 1)]
    styles: dict[tuple[int, type], StyleArray] = {}
    for down, cells in enumerate(found.rows, row + 1):
        for column, (value, form) in enumerate(zip(cells, found.forms, strict=True), 1):
            cell = sheet.cell(down, column)
            put_cell(cell, value)
            style_cell(cell, form, column, styles)
        _fit_lines(sheet, down, _count_most_lines(widths, cells))
    _fit_lines(sheet, row, _count_most_lines(widths, found.headings))
    _mark_up(sheet, row, name, found)
    return row


def _count_most_lines(widths: Sequence[float], cells: Sequence[object]) -> int:
    return max(
        _count_lines(cell, width) for cell, width in zip(cells, widths, strict=True) if isinstance(cell, str | int)
    )


def _mark_up(sheet: Worksheet, row: int, name: str, found: DisplayGrid) -> None:
    end = f"{get_column_letter(len(found.headings))}{row + len(found.rows)}"
    table = SheetTable(displayName=name, name=name, ref=f"A{row}:{end}")
    # openpyxl adds a filter to every table whose columns it names itself; a published table has none.
    table.tableColumns = [TableColumn(id=number, name=head) for number, head in enumerate(found.headings, 1)]
    sheet.add_table(table)


def _find_column_widths(found: DisplayGrid) -> tuple[float, ...]:
    """Characters a column needs: words up to a line's comfort, numbers and their wrapped heading no more."""
    widths = []
    for place, form in enumerate(found.forms):
        longest = max(len(str(cells[place])) for cells in found.rows)
        words = max(len(word) for word in found.headings[place].split())
        if form == "text":
            widths.append(float(min(58, max(longest, words, 22)) + 2))
        else:
            widths.append(float(max(words, 17 if form in {"date", "month"} else 10) + 3))
    return tuple(widths)


def _set_widths(sheet: Worksheet, widths: Sequence[float]) -> None:
    for place, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(place)].width = width
    sheet.sheet_view.showGridLines = False
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True  # type: ignore[union-attr]
