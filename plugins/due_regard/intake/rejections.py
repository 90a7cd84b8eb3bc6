"""What goes back to the landlord: rejected rows in its own file's columns, and refused files untouched in quarantine.

With data_docs.py the only place of intake that writes files. A file written here, mended and sent again, loads just
those rows: its columns in front mark it as a list of changes (text_tables.MENDING_HEADERS).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles.numbers import FORMAT_TEXT
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from due_regard.config.storage import StoredPath, copy_file, open_new_file, write_file
from due_regard.intake.preflight import READ_ME
from due_regard.intake.text_tables import MENDING_HEADERS, MENDING_SHEET, UNREADABLE
from due_regard.records.formula_guard import put_text
from due_regard.records.validated_drop import MendingSheet, ValidatedDrop
from due_regard.records.workbook_bytes import save_workbook

_PAGE_LINES = 40
_ROWS_SHOWN = 10
_DATED = datetime(1980, 1, 1, tzinfo=UTC)
"""When a workbook says that it was made and changed: the same rows give the same bytes."""
_HIDDEN = frozenset({"hidden_sheet", "hidden_rows", "hidden_columns"})


def write_rejections(validated: ValidatedDrop, out: StoredPath) -> list[StoredPath]:
    """Writes a copy of each file that has rejected rows, with these alone and what to mend in front, and a summary.

    Args:
        validated: what read_drop returned.
        out: folder of this batch's rejections, outside the drop; made where it is missing.

    Returns:
        The files written, the summary first; none where nothing was rejected, refused or hidden from sight.
    """
    if not validated.mending and not validated.refused and not _list_hidden_lines(validated):
        return []
    by_file: dict[str, list[MendingSheet]] = {}
    for sheet in validated.mending:
        by_file.setdefault(sheet.file, []).append(sheet)
    summary = write_file(out, READ_ME, summarise_rejections(validated).encode())
    return [summary, *(_write_sheets(out, name, sheets) for name, sheets in sorted(by_file.items()))]


def summarise_rejections(validated: ValidatedDrop) -> str:
    """One page for the data owner, also for a mail: what was rejected and refused, and what to do; no values."""
    hidden = _list_hidden_lines(validated)
    lines = [
        f"Drop {validated.drop} of {validated.landlord}: what was not taken, and what to look at",
        "",
        *_list_tasks(validated),
        "",
        *_list_rejected_lines(validated),
        *_list_not_known_lines(validated),
        *(f"Refused: {refused.message}" for refused in validated.refused),
        *(["", "Read like all the rest, though whoever opens the file does not see it:"] if hidden else []),
        *hidden,
    ]
    if len(lines) > _PAGE_LINES:
        left = len(lines) - _PAGE_LINES + 1
        lines = [*lines[: _PAGE_LINES - 1], f"and {left} more kinds of fault: see the files"]
    return "\n".join(lines) + "\n"


def _list_tasks(validated: ValidatedDrop) -> Iterator[str]:
    """What of the drop is in the register by now, and what to do about the rest."""
    taken = sum(len(accepted.rows) for accepted in validated.files)
    others = "other " if validated.mending else ""
    yield {
        0: "Nothing of this drop is in the register.",
        1: f"The one {others}record of this drop is in the register.",
    }.get(taken, f"The {taken} {others}records of this drop are in the register.")
    if validated.mending:
        # A sentence a line: the mail makes a paragraph of each.
        yield "Mend the rows in the files beside this page and send those files again: only these rows are then loaded."
        yield "Send them in a drop folder of their own, under the names they have."
        yield "Leave the columns in front that begin with 'Due Regard'."
    if validated.refused:
        yield "A refused file is sent again whole, once it is put right."


def _list_hidden_lines(validated: ValidatedDrop) -> list[str]:
    """Hidden sheets, rows and columns that hold data, each once."""
    notes = [note for accepted in validated.files for note in accepted.notes if note.reason in _HIDDEN]
    return list(dict.fromkeys(f"  {note.message}" for note in notes))


def _list_rejected_lines(validated: ValidatedDrop) -> Iterator[str]:
    """File by file: rows and entity, then reason and column by number of rows."""
    for accepted in validated.files:
        if accepted.rejections:
            yield f"{accepted.file}: {len(accepted.rejections)} of {accepted.read} {accepted.entity} rejected"
            faults = Counter((rejection.reason, rejection.column) for rejection in accepted.rejections)
            for (reason, column), rows in sorted(faults.items(), key=lambda item: (-item[1], item[0])):
                first = next(r for r in accepted.rejections if (r.reason, r.column) == (reason, column))
                where = f" in {column}" if column else ""
                yield f"  {rows} x {reason.replace('_', ' ')}{where}, first in row {first.row_number}"


def _list_not_known_lines(validated: ValidatedDrop) -> Iterator[str]:
    """Column by column, how many cells hold a word that is not known, and in which rows; the words are in the files."""
    for accepted in validated.files:
        for column, _, rows in accepted.list_not_known():
            shown = ", ".join(map(str, rows[:_ROWS_SHOWN])) + (
                f" and {len(rows) - _ROWS_SHOWN} more" if len(rows) > _ROWS_SHOWN else ""
            )
            yield f"{accepted.file}: {len(rows)} {accepted.entity} loaded with a word in {column} that is not known"
            yield f"  rows {shown}; what rests on the cell cannot be told until it is mended or its word is mapped"


def _write_sheets(out: StoredPath, name: str, sheets: list[MendingSheet]) -> StoredPath:
    """A workbook, also of a CSV file: saved as CSV by a spreadsheet program, 00045 would come back as 45."""
    name = f"{name}.xlsx" if sheets[0].sheet is None and not name.casefold().endswith(".xlsx") else name
    with open_new_file(out, name) as sink:
        _write_workbook(sink, sheets)
    return out / name


def _arrange_rows(sheet: MendingSheet) -> Iterator[tuple[str, ...]]:
    """The sheet's rows with our columns in front: titles as they were, headers named, rejected rows explained."""
    *titles, header = sheet.preamble
    blank = ("",) * len(MENDING_HEADERS)
    yield from ((*blank, *row) for row in titles)
    yield (*MENDING_HEADERS, *header)
    for _, ours, cells in sheet.rows:
        # What could not be read is left for a person to fill in.
        yield (*ours, *("" if text.startswith(UNREADABLE) else text for text in cells))


