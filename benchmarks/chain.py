"""The whole chain of one landlord, from files to mails and a pack, beside the same by hand in DuckDB and XlsxWriter.

Run `python -m benchmarks.chain [incidents …]`. Each side works on the same CSV files in a process of its own, imports
included, and must end with the same open findings by rule and the same figures in the same tables of the pack, five
quarters of each. Clock and processor of each step; `chain_duckdb` says what the other side does not do.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from benchmarks.chain_data import write_drop

INCLUDE = Path(__file__).parents[1] / "include"
LANDLORD, PACK = "queens_cross", "chain"
AS_AT, QUARTER = date(2026, 6, 30), "2026-Q2"
NOW = datetime(2026, 7, 1, 7, tzinfo=UTC)
SIZES = (100_000, 1_000_000)
LEFT_OUT = ("staff", "per_100_staff")
"""Figures of the reported quarter alone, which the other side does not count."""

Step = Callable[[], object]


class StepTimes:
    """Clock and processor of each step of this process, the first from its start."""

    def __init__(self) -> None:
        """The process has just begun."""
        self.taken: dict[str, tuple[float, float]] = {"imports": (time.perf_counter() - STARTED, time.process_time())}

    def run(self, name: str, step: Step) -> Any:
        """Do a step."""
        clock, processor = time.perf_counter(), time.process_time()
        result = step()
        self.taken[name] = time.perf_counter() - clock, time.process_time() - processor
        return result


STARTED = time.perf_counter()


def run_ours(folder: Path) -> dict[str, Any]:
    """The product's services, as the command line and the DAGs call them."""
    from due_regard.config.settings import Settings
    from due_regard.services.assess_landlord import assess_landlord
    from due_regard.services.build_packs import build_packs
    from due_regard.services.run_alerts import run_alerts
    from due_regard.services.take_in_drop import take_in_drop

    settings = Settings(
        var_dir=folder / "ours", include_dir=INCLUDE, own_dir=_write_definition(folder), landlords=(LANDLORD,)
    )
    times = StepTimes()
    taken = times.run("files to register", lambda: take_in_drop(settings, LANDLORD, drop=folder / "drop", now=NOW))
    if taken["exit_code"]:
        raise AssertionError(f"the drop was not clean: {taken['files']}")
    times.run("findings", lambda: assess_landlord(settings, LANDLORD, as_at=AS_AT, now=NOW))
    times.run("alerts planned", lambda: run_alerts(settings, as_at=AS_AT, now=NOW, dry_run=folder / "ours" / "mails"))
    times.run("pack", lambda: build_packs(settings, LANDLORD, quarter=QUARTER, pack=PACK, now=NOW))
    found = _read_register(settings.var_dir / "register.db")
    return {"steps": times.taken, "memory": _measure_memory(), **found}


def _read_register(register: Path) -> dict[str, Any]:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(register)) as connection:
        findings = connection.execute("SELECT rule, count(*) FROM findings WHERE status = 'open' GROUP BY 1").fetchall()
        kept = json.loads(connection.execute("SELECT figures FROM packs").fetchone()[0])
    return {"findings": dict(findings), "figures": {name: value[0] for name, value in kept.items() if value[0]}}


def _write_definition(folder: Path) -> Path:
    """An own folder whose pack has the tables that both sides fill."""
    from benchmarks.chain_sql import FIGURES

    packs = folder / "own" / "reports" / "packs"
    packs.mkdir(parents=True)
    head = f"name: {PACK}\ntitle: The chain\naudience: Committee\nintroduction: What both sides count.\nsections:\n"
    lines = [f"  - {{table: {table}, why: Counted by both sides.}}\n" for table in FIGURES]
    (packs / f"{PACK}.yaml").write_text(head + "".join(lines), encoding="utf-8")
    return folder / "own"


