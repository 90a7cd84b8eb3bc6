"""Reads one drop: every file inspected, mapped, judged; a bad file is refused by itself, the rest goes on.

The order of steps is here; what each step knows is in the module that bears its name.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa

from due_regard.batch import AcceptedFile, RefusedFile, ValidatedDrop
from due_regard.errors import FileRefused
from due_regard.intake.checks import Known, judge
from due_regard.intake.completeness import Manifest, PreviousRows, read_manifest, shrunken
from due_regard.intake.expectations import judge_with_great_expectations
from due_regard.intake.handover import accepted_file, disappeared_refs, mending_sheets
from due_regard.intake.mapping import Candidate, check_headers, lean, read_candidates
from due_regard.intake.preflight import check_name, drop_files, read_content, shown_name
from due_regard.intake.source import Part, Source
from due_regard.intake.staging import file_tables
from due_regard.intake.suite import Suite, contract_suite
from due_regard.intake.tables import Table

_log = logging.getLogger(__name__)
_LARGE = 16 * 2**20
"""Bytes from which on a file is announced before it is read, so that nobody takes seconds of silence for a hang."""


@dataclass(frozen=True)
class Staged:
    """One entity of one table, read and not yet judged, with the bytes and the part of the mapping it came from."""

    sha256: str
    candidate: Candidate
    part: Part


def read_drop(
    drop: Path,
    landlord: str,
    source: Source,
    *,
    on: date,
    known: Known,
    previous_rows: PreviousRows | None = None,
    suite: Suite | None = None,
    great_expectations: bool = True,
) -> ValidatedDrop:
    """The drop's rows, validated, with every rejection and refusal named.

    Args:
        drop: folder with one landlord's files.
        landlord: whose they are.
        source: how they are read.
        on: day of intake; dates more than ten years after it are rejected.
        known: references the register holds of an entity, None where it was never delivered.
        previous_rows: records the register holds of an entity; a snapshot that shrank too far is then `held`.
        suite: the checks; the contract's where None.
        great_expectations: whether Great Expectations judges too (seconds); without it, `suites` stays empty. Only for
            a look at a drop that nothing is loaded from.

    Raises:
        DropError: the folder is missing or empty, its manifest is wrong or names a file that is not there, or the two
            validations differ.
    """
    staged, refused = stage_drop(drop, source, on=on)
    judged = judge([item.candidate for item in staged], known, contract_suite() if suite is None else suite)
    answers = judge_with_great_expectations(judged, on=on) if great_expectations else ()
    gone = _disappeared(staged, refused, source, known)
    files = [
        # What an entity lacks is told once, with the first of its tables.
        accepted_file(item.sha256, verdict, item.part, source, gone.pop(item.candidate.entity, ()))
        for item, verdict in zip(staged, judged, strict=True)
    ]
    held = shrunken(_snapshot_rows(files), source, previous_rows) if previous_rows else ()
    return ValidatedDrop(
        landlord,
        source.name,
        drop.name,
        tuple(files),
        tuple(refused),
        answers,
        held=held,
        mending=mending_sheets(judged, files),
    )


def stage_drop(drop: Path, source: Source, *, on: date) -> tuple[list[Staged], list[RefusedFile]]:
    """Every file of the drop read and mapped, and those refused.

    Raises:
        DropError: as read_drop.
    """
    staged: list[Staged] = []
    refused: list[RefusedFile] = []
    paths = drop_files(drop)
    manifest = read_manifest(drop)
    for path in paths:
        sha256 = ""
        try:
            check_name(path)
            content = read_content(path, drop)
            if len(content) > _LARGE:
                _log.info("%s: reading %d MB", path.name, len(content) // 2**20)
            sha256 = hashlib.sha256(content).hexdigest()
            tables = _tables(path.name, content, sha256, source, manifest)
            del content
            read = 0
            while tables:
                table, part = tables.pop(0)
                read += table.read
                found = lean(read_candidates(table, part, source, on=on), part)
                del table
                # Text that is now kept as distinct values is not given back by itself.
                pa.default_memory_pool().release_unused()
                staged += [Staged(sha256, candidate, part) for candidate in found]
            _log.info("%s: %d rows read", path.name, read)
        except FileRefused as reason:
            _log.warning("%s: refused (%s)", shown_name(path), reason.code)
            refused.append(RefusedFile(shown_name(path), sha256, reason.code, str(reason)))
    return staged, refused


def _tables(
    name: str, content: bytes, sha256: str, source: Source, manifest: Manifest | None
) -> list[tuple[Table, Part]]:
    """The tables of a file, headers and the manifest's figures checked."""
    if manifest is not None:
        manifest.check_content(name, sha256)
    tables = file_tables(name, content, source)
    for table, part in tables:
        check_headers(table, part, source=source.name)
    if manifest is not None:
        manifest.check_rows(name, sum(table.read for table, _ in tables))
    return tables


def _disappeared(
    staged: list[Staged], refused: list[RefusedFile], source: Source, known: Known
) -> dict[str, tuple[str, ...]]:
    """What the register holds and this drop's snapshots lack; nothing of an entity that a refused file may hold."""
    if source.delivery != "snapshot":
        return {}
    tables: dict[str, list[Candidate]] = {}
    for item in staged:
        tables.setdefault(item.candidate.entity, []).append(item.candidate)
    unread = {entity for file in refused for part in source.parts_of(file.file) for entity in part.entities}
    return {
        entity: disappeared_refs(entity, found, known)
        for entity, found in tables.items()
        if entity not in unread and not any(candidate.table.mending for candidate in found)
    }


def _snapshot_rows(files: list[AcceptedFile]) -> dict[str, int]:
    """Records of each entity that snapshots bring, rejected ones too: a row to mend has not disappeared."""
    rows: dict[str, int] = {}
    for accepted in files:
        if accepted.delivery == "snapshot":
            rows[accepted.entity] = rows.get(accepted.entity, 0) + accepted.read - accepted.collapsed
    return rows