def _write_workbook(sink: IO[bytes], sheets: list[MendingSheet]) -> None:
    workbook = Workbook(write_only=True)
    if any(sheet.epoch_1904 for sheet in sheets):
        workbook.epoch = CALENDAR_MAC_1904
    for sheet in sheets:
        worksheet = workbook.create_sheet(MENDING_SHEET if sheet.sheet is None else sheet.sheet)
        rows = list(_arrange_rows(sheet))
        width = max(map(len, rows))
        for row in rows:
            worksheet.append([_make_text_cell(worksheet, text) for text in (*row, *[""] * (width - len(row)))])
    sink.write(save_workbook(workbook, _DATED))


def _make_text_cell(worksheet: Any, text: str) -> Any:
    """A cell that stays text, also when a person types a reference or a date into it."""
    cell = WriteOnlyCell(worksheet, value=None)
    cell.number_format = FORMAT_TEXT
    if text:
        put_text(cell, text, ILLEGAL_CHARACTERS_RE)
    return cell


def quarantine_files(validated: ValidatedDrop, drop: Path, out: StoredPath) -> list[StoredPath]:
    """Copies each refused file, untouched, into `out`, with a note beside it that says why.

    Links are never followed: of a link, only the note is kept.
    """
    kept = []
    for refused in validated.refused:
        original = drop / refused.file
        if original.is_file() and not original.is_symlink():
            kept.append(copy_file(original, out))
        write_file(out, f"{refused.file}.why.txt", f"{refused.code}\n{refused.message}\n".encode())
    return kept
