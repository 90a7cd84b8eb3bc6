"""Reads one drop: every file inspected, mapped, judged; a bad file is refused by itself, the rest goes on.

The order of steps is here; what each step knows is in the module that bears its name.
"""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path

from due_regard.batch import AcceptedFile, MendingSheet, Note, RefusedFile, Rejection, ValidatedDrop
from due_regard.errors import FileRefused
from due_regard.intake.checks import Judged, Known, judge
from due_regard.intake.csv_reader import read_csv_table
from due_regard.intake.mapping import Candidate, check_headers, known_headers, read_candidates
from due_regard.intake.messages import words
from due_regard.intake.preflight import Form, drop_files, form_of, read_content
from due_regard.intake.source import Part, Source
from due_regard.intake.tables import Table, without_footer
from due_regard.intake.text import folded
from due_regard.intake.workbook_reader import Sheet, read_sheets, sheet_header, sheet_table


def read_drop(drop: Path, landlord: str, source: Source, *, on: date, known: Known) -> ValidatedDrop:
    """The drop's rows, validated, with every rejection and refusal named.

    Args:
        drop: folder with one landlord's files.
        landlord: whose they are.
        source: how they are read.
        on: day of intake; dates more than ten years after it are rejected.
        known: references the register holds of an entity, None where it was never delivered.

    Raises:
        DropError: the folder is missing or holds no file.
    """
    candidates: list[tuple[str, Candidate, Part]] = []
    refused: list[RefusedFile] = []
    for path in drop_files(drop):
        sha256 = ""
        try:
            content = read_content(path, drop)
            sha256 = hashlib.sha256(content).hexdigest()
            candidates += [(sha256, *found) for found in _candidates(path.name, content, source, on)]
        except FileRefused as reason:
            refused.append(RefusedFile(path.name, sha256, reason.code, str(reason)))
    judged = judge([candidate for _, candidate, _ in candidates], known)
    files = [_accepted(sha256, item, part, source) for (sha256, _, part), item in zip(candidates, judged, strict=True)]
    return ValidatedDrop(
        landlord, source.name, drop.name, tuple(files), tuple(refused), mending=_mending(judged, files)
    )


def _candidates(name: str, content: bytes, source: Source, on: date) -> list[tuple[Candidate, Part]]:
    form = form_of(name, content)
    parts = source.parts_of(name)
    if not parts:
        raise FileRefused(
            "unknown_file",
            f"{name}: source {source.name} expects no file of this name; rename it, map it or take it out of the drop",
        )
    tables = (
        _csv_tables(name, content, parts, source) if form is Form.TEXT else _sheet_tables(name, content, parts, source)
    )
    found = []
    for table, part in tables:
        whole = without_footer(table)
        check_headers(whole, part, source=source.name)
        found += [(candidate, part) for candidate in read_candidates(whole, part, source, on=on)]
    return found


def _csv_tables(name: str, content: bytes, parts: tuple[Part, ...], source: Source) -> list[tuple[Table, Part]]:
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
    ignored = set(map(folded, source.ignore_sheets))
    sheets = [sheet for sheet in read_sheets(name, content) if folded(sheet.name) not in ignored]
    if not sheets:
        raise FileRefused("empty_file", f"{name}: has no sheet with a header; export it again")
    return [(*_with_part(name, sheet, parts),) for sheet in sheets]


def _with_part(name: str, sheet: Sheet, parts: tuple[Part, ...]) -> tuple[Table, Part]:
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
    return sheet_table(name, sheet, known_headers([part]), depth=part.header_rows), part


def _accepted(sha256: str, judged: Judged, part: Part, source: Source) -> AcceptedFile:
    candidate = judged.candidate
    table = candidate.table
    return AcceptedFile(
        file=table.file,
        sha256=sha256,
        entity=candidate.entity,
        columns=tuple(candidate.columns),
        rows=judged.accepted(),
        read=len(table.cells) + len(table.ragged),
        collapsed=judged.collapsed,
        rejections=_rejections(judged, part, source),
        notes=_notes(table),
        delivery="changes" if table.mending else source.delivery,
    )


def _rejections(judged: Judged, part: Part, source: Source) -> tuple[Rejection, ...]:
    """One a rejected row, by row number; its first fault gives column, reason and cell, the message names them all."""
    candidate = judged.candidate
    table, columns = candidate.table, part.columns(candidate.entity)
    by_row: dict[int, list[tuple[str, str, str, str]]] = {}
    for fault in judged.faults:
        position = candidate.positions.get(fault.column)
        number = int(table.row_numbers[fault.row])
        header = table.headers[position] if position is not None else fault.column
        cell = table.address(position, number) if position is not None else ""
        told = words(fault.reason, candidate.entity, fault.column, header, source, columns.get(fault.column))
        by_row.setdefault(number, []).append((header, fault.reason, told, cell))
    for ragged in table.ragged:
        told = words("ragged_row", candidate.entity, "", "", source, None)
        by_row[ragged.row_number] = [("", "ragged_row", told, table.address(0, ragged.row_number))]
    return tuple(
        Rejection(
            table.file,
            number,
            faults[0][0],
            faults[0][1],
            f"{table.file}, row {number}: " + "; ".join(dict.fromkeys(told for _, _, told, _ in faults)),
            faults[0][3],
        )
        for number, faults in sorted(by_row.items())
    )


def _notes(table: Table) -> tuple[Note, ...]:
    notes = [
        Note(table.file, number, "", "footer_row", f"{table.file}, row {number}: a total or closing row, not loaded")
        for number in table.footer_rows
    ]
    if table.blank_rows:
        told = f"{table.file}: {table.blank_rows} blank rows were left out"
        notes.append(Note(table.file, 0, "", "blank_rows", told))
    return tuple(notes)


def _mending(judged: list[Judged], files: list[AcceptedFile]) -> tuple[MendingSheet, ...]:
    """The rejected rows of each table as delivered, once a table however many entities it holds."""
    sheets: dict[tuple[str, str | None], tuple[Table, dict[int, tuple[str, str]]]] = {}
    for item, accepted in zip(judged, files, strict=True):
        table = item.candidate.table
        _, rows = sheets.setdefault((table.file, table.sheet), (table, {}))
        for rejection in accepted.rejections:
            rows.setdefault(rejection.row_number, (rejection.message, rejection.cell))
    return tuple(_mending_sheet(table, rows) for table, rows in sheets.values() if rows)


def _mending_sheet(table: Table, rows: dict[int, tuple[str, str]]) -> MendingSheet:
    ragged = {row.row_number: row.cells for row in table.ragged}
    at = {int(number): position for position, number in enumerate(table.row_numbers) if int(number) in rows}
    cells = {number: tuple(table.cells.iloc[position]) for number, position in at.items()} | ragged
    return MendingSheet(
        table.file,
        table.sheet,
        table.delimiter,
        table.preamble,
        tuple((number, *rows[number], cells[number]) for number in sorted(rows)),
    )
