"""What went into a pack, as values that can be kept and compared.

Two builds with the same provenance give the same bytes; where they differ, `describe_differences` says in what.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pandas as pd

from due_regard import __version__
from due_regard.packs.content.pack_definition import PackDefinition
from due_regard.packs.content.paper_wording import PaperWording
from due_regard.policy import LandlordContext
from due_regard.register.findings.used_texts import find_kind, hash_text

_RULES = {"policy": "The policy file was edited", "calendar": "The calendar of working days was changed"}
_KINDS = {"policy": "policies", "calendar": "calendars"}
"""What figures are counted by -> the kind of the texts that say so."""
_PROGRAM = "Another version of the program counts it otherwise"
_WORDS = {
    "drops": "the drops taken in",
    "policy": "the policy",
    "calendar": "the calendar of working days",
    "counting": "the rule working days are counted by",
    "definition": "the pack's definition",
    "paper": "the paper's wording, or what the settings say at its head",
    "readings": "the readings confirmed",
    "commentary": "the officers' commentary",
    "basis_head": "the newest load or decision",
}


def gather_provenance(
    files: pd.DataFrame,
    context: LandlordContext,
    definition: PackDefinition,
    wording: PaperWording,
    *,
    known_at: datetime | None,
    run_id: int | None,
    head: str,
    basis_head: str | None,
    commentary: Mapping[str, str],
) -> dict[str, Any]:
    """Drops, policy, calendar, counting, definition, readings, commentary, latest run and audit heads, as JSON values.

    `head` is the newest, `basis_head` that of the newest load or decision, which the pack prints.

    `files` has the columns batch_id, drop_sha256 and loaded_at, one row a file taken in. What had been learnt by
    `known_at` went into the pack; None: everything known.
    """
    history = context.history
    switches = [one.model_dump(mode="json") for one in context.landlord.packs if one.name == definition.name]
    return {
        "drops": list_drops(files),
        **gather_rules(context),
        "counting": history.versions[-1].counting,
        "definition": _compute_digest(definition.model_dump(mode="json")),
        "paper": _compute_digest([wording.model_dump(mode="json"), switches]),
        "readings": _compute_digest(context.landlord.confirmed_readings),
        "known_at": known_at.isoformat() if known_at else None,
        "known_to": files["loaded_at"].max().isoformat(),
        "commentary": digest_commentary(commentary),
        "run": run_id,
        "audit_head": head,
        "basis_head": basis_head,
    }


def list_drops(files: pd.DataFrame) -> list[list[Any]]:
    """Number and digest of each drop that `files` are of."""
    drops = files[["batch_id", "drop_sha256"]].drop_duplicates().sort_values("batch_id")
    return [[int(batch), str(digest)] for batch, digest in drops.itertuples(index=False)]


def gather_rules(context: LandlordContext) -> dict[str, Any]:
    """What the figures are counted by: policy, calendar of working days, version of the program; JSON values."""
    history, calendar = context.history, context.calendar
    return {
        "policy": {str(p.effective_from): _compute_digest(p.file.model_dump(mode="json")) for p in history.versions},
        "calendar": [calendar.name, _compute_digest(sorted(str(day) for day in calendar.holidays))],
        "program": __version__,
        "texts": {name: hash_text(text) for name, text in context.texts.items() if find_kind(name) in _KINDS.values()},
    }


def name_changed_rules(before: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[str, ...]:
    """Which of two builds' rules differ, in sentences; one that the earlier build did not keep is not compared."""
    found = [words for name, words in _RULES.items() if _is_changed(name, before, now)]
    return (*found, *([_PROGRAM] if before.get("program", now["program"]) != now["program"] else []))


def _is_changed(name: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Whether a rule's files were edited; by the digest of what was read in them where their texts were not kept.

    A file that was moved into the installation's own layer was not edited.
    """
    texts = [
        {place.split("/", 1)[1]: digest for place, digest in (made.get("texts") or {}).items()
         if find_kind(place) == _KINDS[name]}
        for made in (before, now)
    ]  # fmt: skip
    if all(texts):
        return texts[0] != texts[1]
    return name in before and before[name] != now[name]


def describe_differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[str, ...]:
    """In what two builds' provenance differs, in words; the audit head and the run always move on and do not count."""
    return tuple(words for name, words in _WORDS.items() if before.get(name) != now.get(name))


def list_printed_provenance(made: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """What a pack prints of its provenance, by name and digest: nothing that moves by building or assessing."""
    drops = [(f"Drop {batch}", str(digest)) for batch, digest in made["drops"]]
    policies = [(f"Policy in force from {day}", str(digest)) for day, digest in made["policy"].items()]
    calendar, holidays = made["calendar"]
    others = [
        (f"Working days: {calendar.replace('_', ' ')}", str(holidays)),
        ("Working days: how they are counted", str(made["counting"])),
        ("The pack's definition", str(made["definition"])),
        ("Readings confirmed", str(made["readings"])),
    ]
    return (*drops, *policies, *others)


def digest_commentary(commentary: Mapping[str, str]) -> str | None:
    """Digest of the officers' commentary, by section; None where there is none."""
    return _compute_digest(dict(commentary)) if commentary else None


def _compute_digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:16]
