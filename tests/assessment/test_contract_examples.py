"""Engine and command line agree with the contract's expected files, by the contract's own comparison.

The short form sends one drop a landlord through the command line, the long form every one.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from due_regard.__main__ import main
from tests.assessment.against_reference import IS_LONG, engine_rows
from tests.contract_examples import EXAMPLES, Example, differences, write_assessments
from tests.reference.drops import read_drop

COMMANDED = [example for example in EXAMPLES if IS_LONG or "examples_absent" in str(example)]


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_engine_agrees_with_the_contract(example: Example, tmp_path: Path) -> None:
    rows = engine_rows(read_drop(example.exports).frames(), example.landlord, example.as_at)
    assert differences(example, write_assessments(rows, tmp_path / "actual.csv")) == ""


@pytest.mark.parametrize("example", COMMANDED, ids=str)
def test_command_line_agrees_with_the_contract(
    example: Example, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DUE_REGARD_VAR_DIR", str(tmp_path / "var"))
    drop, out = str(example.exports), tmp_path / "out.csv"
    words = [
        "assess",
        "--landlord",
        example.landlord,
        "--as-at",
        str(example.as_at),
        "--drop",
        drop,
        "--source",
        "canonical",
    ]
    assert main([*words, "--out", str(out)]) == 0
    assert differences(example, out) == ""
    assert not (tmp_path / "var").exists()
