"""Cells as files of the shape that a source mapping reads: CSV in its delimiter and code page, workbooks with titles.

Driven by the mapping itself, so a new mapping needs no code here unless its files have a new kind of layout.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from itertools import groupby
from pathlib import Path

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from demo.samples.sample_cells import Cell, Cells, list_sample_columns, make_sample_cells
from demo.samples.sample_world import SampleWorld
from due_regard.intake.source_mapping import ColumnMap, SourceMapping, SourcePart
from due_regard.records.workbook_bytes import save_workbook

Table = tuple[list[str], list[list[Cell]]]
"""Headers, and rows under them."""


def write_sample_drop(world: SampleWorld, source: SourceMapping, folder: Path) -> None:
    """Write every file of one landlord's drop, and the marker that says it is whole."""
    folder.mkdir(parents=True, exist_ok=True)
    books: dict[str, Workbook] = {}
    for part in source.files:
        name = part.files[0].replace("*", world.profile.file_stamp)
        table = _make_table(world, part, source)
        if name.endswith(".xlsx"):
            _add_sheet(books.setdefault(name, _make_workbook()), part, table, world)
        else:
            (folder / name).write_bytes(_write_csv(table, source, world.profile.date_format))
    for name, book in books.items():
        dated = datetime.combine(world.as_at, time(6)).astimezone()
        (folder / name).write_bytes(save_workbook(book, dated))
    (folder / "READY").touch()


def _make_table(world: SampleWorld, part: SourcePart, source: SourceMapping) -> Table:
    (entity,) = part.entities
    kept = list_sample_columns(world, entity, part.list_columns(entity))
    rows = make_sample_cells(world, entity, kept, source)
    headers = [header for column in kept.values() for header in _list_headers(column)] + list(part.ignore)
    left_out = [f"{header}, never loaded" for header in part.ignore]
    return headers, [[*_spread_date_parts(row, kept), *left_out] for row in rows]


def _list_headers(column: ColumnMap) -> Sequence[str]:
    return column.day_month_year or column.header[:1]


def _spread_date_parts(row: Cells, columns: dict[str, ColumnMap]) -> Iterator[Cell]:
    """The cells of a row, a three-column date in three."""
    for name, column in columns.items():
        cell = row[name]
        if not column.day_month_year:
            yield cell
        elif isinstance(cell, date):
            yield from (str(cell.day), str(cell.month), str(cell.year))
        else:
            yield from (cell, "", "")


def _write_csv(table: Table, source: SourceMapping, date_format: str) -> bytes:
    headers, rows = table
    text = io.StringIO()
    writer = csv.writer(
        text, delimiter=source.delimiter or ",", lineterminator="\n" if source.encoding is None else "\r\n"
    )
    writer.writerow(headers)
    writer.writerows([cell.strftime(date_format) if isinstance(cell, date) else cell for cell in row] for row in rows)
    return text.getvalue().encode(source.encoding or "utf-8")


def _make_workbook() -> Workbook:
    book = Workbook()
    book.remove(book.worksheets[0])
    return book


def _add_sheet(book: Workbook, part: SourcePart, table: Table, world: SampleWorld) -> None:
    headers, rows = table
    sheet = book.create_sheet("Report" if part.sheets == ("*",) else part.sheets[0])
    if world.profile.workbook.titles:
        _write_titles(sheet, part, world)
    _write_header(sheet, headers, part.header_rows)
    for row in rows:
        sheet.append([_as_typed_date(world, cell) for cell in row])
    if world.profile.workbook.titles:
        sheet.append(["Total records", len(rows)])


def _as_typed_date(world: SampleWorld, cell: Cell) -> Cell | None:
    if isinstance(cell, date):
        return cell.strftime(world.profile.date_format) if world.happens(world.profile.workbook.dates_as_text) else cell
    return cell or None


def _write_titles(sheet: Worksheet, part: SourcePart, world: SampleWorld) -> None:
    """What a report writer puts above its table: title, date, filter, a gap."""
    for line in (part.files[0].split("*")[0], f"Printed {world.as_at:%d/%m/%Y}", "All areas, all dates", None):
        sheet.append([line])
        sheet.merge_cells(start_row=sheet.max_row, end_row=sheet.max_row, start_column=1, end_column=6)
    # openpyxl does not count a row of blanks.
    sheet.cell(4, 1).value = " "


def _write_header(sheet: Worksheet, headers: list[str], levels: int) -> None:
    """The header row; with two levels, neighbours that share their first word stand under it, merged."""
    if levels == 1:
        sheet.append(headers)
        return
    top, column = sheet.max_row + 1, 1
    for _, group in groupby(headers, key=lambda header: header.split(" ")[0]):
        names = list(group)
        last = column + len(names) - 1
        if len(names) > 1 and all(" " in name for name in names):
            sheet.cell(top, column).value = names[0].split(" ")[0]
            sheet.merge_cells(start_row=top, end_row=top, start_column=column, end_column=last)
            for offset, name in enumerate(names):
                sheet.cell(top + 1, column + offset).value = name.split(" ", 1)[1]
        else:
            for offset, name in enumerate(names):
                sheet.cell(top, column + offset).value = name
                sheet.merge_cells(
                    start_row=top, end_row=top + 1, start_column=column + offset, end_column=column + offset
                )
        column = last + 1
