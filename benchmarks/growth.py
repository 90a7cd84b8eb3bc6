"""How a landlord's day grows with the number of landlords: wall time, processor, databases, DAG parsing, memory.

Run `python -m benchmarks.growth [landlords …]`. For each number a real Airflow (as the demo starts it, with a DAG
processor) runs three days of all landlords: a first day and an ordinary one with two workers, and, begun anew, another
ordinary day with one. On an ordinary day the same files are delivered again. The clock counts on a quiet machine alone;
processor, sizes and memory count on any.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

from benchmarks.orchestration_airflow import RunningAirflow, make_conf, measure_database, start_airflow
from benchmarks.orchestration_landlords import make_include
from demo.place import REPOSITORY
from due_regard.config.landlord import list_landlord_ids

COUNTS = (1, 10, 50)
PLAN = (
    (2, (("first day", date(2026, 6, 30)), ("ordinary day", date(2026, 7, 1)))),
    (1, (("ordinary day", date(2026, 7, 2)),)),
)
"""Workers -> the days they do."""

_PARSE = """
import json, sys, time
from pathlib import Path
from airflow.dag_processing.dagbag import DagBag
folder, found = Path(sys.argv[1]), {}
DagBag(dag_folder=str(folder / "watch.py"))  # imports what every file imports
for file in sorted(folder.glob("*.py")):
    began = time.process_time()
    dags = len(DagBag(dag_folder=str(file)).dags)
    found[file.name] = [time.process_time() - began, dags]
print(json.dumps(found))
"""


def time_parsing(airflow: RunningAirflow) -> dict[str, tuple[float, int]]:
    """DAG file -> seconds of processor that parsing it took, and its DAGs."""
    command = [sys.executable, "-c", _PARSE, str(REPOSITORY / "dags")]
    done = subprocess.run(command, env=dict(airflow.env), check=True, capture_output=True, text=True)
    return {name: (seconds, dags) for name, (seconds, dags) in json.loads(done.stdout.strip().splitlines()[-1]).items()}


def run_day(airflow: RunningAirflow, landlords: list[str], workers: int, name: str, day: date) -> None:
    """Run all landlords' day and print what it took."""
    before, sizes = airflow.measure_processor(), _measure_sizes(airflow)
    clock = airflow.run_dags([f"{landlord}.daily" for landlord in landlords], make_conf(day, mail=True))
    after, grown = airflow.measure_processor(), _measure_sizes(airflow)
    spent = {part: (after[part] - before[part]) / len(landlords) for part in after}
    more = [(grown[place] - sizes[place]) * 1024 / len(landlords) for place in (0, 1)]
    parts = ", ".join(f"{part} {seconds:.2f}" for part, seconds in sorted(spent.items()))
    print(f"{len(landlords):>3} landlords, {workers} workers, {name:12} {clock:7.1f} s by the clock")
    print(f"      processor a landlord {sum(spent.values()):.2f} s: {parts}")
    said = [f"{name} +{each:.0f} KB" for name, each in zip(("register", "Airflow"), more, strict=True)]
    print(f"      databases a landlord: {', '.join(said)}; in all {grown[0]:.1f} and {grown[1]:.1f} MB")
    memory = ", ".join(f"{part} {size:.0f} MB" for part, size in airflow.measure_memory().items())
    print(f"      memory: {memory}", flush=True)


def _measure_sizes(airflow: RunningAirflow) -> tuple[float, float]:
    register = measure_database(airflow.register) if airflow.register.exists() else 0.0
    return register, measure_database(airflow.database)


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


def main(*counts: int) -> None:
    """Measure each number of landlords."""
    for count in counts or COUNTS:
        measure_count(count)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
