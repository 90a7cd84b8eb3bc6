"""An older drop sent again is not loaded where it would undo a newer one; a person may let it in, once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Engine

from due_regard.errors import OlderDrop, RegisterMovedOn
from due_regard.records.validated_drop import AcceptedFile, RefusedFile, ValidatedDrop
from due_regard.register import (
    hash_drop,
    hold_drop,
    is_released,
    list_drops,
    list_missing_records,
    load_drop,
    read_records,
    release_drop,
    verify_audit,
)
from tests.register.drops import LANDLORD, accepted, appeal, at, drop, restriction

START = at("2026-06-01 08:00")


def appeals(outcome: str | None, *more: str, **said: object) -> AcceptedFile:
    return accepted("appeals", [appeal("A1", outcome=outcome), *map(appeal, more)], **said)


def restrictions(ref: str) -> AcceptedFile:
    return accepted("restrictions", [restriction(ref)])


def take(register: Engine, *drops: ValidatedDrop) -> str:
    """Take drops in as intake does, one after the other; what became of the last."""
    for validated in drops:
        try:
            status = load_drop(register, validated, now=START, keep_newer=True).status
        except OlderDrop as reason:
            status, content = "held", hash_drop((*validated.files, *validated.refused))
            hold_drop(
                register,
                newer_batch=reason.newer_batch,
                landlord=LANDLORD,
                source=validated.source,
                drop="d",
                sha256=content,
                why=str(reason),
                now=START,
            )
    return status


OLD = drop(appeals("upheld"), restrictions("R1"))
NEW = drop(appeals("quashed"), restrictions("R1"))
MENDED = appeals("varied", delivery="changes", file="appeals.csv.xlsx")
CASES = {
    "the same drop again": ([OLD], OLD, "unchanged"),
    "the newest drop again": ([OLD, NEW], NEW, "unchanged"),
    "an older drop": ([OLD, NEW], OLD, "held"),
    "an older drop under another name": ([OLD, NEW], replace(OLD, drop="other"), "held"),
    "an older drop whose file was renamed": (
        [OLD, NEW],
        drop(appeals("upheld", file="x.csv"), restrictions("R1")),
        "held",
    ),
    "a part of an older drop": ([OLD, NEW], drop(appeals("upheld")), "held"),
    "a part of the newest drop": ([OLD, NEW], drop(appeals("quashed")), "unchanged"),
    "what no newer drop brought": ([OLD, drop(appeals("quashed"))], drop(restrictions("R1")), "unchanged"),
    "an older file beside a new one": ([OLD, NEW], drop(appeals("upheld"), restrictions("R2")), "loaded"),
    "a new drop": ([OLD, NEW], drop(appeals("varied"), restrictions("R1")), "loaded"),
    "what was put right says the same in other bytes": ([OLD, NEW], drop(appeals("upheld", sha256="new")), "loaded"),
    "mended rows": ([OLD], drop(MENDED), "loaded"),
    "the night's export after its rows were mended": ([OLD, drop(MENDED)], OLD, "loaded"),
    "mended rows again": ([OLD, drop(MENDED)], drop(MENDED), "unchanged"),
    "old mended rows": ([OLD, drop(MENDED), NEW], drop(MENDED), "held"),
    "a quiet night's empty list": (
        [drop(accepted("appeals", [], delivery="changes", sha256="none")), drop(MENDED)],
        drop(accepted("appeals", [], delivery="changes", sha256="none")),
        "unchanged",
    ),
    "another source's": ([OLD, replace(NEW, source="other")], OLD, "loaded"),
    "nothing that could be read": (
        [OLD, NEW],
        replace(drop(), refused=(RefusedFile("x", "ab", "bad", "bad"),)),
        "refused",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_an_older_drop(register: Engine, name: str) -> None:
    before, again, status = CASES[name]
    take(register, *before)
    known = read_records(register, LANDLORD)
    assert take(register, again) == status
    if status in {"held", "unchanged", "refused"}:
        now = read_records(register, LANDLORD)
        assert {entity: frame.to_csv() for entity, frame in now.items()} == {e: f.to_csv() for e, f in known.items()}
    verify_audit(register)


def test_an_older_drop_that_would_lose_records_alone_is_held(register: Engine) -> None:
    more = drop(appeals("upheld", "A2"))
    take(register, drop(appeals("upheld")), more)
    fewer = drop(replace(appeals("upheld"), disappeared=("A2",)))
    assert take(register, fewer) == "held"
    assert list_missing_records(register, LANDLORD).empty


def find_held(register: Engine) -> int:
    drops = list_drops(register)
    return int(drops[drops["status"] == "held"]["id"].max())


def release(register: Engine, batch: int) -> None:
    release_drop(register, batch, actor="data-owner", why="the newer one was wrong", now=START)


def test_a_release_lets_an_older_drop_in_once(register: Engine) -> None:
    content = hash_drop(OLD.files)
    assert take(register, OLD, NEW, OLD) == "held"
    why = list_drops(register).iloc[0]["why"]
    assert why.startswith("every file of this drop was taken in before, last with batch 1")
    assert "batch 2 (2026-06-01 08:00 UTC), which it would undo" in why
    first = find_held(register)
    release(register, first)
    assert is_released(register, LANDLORD, content)
    assert take(register, OLD) == "loaded"
    assert not is_released(register, LANDLORD, content)
    assert take(register, OLD) == "unchanged"
    assert take(register, NEW) == "held", "what was newest then is the older one now"
    release(register, find_held(register))
    assert take(register, NEW) == "loaded"
    assert take(register, OLD) == "held", "it was let in long ago, and not for ever"
    assert find_held(register) > first


def test_a_held_drop_is_released_once(register: Engine) -> None:
    take(register, OLD, NEW, OLD)
    batch = find_held(register)
    release(register, batch)
    rows = verify_audit(register).rows
    with pytest.raises(RegisterMovedOn, match=r"released \(by data-owner, .*nothing was changed: run intake again"):
        release(register, batch)
    take(register, OLD)
    rows = verify_audit(register).rows
    with pytest.raises(RegisterMovedOn, match="taken in since, and a release counts once"):
        release(register, batch)
    with pytest.raises(RegisterMovedOn, match="is loaded, not held; nothing was changed: `due-regard drop list`"):
        release(register, 1)
    assert verify_audit(register).rows == rows


def test_a_hold_that_time_overtook_is_not_released(register: Engine) -> None:
    take(register, OLD, NEW, OLD)
    moot = find_held(register)
    since = load_drop(register, OLD, now=START).batch_id
    with pytest.raises(RegisterMovedOn, match=f"was taken in since, with batch {since}: there is nothing to release"):
        release(register, moot)
    assert take(register, NEW, OLD) == "unchanged", "it is the newest as long as NEW is held"
    load_drop(register, NEW, now=START)
    assert take(register, OLD) == "held"
    assert find_held(register) > moot, "a hold of its own, which can be released"
