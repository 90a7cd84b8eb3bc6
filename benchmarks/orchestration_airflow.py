"""A real Airflow for a benchmark, started as the demo starts it: SQLite, LocalExecutor, all on this machine.

What a benchmark asks of it (a day of all landlords, what each process took) is here; what is printed is not.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import psutil

from demo import processes
from demo.api import AirflowApi, DagRun
from demo.place import REPOSITORY, DemoPlace, build_environment, find_free_port
from demo.users import create_users, list_administrators

PATIENCE_S = 3600.0
_POLL_S = 0.5
_TRIES = 60


@dataclass(frozen=True)
class RunningAirflow:
    """One Airflow that runs now.

    Attributes:
        place: its folders.
        api: a logged-in client of it.
        env: what its processes were started with.
        clock: folder in which each task's process writes how far it came (`orchestration_clock`).
    """

    place: DemoPlace
    api: AirflowApi
    env: Mapping[str, str]
    clock: Path

    @property
    def database(self) -> Path:
        """Airflow's own database."""
        return self.place.home / "airflow.db"

    @property
    def register(self) -> Path:
        """The register."""
        return self.place.out / "register.db"

    def run_dags(self, dag_ids: Sequence[str], conf: Mapping[str, Any]) -> float:
        """Start a run of each DAG at once and wait for all; seconds by the clock.

        Raises:
            RuntimeError: a run failed, or did not end in time.
        """
        began = time.monotonic()
        waiting = [self._start_run(dag_id, conf) for dag_id in dag_ids]
        while waiting:
            if time.monotonic() - began > PATIENCE_S:
                raise RuntimeError(f"{len(waiting)} runs did not end in {PATIENCE_S:.0f} s; see {self.place.home}")
            waiting = [run for run in waiting if not self._has_ended(run)]
            time.sleep(_POLL_S if waiting else 0)
        return time.monotonic() - began

    def _start_run(self, dag_id: str, conf: Mapping[str, Any]) -> DagRun:
        for _ in range(_TRIES):
            try:
                return self.api.trigger_dag(dag_id, dict(conf))
            except httpx.HTTPStatusError as reason:
                # Airflow's SQLite is locked now and then while its scheduler writes; nothing was begun then.
                if not reason.response.is_server_error:
                    raise
                time.sleep(1)
        raise RuntimeError(f"{dag_id} could not be started in {_TRIES} tries; see {self.place.home}")

    def _has_ended(self, run: DagRun) -> bool:
        # Asked of the database: a server that is asked of fifty runs twice a second would be measured answering.
        state = self.ask("SELECT state FROM dag_run WHERE dag_id = ? AND run_id = ?", run.dag, run.id)[0][0]
        if state == "failed":
            raise RuntimeError(f"{run.dag} failed; see {self.place.home / 'logs'}")
        return bool(state == "success")

    def ask(self, statement: str, *values: object) -> list[Any]:
        """Rows of Airflow's own database."""
        return read_rows(self.database, statement, *values)

    def measure_processor(self) -> dict[str, float]:
        """Seconds of processor so far: of each Airflow process itself, and `workers`, with what ran in them."""
        found = {"workers": 0.0}
        for started in processes.read_started(self.place):
            process = psutil.Process(started.pid)
            own = process.cpu_times()
            found[Path(started.log).stem] = own.user + own.system
            found["workers"] += own.children_user + own.children_system
            for child in process.children(recursive=True):
                try:
                    times = child.cpu_times()
                except psutil.NoSuchProcess:
                    continue
                found["workers"] += times.user + times.system + times.children_user + times.children_system
        return found

    def measure_memory(self) -> dict[str, float]:
        """Megabytes of each Airflow process with all its children, each page shared out among those that map it."""
        found = {}
        for started in processes.read_started(self.place):
            process = psutil.Process(started.pid)
            family = [process, *process.children(recursive=True)]
            found[Path(started.log).stem] = sum(_read_share(each) for each in family) / 2**20
        return found


def _read_share(process: psutil.Process) -> float:
    try:
        return float(process.memory_full_info().pss)
    except psutil.NoSuchProcess:
        return 0.0


