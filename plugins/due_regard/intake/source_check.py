"""Tries a source mapping on a drop without loading it: what is mapped, ignored or unknown, and which rows would fail.

For the person who writes a mapping. It alone shows words of a file: a few of those a code column holds and the mapping
does not know. A header that is not known is told by its letter: without a header row it would be a person's name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from due_regard.errors import FileRefused
from due_regard.intake.check_suite import build_suite
from due_regard.intake.column_mapping import (
    CandidateTable,
    find_missing_columns,
    find_unknown_columns,
    read_candidates,
)
from due_regard.intake.preflight import list_drop_files, read_content
from due_regard.intake.readers import read_file_tables
from due_regard.intake.row_checks import CheckedCandidate, check_candidates
from due_regard.intake.source_mapping import SourceMapping, SourcePart
from due_regard.intake.table_headers import list_letters
from due_regard.intake.text_cleaning import fold_text
from due_regard.intake.text_tables import TextTable
from due_regard.records.canonical import ENTITY

SAMPLE = 10
_LONGEST_WORD = 40


@dataclass(frozen=True)
class TableCheck:
    """What a mapping makes of one table.

    Attributes:
        file: name inside the drop.
        sheet: which sheet, None for a CSV file; by name only where the mapping names it.
        rows: data rows read.
        mapped: header -> canonical column (entity.column) that it feeds; a header may feed several.
        ignored: headers that the mapping ignores by name.
        unknown: columns (by letter) whose headers it does not know; they stop the file.
        unused: headers that it knows and the table does not have.
        missing: canonical columns that are required and not there; they stop the file.
        absent: mapped canonical columns whose header the table does not have.
        unknown_words: header -> a few words of it that the mapping does not know.
        rejected: reason -> rows that would be rejected for it.
    """

    file: str
    sheet: str | None
    rows: int
    mapped: tuple[tuple[str, str], ...]
    ignored: tuple[str, ...]
    unknown: tuple[str, ...]
    unused: tuple[str, ...]
    missing: tuple[str, ...]
    absent: tuple[str, ...]
    unknown_words: dict[str, tuple[str, ...]]
    rejected: dict[str, int]


@dataclass(frozen=True)
class SourceCheck:
    """What a mapping makes of a drop; `refused` names the files that no table could be read from, with the reason."""

    source: str
    tables: tuple[TableCheck, ...]
    refused: tuple[tuple[str, str], ...]

    @property
    def exit_code(self) -> int:
        """As intake would end: 0 every row loads, 3 some are rejected, 4 a file is refused (contract: CLI)."""
        if self.refused or any(table.unknown or table.missing for table in self.tables):
            return 4
        return 3 if any(table.rejected for table in self.tables) else 0

    def as_dict(self) -> dict[str, Any]:
        """Everything found, as JSON-safe values."""
        return asdict(self)

    def describe_lines(self) -> Iterator[str]:
        """Everything found, as lines for a person."""
        for table in self.tables:
            yield f"{table.file}" + (f", {table.sheet}" if table.sheet else "") + f": {table.rows} rows"
            yield from (f"  {header} -> {column}" for header, column in table.mapped)
            yield from (f"  {told}: {', '.join(names)}" for told, names in _name_table(table) if names)
            yield from (
                f"  {header}: words not known: {', '.join(words)}" for header, words in table.unknown_words.items()
            )
            yield from (f"  would be rejected, {reason}: {rows}" for reason, rows in table.rejected.items())
        yield from (f"refused: {why}" for _, why in self.refused)


def _name_table(table: TableCheck) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return (
        ("ignored", table.ignored),
        ("UNKNOWN header, stops the file", table.unknown),
        ("known headers that are not there", table.unused if table.unknown else ()),
        ("REQUIRED and missing, stops the file", table.missing),
        ("not carried", table.absent),
    )


def check_source(source: SourceMapping, drop: Path, on: date) -> SourceCheck:
    """Tries `source` on the files of `drop`; references are checked within the drop alone.

    Args:
        source: the mapping.
        drop: folder with the files.
        on: day of intake; dates more than ten years after it count as rejected.

    Raises:
        DropError: the folder is missing or empty.
    """
    tables: list[tuple[TextTable, SourcePart]] = []
    refused: list[tuple[str, str]] = []
    for path in list_drop_files(drop):
        try:
            tables += read_file_tables(path.name, read_content(path, drop), source)
        except FileRefused as reason:
            refused.append((path.name, str(reason)))
    candidates = [
        candidate
        for table, part in tables
        if not find_missing_columns(table, part)
        for candidate in read_candidates(table, part, source, on=on)
    ]
    checked = check_candidates(candidates, lambda _: None, build_suite())
    found = [
        _check_table(table, part, [item for item in checked if item.candidate.table is table]) for table, part in tables
    ]
    return SourceCheck(source.name, tuple(found), tuple(refused))


def _check_table(table: TextTable, part: SourcePart, checked: list[CheckedCandidate]) -> TableCheck:
    headers = {fold_text(header): header for header in table.headers if header}
    origins = [
        (fold_text(header), f"{entity}.{name}")
        for entity, name, column in part.list_column_maps()
        for header in column.headers
    ]
    feeds = [(headers[header], target) for header, target in origins if header in headers]
    absent = {target for _, target in origins} - {target for _, target in feeds}
    missing = find_missing_columns(table, part)
    return TableCheck(
        file=table.file,
        sheet=table.place or None,
        rows=table.read,
        mapped=tuple(feeds),
        ignored=tuple(headers[fold_text(header)] for header in part.ignore if fold_text(header) in headers),
        unknown=tuple(
            f"column {list_letters([table.find_origin(at)])} (row {table.header_row})"
            for at in find_unknown_columns(table, part)
        ),
        unused=tuple(dict.fromkeys(header for header in part.list_headers() if fold_text(header) not in headers)),
        missing=tuple(missing),
        absent=tuple(sorted(absent - set(missing))),
        unknown_words={
            header: words for item in checked for header, words in _find_unknown_words(item.candidate).items()
        },
        rejected=_count_rejected(checked, table),
    )


def _find_unknown_words(candidate: CandidateTable) -> dict[str, tuple[str, ...]]:
    found = {}
    for name, coded in candidate.columns.items():
        words = coded.raw[coded.problems == "unknown_code"]
        if len(words) and ENTITY[candidate.entity].by_name[name].codes and name in candidate.positions:
            header = candidate.table.headers[candidate.positions[name]]
            found[header] = tuple(word.strip()[:_LONGEST_WORD] for word in words[:SAMPLE])
    return found


def _count_rejected(checked: list[CheckedCandidate], table: TextTable) -> dict[str, int]:
    """Rows a reason, counted once a reason; a row may count under several."""
    faults = {(fault.reason, fault.row) for item in checked for fault in item.faults}
    counts = Counter(reason for reason, _ in faults)
    if table.ragged:
        counts["ragged_row"] = len(table.ragged)
    return dict(sorted(counts.items()))
