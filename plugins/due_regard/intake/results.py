"""Makes the results that the register stores: accepted files, rejections, notes and rows to mend.

Shapes values only: row_checks.py decides what is wrong with a row, rejection_messages.py has the sentences.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from due_regard.intake.column_mapping import CandidateTable
from due_regard.intake.rejection_messages import describe_fault
from due_regard.intake.row_checks import CheckedCandidate, Known, RowFault
from due_regard.intake.source_mapping import SourceMapping, SourcePart
from due_regard.intake.text_tables import MISFIT, TextTable, describe_refs
from due_regard.records.canonical import ENTITY, ColumnKind
from due_regard.records.validated_drop import NOT_KNOWN, AcceptedFile, LoadNote, MendingSheet, Rejection

_LOADED_UNKNOWN = "the row is loaded, and this cell counts as not known"
_REAL_DATE = re.compile("[0-9]{4}")
"""How a workbook's own dates and serial numbers begin, and no date typed day or month first."""
_WHOLE_COLUMN = frozenset({"month_first_column", "day_first_column", "swapped_dates"})
_Told = tuple[str, str, str, str]  # header, reason, sentence, cell


def make_accepted_file(
    sha256: str, checked: CheckedCandidate, part: SourcePart, source: SourceMapping, disappeared: tuple[str, ...]
) -> AcceptedFile:
    """One entity's rows of one table, with everything that was left out of it."""
    candidate = checked.candidate
    table = candidate.table
    sentences = _SharedSentences(candidate, part, source)
    return AcceptedFile(
        file=table.file,
        sha256=sha256,
        entity=candidate.entity,
        columns=tuple(candidate.columns),
        rows=checked.take_accepted(),
        read=table.read,
        collapsed=checked.collapsed,
        rejections=_make_rejections(checked, sentences),
        notes=(*_make_notes(table, candidate.entity, disappeared), *_make_warnings(checked, sentences)),
        delivery="changes" if table.mending else source.delivery,
        disappeared=disappeared,
    )


def find_disappeared_refs(entity: str, candidates: Iterable[CandidateTable], known: Known) -> tuple[str, ...]:
    """References the register holds and no table of a snapshot brings, not even in a rejected row."""
    delivered: set[str] = set()
    for candidate in candidates:
        delivered.update(candidate.columns[ENTITY[entity].key].values.dropna())
    return tuple(sorted((known(entity) or frozenset()) - delivered))


class _SharedSentences:
    """The sentence of each fault; many thousand faults share a few sentences."""

    def __init__(self, candidate: CandidateTable, part: SourcePart, source: SourceMapping) -> None:
        self._candidate, self._columns, self._source = candidate, part.list_columns(candidate.entity), source
        self._told: dict[tuple[str, str, str], str] = {}

    def find_header(self, column: str) -> str:
        """What the landlord's file calls a canonical column."""
        position = self._candidate.positions.get(column)
        return column if position is None else self._candidate.table.headers[position]

    def _find_letter(self, column: str) -> str:
        return self._candidate.table.find_column_letter(self._candidate.positions[column])

    def describe(self, fault: RowFault) -> str:
        """The sentence of a fault, without its row."""
        key = (fault.reason, fault.column, fault.after)
        if key not in self._told:
            header, after = self.find_header(fault.column), self.find_header(fault.after)
            if fault.reason in _WHOLE_COLUMN:
                header = f"{header} (column {self._find_letter(fault.column)})"
            column = self._columns.get(fault.column)
            entity = self._candidate.entity
            self._told[key] = describe_fault(fault.reason, entity, fault.column, header, self._source, column, after)
        return self._told[key]


def _make_rejections(checked: CheckedCandidate, sentences: _SharedSentences) -> tuple[Rejection, ...]:
    """One a rejected row, by row number; its first fault gives column, reason and cell, the message names them all."""
    candidate = checked.candidate
    table = candidate.table
    by_row: dict[int, list[_Told]] = {}
    # Of a rejected row, words that are not known are told too: it is mended once.
    unknown = [f for f in checked.warnings if f.reason in NOT_KNOWN and not checked.standing[f.row]]
    for fault in (*checked.faults, *unknown):
        position = candidate.positions.get(fault.column)
        number = int(table.row_numbers[fault.row])
        cell = table.make_address(position, number) if position is not None else ""
        told = (sentences.find_header(fault.column), fault.reason, sentences.describe(fault), cell)
        by_row.setdefault(number, []).append(told)
    for ragged in table.ragged:
        sentence, cell = sentences.describe(RowFault(0, "", "ragged_row")), table.make_address(0, ragged.row_number)
        by_row[ragged.row_number] = [("", "ragged_row", sentence, cell)]
    return tuple(_make_rejection(table.file, number, faults) for number, faults in sorted(by_row.items()))


def _make_rejection(file: str, number: int, faults: list[_Told]) -> Rejection:
    header, reason, _, cell = faults[0]
    told = "; ".join(dict.fromkeys(sentence for _, _, sentence, _ in faults))
    return Rejection(file, number, header, reason, f"{file}, row {number}: {told}", cell)


