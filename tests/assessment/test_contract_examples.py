"""The command line agrees with every expected file of the contract, by the contract's own comparison."""

from __future__ import annotations

from pathlib import Path

import pytest

from due_regard.__main__ import main
from tests.contract_examples import EXAMPLES, Example, differences


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_command_line_agrees_with_the_contract(
    example: Example, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DUE_REGARD_VAR_DIR", str(tmp_path / "var"))
    drop, out = str(example.exports), tmp_path / "out.csv"
    words = ["assess", "--landlord", example.landlord, "--as-at", str(example.as_at), "--drop", drop]
    assert main([*words, "--out", str(out)]) == 0
    assert differences(example, out) == ""
    assert not (tmp_path / "var").exists()
