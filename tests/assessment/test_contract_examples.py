"""The engine agrees with every expected file of the contract, by the contract's own comparison."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.assessment.against_reference import engine_rows
from tests.contract_examples import EXAMPLES, Example, differences, write_assessments
from tests.reference.drops import read_drop


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_engine_agrees_with_the_contract(example: Example, tmp_path: Path) -> None:
    rows = engine_rows(read_drop(example.exports).frames(), example.landlord, example.as_at)
    assert differences(example, write_assessments(rows, tmp_path / "actual.csv")) == ""
