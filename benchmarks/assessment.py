"""The engine against the same duties in DuckDB SQL and in a row-by-row `DataFrame.apply`, over five landlords.

Every side judges the policy files of `include/policies` over the same seeded records and must give the same rows before
anything is timed. Sides take turns, so that a busy machine is busy for all; figures are medians. Linear growth and peak
memory are measured in child processes that hold nothing but the records and the engine.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from benchmarks.assessment_by_row import RowJudge, masked, rows_by_apply
from benchmarks.assessment_data import AS_AT, Case, cases, hold_equal
from benchmarks.assessment_duckdb import VERSION, DuckSide

INCIDENTS, SAMPLE, SIZES = 1_000_000, 20_000, (100_000, 1_000_000, 2_000_000, 5_000_000)
ROUNDS, ROUNDS_BY_ROW, ROUNDS_OF_SIZE = 5, 3, 3


def hold_rows_equal(case: Case, judge: RowJudge) -> None:
    """The row-by-row side agrees with the engine, the document's own review aside (it has no row to apply to)."""
    ours = case.by_engine()
    hold_equal(ours[ours["rule"] != "policy.review"].reset_index(drop=True), rows_by_apply(judge))


def medians(sides: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median seconds of each side; they take turns, and each runs once before it is timed."""
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds + 1):
        for name, side in sides.items():
            start = time.perf_counter()
            side()
            taken[name].append(time.perf_counter() - start)
    return {name: median(seconds[1:]) for name, seconds in taken.items()}


def main() -> None:
    """Verify, time and print; see the module's docstring."""
    if len(sys.argv) > 2 and sys.argv[1] == "--size":
        print(*measure(int(sys.argv[2])))
        return
    print(f"{INCIDENTS:,} incidents and what goes with them, five landlords, as at {AS_AT}, {os.cpu_count()} cores")
    ours = _against_duckdb()
    _against_apply(ours)
    _growth()


def _against_duckdb() -> float:
    held = cases(INCIDENTS)
    ducks = [DuckSide(case) for case in held]
    rows = 0
    for case, duck in zip(held, ducks, strict=True):
        ours = case.by_engine()
        hold_equal(ours, duck.frame())
        rows += len(ours)
    print(f"engine and DuckDB {VERSION} give the same {rows:,} rows")
    sides: dict[str, Callable[[], object]] = {
        "engine, pandas frame": lambda: [len(case.by_engine()) for case in held],
        "DuckDB, Arrow table": lambda: [duck.table().num_rows for duck in ducks],
        "DuckDB, pandas frame": lambda: [len(duck.frame()) for duck in ducks],
    }
    found = medians(sides, ROUNDS)
    ours = found["engine, pandas frame"]
    for name, seconds in found.items():
        print(f"  {name:<24}{seconds:8.2f} s {seconds / ours:8.1f} x the engine")
    return ours


def _against_apply(ours: float) -> None:
    """On a sample, scaled linearly: a million rows would take many minutes."""
    held = cases(SAMPLE)
    judges = [RowJudge(masked(case.records, AS_AT), case.history.versions[0], case.calendar, AS_AT) for case in held]
    for case, judge in zip(held, judges, strict=True):
        hold_rows_equal(case, judge)
    sample = medians({"apply": lambda: [judge.assess() for judge in judges]}, ROUNDS_BY_ROW)["apply"]
    scaled = sample * INCIDENTS / SAMPLE
    print(f"engine and apply give the same rows on a sample of {SAMPLE:,} incidents ({sample:.2f} s, scaled linearly)")
    print(f"  {'apply, row by row':<24}{scaled:8.2f} s {scaled / ours:8.1f} x the engine")


def _growth() -> None:
    """Time for each million and peak memory at several sizes, one child process each."""
    print("growth (one process each; memory is the whole process at its peak, records and answers included)")
    for size in SIZES:
        command = [sys.executable, "-m", "benchmarks.assessment", "--size", str(size)]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        seconds, gigabytes = float(said[0]), float(said[1])
        print(f"  {size:>9,} incidents {seconds:8.2f} s {seconds / size * 1e6:8.2f} s a million {gigabytes:6.2f} GB")


def measure(incidents: int) -> tuple[float, float]:
    """Median seconds of the engine, and the peak memory of this process in gigabytes."""
    held = cases(incidents)
    seconds = medians({"engine": lambda: [case.by_engine() for case in held]}, ROUNDS_OF_SIZE)["engine"]
    # Not getrusage: its maximum survives exec and would count the parent's memory.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return seconds, int(peak.split()[1]) / 1e6


if __name__ == "__main__":
    main()
