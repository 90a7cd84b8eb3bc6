"""Both roads from a landlord's files to assessments give what the reference reads in the same files.

One road judges a drop alone (`assess --drop`), the other loads it into a register first, in one or several drops.
"""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from due_regard.__main__ import main
from tests.assessment.against_reference import IS_LONG
from tests.contract_examples import COLUMNS
from tests.reference.drops import ANCHORS, Drop, build_drop, thin_out
from tests.reference.judge import LANDLORDS, judge

SEEDS = range(200 if IS_LONG else 2)


def _drop(seed: int) -> tuple[Drop, str, date]:
    rng = Random(seed)
    anchor = ANCHORS[seed % len(ANCHORS)]
    return thin_out(build_drop(seed + 500, anchor), rng), LANDLORDS[seed % len(LANDLORDS)], anchor


@pytest.fixture(autouse=True)
def _own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUE_REGARD_VAR_DIR", str(tmp_path / "var"))


def _due_regard(*words: object) -> int:
    return main([str(word) for word in words])


def _assessed(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return [[row[name] for name in COLUMNS] for row in csv.DictReader(file)]


def _expected(drop: Drop, landlord: str, as_at: date) -> list[list[str]]:
    return [[_text(row[name]) for name in COLUMNS] for row in judge(drop.tables(), landlord, as_at)]


def _text(value: Any) -> str:
    return "" if value is None else str(value)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_drop_alone_is_judged_as_the_reference_reads_it(seed: int, tmp_path: Path) -> None:
    drop, landlord, as_at = _drop(seed)
    folder, out = drop.write(tmp_path / "drop"), tmp_path / "out.csv"
    asked = (
        "assess",
        "--landlord",
        landlord,
        "--as-at",
        as_at,
        "--drop",
        folder,
        "--source",
        "canonical",
        "--out",
        out,
    )
    assert _due_regard(*asked) == 0
    assert _assessed(out) == _expected(drop, landlord, as_at)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_register_is_judged_as_the_reference_reads_its_drops(seed: int, tmp_path: Path) -> None:
    drop, landlord, as_at = _drop(seed)
    out = tmp_path / "out.csv"
    for number, part in enumerate(_parts(drop)):
        folder = part.write(tmp_path / f"drop-{number}")
        assert _due_regard("intake", folder, "--landlord", landlord, "--source", "canonical") == 0
    for day in (as_at, as_at + timedelta(days=1)):
        assert _due_regard("assess", "--landlord", landlord, "--as-at", day, "--out", out) == 0
        assert _assessed(out) == _expected(drop, landlord, day)


def _parts(drop: Drop) -> list[Drop]:
    """The drop in two deliveries: those that others point to first."""
    pointed_to = {"customers", "staff", "restrictions"}
    first = {name: sheet for name, sheet in drop.sheets.items() if name in pointed_to}
    then = {name: sheet for name, sheet in drop.sheets.items() if name not in pointed_to}
    return [Drop(sheets) for sheets in (first, then) if sheets]
