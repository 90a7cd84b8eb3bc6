"""The engine against the same duties in DuckDB SQL and in a row-by-row `DataFrame.apply`, over five landlords.

Every side judges the policy files of `include/policies` over the same seeded records and must give the same rows before
anything is timed. Sides take turns, so that a busy machine is busy for all, and processor time is shown beside the
clock. Linear growth and peak memory are measured in child processes that hold nothing but the records and the engine.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from benchmarks.assessment_by_row import assess_by_row
from benchmarks.assessment_data import AS_AT, Case, cases, hold_equal
from benchmarks.assessment_duckdb import VERSION, DuckSide

INCIDENTS, SAMPLE, SIZES = 1_000_000, 20_000, (100_000, 1_000_000, 2_000_000, 5_000_000)
ROUNDS, ROUNDS_BY_ROW, ROUNDS_OF_SIZE = 5, 3, 3


def medians(sides: dict[str, Callable[[], object]], rounds: int) -> dict[str, tuple[float, float]]:
    """Median seconds of each side, by the clock and of all processors; they take turns, and each runs once untimed."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in sides}
    for _ in range(rounds + 1):
        for name, side in sides.items():
            start = time.perf_counter(), time.process_time()
            side()
            taken[name].append((time.perf_counter() - start[0], time.process_time() - start[1]))
    return {name: (median(c for c, _ in runs[1:]), median(p for _, p in runs[1:])) for name, runs in taken.items()}


def main() -> None:
    """Verify, time and print; see the module's docstring."""
    print(f"{INCIDENTS:,} incidents and what goes with them, five landlords, as at {AS_AT}, {os.cpu_count()} cores")
    held = cases(INCIDENTS)
    _against_duckdb(held)
    _against_apply(held)
    _growth()


def _against_duckdb(held: list[Case]) -> None:
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
    _print_ratios(medians(sides, ROUNDS))


def _against_apply(held: list[Case]) -> None:
    """On a sample, scaled linearly: a million rows would take many minutes."""
    sample = cases(SAMPLE)
    for case in sample:
        ours = case.by_engine().query("rule != 'policy.review'").reset_index(drop=True)
        hold_equal(ours, assess_by_row(case))
    print(
        f"engine and apply give the same rows on a sample of {SAMPLE:,} incidents, from which apply is scaled linearly"
    )
    sides: dict[str, Callable[[], object]] = {
        "engine, pandas frame": lambda: [len(case.by_engine()) for case in held],
        "apply, row by row": lambda: [len(assess_by_row(case)) for case in sample],
    }
    found = medians(sides, ROUNDS_BY_ROW)
    scale = INCIDENTS / SAMPLE
    found["apply, row by row"] = tuple(seconds * scale for seconds in found["apply, row by row"])
    _print_ratios(found)


def _print_ratios(found: dict[str, tuple[float, ...]]) -> None:
    """Seconds by the clock and of all processors, each with its ratio to the first side."""
    ours = next(iter(found.values()))
    print(f"  {'':<24}{'clock':>9}{'ratio':>9}{'processor':>12}{'ratio':>9}")
    for name, (clock, processor) in found.items():
        ratios = clock / ours[0], processor / ours[1]
        print(f"  {name:<24}{clock:7.2f} s{ratios[0]:7.1f} x{processor:10.2f} s{ratios[1]:7.1f} x")


def _growth() -> None:
    """Time for each million and peak memory at several sizes, one child process each."""
    print("growth (one process each; memory is the whole process at its peak, records and answers included)")
    for size in SIZES:
        command = [sys.executable, "-m", "benchmarks.assessment", "--size", str(size)]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        clock, processor, gigabytes = (float(figure) for figure in said)
        million = f"a million {clock / size * 1e6:6.2f} s, {processor / size * 1e6:5.2f} s of processor"
        print(f"  {size:>9,} incidents {clock:7.2f} s; {million}; {gigabytes:5.2f} GB")


def measure(incidents: int) -> tuple[float, float, float]:
    """Median seconds of the engine by the clock and of processor, and the peak memory of this process in gigabytes."""
    held = cases(incidents)
    seconds = medians({"engine": lambda: [case.by_engine() for case in held]}, ROUNDS_OF_SIZE)["engine"]
    # Not getrusage: its maximum survives exec and would count the parent's memory.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return *seconds, int(peak.split()[1]) / 1e6


if __name__ == "__main__":
    print(*measure(int(sys.argv[2]))) if sys.argv[1:2] == ["--size"] else main()
