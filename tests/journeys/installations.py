"""Small installations for journeys: the repository's own include folder, with fewer landlords and smaller drops."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import yaml

from demo.samples import write_samples

ROOT = Path(__file__).resolve().parents[2]
INCLUDE = ROOT / "include"
LANDLORDS = tuple(sorted(file.stem for file in (INCLUDE / "landlords").glob("*.yaml")))


def small_include(folder: Path, landlords: Sequence[str] = LANDLORDS, incidents: int = 150) -> Path:
    """An include folder of these landlords, their sample drops cut to so many incidents."""
    folder.mkdir(parents=True)
    for part in INCLUDE.iterdir():
        if part.name not in {"landlords", "samples"}:
            (folder / part.name).symlink_to(part)
    (folder / "landlords").mkdir()
    for landlord in landlords:
        shutil.copy(INCLUDE / "landlords" / f"{landlord}.yaml", folder / "landlords")
    samples = yaml.safe_load((INCLUDE / "samples" / "samples.yaml").read_text(encoding="utf-8"))
    profiles = {name: samples["landlords"][name] | {"incidents": incidents} for name in landlords}
    (folder / "samples").mkdir()
    (folder / "samples" / "samples.yaml").write_text(
        yaml.safe_dump(samples | {"landlords": profiles}), encoding="utf-8"
    )
    write_samples(folder, folder / "samples")
    return folder


def spoil(drop: Path) -> None:
    """Make every file of a drop something that is no export at all."""
    for file in drop.iterdir():
        if file.name != "READY":
            file.write_bytes(b"%PDF-1.7 not an export\n")


def personal_values(drop: Path) -> set[str]:
    """References of customers and addresses of staff in a drop of the canonical form."""
    found: set[str] = set()
    for name, column in (("customers", 0), ("staff", 2)):
        lines = (drop / f"{name}.csv").read_text(encoding="utf-8").splitlines()[1:]
        found |= {line.split(",")[column].strip() for line in lines}
    return {value for value in found if value}
