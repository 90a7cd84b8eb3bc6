"""From a file's bytes to its tables, each with the part of the source mapping that describes it.

Chooses the reader by content and the part by name, sheet and headers. Whether every header is known is mapping.py's.
"""

from __future__ import annotations

from due_regard.errors import FileRefused
from due_regard.intake.csv_reader import read_csv_table
from due_regard.intake.mapping import known_headers
from due_regard.intake.preflight import Form, form_of
from due_regard.intake.source import Part, Source
from due_regard.intake.tables import Table, without_footer, without_our_columns
from due_regard.intake.text import folded
from due_regard.intake.workbook_preflight import inspect_workbook
from due_regard.intake.workbook_reader import Sheet, read_sheets, sheet_header, sheet_table


def file_tables(name: str, content: bytes, source: Source) -> list[tuple[Table, Part]]:
    """The tables of a file, closing rows left out, each with its part of the mapping.

    Args:
        name: file name inside the drop.
        content: its bytes.
        source: the mapping.

    Raises:
        FileRefused: the file is no export, unsafe, damaged, or one the mapping does not know.
    """
    form = form_of(name, content)
    parts = source.parts_of(name)
    if not parts:
        raise FileRefused(
            "unknown_file",
            f"{name}: source {source.name} expects no file of this name; rename it, map it or take it out of the drop",
        )
    read = _csv_table if form is Form.TEXT else _sheet_tables
    return [(without_footer(without_our_columns(table)), part) for table, part in read(name, content, parts, source)]


def _csv_table(name: str, content: bytes, parts: tuple[Part, ...], source: Source) -> list[tuple[Table, Part]]:
    """A CSV file is one table, of the part whose headers it shows best."""
    tables = []
    for part in parts:
        known = known_headers([part])
        table = read_csv_table(
            name, content, known, encoding=source.encoding, delimiter=source.delimiter, depth=part.header_rows
        )
        tables.append((len(known & set(map(folded, table.headers))), table, part))
    _, table, part = max(tables, key=lambda found: found[0])
    return [(table, part)]


def _sheet_tables(name: str, content: bytes, parts: tuple[Part, ...], source: Source) -> list[tuple[Table, Part]]:
    """Every sheet that is not ignored, each with its part."""
    inspected = inspect_workbook(name, content)
    ignored = set(map(folded, source.ignore_sheets))
    sheets = [sheet for sheet in read_sheets(name, content, inspected) if folded(sheet.name) not in ignored]
    if not sheets:
        raise FileRefused("empty_file", f"{name}: has no sheet with a header; export it again")
    return [_with_part(name, sheet, parts, inspected.epoch_1904) for sheet in sheets]


def _with_part(name: str, sheet: Sheet, parts: tuple[Part, ...], epoch_1904: bool) -> tuple[Table, Part]:
    fitting = [part for part in parts if part.takes(name, sheet.name)]
    if not fitting:
        raise FileRefused(
            "unknown_sheet",
            f"{name}: sheet {sheet.name} is not known; map it or list it under ignore_sheets in the source mapping",
        )

    def score(part: Part) -> int:
        header = sheet_header(sheet, known_headers([part]), part.header_rows)
        return header.score if header else 0

    part = max(fitting, key=score)
    return sheet_table(name, sheet, known_headers([part]), depth=part.header_rows, epoch_1904=epoch_1904), part
