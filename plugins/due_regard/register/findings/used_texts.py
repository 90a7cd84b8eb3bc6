"""The texts that runs rest on: kept once each by digest, read back, and proved against it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select

from due_regard.register.schema.finding_tables import AssessmentRun
from due_regard.register.schema.used_text_tables import UsedText
from due_regard.register.sealing.row_faults import ProofFault

REGISTER_KIND, PROGRAM_KIND = "register", "program"
PROGRAM = "program/due_regard"
"""Name of the text that is the version of this program."""
_SHOWN = 12


def keep_used_texts(
    connection: Connection, landlord: str, texts: Mapping[str, str], *, now: datetime
) -> dict[str, str]:
    """Keep each text that is not kept yet, in the caller's transaction; name -> digest."""
    digests = {name: hash_text(text) for name, text in sorted(texts.items())}
    mine = select(UsedText.sha256).where(UsedText.landlord == landlord, UsedText.sha256.in_(digests.values()))
    known = set(connection.scalars(mine))
    new = {digest: name for name, digest in digests.items() if digest not in known}
    rows = [
        {"landlord": landlord, "sha256": digest, "kind": find_kind(name), "name": name, "text": texts[name],
         "first_used_at": now}
        for digest, name in new.items()
    ]  # fmt: skip
    if rows:
        connection.execute(insert(UsedText), rows)
    return digests


def find_kind(name: str) -> str:
    """What a text is, by its name: `own/policies/…` is of the kind policies, `program/…` of the kind program."""
    first, second, *_ = name.split("/")
    return first if first in {REGISTER_KIND, PROGRAM_KIND} else second


def hash_text(text: str) -> str:
    """Digest of a text; of a file in UTF-8 what `sha256sum` prints."""
    return hashlib.sha256(text.encode()).hexdigest()


def read_used_texts(connection: Connection, landlord: str, digests: Mapping[str, str]) -> dict[str, str]:
    """Name -> text of those that are kept and are what their digest says."""
    rows = select(UsedText.sha256, UsedText.text).where(
        UsedText.landlord == landlord, UsedText.sha256.in_(set(digests.values()))
    )
    texts = {digest: text for digest, text in connection.execute(rows) if hash_text(text) == digest}
    return {name: texts[digest] for name, digest in digests.items() if digest in texts}


def count_texts(connection: Connection, landlord: str) -> int:
    """How many texts are kept."""
    return int(connection.scalar(select(func.count()).where(UsedText.landlord == landlord)) or 0)


def find_text_faults(connection: Connection, landlord: str) -> Iterator[ProofFault]:
    """Texts that are not what their digest says, or not what a run first used then and by that name."""
    runs = select(AssessmentRun.used_texts, AssessmentRun.recorded_at)
    runs = runs.where(AssessmentRun.landlord == landlord, AssessmentRun.used_texts.is_not(None))
    used: dict[str, tuple[datetime, set[str]]] = {}
    for digests, recorded_at in connection.execute(runs.order_by(AssessmentRun.id)):
        for name, digest in (digests or {}).items():
            used.setdefault(digest, (recorded_at, set()))[1].add(name)
    rows = select(UsedText.__table__).where(UsedText.landlord == landlord).order_by(UsedText.sha256)
    kept = {row["sha256"]: dict(row) for row in connection.execute(rows).mappings()}
    for digest, row in kept.items():
        if why := _find_text_fault(row, used.get(digest)):
            yield ProofFault(landlord, "used_texts", digest[:_SHOWN], "changed", why)
    for digest in sorted(used.keys() - kept.keys()):
        yield ProofFault(landlord, "used_texts", digest[:_SHOWN], "missing", "runs rest on it")


def _find_text_fault(row: Mapping[str, Any], first_use: tuple[datetime, set[str]] | None) -> str:
    if hash_text(row["text"]) != row["sha256"]:
        return "the text is not the one of which this is the digest"
    if first_use is None:
        return "no run rests on it"
    if row["name"] not in first_use[1] or row["kind"] != find_kind(row["name"]):
        return "no run used it by this name and kind"
    return "" if row["first_used_at"] == first_use[0] else "its first run was recorded at another instant"