def _make_notes(table: TextTable, entity: str, disappeared: Sequence[str]) -> tuple[LoadNote, ...]:
    notes = [
        LoadNote(
            table.file, number, "", "footer_row", f"{table.file}, row {number}: a total or closing row, not loaded"
        )
        for number in table.footer_rows
    ]
    if table.blank_rows:
        notes.append(LoadNote(table.file, 0, "", "blank_rows", f"{table.file}: {table.blank_rows} blank rows left out"))
    notes += [
        LoadNote(table.file, hidden.row_number, "", hidden.reason, f"{table.where}: {hidden.sentence}")
        for hidden in table.hidden
    ]
    if disappeared:
        told = f"{table.file}: {len(disappeared)} {entity} of the register are not in this snapshot; they are kept"
        notes.append(LoadNote(table.file, 0, ENTITY[entity].key, "disappeared", told))
    return tuple(notes)


def _make_warnings(checked: CheckedCandidate, sentences: _SharedSentences) -> list[LoadNote]:
    """Notes on rows that are loaded all the same."""
    table = checked.candidate.table
    notes = []
    for fault in checked.warnings:
        if checked.standing[fault.row]:
            number = int(table.row_numbers[fault.row])
            loaded = f"; {_LOADED_UNKNOWN}" if fault.reason in NOT_KNOWN else ""
            told = f"{table.file}, row {number}: {sentences.describe(fault)}{loaded}"
            position = checked.candidate.positions.get(fault.column)
            cell = "" if position is None else table.make_address(position, number)
            notes.append(LoadNote(table.file, number, sentences.find_header(fault.column), fault.reason, told, cell))
    return sorted(notes, key=lambda note: note.row_number)


def make_mending_sheets(checked: Sequence[CheckedCandidate], files: Sequence[AcceptedFile]) -> tuple[MendingSheet, ...]:
    """The rows to mend of each table as delivered, once a table however many entities it holds."""
    sheets: dict[tuple[str, str | None], tuple[TextTable, dict[int, tuple[str, str]], list[CheckedCandidate]]] = {}
    for item, accepted in zip(checked, files, strict=True):
        table = item.candidate.table
        _, rows, items = sheets.setdefault((table.file, table.sheet), (table, {}, []))
        items.append(item)
        for rejection in accepted.rejections:
            rows.setdefault(rejection.row_number, (rejection.message, rejection.cell))
        for note in accepted.notes:
            if note.reason in NOT_KNOWN:
                told, cell = rows.get(note.row_number, ("", note.cell))
                rows[note.row_number] = (f"{told}; {note.message}" if told else note.message, cell)
    return tuple(_make_mending_sheet(table, rows, items) for table, rows, items in sheets.values() if rows)


def _make_mending_sheet(
    table: TextTable, rows: dict[int, tuple[str, str]], items: Sequence[CheckedCandidate]
) -> MendingSheet:
    doubtful = {
        item.candidate.positions[fault.column]
        for item in items
        for fault in item.faults
        if fault.reason == "swapped_dates"
    }
    cells = {row.row_number: row.cells for row in table.ragged if row.row_number in rows}
    at = np.flatnonzero(np.isin(table.row_numbers, list(rows)))
    columns = [column.iloc[at].tolist() for _, column in table.cells.items()]
    for position in doubtful:
        # A date that may be swapped must not load as it is, were its row alone sent back.
        columns[position] = [f"{text}?" if _REAL_DATE.match(text) else text for text in columns[position]]
    cells |= dict(zip(table.row_numbers[at].tolist(), zip(*columns, strict=True), strict=True))
    refs = _list_own_refs(table, at, items)
    told = tuple((number, (*rows[number], refs.get(number, "")), cells[number]) for number in sorted(rows))
    return MendingSheet(table.file, table.sheet, table.preamble, told, table.epoch_1904)


def _list_refs(item: CheckedCandidate) -> Iterator[tuple[str, pd.Series]]:
    """A record's own references, and of those to other records the ones whose leading zeros might be lost."""
    entity = ENTITY[item.candidate.entity]
    yield entity.name, item.rows[entity.key]
    for column in entity.columns:
        if column.kind is ColumnKind.REF and column.name != entity.key and column.name in item.rows:
            refs = item.rows[column.name]
            yield f"{entity.name}.{column.name}", refs.where(refs.str.startswith("0", na=False))


def _list_own_refs(table: TextTable, at: NDArray[np.intp], items: Sequence[CheckedCandidate]) -> dict[int, str]:
    """Row number -> its references as `describe_refs`; those of a row handed back before stay what they were then."""
    if table.mending:
        return table.sent_refs
    keys = {name: refs.iloc[at] for item in items for name, refs in _list_refs(item)}
    found = zip(*keys.values(), strict=True)
    return dict.fromkeys((row.row_number for row in table.ragged), MISFIT) | {
        int(number): describe_refs({entity: ref for entity, ref in zip(keys, refs, strict=True) if not pd.isna(ref)})
        for number, refs in zip(table.row_numbers[at], found, strict=True)
    }
