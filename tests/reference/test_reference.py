"""The reference agrees with every expected file of the contract, and sees it when one cell is changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contract_examples import EXAMPLES, Example, differences, write_assessments
from tests.reference.judge import LANDLORDS, judge


def test_every_landlord_has_examples() -> None:
    assert {example.landlord for example in EXAMPLES} == set(LANDLORDS)
    assert len(EXAMPLES) == 15


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_reference_agrees_with_the_contract(example: Example, tmp_path: Path) -> None:
    rows = judge(example.exports, example.landlord, example.as_at)
    assert differences(example, write_assessments(rows, tmp_path / "actual.csv")) == ""


def test_the_comparison_sees_one_changed_cell(tmp_path: Path) -> None:
    example = EXAMPLES[0]
    rows = judge(example.exports, example.landlord, example.as_at)
    rows[0]["days_overdue"] += 1
    assert "1 differ" in differences(example, write_assessments(rows, tmp_path / "actual.csv"))
