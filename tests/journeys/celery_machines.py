"""A real Airflow with CeleryExecutor: Redis, PostgreSQL, and two workers as of two machines, each on a disk of its own.

What the workers share is what docs/runbook.md says they must: the register's database, the broker, the folder of files
for people with the inbox below it, and that of noted audit heads. No drop lies in a folder of theirs: exports are
fetched from a server (remote_exports.py). Airflow's database they cannot reach at all.
"""

from __future__ import annotations

import secrets
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import Engine, create_engine, make_url, text

from demo import processes
from demo.api import DagRun
from demo.place import DemoPlace, build_environment, find_free_port
from due_regard.register import upgrade_register
from tests.journeys.remote_exports import KEPT_IN_AIRFLOW, RemoteExports
from tests.journeys.test_killed_tasks import Person
from tests.register.engines import find_server_url, run_statement, start_postgresql

WORKERS = ("worker-1", "worker-2")
SLOTS = 2
"""Tasks that one worker does at a time."""

_ISOLATION: dict[str, Any] = {"isolation_level": "AUTOCOMMIT"}


@dataclass
class Machines:
    """One installation on several machines."""

    folder: Path
    include: Path
    register: str
    airflow: str
    port: int
    exports: RemoteExports
    env: dict[str, str]

    @property
    def control(self) -> DemoPlace:
        """The machine of the server and the scheduler; no task runs there."""
        return DemoPlace(self.folder / "control", self.include)

    @property
    def shared(self) -> Path:
        """What every machine mounts."""
        return self.folder / "shared"

    def find_disk(self, worker: str) -> DemoPlace:
        """A worker's own disk."""
        return DemoPlace(self.folder / worker, self.include)

    def list_shared_settings(self) -> dict[str, str]:
        """What every machine is told of what they share."""
        return {
            "DUE_REGARD_REGISTER_URL": self.register,
            "DUE_REGARD_FILES_URL": str(self.shared / "files"),
            "DUE_REGARD_DROPS_DIR": str(self.shared / "drops"),
            "DUE_REGARD_HEADS_DIR": str(self.shared / "heads"),
            "DUE_REGARD_BACKUP_DIR": str(self.shared / "backups"),
        }

    def make_worker_environment(self, worker: str) -> dict[str, str]:
        """A worker's environment: its own folders, the login that it holds, and no way to Airflow's database."""
        disk = self.find_disk(worker)
        return (
            self.env
            | self.exports.make_worker_environment()
            | {
                "AIRFLOW_HOME": str(disk.home),
                "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "postgresql+psycopg2://nobody:none@192.0.2.1/none",
                "DUE_REGARD_VAR_DIR": str(disk.out / "var"),
                "DUE_REGARD_MACHINE": worker,
                "TMPDIR": str(disk.out / "tmp"),
            }
        )

    def start_worker(self, worker: str) -> psutil.Process:
        """A worker that takes tasks as soon as it is up."""
        disk = self.find_disk(worker)
        for folder in (disk.home, disk.out / "tmp"):
            folder.mkdir(parents=True, exist_ok=True)
        name = f"{worker}-{secrets.token_hex(4)}"  # a broker remembers for a while one that was killed
        words = ("celery", "worker", "--skip-serve-logs", "--concurrency", str(SLOTS), "--celery-hostname", name)
        started = processes.start_process(disk, self.make_worker_environment(worker), *words)
        return psutil.Process(started.pid)

    def ask(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        """What the register says."""
        engine = create_engine(self.register, **_ISOLATION)
        try:
            return ask_engine(engine, statement, **values)
        finally:
            engine.dispose()


def ask_engine(engine: Engine, statement: str, **values: Any) -> list[tuple[Any, ...]]:
    """The rows of one statement."""
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(statement), values)]


def find_missing_program() -> str | None:
    """What must be installed first, said for whoever runs this; None where nothing is missing."""
    if shutil.which("redis-server") is None:
        return "redis-server is not installed; on Debian: apt-get install redis-server"
    return None


def wait_for(ask: Callable[[], bool], what: str, seconds: float = 900, pause: float = 0.2) -> None:
    until = time.monotonic() + seconds
    while not ask():
        assert time.monotonic() < until, f"{what}: not in {seconds:.0f} s"
        time.sleep(pause)


@contextmanager
def start_redis(folder: Path) -> Iterator[str]:
    """A Redis of our own, on loopback; what is yielded is its address."""
    folder.mkdir(parents=True)
    port = find_free_port()
    words = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    with (folder / "redis.log").open("wb") as log, subprocess.Popen(words, stdout=log, stderr=log) as process:
        try:
            command = ["redis-cli", "-p", str(port), "ping"]
            wait_for(lambda: subprocess.run(command, capture_output=True, check=False).returncode == 0, "Redis", 60)
            yield f"redis://127.0.0.1:{port}"
        finally:
            process.terminate()


@contextmanager
def start_machines(folder: Path, include: Path, exports: RemoteExports) -> Iterator[tuple[Machines, Person]]:
    """Databases, broker, server and scheduler up and answering; no worker yet."""
    with start_postgresql() as server, start_redis(folder / "broker") as broker:
        found = _prepare(folder, include, exports, find_server_url(server), broker)
        place = found.control
        try:
            processes.run_once(place, found.env, "db", "migrate")
            processes.start_process(place, found.env, "api-server")
            processes.run_once(place, found.env, "dags", "reserialize")
            with closing(Person(found.port, place.passwords)) as api:
                wait_for(api.is_answering, "the server")
                api.log_in()
                api.keep_connection(KEPT_IN_AIRFLOW, exports.make_connection())
                processes.start_process(place, found.env, "scheduler", "--skip-serve-logs")
                wait_for(api.scheduler_beats, "the scheduler")
                yield found, api
        finally:
            for disk in (*map(found.find_disk, WORKERS), place):
                processes.stop_processes(disk)


def _prepare(folder: Path, include: Path, exports: RemoteExports, server: str, broker: str) -> Machines:
    url = make_url(server)
    for name in ("airflow", "register"):
        run_statement(server, f"CREATE DATABASE {name}")
    register, airflow = (
        url.set(database=name).render_as_string(hide_password=False) for name in ("register", "airflow")
    )
    # As its owner makes it, before anything runs.
    upgrade_register(register).dispose()
    port = find_free_port()
    found = Machines(folder, include, register, airflow, port, exports, {})
    found.control.home.mkdir(parents=True)
    (found.shared / "drops").mkdir(parents=True)
    found.env = (
        build_environment(found.control, port)
        | found.list_shared_settings()
        | {
            "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": airflow,
            "AIRFLOW__CELERY__BROKER_URL": f"{broker}/0",
            "AIRFLOW__CELERY__RESULT_BACKEND": f"{broker}/1",
            # On a machine with much else to do a DAG file takes longer than the default of half a minute.
            "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "300",
            # A task that a dead worker had taken and not begun is given to another after this long.
            "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__VISIBILITY_TIMEOUT": "120",
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "40",
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "3",
            # The scheduler starts no task itself, so what it imports is for nothing, and so is its haste.
            "DUE_REGARD_PRELOAD": "false",
            "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "1",
            "DUE_REGARD_MACHINE": "control",
        }
    )
    return found


def trigger_all(api: Person, dag: str, landlords: tuple[str, ...], conf: dict[str, Any]) -> list[DagRun]:
    """A run of each landlord's DAG, all at once."""
    return [api.trigger_dag(f"{landlord}.{dag}", conf) for landlord in landlords]
