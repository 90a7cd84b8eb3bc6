"""Makes what the register is handed from what was judged: accepted files, rejections, notes and rows to mend.

Shapes values only: what is wrong with a row was decided in checks.py, what a person is told is in messages.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from due_regard.batch import AcceptedFile, MendingSheet, Note, Rejection
from due_regard.contract import ENTITY
from due_regard.intake.checks import Fault, Judged, Known
from due_regard.intake.mapping import Candidate
from due_regard.intake.messages import words
from due_regard.intake.source import Part, Source
from due_regard.intake.tables import Table

_Told = tuple[str, str, str, str]  # header, reason, sentence, cell


def accepted_file(
    sha256: str, judged: Judged, part: Part, source: Source, disappeared: tuple[str, ...]
) -> AcceptedFile:
    """One entity's rows of one table, with everything that was left out of it."""
    candidate = judged.candidate
    table = candidate.table
    sentences = _Sentences(candidate, part, source)
    return AcceptedFile(
        file=table.file,
        sha256=sha256,
        entity=candidate.entity,
        columns=tuple(candidate.columns),
        rows=judged.accepted(),
        read=table.read,
        collapsed=judged.collapsed,
        rejections=_rejections(judged, sentences),
        notes=(*_notes(table, candidate.entity, disappeared), *_warnings(judged, sentences)),
        delivery="changes" if table.mending else source.delivery,
        disappeared=disappeared,
    )


def disappeared_refs(entity: str, candidates: Iterable[Candidate], known: Known) -> tuple[str, ...]:
    """References the register holds and no table of a snapshot brings, not even in a rejected row."""
    delivered: set[str] = set()
    for candidate in candidates:
        delivered.update(candidate.columns[ENTITY[entity].key].values.dropna())
    return tuple(sorted((known(entity) or frozenset()) - delivered))


class _Sentences:
    """What is told of a fault; faults by the hundred thousand share a few sentences."""

    def __init__(self, candidate: Candidate, part: Part, source: Source) -> None:
        self._candidate, self._columns, self._source = candidate, part.columns(candidate.entity), source
        self._told: dict[tuple[str, str, str], str] = {}

    def header(self, column: str) -> str:
        """What the landlord's file calls a canonical column."""
        position = self._candidate.positions.get(column)
        return column if position is None else self._candidate.table.headers[position]

    def of(self, fault: Fault) -> str:
        """The sentence of a fault, without its row."""
        key = (fault.reason, fault.column, fault.after)
        if key not in self._told:
            header, after = self.header(fault.column), self.header(fault.after)
            column = self._columns.get(fault.column)
            entity = self._candidate.entity
            self._told[key] = words(fault.reason, entity, fault.column, header, self._source, column, after)
        return self._told[key]


def _rejections(judged: Judged, sentences: _Sentences) -> tuple[Rejection, ...]:
    """One a rejected row, by row number; its first fault gives column, reason and cell, the message names them all."""
    candidate = judged.candidate
    table = candidate.table
    by_row: dict[int, list[_Told]] = {}
    for fault in judged.faults:
        position = candidate.positions.get(fault.column)
        number = int(table.row_numbers[fault.row])
        cell = table.address(position, number) if position is not None else ""
        told = (sentences.header(fault.column), fault.reason, sentences.of(fault), cell)
        by_row.setdefault(number, []).append(told)
    for ragged in table.ragged:
        told = ("", "ragged_row", sentences.of(Fault(0, "", "ragged_row")), table.address(0, ragged.row_number))
        by_row[ragged.row_number] = [told]
    return tuple(_rejection(table.file, number, faults) for number, faults in sorted(by_row.items()))


def _rejection(file: str, number: int, faults: list[_Told]) -> Rejection:
    header, reason, _, cell = faults[0]
    told = "; ".join(dict.fromkeys(sentence for _, _, sentence, _ in faults))
    return Rejection(file, number, header, reason, f"{file}, row {number}: {told}", cell)


def _notes(table: Table, entity: str, disappeared: Sequence[str]) -> tuple[Note, ...]:
    notes = [
        Note(table.file, number, "", "footer_row", f"{table.file}, row {number}: a total or closing row, not loaded")
        for number in table.footer_rows
    ]
    if table.blank_rows:
        notes.append(Note(table.file, 0, "", "blank_rows", f"{table.file}: {table.blank_rows} blank rows left out"))
    if disappeared:
        told = f"{table.file}: {len(disappeared)} {entity} of the register are not in this snapshot; they are kept"
        notes.append(Note(table.file, 0, ENTITY[entity].key, "disappeared", told))
    return tuple(notes)


def _warnings(judged: Judged, sentences: _Sentences) -> list[Note]:
    """Notes on rows that are loaded all the same."""
    table = judged.candidate.table
    notes = []
    for fault in judged.warnings:
        if judged.standing[fault.row]:
            number = int(table.row_numbers[fault.row])
            told = f"{table.file}, row {number}: {sentences.of(fault)}"
            notes.append(Note(table.file, number, sentences.header(fault.column), fault.reason, told))
    return sorted(notes, key=lambda note: note.row_number)


def mending_sheets(judged: Sequence[Judged], files: Sequence[AcceptedFile]) -> tuple[MendingSheet, ...]:
    """The rejected rows of each table as delivered, once a table however many entities it holds."""
    sheets: dict[tuple[str, str | None], tuple[Table, dict[int, tuple[str, str]]]] = {}
    for item, accepted in zip(judged, files, strict=True):
        table = item.candidate.table
        _, rows = sheets.setdefault((table.file, table.sheet), (table, {}))
        for rejection in accepted.rejections:
            rows.setdefault(rejection.row_number, (rejection.message, rejection.cell))
    return tuple(_mending_sheet(table, rows) for table, rows in sheets.values() if rows)


def _mending_sheet(table: Table, rows: dict[int, tuple[str, str]]) -> MendingSheet:
    cells = {row.row_number: row.cells for row in table.ragged if row.row_number in rows}
    at = np.flatnonzero(np.isin(table.row_numbers, list(rows)))
    columns = [column.iloc[at].tolist() for _, column in table.cells.items()]
    cells |= dict(zip(table.row_numbers[at].tolist(), zip(*columns, strict=True), strict=True))
    told = tuple((number, *rows[number], cells[number]) for number in sorted(rows))
    return MendingSheet(table.file, table.sheet, table.delimiter, table.preamble, told, table.epoch_1904)
