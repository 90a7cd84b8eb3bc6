"""When a drop is taken, when it waits, and when a snapshot is held for a person."""

from __future__ import annotations

import hashlib
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from due_regard.errors import DropError
from due_regard.intake.completeness import check_completeness, find_rows_before
from due_regard.intake.drop_reading import read_drop
from tests.intake.drops import APPEALS, CUSTOMERS, ON, RESTRICTIONS, only, read, source, write

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)


def entry(path: Path, rows: int | None = None) -> dict[str, Any]:
    return {"name": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "rows": rows}


def with_manifest(drop: Path, *entries: dict[str, Any]) -> Path:
    (drop / "MANIFEST.json").write_text(json.dumps({"files": entries}), encoding="utf-8")
    return drop


def aged(drop: Path, minutes: int) -> Path:
    then = (NOW - timedelta(minutes=minutes)).timestamp()
    for path in drop.iterdir():
        os.utime(path, (then, then))
    return drop


@pytest.mark.parametrize(("minutes", "ready"), [(0, False), (14, False), (15, True), (600, True)])
def test_an_unmarked_drop_waits_until_it_is_still(tmp_path: Path, minutes: int, ready: bool) -> None:
    drop = aged(write(tmp_path, customers=CUSTOMERS), minutes)
    assert check_completeness(drop, source(), now=NOW).is_ready is ready


def test_a_ready_marker_ends_the_wait(tmp_path: Path) -> None:
    drop = write(tmp_path, customers=CUSTOMERS)
    (drop / "READY").touch()
    assert check_completeness(aged(drop, 0), source(), now=NOW).is_ready
    assert [accepted.file for accepted in read(drop).files] == ["customers.csv"]


def test_a_manifest_that_matches_ends_the_wait_and_is_checked_when_read(tmp_path: Path) -> None:
    drop = write(tmp_path, customers=CUSTOMERS, appeals=APPEALS)
    with_manifest(drop, entry(drop / "customers.csv", 2), entry(drop / "appeals.csv"))
    assert check_completeness(aged(drop, 0), source(), now=NOW).is_ready
    assert read(drop).refused == ()


def test_a_manifest_that_names_what_is_not_there_makes_the_drop_wait(tmp_path: Path) -> None:
    drop = write(tmp_path, customers=CUSTOMERS)
    with_manifest(drop, entry(drop / "customers.csv"), {"name": "appeals.csv", "sha256": "0" * 64})
    found = check_completeness(aged(drop, 600), source(), now=NOW)
    assert not found.is_ready
    assert "file 2 of MANIFEST.json is not there" in found.why
    with pytest.raises(DropError, match=r"file 2 of MANIFEST\.json"):
        read(drop)


def test_a_file_that_differs_from_the_manifest_is_refused_alone(tmp_path: Path) -> None:
    drop = write(tmp_path, customers=CUSTOMERS, appeals=APPEALS, restrictions=RESTRICTIONS)
    entries = [entry(drop / "customers.csv", 3), entry(drop / "appeals.csv")]
    with_manifest(drop, *entries)
    (drop / "appeals.csv").write_text(APPEALS[:-20], encoding="utf-8")
    assert not check_completeness(aged(drop, 600), source(), now=NOW).is_ready
    assert {refused.file: refused.code for refused in read(drop).refused} == {
        "appeals.csv": "manifest_mismatch",
        "customers.csv": "manifest_rows",
        "restrictions.csv": "not_in_manifest",
    }


@pytest.mark.parametrize(
    "text", ["", "[]", '{"files": [{"name": "x"}]}', '{"files": [{"name": "../x.csv", "sha256": "%s"}]}']
)
def test_a_manifest_that_cannot_be_trusted_stops_the_drop(tmp_path: Path, text: str) -> None:
    drop = write(tmp_path, customers=CUSTOMERS)
    (drop / "MANIFEST.json").write_text(text.replace("%s", "0" * 64), encoding="utf-8")
    with pytest.raises(DropError, match=r"MANIFEST\.json"):
        read(drop)


def drop_of(folder: Path, customers: int) -> Path:
    rows = "".join(f"C{number},tenant\n" for number in range(customers))
    return write(folder, customers="customer_ref,customer_type\n" + rows)


@pytest.mark.parametrize(("customers", "held"), [(100, 0), (80, 0), (79, 1), (0, 1)])
def test_a_snapshot_that_shrank_is_held_with_the_figure(tmp_path: Path, customers: int, held: int) -> None:
    validated = read(drop_of(tmp_path, customers), name="canonical_snapshot", previous_rows={"customers": 100}.get)
    assert len(validated.held) == held
    assert all(f"{customers} records where 100" in why for why in validated.held)


@pytest.mark.parametrize(
    ("counts", "before"),
    [
        ([], None),
        ([(0, False)], 0),
        ([(10, False), (8, False)], 10),
        ([(10, False), (8, False), (12, False), (11, False)], 12),
        ([(10, False), (8, False), (7, True)], 7),
        ([(10, False), (7, True), (9, False), (8, False)], 9),
        ([(10, False), (9, True)], 10),
        ([(10, True), (7, True), (5, True)], 5),
    ],
)
def test_a_snapshot_is_compared_with_the_most_since_a_person_let_one_shrink(
    counts: list[tuple[int, bool]], before: int | None
) -> None:
    assert find_rows_before(counts, 0.2) == before


def test_changes_and_first_deliveries_are_never_held(tmp_path: Path) -> None:
    drop = drop_of(tmp_path, 1)
    assert read(drop, previous_rows={"customers": 100}.get).held == ()
    assert read(drop, name="canonical_snapshot", previous_rows={}.get).held == ()


def test_the_register_is_asked_for_each_entitys_references_once(tmp_path: Path) -> None:
    drop = write(tmp_path, customers=CUSTOMERS, restrictions=RESTRICTIONS, appeals=APPEALS)
    asked: list[str] = []

    def read_known(entity: str) -> frozenset[str]:
        asked.append(entity)
        return frozenset({"C1"})

    read_drop(drop, "a", source("canonical_snapshot"), on=ON, known=read_known, great_expectations=False)
    assert sorted(asked) == ["appeals", "customers", "restrictions"]


def test_what_disappears_from_a_snapshot_is_told_and_kept(tmp_path: Path) -> None:
    drop = write(tmp_path, customers="customer_ref,customer_type\nC1,tenant\nC2,lodger\n")
    known = {"customers": {"C1", "C2", "C3", "C4"}}
    accepted = only(read(drop, known=known, name="canonical_snapshot"), "customers")
    assert accepted.disappeared == ("C3", "C4")
    assert [(note.reason, "2 customers" in note.message) for note in accepted.notes] == [("disappeared", True)]
    assert "C3" not in repr(accepted)
    assert only(read(drop, known=known), "customers").disappeared == ()
