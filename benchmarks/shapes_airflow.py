"""An Airflow with the DAGs of one shape: runs begun and waited for, and what its database and scheduler say of them."""

from __future__ import annotations

import socket
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from benchmarks.growth import time_parsing
from benchmarks.orchestration_airflow import RunningAirflow, measure_database, start_airflow
from benchmarks.shapes_known import Shape, Start
from demo.place import REPOSITORY

PATIENCE_S = 1800.0
_RUNS = "SELECT count(*), count(CASE WHEN state IN ('success', 'failed') THEN 1 END) FROM dag_run"
_WORK = "SELECT count(*) FROM task_instance WHERE state IN ('queued', 'running', 'scheduled', 'restarting')"


@dataclass
class Spent:
    """What something took: seconds by the clock, seconds of processor by process, rows and bytes of the database."""

    clock: float
    processor: Mapping[str, float]
    rows: int
    kilobytes: float

    @property
    def whole(self) -> float:
        """All processor time."""
        return sum(self.processor.values())


@dataclass
class ShapeAirflow:
    """One shape in one Airflow that runs now.

    Attributes:
        shape: which.
        airflow: it.
        landlords: whom it runs.
        loops: seconds of each round of the scheduler, as Airflow's own metric tells them.
    """

    shape: Shape
    airflow: RunningAirflow
    landlords: Sequence[str]
    loops: list[float] = field(default_factory=list)

    def run_all(self, kind: str, starts: Sequence[Start]) -> Spent:
        """Begin everybody's work, wait for its end, and say what it took."""
        return self.measure(lambda: self._begin(starts), self.shape.count_runs(self.landlords))

    def _begin(self, starts: Sequence[Start]) -> None:
        for dag, body in starts:
            ask_patiently(self.airflow.api._http, "POST", f"/api/v2/dags/{dag}/dagRuns", body).raise_for_status()

    def measure(self, begin: object, runs: int) -> Spent:
        """What it takes until so many more runs than before have ended."""
        before, rows, size = self.airflow.measure_processor(), self.count_rows(), self._measure_size()
        began, wanted = time.monotonic(), self.airflow.ask(_RUNS)[0][0] + runs
        begin()  # type: ignore[operator]
        self.wait_until_still(wanted)
        clock, after = time.monotonic() - began, self.airflow.measure_processor()
        spent = {part: seconds - before[part] for part, seconds in after.items()}
        return Spent(clock, spent, self.count_rows() - rows, self._measure_size() - size)

    def wait_until_still(self, runs: int = 0) -> None:
        """Wait until there are so many runs, and all have ended.

        Raises:
            RuntimeError: they do not come to an end.
        """
        until = time.monotonic() + PATIENCE_S
        while True:
            there, ended = self.airflow.ask(_RUNS)[0]
            if there >= runs and there == ended and not self.airflow.ask(_WORK)[0][0]:
                return
            if time.monotonic() > until:
                raise RuntimeError(f"{there} of {runs} runs are there, {ended} ended; see {self.airflow.place.home}")
            time.sleep(0.5)

    def count_rows(self) -> int:
        """Rows of every table of Airflow's database."""
        tables = [name for (name,) in self.airflow.ask("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return sum(self.airflow.ask(f'SELECT count(*) FROM "{name}"')[0][0] for name in tables)

    def _measure_size(self) -> float:
        # What is still in the write-ahead log or on freed pages is no page of the file's.
        with closing(sqlite3.connect(self.airflow.database, timeout=60)) as connection:
            connection.execute("PRAGMA wal_checkpoint")
        return measure_database(self.airflow.database) * 1024

    def measure_parsing(self) -> float:
        """Seconds of processor that reading the shape's files again takes."""
        folder = Path(self.airflow.env["AIRFLOW__CORE__DAGS_FOLDER"])
        first = min(file.name for file in folder.glob("*.py"))
        return sum(seconds for seconds, _ in time_parsing(self.airflow, folder, first).values())

    def measure_serialised(self) -> float:
        """Kilobytes of every serialised DAG."""
        return float(self.airflow.ask("SELECT sum(length(data)) FROM serialized_dag")[0][0]) / 1024


def ask_patiently(person: httpx.Client, method: str, path: str, body: object = None) -> httpx.Response:
    """An answer; asked again while the server says that it is its own trouble: SQLite is locked while others write."""
    for _ in range(60):
        answer = person.request(method, path, json=body)
        if not answer.is_server_error:
            break
        time.sleep(1)
    return answer


@contextmanager
def start_shape(
    shape: Shape, folder: Path, include: Path, landlords: Sequence[str], *, workers: int, is_empty: bool = False
) -> Iterator[ShapeAirflow]:
    """An Airflow that knows the DAGs of a shape alone; people log in through FAB unless its tasks do nothing."""
    dags = folder / "dags"
    dags.mkdir(parents=True)
    for file in (shape.empty,) if is_empty else shape.files:
        (dags / file.name).symlink_to(file)
    loops: list[float] = []
    with _listen_to_scheduler(loops) as port:
        settings = {
            "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
            "PYTHONPATH": str(REPOSITORY),
            "SHAPES_EMPTY": "1" if is_empty else "",
            # The demo's Airflow begins nothing by itself; partitions begin by their assets or not at all.
            "AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE": "True",
            "AIRFLOW__METRICS__STATSD_ON": "True",
            "AIRFLOW__METRICS__STATSD_PORT": str(port),
            "AIRFLOW__METRICS__METRICS_ALLOW_LIST": "scheduler.scheduler_loop",
        }
        count = len(shape.list_dags(landlords))
        with start_airflow(
            folder / "var", include, workers=workers, landlords=landlords, preload=not is_empty,
            dags=count, with_users=not is_empty, settings=settings,
        ) as airflow:  # fmt: skip
            yield ShapeAirflow(shape, airflow, landlords, loops)


@contextmanager
def _listen_to_scheduler(loops: list[float]) -> Iterator[int]:
    """Take in the seconds of each of the scheduler's rounds, which Airflow sends to a StatsD server; gives its port."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as ear:
        ear.bind(("127.0.0.1", 0))
        ear.settimeout(1)
        is_over = threading.Event()
        listener = threading.Thread(target=_hear, args=(ear, loops, is_over))
        listener.start()
        try:
            yield ear.getsockname()[1]
        finally:
            is_over.set()
            listener.join()


def _hear(ear: socket.socket, loops: list[float], is_over: threading.Event) -> None:
    while not is_over.is_set():
        try:
            said = ear.recv(65536).decode()
        except TimeoutError:
            continue
        for line in said.splitlines():
            if "scheduler_loop_duration:" in line:
                loops.append(float(line.split(":")[1].split("|")[0]) / 1000)
