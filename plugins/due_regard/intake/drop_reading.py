"""Reads one drop: inspects, maps and checks every file; a bad file is refused alone, the others are read.

The order of the steps is here; each step has a module of its own name.
"""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import pyarrow as pa

from due_regard.errors import FileRefused
from due_regard.intake.cell_values import OUT_OF_RANGE
from due_regard.intake.check_suite import Suite, build_suite
from due_regard.intake.column_mapping import CandidateTable, check_headers, read_candidates, share_table_text
from due_regard.intake.completeness import Manifest, PreviousRows, find_shrunken_entities, read_manifest
from due_regard.intake.expectations import DropUnderTest, validate_with_great_expectations
from due_regard.intake.preflight import check_file_name, list_drop_files, make_shown_name, read_content
from due_regard.intake.readers import read_file_tables
from due_regard.intake.results import find_disappeared_refs, make_accepted_file, make_mending_sheets
from due_regard.intake.row_checks import Known, check_candidates
from due_regard.intake.source_mapping import SourceMapping, SourcePart
from due_regard.intake.text_tables import TextTable
from due_regard.records.validated_drop import AcceptedFile, RefusedFile, ValidatedDrop

_log = logging.getLogger(__name__)
_LARGE = 16 * 2**20
"""Bytes from which on a file is announced before it is read, so that nobody takes seconds of silence for a hang."""


@dataclass(frozen=True)
class StagedTable:
    """One entity of one table, read and not yet checked, with the digest of its bytes and its part of the mapping."""

    sha256: str
    candidate: CandidateTable
    part: SourcePart


def read_drop(
    drop: Path,
    landlord: str,
    source: SourceMapping,
    *,
    on: date,
    known: Known,
    previous_rows: PreviousRows | None = None,
    suite: Suite | None = None,
    great_expectations: bool = True,
    project: Path | None = None,
) -> ValidatedDrop:
    """The drop's rows, validated, with every rejection and refusal named.

    Args:
        drop: folder with one landlord's files.
        landlord: whose they are.
        source: how they are read.
        on: day of intake; dates more than ten years after it are rejected.
        known: references the register holds of an entity, None where it was never delivered.
        previous_rows: records that an entity is compared with; a snapshot that shrank too far is then `held`.
        suite: the checks; those of `build_suite` where None.
        great_expectations: whether Great Expectations judges too (seconds); without it, `suites` stays empty. Only for
            a look at a drop that nothing is loaded from.
        project: folder of the Great Expectations project that keeps suite, checkpoint and results; None keeps nothing.

    Raises:
        DropError: the folder is missing or empty, its manifest is wrong or names a file that is not there, or the two
            validations differ.
    """
    known = cache(known)  # else each check reads the register again
    staged, refused = stage_drop(drop, source, on=on)
    checks = build_suite(source.code_lists) if suite is None else suite
    checked = check_candidates([item.candidate for item in staged], known, checks)
    test = DropUnderTest(checked, checks, known, on)
    answers = validate_with_great_expectations(test, project=project) if great_expectations else ()
    gone = _find_disappeared(staged, refused, source, known)
    files = [
        # Missing references are noted once for an entity, with the first of its tables.
        make_accepted_file(item.sha256, verdict, item.part, source, gone.pop(item.candidate.entity, ()))
        for item, verdict in zip(staged, checked, strict=True)
    ]
    held = find_shrunken_entities(_count_snapshot_rows(files), source, previous_rows) if previous_rows else ()
    return ValidatedDrop(
        landlord,
        source.name,
        drop.name,
        tuple(files),
        tuple(refused),
        answers,
        held=held,
        mending=make_mending_sheets(checked, files),
        rests_on_day=any(_has_distant_dates(item.candidate) for item in staged),
    )


def stage_drop(drop: Path, source: SourceMapping, *, on: date) -> tuple[list[StagedTable], list[RefusedFile]]:
    """Every file of the drop read and mapped, and those refused.

    Raises:
        DropError: as read_drop.
    """
    staged: list[StagedTable] = []
    refused: list[RefusedFile] = []
    paths = list_drop_files(drop)
    manifest = read_manifest(drop)
    for number, path in enumerate(paths, start=1):
        # A log is read by more people than the data owner, and a file's name may be a person's.
        shown, sha256 = f"file {number} of {len(paths)}", ""
        try:
            check_file_name(path)
            content = read_content(path, drop)
            if len(content) > _LARGE:
                _log.info("%s: reading %d MB", shown, len(content) // 2**20)
            sha256 = hashlib.sha256(content).hexdigest()
            tables = _read_tables(path.name, content, sha256, source, manifest)
            del content
            read = 0
            while tables:
                table, part = tables.pop(0)
                read += table.read
                found = share_table_text(read_candidates(table, part, source, on=on), part)
                del table
                # Text that is now kept as distinct values is not given back by itself.
                pa.default_memory_pool().release_unused()
                staged += [StagedTable(sha256, candidate, part) for candidate in found]
            _log.info("%s: %d rows read", shown, read)
        except FileRefused as reason:
            _log.warning("%s: refused (%s)", shown, reason.code)
            refused.append(RefusedFile(make_shown_name(path), sha256, reason.code, str(reason)))
    return staged, refused


def _read_tables(
    name: str, content: bytes, sha256: str, source: SourceMapping, manifest: Manifest | None
) -> list[tuple[TextTable, SourcePart]]:
    """The tables of a file, headers and the manifest's figures checked."""
    if manifest is not None:
        manifest.check_content(name, sha256)
    tables = read_file_tables(name, content, source)
    for table, part in tables:
        check_headers(table, part, source=source.name)
    if manifest is not None:
        manifest.check_rows(name, sum(table.read for table, _ in tables))
    return tables


def _find_disappeared(
    staged: list[StagedTable], refused: list[RefusedFile], source: SourceMapping, known: Known
) -> dict[str, tuple[str, ...]]:
    """What the register holds and this drop's snapshots lack; nothing of an entity that a refused file may hold."""
    if source.delivery != "snapshot":
        return {}
    tables: dict[str, list[CandidateTable]] = {}
    for item in staged:
        tables.setdefault(item.candidate.entity, []).append(item.candidate)
    unread = {entity for file in refused for part in source.parts_of(file.file) for entity in part.entities}
    return {
        entity: find_disappeared_refs(entity, found, known)
        for entity, found in tables.items()
        if entity not in unread and not any(candidate.table.mending for candidate in found)
    }


def _has_distant_dates(candidate: CandidateTable) -> bool:
    return any(bool((column.problems == OUT_OF_RANGE).any()) for column in candidate.columns.values())


def _count_snapshot_rows(files: list[AcceptedFile]) -> dict[str, int]:
    """Records of each entity that snapshots bring, rejected ones too: a row to mend has not disappeared."""
    rows: Counter[str] = Counter()
    for accepted in files:
        if accepted.delivery == "snapshot":
            rows[accepted.entity] += accepted.read - accepted.collapsed
    return rows
