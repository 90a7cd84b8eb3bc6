"""The maker of drops: repeatable, valid to the contract, and reaching every verdict that a rule can give."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from random import Random

import pytest

from due_regard.records.canonical import ENTITIES, Entity, find_dtype
from tests.code_words import list_codes
from tests.reference.drops import ANCHORS, Drop, build_drop, read_drop, thin_out
from tests.reference.edges import edge_drop, judging_days
from tests.reference.judge import LANDLORDS, RULES, judge
from tests.reference.records import typed

ANCHOR = ANCHORS[0]
DATED = {"met", "late", "overdue", "due_soon", "pending"}
CHECKED = {"met", "breach"}
ALWAYS_DONE = {"appeal.in_time": {"met", "late"}}
DUE_AT_ONCE = {"restriction.care_inspectorate": DATED - {"pending"}}


def test_same_seed_same_drop() -> None:
    assert build_drop(7, ANCHOR) == build_drop(7, ANCHOR) != build_drop(8, ANCHOR)


def test_a_written_drop_reads_back_as_it_was(tmp_path: Path) -> None:
    drop = thin_out(build_drop(3, ANCHOR), Random(3))
    assert read_drop(drop.write(tmp_path)).sheets == drop.sheets


@pytest.mark.parametrize("seed", range(5))
def test_drops_are_valid(seed: int) -> None:
    drop = build_drop(seed, ANCHOR)
    for entity in ENTITIES:
        _assert_valid(entity, drop)


def _assert_valid(entity: Entity, drop: Drop) -> None:
    rows = [typed(row) for row in drop.sheets[entity.name].rows]
    assert len({row[entity.key] for row in rows}) == len(rows) > 0
    for column in entity.columns:
        values = {row[column.name] for row in rows}
        assert not (column.required and None in values)
        codes = {code for value in values - {None} for code in (value if isinstance(value, frozenset) else {value})}
        assert not column.code_list or codes <= set(list_codes(column))
    for name, target in entity.links:
        refs = {typed(row)[name] for row in drop.sheets[target].rows}
        assert {row[name] for row in rows} <= refs


def test_frames_have_canonical_dtypes() -> None:
    frames = build_drop(1, ANCHOR).frames()
    for entity in ENTITIES:
        dtypes = {name: str(dtype) for name, dtype in frames[entity.name].dtypes.items()}
        assert dtypes == {column.name: find_dtype(column) for column in entity.columns}


def test_drops_reach_every_verdict_of_every_rule() -> None:
    reached: dict[str, set[str]] = {rule: set() for rule in [*RULES, "policy.review"]}
    for drop, as_at in _drops():
        for landlord in LANDLORDS:
            for row in judge(drop.tables(), landlord, as_at):
                reached[row["rule"]].add(row["state"])
    missed = {rule: _expected(rule, states) - states for rule, states in reached.items()}
    assert {rule: states for rule, states in missed.items() if states} == {}


def _drops() -> Iterator[tuple[Drop, date]]:
    for seed in range(60):
        anchor = ANCHORS[seed % len(ANCHORS)]
        yield build_drop(seed, anchor, size=20), anchor
    start = date(2026, 8, 31)
    for as_at in judging_days(start)[::9]:
        yield edge_drop(start), as_at


def _expected(rule: str, reached: set[str]) -> set[str]:
    if rule == "policy.review":
        return {"overdue", "due_soon", "pending", "not_measured"}
    if rule in ALWAYS_DONE or rule in DUE_AT_ONCE:
        return ALWAYS_DONE.get(rule) or DUE_AT_ONCE[rule]
    if rule == "incident.manager_informed":
        return CHECKED | DATED - {"pending"}
    return DATED if reached & {"late", "overdue"} else CHECKED
