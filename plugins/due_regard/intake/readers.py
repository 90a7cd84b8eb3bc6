"""From a file's bytes to its tables, each with the part of the source mapping that describes it.

Chooses the reader by content and the part by name, sheet and headers. column_mapping.py checks the headers.
"""

from __future__ import annotations

from due_regard.errors import FileRefused
from due_regard.intake.column_mapping import collect_known_headers
from due_regard.intake.csv_reader import read_csv_table
from due_regard.intake.preflight import FileForm, detect_form
from due_regard.intake.source_mapping import SourceMapping, SourcePart
from due_regard.intake.text_cleaning import fold_text
from due_regard.intake.text_tables import TextTable, remove_footer, remove_our_columns
from due_regard.intake.workbook_preflight import inspect_workbook
from due_regard.intake.workbook_reader import WorkbookSheet, find_sheet_header, read_sheet_table, read_sheets


def read_file_tables(name: str, content: bytes, source: SourceMapping) -> list[tuple[TextTable, SourcePart]]:
    """The tables of a file, closing rows left out, each with its part of the mapping.

    Args:
        name: file name inside the drop.
        content: its bytes.
        source: the mapping.

    Raises:
        FileRefused: the file is no export, unsafe, damaged, or one the mapping does not know.
    """
    form = detect_form(name, content)
    parts = source.parts_of(name)
    if not parts:
        raise FileRefused(
            "unknown_file",
            f"{name}: source {source.name} expects no file of this name; rename it, map it or take it out of the drop",
        )
    read = _read_csv if form is FileForm.TEXT else _read_sheets
    return [(remove_footer(remove_our_columns(table)), part) for table, part in read(name, content, parts, source)]


def _read_csv(
    name: str, content: bytes, parts: tuple[SourcePart, ...], source: SourceMapping
) -> list[tuple[TextTable, SourcePart]]:
    """A CSV file is one table, of the part whose headers it shows best."""
    tables, refusals = [], []
    for part in parts:
        known = collect_known_headers(part)
        try:
            table = read_csv_table(
                name, content, known, encoding=source.encoding, delimiter=source.delimiter, depth=part.header_rows
            )
        except FileRefused as refusal:
            refusals.append(refusal)
            continue
        tables.append((len(known.names & set(map(fold_text, table.headers))), table, part))
    if not tables:
        raise refusals[0]
    _, table, part = max(tables, key=lambda found: found[0])
    return [(table, part)]


def _read_sheets(
    name: str, content: bytes, parts: tuple[SourcePart, ...], source: SourceMapping
) -> list[tuple[TextTable, SourcePart]]:
    """Every sheet that is not ignored, each with its part."""
    inspected = inspect_workbook(name, content)
    ignored = set(map(fold_text, source.ignore_sheets))
    sheets = [sheet for sheet in read_sheets(name, content, inspected) if fold_text(sheet.name) not in ignored]
    if not sheets:
        raise FileRefused("empty_file", f"{name}: has no sheet with a header; export it again")
    known = source.list_sheet_names()
    return [_choose_part(name, sheet, sheet.describe_place(known), parts, inspected.epoch_1904) for sheet in sheets]


def _choose_part(
    name: str, sheet: WorkbookSheet, place: str, parts: tuple[SourcePart, ...], epoch_1904: bool
) -> tuple[TextTable, SourcePart]:
    fitting = [part for part in parts if part.matches_name(name, sheet.name)]
    if not fitting:
        raise FileRefused(
            "unknown_sheet",
            f"{name}: {place} is not known; map it or list it under ignore_sheets in the source mapping",
        )

    def rank_part(part: SourcePart) -> tuple[int, int]:
        header = find_sheet_header(sheet, collect_known_headers(part), part.header_rows)
        return header.rank if header else (0, 0)

    part = max(fitting, key=rank_part)
    known = collect_known_headers(part)
    return read_sheet_table(name, sheet, place, known, depth=part.header_rows, epoch_1904=epoch_1904), part
