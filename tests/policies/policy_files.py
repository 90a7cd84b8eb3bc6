"""Copies of the shipped policy files with something changed, for tests that ask what the change does."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from tests.policies.case_tables import INCLUDE


def policy_in(folder: Path, landlord: str, rule: str = "", old: str = "", new: str = "") -> Path:
    """A copy of the landlord's policy folder below `folder`, with `old` replaced once in what it says of `rule`."""
    copy = Path(shutil.copytree(INCLUDE / "policies" / landlord, folder / landlord, dirs_exist_ok=True))
    (file,) = copy.glob("*.yaml")
    file.write_text(changed(file.read_text(encoding="utf-8"), rule, old, new), encoding="utf-8")
    return copy


def changed(text: str, rule: str, old: str, new: str) -> str:
    """The text of a policy file with `old` replaced by `new` in the block of `rule`, where it must stand once."""
    if not rule:
        return text
    blocks = re.split(r"(?m)^(?=  - rule: )", text)
    (number,) = (n for n, block in enumerate(blocks) if block.startswith(f"  - rule: {rule}\n"))
    assert blocks[number].count(old) == 1, f"{old!r} stands {blocks[number].count(old)} times in {rule}"
    blocks[number] = blocks[number].replace(old, new)
    return "".join(blocks)
