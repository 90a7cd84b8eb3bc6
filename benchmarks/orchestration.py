"""How much of a landlord's day is Airflow's and how much ours, step by step, for five landlords in a real Airflow.

Run `python -m benchmarks.orchestration [landlords] [workers]`. Each landlord's day (load, assess, send) and packs run
through the real scheduler, as in the demo. Each task's process tells when it came how far and what processor it took
(`orchestration_clock`); Airflow's database tells when it was queued, began and ended; the register's table of runs when
our own work began and ended. Once with the heavy packages imported before the workers fork, once without.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from benchmarks.orchestration_airflow import RunningAirflow, make_conf, read_rows, start_airflow
from benchmarks.orchestration_landlords import INCLUDE, make_include
from benchmarks.orchestration_parts import time_parts
from due_regard.config.landlord import list_landlord_ids
from due_regard.config.settings import Settings

DAY = date(2026, 6, 30)
STEPS = {
    "wait": "until Airflow queues it, once what is before it has ended (a worker busy with others counts, too)",
    "start": "queued until its process lives: executor, supervisor, a call to the server",
    "parse": "its process: the DAG file, its context",
    "open": "ours: imports, settings, the row of the run",
    "verb": "ours: the work itself",
    "close": "ours: the row closed; Airflow: the result kept, the end told",
}
"""Step of a task, in order -> what it is."""


@dataclass(frozen=True)
class TaskTimes:
    """One task: seconds by the clock of each step, and of processor before, in and after our function."""

    task: str
    clock: dict[str, float]
    processor: tuple[float, float, float]


def read_tasks(airflow: RunningAirflow) -> list[TaskTimes]:
    """Every task whose process wrote how far it came."""
    instances = {(dag, task): row for dag, task, *row in airflow.ask(_INSTANCES)}
    runs = {(dag, verb): row for dag, verb, *row in read_rows(airflow.register, _RUNS)}
    found = []
    for file in sorted(airflow.clock.iterdir()):
        said = {note["what"]: note for note in map(json.loads, file.read_text().splitlines())}
        if (named := said.get("called")) and {"returned", "ended"} <= said.keys():
            key = named["dag"], named["task"]
            found.append(_measure_task(key[1], said, instances[key], runs[key]))
    return found


_INSTANCES = "SELECT dag_id, task_id, scheduled_dttm, queued_dttm, end_date FROM task_instance"
_RUNS = "SELECT dag_id, verb, started_at, ended_at FROM runs"


def _measure_task(task: str, said: dict[str, Any], instance: list[Any], run: list[Any]) -> TaskTimes:
    scheduled, queued, ended = map(_read_instant, instance)
    began, finished = map(_read_instant, run)
    marks = [scheduled, queued, said["forked"]["born"], said["called"]["at"], began, finished, ended]
    clock = {step: later - earlier for step, earlier, later in zip(STEPS, marks[:-1], marks[1:], strict=True)}
    before, until = said["called"]["processor"], said["returned"]["processor"]
    return TaskTimes(task, clock, (before, until - before, said["ended"]["processor"] - until))


def _read_instant(value: object) -> float:
    """Seconds since 1970: Airflow and the register keep UTC as text."""
    text = str(value)
    found = datetime.fromisoformat(text)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def run_chain(landlords: int, workers: int, *, preload: bool) -> None:
    """One chain of so many landlords, printed."""
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        include = make_include(Path(place) / "include", landlords)
        names = list_landlord_ids(include / "landlords")
        with start_airflow(Path(place) / "var", include, workers=workers, landlords=names, preload=preload) as airflow:
            before = airflow.measure_processor()
            clock = airflow.run_dags([f"{name}.daily" for name in names], make_conf(DAY, mail=True))
            clock += airflow.run_dags([f"{name}.committee_packs" for name in names], make_conf(DAY, issue=True))
            spent = {part: seconds - before[part] for part, seconds in airflow.measure_processor().items()}
            tasks = read_tasks(airflow)
    imported = "imported before the workers fork" if preload else "imported by each task"
    print(f"{landlords} landlords, {workers} workers, heavy packages {imported}: {clock:.1f} s by the clock")
    _print_steps(tasks)
    _print_shares(tasks, spent)


def _print_steps(tasks: list[TaskTimes]) -> None:
    """Medians of each kind of task."""
    kinds: dict[str, list[TaskTimes]] = defaultdict(list)
    for task in tasks:
        kinds[task.task].append(task)
    print(f"  {'clock, s':8}" + "".join(f"{step:>8}" for step in STEPS) + "   processor, s:  before   ours   after")
    for kind, found in kinds.items():
        clock = "".join(f"{statistics.median(each.clock[step] for each in found):8.2f}" for step in STEPS)
        busy = [statistics.median(each.processor[place] for each in found) for place in range(3)]
        print(f"  {kind:8}{clock}{busy[0]:24.2f}{busy[1]:7.2f}{busy[2]:8.2f}")


def _print_shares(tasks: list[TaskTimes], spent: dict[str, float]) -> None:
    ours = sum(task.processor[1] for task in tasks)
    around = sum(task.processor[0] + task.processor[2] for task in tasks)
    parts = {"our functions": ours, "around them in the task's process": around}
    parts["workers and supervisors"] = spent.pop("workers") - ours - around
    parts |= spent
    whole = sum(parts.values())
    print(f"  processor in all {whole:.1f} s: " + ", ".join(f"{n} {s:.1f} ({s / whole:.0%})" for n, s in parts.items()))
    sys.stdout.flush()


def main(landlords: int = 5, workers: int = 2) -> None:
    """Print both ways."""
    for step, words in STEPS.items():
        print(f"  {step:6} {words}")
    for preload in (True, False):
        run_chain(landlords, workers, preload=preload)
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        settings = Settings(var_dir=Path(place), include_dir=INCLUDE, drops_dir=INCLUDE / "samples")
        for part, seconds in time_parts(settings, "queens_cross").items():
            print(f"  {seconds * 1000:7.1f} ms of processor: {part}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
