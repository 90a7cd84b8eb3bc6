"""An include folder of some landlords alone: their settings files are copies, all else is what is shipped."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

INCLUDE = Path(__file__).parents[1] / "include"


def link_include(include: Path, landlords: Sequence[str]) -> Path:
    """Make it; its path."""
    include.mkdir()
    for part in INCLUDE.iterdir():
        if part.name != "landlords":
            (include / part.name).symlink_to(part)
    (include / "landlords").mkdir()
    for name in landlords:
        shutil.copy(INCLUDE / "landlords" / f"{name}.yaml", include / "landlords")
    return include
