"""An installation whose landlord asks nobody to approve its packs: they are mailed as they are built."""

from __future__ import annotations

from pathlib import Path

LANDLORDS = Path(__file__).parents[1] / "include" / "landlords"


def switch_approval_off(folder: Path, landlord: str) -> Path:
    """Write the landlord's settings so into a folder of an installation's own files; returns the folder."""
    text = (LANDLORDS / f"{landlord}.yaml").read_text(encoding="utf-8")
    assert text.count("    clerk: ") and "needs_approval" not in text
    (folder / "landlords").mkdir(parents=True, exist_ok=True)
    mended = text.replace("    clerk: ", "    needs_approval: false\n    clerk: ")
    (folder / "landlords" / f"{landlord}.yaml").write_text(mended, encoding="utf-8")
    return folder
