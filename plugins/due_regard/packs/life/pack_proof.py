"""Whether packs on record are what the audit was told of, and their files what they were when they were built."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from due_regard.config.storage import StoredPath
from due_regard.packs.life.filing import hash_file, hash_files
from due_regard.register.schema.drop_tables import AuditRow
from due_regard.register.schema.pack_tables import PackRow
from due_regard.register.sealing.row_faults import ProofFault

_TABLE = "packs"
_TOLD = ("pack", "quarter", "edition", "sha256")


def count_packs(connection: Connection, landlord: str) -> int:
    """How many packs are on record."""
    return int(connection.scalar(select(func.count()).where(PackRow.landlord == landlord)) or 0)


def find_pack_faults(connection: Connection, landlord: str) -> Iterator[ProofFault]:
    """Packs whose checksums do not make their digest, or that are not what the audit was told of."""
    told = dict(_read_builds(connection, landlord))
    for row in _read_packs(connection, landlord):
        place = f"pack {row['id']}"
        if hash_files(row["files"]) != row["sha256"]:
            why = "its digest is not that of its files' names and checksums"
            yield ProofFault(landlord, _TABLE, place, "changed", why)
        entry = told.pop(place, None)
        if entry is None:
            yield ProofFault(landlord, _TABLE, place, "put in", "the audit was told of no such pack")
        elif any(row[name] != entry[name] for name in _TOLD):
            yield ProofFault(landlord, _TABLE, place, "changed", "the audit was told of another")
    for place in told:
        yield ProofFault(landlord, _TABLE, place, "missing", "the audit was told of it")


def _read_packs(connection: Connection, landlord: str) -> list[Mapping[str, Any]]:
    names = ("id", "pack", "quarter", "edition", "sha256", "files")
    packs = select(*(getattr(PackRow, name) for name in names)).where(PackRow.landlord == landlord)
    return [dict(row) for row in connection.execute(packs.order_by(PackRow.id)).mappings()]


def _read_builds(connection: Connection, landlord: str) -> Iterator[tuple[str, dict[str, Any]]]:
    entries = select(AuditRow.subject, AuditRow.details)
    entries = entries.where(AuditRow.landlord == landlord, AuditRow.action == "pack_build").order_by(AuditRow.seq)
    for subject, details in connection.execute(entries):
        yield subject, json.loads(details)


@dataclass(frozen=True)
class FilesProof:
    """What lies in the folder of packs.

    Attributes:
        faults: files that are those of no build.
        held: files that are what they were when a pack was built.
        missing: packs of which files are not there: the folder was pruned, or they were written elsewhere.
        replaced: packs of which files were written again by a later build.
    """

    faults: tuple[ProofFault, ...]
    held: int
    missing: int
    replaced: int


def prove_pack_files(connection: Connection, landlord: str, folder: StoredPath) -> FilesProof:
    """Compare the files in `folder`/<landlord>/<quarter> with the checksums of the packs built there.

    Raises:
        OSError: the folder cannot be read.
    """
    packs = _read_packs(connection, landlord)
    places = {(row["quarter"], name): row["id"] for row in packs for name in row["files"]}
    known = {(row["quarter"], name, digest) for row in packs for name, digest in row["files"].items()}
    sums = {place: _hash_stored(folder / landlord / place[0] / place[1]) for place in places}
    faults = tuple(
        ProofFault(
            landlord, _TABLE, f"pack {places[place]}", "changed", f"the file {place[1]} is not the one that was built"
        )
        for place, digest in sums.items()
        if digest is not None and (*place, digest) not in known
    )
    found = [[(sums[row["quarter"], name], digest) for name, digest in row["files"].items()] for row in packs]
    return FilesProof(
        faults,
        held=sum(digest is not None for digest in sums.values()) - len(faults),
        missing=sum(any(there is None for there, _ in pairs) for pairs in found),
        replaced=sum(any(there not in {None, digest} for there, digest in pairs) for pairs in found),
    )


def _hash_stored(file: StoredPath) -> str | None:
    try:
        return hash_file(bytes(file.read_bytes()))
    except FileNotFoundError:
        return None
