"""How long `audit verify --deep` takes on 1,000,000 incidents with a few recorded runs, and what takes it.

Run `python -m benchmarks.verify [incidents] [runs] [sqlite|postgresql]`. One process of one landlord; the shares are
those of the steps that the command shows on a terminal. It stops if anything does not hold.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from datetime import timedelta
from pathlib import Path

from benchmarks.pages import LANDLORD, NOW, load_history
from benchmarks.register import databases
from due_regard.config.settings import Settings
from due_regard.services.assess_landlord import assess_landlord
from due_regard.services.steps import listen_to_steps
from due_regard.services.verify_register import verify_register


class StepClock:
    """Seconds of clock and of the processor that each kind of step took."""

    def __init__(self) -> None:
        """Nothing has begun."""
        self.taken: dict[str, tuple[float, float]] = defaultdict(lambda: (0.0, 0.0))
        self._step, self._since = "", (0.0, 0.0)

    def begin_step(self, words: str) -> None:
        """End the step before and begin the one of these words; steps that differ by a number alone are of a kind."""
        now = time.perf_counter(), time.process_time()
        if self._step:
            clock, processor = self.taken[self._step]
            self.taken[self._step] = (clock + now[0] - self._since[0], processor + now[1] - self._since[1])
        self._step, self._since = re.sub(r"\d+|\(.*\)", "", words.partition(": ")[2] or words), now


def time_proof(settings: Settings) -> dict[str, tuple[float, float]]:
    """Prove a register; kind of step -> seconds of clock and processor."""
    clock = StepClock()
    with listen_to_steps(clock.begin_step):
        result = verify_register(settings, LANDLORD)
    clock.begin_step("")
    if result["faults"] or result["unproved"]:
        raise AssertionError(f"{len(result['faults'])} faults, {len(result['unproved'])} unproved")
    return dict(clock.taken)


def main(incidents: int = 1_000_000, runs: int = 3, only: str = "") -> None:
    """Print on each engine (or on one `only`) what proving takes, and its shares."""
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    folder.chmod(0o755)
    try:
        with databases(folder) as empty:
            for engine in (only,) if only else ("sqlite", "postgresql"):
                settings = Settings(var_dir=folder / engine, register_url=empty(engine), landlords=(LANDLORD,))
                print(f"{engine}: ", end="")
                opened = load_history(settings, incidents)
                for day in range(1, runs):
                    now = NOW + timedelta(days=day)
                    assess_landlord(settings, LANDLORD, as_at=now.date(), now=now)
                print(f"{opened:,} findings open, {runs} runs", flush=True)
                _print_shares(time_proof(settings))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _print_shares(taken: dict[str, tuple[float, float]]) -> None:
    whole = sum(clock for clock, _ in taken.values())
    print(f"{'':34} {'clock':>8} {'share':>6} {'processor':>10}")
    for step, (clock, processor) in taken.items():
        print(f"{step.strip():34} {clock:6.1f} s {clock / whole:6.0%} {processor:8.1f} s")
    print(f"{'in all':34} {whole:6.1f} s {'':6} {sum(one for _, one in taken.values()):8.1f} s", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]), *sys.argv[3:])
