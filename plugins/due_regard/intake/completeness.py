"""Whether a drop is all there: manifest, READY marker or stillness; and whether a snapshot shrank beyond belief.

A truncated CSV is a valid CSV: only what the sender says beside the file, or what came last time, can show it. Validity
of rows is row_checks.py's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from due_regard.errors import DropError, FileRefused
from due_regard.intake.preflight import is_export_file, list_drop_files
from due_regard.intake.source_mapping import SourceMapping

MANIFEST = "MANIFEST.json"
READY = "READY"
PreviousRows = Callable[[str], int | None]
"""Records of an entity that a snapshot is compared with; None where it was never delivered."""


class ManifestEntry(BaseModel):
    """What the sender says of one file."""

    model_config = ConfigDict(frozen=True)

    name: str
    sha256: str = Field(pattern=r"^[0-9a-fA-F]{64}$")
    rows: int | None = Field(default=None, ge=0, description="data rows, header and blank rows not counted")


class Manifest(BaseModel):
    """MANIFEST.json: every file of the drop, by name."""

    model_config = ConfigDict(frozen=True)

    files: tuple[ManifestEntry, ...]

    def check_content(self, file: str, sha256: str) -> None:
        """Nothing, if the manifest knows these bytes.

        Raises:
            FileRefused: the file is not in the manifest, or its bytes are others.
        """
        entry = next((entry for entry in self.files if entry.name == file), None)
        if entry is None:
            raise FileRefused("not_in_manifest", f"{file}: is not in {MANIFEST}; add it there or take it out")
        if entry.sha256.lower() != sha256:
            raise FileRefused("manifest_mismatch", f"{file}: differs from what {MANIFEST} says; deliver it again")

    def check_rows(self, file: str, rows: int) -> None:
        """Nothing, if the manifest counts as many rows, or none.

        Raises:
            FileRefused: the file was read with more or fewer rows.
        """
        expected = next((entry.rows for entry in self.files if entry.name == file), None)
        if expected is not None and expected != rows:
            raise FileRefused(
                "manifest_rows", f"{file}: {rows} rows were read where {MANIFEST} says {expected}; deliver it again"
            )


@dataclass(frozen=True)
class Completeness:
    """Whether a drop may be taken now, and why (not)."""

    is_ready: bool
    why: str


def read_manifest(drop: Path) -> Manifest | None:
    """The drop's manifest, None where it has none.

    Raises:
        DropError: it cannot be read, or names a file that is not there or lies outside the drop.
    """
    path = drop / MANIFEST
    if not path.is_file():
        return None
    try:
        manifest = Manifest.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        raise DropError(
            f'{drop.name}: {MANIFEST} cannot be read; it must be {{"files": [{{"name": …, "sha256": …, "rows": …}}]}}'
        ) from None
    for entry in manifest.files:
        if PurePosixPath(entry.name).name != entry.name or "\\" in entry.name:
            raise DropError(f"{drop.name}: {MANIFEST} names a file outside the drop; list plain file names")
    # By place and not by name: this reaches Airflow's log, and a file's name may be a person's.
    missing = [f"{at}" for at, entry in enumerate(manifest.files, 1) if not (drop / entry.name).is_file()]
    if missing:
        raise DropError(f"{drop.name}: incomplete, file {', '.join(missing)} of {MANIFEST} is not there (yet)")
    return manifest


def check_completeness(drop: Path, source: SourceMapping, *, now: datetime) -> Completeness:
    """Whether a drop may be taken: its manifest matches, or it is marked READY, or nothing has changed for a while.

    Args:
        drop: the drop folder.
        source: says how long an unmarked drop must have been still.
        now: aware instant.

    Raises:
        DropError: there is no drop, or a file of it cannot be looked at.
    """
    try:
        return _find_completeness(drop, source, now)
    except OSError as reason:
        raise DropError(f"{drop.name}: a file of it cannot be read ({reason.strerror}); deliver it again") from None


def _find_completeness(drop: Path, source: SourceMapping, now: datetime) -> Completeness:
    files = list_drop_files(drop)
    try:
        manifest = read_manifest(drop)
    except DropError as reason:
        return Completeness(False, str(reason))
    if manifest:
        return _check_manifest(drop, manifest)
    newest = max(datetime.fromtimestamp(path.lstat().st_mtime, UTC) for path in files)
    return _check_marker_or_stillness(drop.name, (drop / READY).exists(), newest, source, now)


def check_listed_files(
    name: str, changed: Mapping[str, datetime], source: SourceMapping, *, now: datetime
) -> Completeness:
    """Whether a drop that lies elsewhere is worth copying: a manifest is checked once it is here.

    Args:
        name: what the drop is called in the answer.
        changed: name of each of its files -> when it was last written.
        source: as `check_completeness`.
        now: aware instant.
    """
    files = [file for file in changed if is_export_file(file)]
    if not files:
        return Completeness(False, f"{name}: no export lies there")
    is_marked = READY in changed or MANIFEST in changed
    return _check_marker_or_stillness(name, is_marked, max(changed[file] for file in files), source, now)


def _check_marker_or_stillness(
    name: str, is_marked: bool, newest: datetime, source: SourceMapping, now: datetime
) -> Completeness:
    if is_marked:
        return Completeness(True, f"marked {READY}")
    if now - newest >= timedelta(minutes=source.stable_minutes):
        return Completeness(True, f"unchanged for {source.stable_minutes} minutes")
    return Completeness(False, f"{name}: a file changed less than {source.stable_minutes} minutes ago; waiting")


def _check_manifest(drop: Path, manifest: Manifest) -> Completeness:
    for at, entry in enumerate(manifest.files, start=1):
        with (drop / entry.name).open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != entry.sha256.lower():
                return Completeness(False, f"{drop.name}: file {at} differs from {MANIFEST}; still being written?")
    return Completeness(True, f"{MANIFEST} matches")


def find_rows_before(counts: Iterable[tuple[int, bool]], max_shrink: float) -> int | None:
    """The records that a new snapshot is compared with: the most there were since a person let a shrunken one in.

    Compared with the last snapshot alone, one that loses a little each night would never be asked about.

    Args:
        counts: records after each drop, oldest first, and whether a person had let that drop in.
        max_shrink: share of them that may go unasked.
    """
    most: int | None = None
    for rows, is_released in counts:
        if most is None or rows > most or (is_released and _is_shrunken(rows, most, max_shrink)):
            most = rows
    return most


def _is_shrunken(rows: int, before: int, max_shrink: float) -> bool:
    return rows < before * (1 - max_shrink)


def find_shrunken_entities(
    delivered: Mapping[str, int], source: SourceMapping, previous_rows: PreviousRows
) -> tuple[str, ...]:
    """Why a snapshot must wait for a person: entities that lost more than the source's declared share.

    Args:
        delivered: records of each entity that the snapshot brings.
        source: declares `max_shrink`.
        previous_rows: what each entity is compared with (`find_rows_before`).
    """
    held = []
    for entity, rows in delivered.items():
        before = previous_rows(entity)
        if before and _is_shrunken(rows, before, source.max_shrink):
            held.append(
                f"{entity}: {rows} records where {before} were known, {1 - rows / before:.0%} fewer in one step or in "
                f"several; source {source.name} allows {source.max_shrink:.0%}. "
                "Ask the sender, then release or replace the drop"
            )
    return tuple(held)
