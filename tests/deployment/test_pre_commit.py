"""What pre-commit runs: it hands over file names, so what the settings leave out must be left out by name too."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
HOOKS = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"][0]["hooks"]


def test_the_contracts_own_file_is_not_rewritten() -> None:
    entries = [shlex.split(hook["entry"]) for hook in HOOKS if hook["id"].startswith("ruff")]
    assert len(entries) == 2
    for _, verb, *options in entries:
        words = [Path(sys.executable).parent / "ruff", verb, *(one for one in options if one != "--fix"), "--diff"]
        done = subprocess.run(
            [*words, "tests/contract/compare.py"], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
