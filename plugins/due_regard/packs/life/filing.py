"""Files a built pack: writes its files and records it with checksums, provenance and figures.

Building is in packs/build.py; what the register keeps of a pack, and issuing it, in pack_records.py.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Engine

from due_regard.config.storage import StoredPath, write_file
from due_regard.packs.content.pack_content import PackContent
from due_regard.packs.life import provenance
from due_regard.packs.life.pack_records import PackRecord, find_last_pack, record_pack
from due_regard.register import writing


@dataclass(frozen=True)
class PackReport:
    """What was built.

    Attributes:
        pack_id: of the pack on record.
        files: paths written.
        sha256: over the names and checksums of all files.
        status: built for the first time, unchanged since the last time, or different.
        differs_in: where different, in what, in words.
        version: 1, or of a correction one more than what it replaces.
        sums: file name -> checksum.
        run: the assessment run it rests on.
        correction: what it replaces and why, in a sentence; empty for a first version.
        withheld: why nothing of it is published, and no file made; empty where it is.
    """

    pack_id: int
    name: str
    quarter: str
    edition: str
    files: tuple[StoredPath, ...]
    sha256: str
    status: Literal["built", "unchanged", "different"]
    differs_in: tuple[str, ...] = ()
    version: int = 1
    sums: Mapping[str, str] = field(default_factory=dict)
    run: int | None = None
    correction: str = ""
    withheld: str = ""


def file_pack(
    engine: Engine,
    content: PackContent,
    contents: Mapping[str, bytes],
    made: dict[str, Any],
    figures: dict[str, Any],
    *,
    out: StoredPath,
    now: datetime,
    known_at: datetime | None,
    published: Mapping[str, float | None] | None = None,
    version: int = 1,
) -> PackReport:
    """Write a pack's files below `out` and keep it, unless the last build of it was the same.

    `contents` maps a file's name to its bytes; `made` is what `gather_provenance` gives, `figures` what
    `list_kept_figures` gives, `published` what a publishable edition shows and
    hides. What had been learnt by `known_at` went into the pack; None: everything known.
    """
    landlord = content.landlord
    sums = {name: hash_file(body) for name, body in contents.items()}
    whole = hash_files(sums)
    key: dict[str, Any] = {
        "pack": content.pack, "quarter": str(content.quarter), "edition": content.edition, "known_at": known_at,
        "version": version,
    }  # fmt: skip
    with writing(engine, landlord) as conn:
        before = find_last_pack(conn, landlord, **key)
        if before is None or before.sha256 != whole:
            pack_id = record_pack(
                conn,
                landlord,
                at=now,
                **key,
                sha256=whole,
                files=sums,
                ingredients=made,
                figures=figures,
                published=published,
            )
        else:
            pack_id = before.id
    files = tuple(write_file(out, name, body) for name, body in contents.items())
    status, differs = _compare_builds(before, whole, made, figures)
    return PackReport(
        pack_id, content.pack, str(content.quarter), content.edition, files, whole, status, differs,
        version, sums, made["run"], content.correction, made.get("withheld", ""),
    )  # fmt: skip


def hash_file(content: bytes) -> str:
    """The checksum of one file of a pack."""
    return hashlib.sha256(content).hexdigest()


def hash_files(sums: Mapping[str, str]) -> str:
    """What identifies a whole pack: the names and checksums of its files, in their order."""
    return hash_file("".join(f"{name} {digest}\n" for name, digest in sums.items()).encode())


def _compare_builds(
    before: PackRecord | None, whole: str, made: dict[str, Any], figures: dict[str, Any]
) -> tuple[Literal["built", "unchanged", "different"], tuple[str, ...]]:
    if before is None:
        return "built", ()
    if before.sha256 == whole:
        return "unchanged", ()
    moved = sum(1 for name in {*before.figures, *figures} if before.figures.get(name) != figures.get(name))
    why = provenance.describe_differences(before.ingredients, made) or ("the program that builds the pack",)
    return "different", (*why, f"{moved} figures")
