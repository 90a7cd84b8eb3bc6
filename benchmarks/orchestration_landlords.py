"""As many landlords as asked for: the samples', copied under invented names, each with settings, policy and drop."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from due_regard.config.landlord import list_landlord_ids, load_landlord

INCLUDE = Path(__file__).parents[1] / "include"


def make_include(folder: Path, count: int) -> Path:
    """An include folder of so many landlords; the sample landlords are copied in turn."""
    folder.mkdir(parents=True)
    for part in INCLUDE.iterdir():
        if part.name not in {"landlords", "policies", "samples"}:
            (folder / part.name).symlink_to(part)
    for part in ("landlords", "policies", "samples"):
        (folder / part).mkdir()
    samples = list_landlord_ids(INCLUDE / "landlords")
    for number in range(count):
        _copy_landlord(folder, samples[number % len(samples)], f"landlord_{number + 1:03}")
    return folder


def _copy_landlord(folder: Path, sample: str, name: str) -> None:
    settings = (INCLUDE / "landlords" / f"{sample}.yaml").read_text(encoding="utf-8")
    renamed = _replace_line(_replace_line(settings, "id", name), "drop_folder", name)
    (folder / "landlords" / f"{name}.yaml").write_text(renamed, encoding="utf-8")
    (folder / "policies" / name).mkdir()
    for policy in (INCLUDE / "policies" / sample).iterdir():
        said = _replace_line(policy.read_text(encoding="utf-8"), "landlord", name)
        (folder / "policies" / name / policy.name).write_text(said, encoding="utf-8")
    drop = load_landlord(INCLUDE / "landlords", sample).drop_folder
    shutil.copytree(INCLUDE / "samples" / drop, folder / "samples" / name)


def _replace_line(text: str, key: str, value: str) -> str:
    found, times = re.subn(rf"^{key}: .*$", f"{key}: {value}", text, flags=re.MULTILINE)
    if times != 1:
        raise ValueError(f"{key} stands {times} times")
    return found
