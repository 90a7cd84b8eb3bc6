"""A snapshot that shrinks by small steps is held like one that shrinks at once; a person's release starts anew."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine

from due_regard.intake.completeness import find_rows_before, find_shrunken_entities
from due_regard.records.validated_drop import AcceptedFile
from due_regard.register import (
    hash_drop,
    hold_drop,
    is_released,
    list_drops,
    list_record_counts,
    load_drop,
    read_known_refs,
    release_drop,
)
from tests.intake.drops import source
from tests.register.drops import LANDLORD, accepted, appeal, at, drop, restriction

SOURCE = source("canonical_snapshot")
START = at("2026-06-01 08:00")


def deliver(register: Engine, sizes: dict[str, int], *, night: int = 0, first: int = 0) -> tuple[str, ...]:
    """Takes a snapshot of so many records of each entity as the product does; why it was held."""
    make = {"appeals": appeal, "restrictions": restriction}
    files = []
    for entity, size in sizes.items():
        refs = [f"{entity}-{number:03d}" for number in range(first, first + size)]
        gone = sorted((read_known_refs(register, LANDLORD, entity) or frozenset()) - set(refs))
        files.append(accepted(entity, [make[entity](ref) for ref in refs], disappeared=tuple(gone)))
    now = START + timedelta(days=night)

    def find_before(entity: str) -> int | None:
        return find_rows_before(list_record_counts(register, LANDLORD, entity), SOURCE.max_shrink)

    held = find_shrunken_entities(sizes, SOURCE, find_before)
    if held and not is_released(register, LANDLORD, hash_drop(files)):
        hold(register, files, now)
        return held
    load_drop(register, drop(*files), now=now)
    return ()


def hold(register: Engine, files: list[AcceptedFile], now: datetime) -> int:
    return hold_drop(register, landlord=LANDLORD, source="s", drop="drop", sha256=hash_drop(files), why="few", now=now)


def release(register: Engine) -> None:
    drops = list_drops(register, LANDLORD)
    newest = int(drops[drops["status"] == "held"]["id"].max())
    release_drop(register, newest, actor="data-owner", why="records were archived", now=START)


def test_small_losses_are_held_once_they_add_up(register: Engine) -> None:
    held = [bool(deliver(register, {"appeals": size}, night=night)) for night, size in enumerate((10, 8, 7, 6, 5))]
    assert held == [False, False, True, True, True]
    assert list_record_counts(register, LANDLORD, "appeals") == ((10, False), (8, False))
    (why,) = deliver(register, {"appeals": 7})
    assert "7 records where 10 were known, 30% fewer" in why


def test_a_release_sets_what_is_compared_with(register: Engine) -> None:
    for size in (10, 8):
        assert deliver(register, {"appeals": size}) == ()
    assert deliver(register, {"appeals": 7})
    release(register)
    assert deliver(register, {"appeals": 7}) == ()
    assert list_record_counts(register, LANDLORD, "appeals") == ((10, False), (8, False), (7, True))
    assert deliver(register, {"appeals": 6}) == ()
    (why,) = deliver(register, {"appeals": 5})
    assert "5 records where 7 were known" in why


def test_growth_raises_what_is_compared_with(register: Engine) -> None:
    for size in (10, 20, 16):
        assert deliver(register, {"appeals": size}) == ()
    (why,) = deliver(register, {"appeals": 15})
    assert "15 records where 20 were known" in why


def test_records_that_others_replace_are_no_loss(register: Engine) -> None:
    """A landlord whose ended records leave the export: as many come as go, for months."""
    for night in range(5):
        assert deliver(register, {"appeals": 10}, night=night, first=night * 2) == ()


def test_entities_shrink_apart(register: Engine) -> None:
    for appeals, restrictions in ((10, 10), (10, 8)):
        assert deliver(register, {"appeals": appeals, "restrictions": restrictions}) == ()
    (why,) = deliver(register, {"appeals": 7, "restrictions": 8})
    assert why.startswith("appeals")
    release(register)
    assert deliver(register, {"appeals": 7, "restrictions": 8}) == ()
    (why,) = deliver(register, {"appeals": 7, "restrictions": 7})
    assert "restrictions: 7 records where 10 were known" in why, "its own losses were never let through"


def test_landlords_shrink_apart(register: Engine) -> None:
    deliver(register, {"appeals": 10})
    assert list_record_counts(register, "other_landlord", "appeals") == ()


@pytest.mark.parametrize("times", [1, 3])
def test_what_came_back_counts_again(register: Engine, times: int) -> None:
    for _ in range(times):
        assert deliver(register, {"appeals": 9}) == ()
        assert deliver(register, {"appeals": 10}) == ()
    assert [rows for rows, _ in list_record_counts(register, LANDLORD, "appeals")] == [9, 10] * times