def read_rows(database: Path, statement: str, *values: object) -> list[Any]:
    """Rows of an SQLite database that others write to."""
    with closing(sqlite3.connect(database, timeout=60)) as connection:
        return connection.execute(statement, values).fetchall()


def measure_database(database: Path) -> float:
    """Megabytes of an SQLite database."""
    with closing(sqlite3.connect(database, timeout=60)) as connection:
        pages, size = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
    return float(pages * size) / 2**20


@contextmanager
def start_airflow(
    folder: Path,
    include: Path,
    *,
    workers: int,
    landlords: Sequence[str],
    preload: bool = True,
    dags: int | None = None,
    with_users: bool = False,
    settings: Mapping[str, str] | None = None,
) -> Iterator[RunningAirflow]:
    """Server, scheduler and DAG processor up and answering, with every DAG known; stopped at the end.

    Args:
        folder: everything it writes.
        include: the installation's files.
        workers: tasks at a time, and slots of the pool.
        landlords: whom it runs.
        preload: let the scheduler import the heavy packages once, before its workers fork.
        dags: how many DAGs there will be with a dot in their name; default: two a landlord.
        with_users: people log in through FAB, with roles; without, the benchmark alone does.
        settings: more of the processes' environment.
    """
    place, clock = DemoPlace(folder.resolve(), include.resolve()), folder / "clock"
    for made in (place.home, clock):
        made.mkdir(mode=0o700, parents=True, exist_ok=True)
    port = find_free_port()
    env = build_environment(place, port, with_users=with_users) | _list_settings(folder, workers, landlords, preload)
    env |= settings or {}
    processes.run_once(place, env, "db", "migrate")
    if with_users:
        create_users(place, env, list_administrators(place))
    try:
        for words in (("api-server",), ("scheduler", "--skip-serve-logs"), ("dag-processor",)):
            processes.start_process(place, env, *words)
        api = AirflowApi(port, place.people if with_users else place.passwords)
        airflow = RunningAirflow(place, api, env, clock)
        _wait_until_ready(airflow, 2 * len(landlords) if dags is None else dags)
        yield airflow
    finally:
        processes.stop_processes(place)


def _list_settings(folder: Path, workers: int, landlords: Sequence[str], preload: bool) -> dict[str, str]:
    return {
        "AIRFLOW__CORE__PARALLELISM": str(workers),
        "AIRFLOW__CORE__DEFAULT_POOL_TASK_SLOT_COUNT": str(workers),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(_make_plugins(folder / "plugins")),
        # A machine that does other work first must not make Airflow give its own processes up.
        "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "300",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "3600",
        "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "3600",
        "AIRFLOW__DAG_PROCESSOR__DAG_FILE_PROCESSOR_TIMEOUT": "600",
        "DUE_REGARD_LANDLORDS": ",".join(landlords),
        "DUE_REGARD_PRELOAD": str(preload).lower(),
        "BENCHMARK_CLOCK_DIR": str((folder / "clock").resolve()),
    }


def _make_plugins(folder: Path) -> Path:
    """The product's plugins and the clock."""
    own = REPOSITORY / "plugins"
    clock = Path(__file__).with_name("orchestration_clock.py")
    if not folder.exists():
        folder.mkdir()
        for part in (own / "due_regard_plugin.py", own / ".airflowignore", clock):
            (folder / part.name).symlink_to(part)
    return folder


def _wait_until_ready(airflow: RunningAirflow, dags: int, patience: float = 600.0) -> None:
    until, known = time.monotonic() + patience, "SELECT count(*) FROM dag WHERE dag_id LIKE '%.%' AND NOT is_stale"
    while not airflow.api.is_answering() or airflow.ask(known)[0][0] < dags:
        if time.monotonic() > until:
            raise RuntimeError(f"Airflow was not ready in {patience:.0f} s; see {airflow.place.home}")
        time.sleep(0.5)
    airflow.api.log_in()
    while not airflow.api.scheduler_beats():
        time.sleep(0.5)


def make_conf(as_at: date, **more: bool) -> dict[str, Any]:
    """What a run is about."""
    return {"as_at": as_at.isoformat(), **more}
