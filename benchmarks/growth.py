"""How a landlord's day grows with the number of landlords: wall time, processor, databases, DAG parsing, memory.

Run `python -m benchmarks.growth [landlords …]`. For each number a real Airflow (as the demo starts it, with a DAG
processor) runs three days of all landlords: a first day and an ordinary one with two workers, and, begun anew, another
ordinary day with one. On an ordinary day the same files are delivered again. The clock counts on a quiet machine alone;
processor, sizes and memory count on any.
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy import Engine, event

from benchmarks.orchestration_airflow import RunningAirflow, make_conf, measure_database, start_airflow
from benchmarks.orchestration_landlords import make_include
from demo.place import REPOSITORY
from due_regard.config.landlord import list_landlord_ids
from due_regard.config.settings import Settings
from due_regard.services.assess_landlord import assess_landlord
from due_regard.services.report_failure import watch_landlords
from due_regard.services.run_alerts import run_alerts
from due_regard.services.take_in_drop import take_in_drop
from due_regard.services.verify_nightly import verify_registers

COUNTS = (1, 10, 50)
PLAN = (
    (2, (("first day", date(2026, 6, 30)), ("ordinary day", date(2026, 7, 1)))),
    (1, (("ordinary day", date(2026, 7, 2)),)),
)
"""Workers -> the days they do."""

ROUNDS_AT = datetime(2026, 7, 2, 17, tzinfo=UTC)

_PARSE = """
import json, sys, time
from pathlib import Path
from airflow.dag_processing.dagbag import DagBag
folder, found = Path(sys.argv[1]), {}
DagBag(dag_folder=sys.argv[2])  # imports what every file imports
for file in sorted(folder.glob("*.py")):
    began = time.process_time()
    dags = len(DagBag(dag_folder=str(file)).dags)
    found[file.name] = [time.process_time() - began, dags]
print(json.dumps(found))
"""


def time_parsing(
    airflow: RunningAirflow, dags: Path = REPOSITORY / "dags", first: str = "watch.py"
) -> dict[str, tuple[float, int]]:
    """DAG file -> seconds of processor that parsing it took, and its DAGs; `first` is parsed before for its imports."""
    command = [sys.executable, "-c", _PARSE, str(dags), str(dags / first)]
    done = subprocess.run(command, env=dict(airflow.env), check=True, capture_output=True, text=True)
    return {name: (seconds, dags) for name, (seconds, dags) in json.loads(done.stdout.strip().splitlines()[-1]).items()}


def run_day(airflow: RunningAirflow, landlords: list[str], workers: int, name: str, day: date) -> None:
    """Run all landlords' day and print what it took."""
    before, sizes = airflow.measure_processor(), _measure_sizes(airflow)
    clock = airflow.run_dags([f"{landlord}.daily" for landlord in landlords], make_conf(day, mail=True))
    after, grown = airflow.measure_processor(), _measure_sizes(airflow)
    spent = {part: (after[part] - before[part]) / len(landlords) for part in after}
    more = [(grown[place] - sizes[place]) * 1024 / len(landlords) for place in range(3)]
    parts = ", ".join(f"{part} {seconds:.2f}" for part, seconds in sorted(spent.items()))
    print(f"{len(landlords):>3} landlords, {workers} workers, {name:12} {clock:7.1f} s by the clock")
    print(f"      processor a landlord {sum(spent.values()):.2f} s: {parts}")
    said = [
        f"{name} +{each:.0f} KB"
        for name, each in zip(("register", "Airflow's database", "its logs"), more, strict=True)
    ]
    print(f"      disk a landlord: {', '.join(said)}; in all {', '.join(f'{size:.1f} MB' for size in grown)}")
    memory = ", ".join(f"{part} {size:.0f} MB" for part, size in airflow.measure_memory().items())
    print(f"      memory: {memory}", flush=True)


def _measure_sizes(airflow: RunningAirflow) -> tuple[float, float, float]:
    register = measure_database(airflow.register) if airflow.register.exists() else 0.0
    logs = sum(file.stat().st_size for file in (airflow.place.home / "logs").rglob("*") if file.is_file())
    return register, measure_database(airflow.database), logs / 2**20


def measure_count(count: int) -> None:
    """Everything of one number of landlords."""
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        include = make_include(Path(place) / "include", count)
        landlords = list(list_landlord_ids(include / "landlords"))
        for workers, days in PLAN:
            with start_airflow(Path(place) / "var", include, workers=workers, landlords=landlords) as airflow:
                if workers == PLAN[0][0]:
                    parsed = ", ".join(
                        f"{file} {s:.2f} s ({dags} DAGs)" for file, (s, dags) in time_parsing(airflow).items()
                    )
                    print(f"{count:>3} landlords, parsing: {parsed}", flush=True)
                for name, day in days:
                    run_day(airflow, landlords, workers, name, day)
        settings = Settings(
            var_dir=Path(place) / "var",
            include_dir=include,
            drops_dir=include / "samples",
            landlords=tuple(landlords),
        )
        time_rounds(settings, landlords)
        time_writing(settings, landlords[-1])


def time_rounds(settings: Settings, landlords: list[str]) -> None:
    """What one task does for all landlords in turn: the hourly watch and the nightly proof."""
    rounds: dict[str, Callable[..., object]] = {"watch": watch_landlords, "verify": verify_registers}
    for name, work in rounds.items():
        work(settings, now=ROUNDS_AT)  # the first time it imports, and tells what is to be told
        began = time.process_time()
        work(settings, now=ROUNDS_AT)
        each = (time.process_time() - began) / len(landlords)
        print(f"{len(landlords):>3} landlords, {name}: {each:.3f} s of processor a landlord", flush=True)


@dataclass
class WriteLock:
    """How often and for how much processor time SQLite's one write lock was held in this process."""

    times: int = 0
    seconds: float = 0.0
    _since: float | None = None

    def follow(self, connection: sqlite3.Connection, _record: object) -> None:
        """Listen to a connection's transactions."""
        connection.set_trace_callback(self._hear)

    def _hear(self, statement: str) -> None:
        if statement.startswith("BEGIN IMMEDIATE"):
            self._since = time.process_time()
        elif self._since is not None and statement.startswith(("COMMIT", "ROLLBACK")):
            self.times, self.seconds = self.times + 1, self.seconds + time.process_time() - self._since
            self._since = None


def time_writing(settings: Settings, landlord: str) -> None:
    """How much of one landlord's ordinary day holds the register's write lock: no other landlord's may write then."""
    # By the clock, as the tasks before: a history is recorded in its order.
    lock, now, day = WriteLock(), datetime.now(UTC), date(2026, 7, 3)
    event.listen(Engine, "connect", lock.follow)
    began = time.process_time()
    take_in_drop(settings, landlord, now=now)
    assess_landlord(settings, landlord, as_at=day, now=now)
    run_alerts(settings, as_at=day, now=now, landlords=[landlord])
    event.remove(Engine, "connect", lock.follow)
    whole = time.process_time() - began
    print(f"    of one landlord's {whole:.1f} s of processor {lock.seconds:.2f} s hold the lock, {lock.times} times")


def main(*counts: int) -> None:
    """Measure each number of landlords."""
    for count in counts or COUNTS:
        measure_count(count)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
