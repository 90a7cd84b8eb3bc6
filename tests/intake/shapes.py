"""Writes canonical records in the shape a source mapping describes: the inverse of reading, for round trips."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pandas as pd
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from due_regard.intake.source_mapping import ColumnMap, SourceMapping, SourcePart
from due_regard.records.canonical import ENTITY, CanonicalColumn, ColumnKind

TITLES = [["Housing system report"], ["Printed on 29/06/2026 by the system"], ["Area: all"], [""]]


def write_shape(records: Mapping[str, pd.DataFrame], source: SourceMapping, folder: Path) -> Path:
    """A drop folder of `records` as `source` delivers them, ignored columns filled with what must never be loaded."""
    folder.mkdir(parents=True, exist_ok=True)
    book = Workbook()
    book.remove(book.active)
    for part in source.files:
        (entity,) = part.entities
        if entity not in records:
            continue
        rows = _rows(records[entity], part, entity, source)
        name = part.files[0].replace("*", " 2026-06-29")
        if not name.endswith(".xlsx"):
            (folder / name).write_bytes(_csv(rows, source))
        elif part.sheets == ("*",):
            single = Workbook()
            _fill(single.active, rows, part)
            single.save(folder / name)
        else:
            _fill(book.create_sheet(part.sheets[0]), rows, part)
            last = name
    if book.worksheets:
        book.create_sheet("Read me").append(["This workbook is kept by the housing team"])
        book.save(folder / last)
    return folder


def _rows(frame: pd.DataFrame, part: SourcePart, entity: str, source: SourceMapping) -> list[list[object]]:
    columns = [
        (ENTITY[entity].by_name[name], column) for name, column in part.list_columns(entity).items() if name in frame
    ]
    cells: dict[str, list[object]] = {}
    for column, mapped in columns:
        texts = [_cell(value, column, mapped, source) for value in frame[column.name]]
        if mapped.day_month_year:
            for position, header in enumerate(mapped.day_month_year):
                cells[header] = [text and int(str(text).split("/")[position]) for text in texts]
        else:
            cells[mapped.header[0]] = texts
    for header in part.ignore:
        cells[header] = ["Ms Never Loaded"] * len(frame)
    return [list(cells), *map(list, zip(*cells.values(), strict=True))]


def _cell(value: object, column: CanonicalColumn, mapped: ColumnMap, source: SourceMapping) -> object:
    if pd.isna(value):
        return ""
    words = source.codes[mapped.codes] if isinstance(mapped.codes, str) else {}
    word_of = {code: word for word, code in words.items()}
    if column.kind is ColumnKind.DATE:
        day = pd.Timestamp(str(value)).date()
        if mapped.day_month_year:
            return f"{day:%d/%m/%Y}"
        return _written_date(day, source, mapped)
    if column.kind is ColumnKind.YN:
        return (source.yes_words or ("Y",))[0] if value else (source.no_words or ("N",))[0]
    if column.kind is ColumnKind.LIST:
        return mapped.separator.join(word_of[code] for code in str(value).split(";"))
    return word_of[str(value)] if column.code_list else str(value)


def _written_date(day: date, source: SourceMapping, mapped: ColumnMap) -> object:
    if source.name == "semicolon_cp1252":
        return f"{day:%d.%m.%Y}"
    # Workbooks mix real dates with text, as people who type into them do.
    return day if "book" in source.name and day.day % 3 else f"{day:%d/%m/%Y}"


def _csv(rows: list[list[object]], source: SourceMapping) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=source.delimiter or ",").writerows(rows)
    return text.getvalue().encode(source.encoding or "utf-8")


def _fill(sheet: Worksheet, rows: list[list[object]], part: SourcePart) -> None:
    header, *data = rows
    if part.header_rows == 2:
        for title in TITLES:
            sheet.append(title)
        sheet.merge_cells(start_row=1, end_row=1, start_column=1, end_column=len(header))
        _merged_header(sheet, [str(name) for name in header], row=len(TITLES) + 1)
        data = [*data, ["Total records", len(data)]]
    else:
        sheet.append([str(name).replace(" ", "\n", 1) for name in header])
    for row in data:
        sheet.append([None if cell == "" else cell for cell in row])


def _merged_header(sheet: Worksheet, names: list[str], row: int) -> None:
    """Two header rows: names that share their first word are grouped under it, the others merged over both rows."""
    position = 0
    while position < len(names):
        group = names[position].split(" ")[0]
        end = position
        while end < len(names) and names[end].split(" ")[0] == group and " " in names[end]:
            end += 1
        if end - position > 1:
            for at in range(position, end):
                sheet.cell(row + 1, at + 1, names[at].split(" ", 1)[1])
            sheet.cell(row, position + 1, group)
            sheet.merge_cells(start_row=row, end_row=row, start_column=position + 1, end_column=end)
        else:
            end = position + 1
            sheet.cell(row, end, names[position])
            sheet.merge_cells(start_row=row, end_row=row + 1, start_column=end, end_column=end)
        position = end
