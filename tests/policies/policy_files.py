"""Copies of the shipped policy files with something changed, for tests that ask what the change does."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from string import ascii_lowercase
from typing import Any

from due_regard.policy import Duty, PolicyHistory
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


def rename_rules(history: PolicyHistory) -> tuple[PolicyHistory, dict[str, str]]:
    """The same policy with every rule under another name, and old name -> new; in their order, as tables list them."""
    old = sorted({duty.rule for policy in history.versions for duty in policy.duties})
    letters = [f"{first}{second}" for first in ascii_lowercase for second in ascii_lowercase]
    new = {rule: f"{rule.split('.')[0]}.clause_{letters[number]}" for number, rule in enumerate(old)}
    return _change_duties(history, lambda duty: {"rule": new[duty.rule]}), new


def leave_figures_unfed(history: PolicyHistory) -> PolicyHistory:
    """The same policy as an older file says it: no duty feeds a figure."""
    return _change_duties(history, lambda duty: {"feeds": None})


def _change_duties(history: PolicyHistory, change: Callable[[Duty], dict[str, Any]]) -> PolicyHistory:
    versions = []
    for policy in history.versions:
        duties = tuple(duty.model_copy(update=change(duty)) for duty in policy.duties)
        versions.append(replace(policy, file=policy.file.model_copy(update={"duties": duties})))
    return PolicyHistory(tuple(versions))
