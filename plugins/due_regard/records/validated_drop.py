"""What intake hands to the register: one drop, read, validated and still untouched by any database.

Values only. How files are read is intake's; how rows become versions is the register's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from due_regard.records.canonical import ENTITY, Records

ROW_NUMBER = "row_number"
"""Extra column of an accepted file's rows: the row in the source file, counted from 1, the header included."""


NOT_KNOWN = ("unknown_code", "unreadable_yes_no")
"""Reasons of a cell that holds a word which is not known: of no code list, or neither yes nor no."""


@dataclass(frozen=True)
class Rejection:
    """One row that was not let in: where it stands in the landlord's own file, and why. Never a value."""

    file: str
    row_number: int
    column: str
    reason: str
    message: str
    cell: str = ""


@dataclass(frozen=True)
class LoadNote:
    """A warning about a row, or a file (row 0), that was loaded all the same; never a value."""

    file: str
    row_number: int
    column: str
    reason: str
    message: str
    cell: str = ""


@dataclass(frozen=True)
class MendingSheet:
    """The rows of one table to be mended, as delivered: those rejected, and those with a cell that is not known.

    Attributes:
        file: name inside the drop folder.
        sheet: sheet name, None for a CSV file.
        preamble: the rows above the data as delivered, header included.
        epoch_1904: whether serial dates of the workbook count from 1904.
        rows: (row number, our columns, cells as delivered) of each row to mend; ours say why and how to mend it, the
            cell's address, and the row's own reference as delivered.
    """

    file: str
    sheet: str | None
    preamble: tuple[tuple[str, ...], ...]
    rows: tuple[tuple[int, tuple[str, str, str], tuple[str, ...]], ...]
    epoch_1904: bool = False


@dataclass(frozen=True)
class AcceptedFile:
    """One entity's rows from one file (a file may bring several entities: one `AcceptedFile` each).

    Attributes:
        file: name inside the drop folder.
        sha256: of the file's bytes.
        entity: canonical entity.
        columns: canonical columns that the file has (absent ones are not in `rows`).
        rows: accepted rows in canonical dtypes, plus `row_number`, and `UNKNOWN_CELLS` where a cell is unknown.
        read: data rows read, accepted, collapsed and rejected alike.
        collapsed: rows identical to an earlier one of the file (they count as unchanged).
        rejections: one a rejected row, so that read = len(rows) + collapsed + len(rejections).
        delivery: whether the file is the whole entity or only what changed.
        disappeared: references that the register holds and a snapshot no longer brings; never a delete.
    """

    file: str
    sha256: str
    entity: str
    columns: tuple[str, ...]
    rows: pd.DataFrame
    read: int
    collapsed: int = 0
    rejections: tuple[Rejection, ...] = ()
    notes: tuple[LoadNote, ...] = ()
    delivery: Literal["snapshot", "changes"] = "snapshot"
    disappeared: tuple[str, ...] = field(default=(), repr=False)

    def list_not_known(self) -> list[tuple[str, str, list[int]]]:
        """(Column as the landlord's file heads it, reason, rows) of the cells that hold a word nobody knows."""
        found: dict[tuple[str, str], list[int]] = {}
        for note in self.notes:
            if note.reason in NOT_KNOWN:
                found.setdefault((note.column, note.reason), []).append(note.row_number)
        return [(column, reason, rows) for (column, reason), rows in sorted(found.items())]


@dataclass(frozen=True)
class RefusedFile:
    """A file that was refused whole, by named reason; it lies untouched in quarantine."""

    file: str
    sha256: str
    code: str
    message: str


@dataclass(frozen=True)
class ValidatedDrop:
    """A drop after validation.

    Attributes:
        landlord, source, drop: whose, read how, from which folder name.
        files: what may be loaded.
        refused: files refused whole.
        suites: what Great Expectations answered, as JSON-safe values without any cell's value.
        held: why the drop must wait for a person; empty where nothing holds it.
        mending: rows to mend as delivered (personal: for the files handed back alone).
        rests_on_day: whether it might be read otherwise on a later day: a date lies too far ahead.
    """

    landlord: str
    source: str
    drop: str
    files: tuple[AcceptedFile, ...] = ()
    refused: tuple[RefusedFile, ...] = ()
    suites: tuple[dict[str, object], ...] = field(default=(), repr=False)
    held: tuple[str, ...] = ()
    mending: tuple[MendingSheet, ...] = field(default=(), repr=False)
    rests_on_day: bool = False

    def records(self) -> Records:
        """The drop's own records, as the assessment core takes them (for `assess --drop`).

        Where two files bring the same reference the later file counts, as it would in the register.
        """
        frames: dict[str, list[pd.DataFrame]] = {}
        for accepted in self.files:
            frames.setdefault(accepted.entity, []).append(accepted.rows.drop(columns=ROW_NUMBER))
        return {
            name: pd.concat(parts, ignore_index=True).drop_duplicates(ENTITY[name].key, keep="last")
            for name, parts in frames.items()
        }
