"""What goes back to the landlord: rejected rows in its own file's shape, and refused files untouched in quarantine.

The only place of intake that writes files. A file written here, mended and sent again, loads just those rows: its
columns in front mark it as a list of changes (tables.MENDING_HEADERS).
"""

from __future__ import annotations

import csv
import shutil
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from due_regard.batch import MendingSheet, ValidatedDrop
from due_regard.intake.tables import MENDING_HEADERS


def write_rejections(validated: ValidatedDrop, drop: Path, out: Path) -> list[Path]:
    """Writes a copy of each file that has rejected rows, with these alone and what to mend in front.

    Args:
        validated: what read_drop returned.
        drop: the drop folder; untouched.
        out: folder of this batch's rejections; made where it is missing.

    Returns:
        The files written, none where nothing was rejected.
    """
    by_file: dict[str, list[MendingSheet]] = {}
    for sheet in validated.mending:
        by_file.setdefault(sheet.file, []).append(sheet)
    if by_file:
        out.mkdir(parents=True, exist_ok=True)
    return [_write(out / name, sheets) for name, sheets in sorted(by_file.items())]


def _write(path: Path, sheets: list[MendingSheet]) -> Path:
    partial = path.with_name(path.name + ".part")
    (_write_csv if sheets[0].sheet is None else _write_workbook)(partial, sheets)
    partial.replace(path)
    return path


def _rows(sheet: MendingSheet) -> list[tuple[str, ...]]:
    """The sheet's rows with our columns in front: titles as they were, headers named, rejected rows explained."""
    titles = [("", "", *row) for row in sheet.preamble[:-1]]
    header = (*MENDING_HEADERS, *sheet.preamble[-1])
    return [*titles, header, *((why, cell, *cells) for _, why, cell, cells in sheet.rows)]


def _write_csv(path: Path, sheets: list[MendingSheet]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=sheets[0].delimiter)
        for sheet in sheets:
            writer.writerows(_rows(sheet))


def _write_workbook(path: Path, sheets: list[MendingSheet]) -> None:
    workbook = Workbook(write_only=True)
    for sheet in sheets:
        worksheet = workbook.create_sheet(sheet.sheet)
        for row in _rows(sheet):
            worksheet.append([_text_cell(worksheet, text) for text in row])
    workbook.save(path)


def _text_cell(worksheet: Any, text: str) -> Any:
    """A cell that stays text: what a landlord typed as =… must not come back to it as a live formula."""
    cell = WriteOnlyCell(worksheet, value=None)
    cell.value = text or None
    if text:
        cell.data_type = "s"
        cell.quotePrefix = text[0] in "=+-@"
    return cell


def quarantine(validated: ValidatedDrop, drop: Path, out: Path) -> list[Path]:
    """Copies each refused file, untouched, below `out`, with a note beside it that says why.

    Links are never followed: of a link, only the note is kept.
    """
    kept = []
    for refused in validated.refused:
        out.mkdir(parents=True, exist_ok=True)
        original, copy = drop / refused.file, out / refused.file
        if original.is_file() and not original.is_symlink():
            shutil.copy2(original, copy)
            copy.chmod(0o600)
            kept.append(copy)
        (out / f"{refused.file}.why.txt").write_text(f"{refused.code}\n{refused.message}\n", encoding="utf-8")
    return kept
