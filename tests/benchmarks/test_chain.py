"""Both sides of the chain's benchmark agree on a small drop. Its times are never tested."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import chain
from benchmarks.chain_data import complete_history, write_drop
from due_regard.records.canonical import ENTITIES


def test_the_drop_has_every_entity_with_every_column() -> None:
    frames = complete_history(300)
    assert {entity.name: [column.name for column in entity.columns] for entity in ENTITIES} == {
        name: list(frame.columns) for name, frame in frames.items()
    }


def test_both_sides_end_with_the_same_findings_and_figures(tmp_path: Path) -> None:
    for name in ("duckdb", "xlsxwriter"):
        pytest.importorskip(name, reason=f"{name} is the benchmarks' own dependency: make bench installs it")
    write_drop(tmp_path / "drop", 1000)
    findings, figures = chain.hold_same(chain.run_ours(tmp_path), chain.run_theirs(tmp_path))
    assert findings > 100
    assert figures > 150


def test_a_difference_is_named() -> None:
    ours = {"findings": {"appeal.decide": 2}, "figures": {}}
    with pytest.raises(AssertionError, match=r"appeal\.decide: 2 and None"):
        chain.hold_same(ours, {"findings": {}, "figures": {}})
