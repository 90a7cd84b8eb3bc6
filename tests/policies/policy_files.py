"""Copies of the shipped policy files with something changed, for tests that ask what the change does."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.policies.case_tables import INCLUDE


def policy_in(folder: Path, landlord: str, *changes: tuple[str, str]) -> Path:
    """A copy of the landlord's policy folder below `folder`, each (old text, new text) replaced exactly once."""
    copy = Path(shutil.copytree(INCLUDE / "policies" / landlord, folder / landlord))
    for old, new in changes:
        holding = [file for file in copy.glob("*.yaml") if old in file.read_text(encoding="utf-8")]
        assert len(holding) == 1, f"{old!r} stands in {len(holding)} files"
        text = holding[0].read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times"
        holding[0].write_text(text.replace(old, new), encoding="utf-8")
    return copy
