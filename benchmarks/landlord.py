"""What each step of one large landlord's day takes: intake, the same files again, assess, alerts, packs.

Run `python -m benchmarks.landlord [incidents] [rounds] [OTHER]`. Each step is a command in a process of its own, on
SQLite, imports included, begun as the console script begins it; its processor time is printed, medians of the rounds.
OTHER is the `plugins` folder of another revision, such as a worktree's: both sides then take the same steps in turns,
each in its own register, and must write the same mails of the day, charts and action lists.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd

from benchmarks.assessment_data import SHARES, records

LANDLORD, QUARTER, DAY = "queens_cross", "2026-Q2", "2026-09-30"
_SHARES = SHARES | {"restrictions": 0.5, "reviews": 0.5}
_HERE = Path(__file__).parents[1] / "plugins"


@dataclass
class Side:
    """One revision of the program, with an installation of its own and the seconds that each step took."""

    name: str
    plugins: Path
    taken: dict[str, list[float]] = field(default_factory=dict)

    def run(self, step: str, place: Path, *words: str) -> None:
        """One command in a process of its own."""
        environment = os.environ | {"PYTHONPATH": str(self.plugins), "DUE_REGARD_VAR_DIR": str(place / "var")}
        command = [sys.executable, "-m", "due_regard.console", "--json", *words]
        before = time.perf_counter()
        process = subprocess.Popen(
            command, env=environment, cwd=place, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        _, status, used = os.wait4(process.pid, 0)
        if os.waitstatus_to_exitcode(status) not in {0, 3}:
            raise SystemExit(f"{self.name}: {step} failed: {' '.join(words)}")
        self.taken.setdefault(step, []).append(used.ru_utime + used.ru_stime)
        clock, memory = time.perf_counter() - before, used.ru_maxrss / 2**20
        print(f"  {self.name:6} {step:10} {self.taken[step][-1]:7.1f} s, {clock:7.1f} s by the clock, {memory:.2f} GB")


def write_drop(folder: Path, incidents: int) -> None:
    """The landlord's export as canonical CSV: staff who can be mailed, in a dozen teams."""
    frames = records(incidents, seed=3, shares=_SHARES)
    staff = frames["staff"]
    numbers = pd.Series(np.arange(len(staff))).astype("str")
    managers = staff["staff_ref"].iloc[np.arange(len(staff)) % 10].to_numpy()
    teams = "Area team " + pd.Series(np.arange(len(staff)) % 12).astype("str")
    mailed = {"email": "m" + numbers + "@example.org", "line_manager_ref": managers, "team": teams, "is_active": True}
    folder.mkdir(parents=True)
    for name, frame in (frames | {"staff": staff.assign(**mailed)}).items():
        words = {
            c: frame[c].map({True: "yes", False: "no"}) for c in frame if str(frame[c].dtype) in {"boolean", "bool"}
        }
        frame.assign(**words).to_csv(folder / f"{name}.csv", index=False, date_format="%Y-%m-%d")


def list_steps(drop: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each step's name and words, in the order of the day."""
    own = ("--landlord", LANDLORD)
    for hour, step in ((6, "intake"), (7, "again")):
        yield step, ("intake", *own, "--now", f"{DAY}T{hour:02d}:00:00+01:00", str(drop))
    yield "assess", ("assess", *own, "--as-at", DAY, "--now", f"{DAY}T08:10:00+01:00")
    alerts = (*own, "--as-at", DAY, "--now", f"{DAY}T08:20:00+01:00", "--dry-run", "mails")
    yield "alerts", ("alerts", "run", *alerts)
    yield "packs", ("pack", *own, "--quarter", QUARTER, "--now", f"{DAY}T08:30:00+01:00", "--out", "packs")


def digest_output(place: Path) -> str:
    """One digest of all mails and packs; the page of a pack that names its audit head is left out."""
    found = hashlib.sha256()
    for file in sorted(path for folder in ("mails", "packs") for path in (place / folder).rglob("*") if path.is_file()):
        if file.suffix in {".eml", ".png"} or "action_list" in file.name:
            found.update(file.name.encode() + file.read_bytes())
    return found.hexdigest()


def main(incidents: int = 100_000, rounds: int = 3, other: Path | None = None) -> None:
    """Take the steps on each side in turns and print the medians."""
    sides = [Side("before", other)] if other else []
    sides.append(Side("now", _HERE))
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            drop = Path(folder) / LANDLORD
            write_drop(drop, incidents)
            for side in sides:
                (Path(folder) / side.name).mkdir()
            for step, words in list_steps(drop):
                for side in sides:
                    side.run(step, Path(folder) / side.name, *words)
            if len({digest_output(Path(folder) / side.name) for side in sides}) > 1:
                raise SystemExit("the two sides wrote other mails or packs")
    print(f"{incidents:,} incidents, seconds of processor, medians of {rounds}")
    for step in sides[-1].taken:
        seconds = [median(side.taken[step]) for side in sides]
        ratio = f"{seconds[0] / seconds[-1]:7.1f} times" if other else ""
        print(f"{step:10}" + "".join(f"{each:9.1f}" for each in seconds) + ratio)


if __name__ == "__main__":
    given = sys.argv[1:]
    main(*map(int, given[:2]), *map(Path, given[2:3]))
