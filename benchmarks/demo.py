"""How long `make demo` takes from nothing, and again on the same register; nothing to compare with but the aim.

    python -m benchmarks demo

Each run starts Airflow, runs the chain of four DAGs over six landlords and stops everything. The aim is under 60 s on
two cores of a machine that does nothing else.
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from demo import run_demo
from due_regard.config.settings import Settings

AIM_S = 60.0
PAIRS = 3


def main() -> None:
    """Run pairs of demos and print the medians."""
    include = Settings().include_dir
    first, again = zip(*(_pair(include) for _ in range(PAIRS)), strict=True)
    for name, seconds in (("from nothing", first), ("again, nothing new", again)):
        median = statistics.median(seconds)
        shown = ", ".join(f"{each:.1f}" for each in seconds)
        print(f"{name:20} median {median:6.1f} s  ({median / AIM_S:.2f} of the aim; runs {shown})")


def _pair(include: Path) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        seconds = []
        for _ in range(2):
            result = run_demo(out, include=include, say=lambda _: None)
            if not result["ok"]:
                raise SystemExit(f"the demo failed: {result['failed']}")
            seconds.append(float(result["seconds"]))
        return seconds[0], seconds[1]


if __name__ == "__main__":
    main()