def run_theirs(folder: Path) -> dict[str, Any]:
    """The same by hand."""
    from benchmarks.chain_duckdb import HandMade
    from due_regard.calendars.quarters import Quarter
    from due_regard.config.settings import Settings
    from due_regard.services.landlord_context import load_landlord_context

    own = folder / "theirs"
    own.mkdir()
    context = load_landlord_context(Settings(include_dir=INCLUDE), LANDLORD)
    times = StepTimes()
    made = HandMade(own, context, AS_AT, Quarter.parse(QUARTER))
    times.run("files to register", lambda: made.take_in(folder / "drop"))
    times.run("findings", made.judge)
    times.run("alerts planned", made.plan_alerts)
    times.run("pack", made.build_pack)
    figures = {f"{t}/{m}/{q}": n for t, rows in made.figures.items() for m, q, n in rows if n}
    return {"steps": times.taken, "memory": _measure_memory(), "findings": made.count_findings(), "figures": figures}


def _measure_memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


SIDES: dict[str, Callable[[Path], dict[str, Any]]] = {"ours": run_ours, "by hand": run_theirs}


def hold_same(ours: dict[str, Any], theirs: dict[str, Any]) -> tuple[int, int]:
    """How many findings and figures both sides have.

    Raises:
        AssertionError: they differ.
    """
    if ours["findings"] != theirs["findings"]:
        raise AssertionError(f"other findings: {_name_differences(ours['findings'], theirs['findings'])}")
    kept = {name: value for name, value in ours["figures"].items() if name.split("/")[1] not in LEFT_OUT}
    if kept != theirs["figures"]:
        raise AssertionError(f"other figures: {_name_differences(kept, theirs['figures'])}")
    return sum(ours["findings"].values()), len(kept)


def _name_differences(ours: dict[str, Any], theirs: dict[str, Any]) -> str:
    names = sorted(name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name))
    return "; ".join(f"{name}: {ours.get(name)} and {theirs.get(name)}" for name in names[:12])


def _run_apart(side: str, folder: Path) -> dict[str, Any]:
    """A side in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.chain", "--side", side, str(folder)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise AssertionError(done.stderr[-3000:])
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


def run_both(incidents: int) -> None:
    """Run both sides on one drop, and print them side by side."""
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        folder = Path(place)
        records = write_drop(folder / "drop", incidents)
        found = {side: _run_apart(side, folder) for side in SIDES}
        findings, figures = hold_same(found["ours"], found["by hand"])
    print(f"{incidents:,} incidents, {records:,} records: the same {findings:,} findings and {figures:,} figures")
    _print_steps(found["ours"], found["by hand"])


def _print_steps(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    print(f"  {'':20}{'clock':>9}{'by hand':>10}{'ratio':>8}{'processor':>13}{'by hand':>10}{'ratio':>8}   (seconds)")
    steps = {name: (*ours["steps"][name], *theirs["steps"][name]) for name in ours["steps"]}
    steps["in all"] = tuple(sum(step[place] for step in steps.values()) for place in range(4))
    for name, (clock, busy, their_clock, their_busy) in steps.items():
        said = f"{clock:9.1f}{their_clock:10.1f}{clock / their_clock:7.1f}x"
        print(f"  {name:20}{said}{busy:13.1f}{their_busy:10.1f}{busy / their_busy:7.1f}x")
    print(f"  memory at its peak: ours {ours['memory']:.2f} GB, by hand {theirs['memory']:.2f} GB", flush=True)


def main(*sizes: int) -> None:
    """Run both sides at each size."""
    for incidents in sizes or SIZES:
        run_both(incidents)


def _import_first(side: str) -> None:
    """Import what the product's steps import as they go, so that it is counted as imports."""
    if side == "ours":
        from due_regard.services.preload_packages import preload_heavy_packages

        preload_heavy_packages()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--side"]:
        _import_first(sys.argv[2])
        print(json.dumps(SIDES[sys.argv[2]](Path(sys.argv[3]))))
    else:
        main(*map(int, sys.argv[1:]))
