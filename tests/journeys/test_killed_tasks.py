"""A real Airflow whose processes are killed: the data owner hears, the work is done all the same, history mails nobody.

One Airflow serves every test here. Each landlord's day is struck elsewhere by kill -9: its task runner, the supervisor
with the runner below it, the supervisor alone, the scheduler with everything below it. Then the next run is asked. A
fifth landlord's DAG is switched off, and at the end all of Airflow is killed: the watch outside it tells.
"""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_string, policy
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from demo import processes
from demo.api import AirflowApi, DagRun
from demo.place import DemoPlace, build_environment, find_free_port
from due_regard.config.landlord import load_landlord
from tests.journeys.installations import small_include

RUNNER, BOTH, SUPERVISOR, SCHEDULER = "queens_cross", "united_welsh", "hanover", "clydebank"
STRUCK = (RUNNER, BOTH, SUPERVISOR, SCHEDULER)
OFF = "port_of_leith"
PAST = "2026-06-30"
pytestmark = pytest.mark.timeout(1500)


class Person(AirflowApi):
    """The demo's client, who may also ask for a backfill."""

    def backfill(self, dag: str, day: str) -> None:
        """Ask for the slots of one past day."""
        span = {"from_date": f"{day}T00:00:00Z", "to_date": f"{day}T23:59:59Z"}

        def is_taken() -> bool:
            answer = self._http.post("/api/v2/backfills", json={"dag_id": dag, **span})
            # SQLite is locked now and then; the server says so, and asks to be asked again.
            return answer.status_code != httpx.codes.SERVICE_UNAVAILABLE and bool(answer.raise_for_status())

        wait_for(is_taken, f"a backfill of {dag}")

    def switch(self, dag: str, *, is_off: bool) -> None:
        """Pause a DAG, or go on with it, as a person would."""
        self._http.patch(f"/api/v2/dags/{dag}", json={"is_paused": is_off}).raise_for_status()

    def keep_connection(self, name: str, parts: dict[str, Any]) -> None:
        """Have Airflow keep a connection, as a person makes one in its pages."""
        self._http.post("/api/v2/connections", json={"connection_id": name, **parts}).raise_for_status()

    def read_runs(self, dag: str) -> list[dict[str, Any]]:
        """Every run of a DAG."""
        return list(self._get_json(f"/dags/{dag}/dagRuns", limit=100)["dag_runs"])

    def read_work(self, run: DagRun, task: str) -> str:
        """What Airflow calls one piece of work, also in the titles of its processes."""
        return str(self._get_json(f"/dags/{run.dag}/dagRuns/{run.id}/taskInstances/{task}")["id"])

    def close(self) -> None:
        """Let go of the connection."""
        self._http.close()

    def trigger_past(self, dag: str, instant: str) -> DagRun:
        """A run of a past date, as a script would ask for it."""
        answer = self._http.post(f"/api/v2/dags/{dag}/dagRuns", json={"logical_date": instant, "conf": {}})
        found = answer.raise_for_status().json()
        return DagRun(str(found["dag_id"]), str(found["dag_run_id"]), str(found["state"]))


@dataclass
class Struck:
    """An installation in a real Airflow."""

    place: DemoPlace
    env: dict[str, str]
    api: Person
    left_open: dict[str, str] = field(default_factory=dict)

    def ask_register(self, statement: str, *values: str) -> list[tuple[Any, ...]]:
        """What the register says; nothing while it is not there."""
        file = self.place.out / "register.db"
        if not file.exists():
            return []
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=60)) as database:
            try:
                return database.execute(statement, values).fetchall()
            except sqlite3.OperationalError:
                return []  # not migrated yet

    def read_outcome(self, landlord: str, verb: str = "load") -> str:
        """How the newest run of a landlord's work stands."""
        found = self.ask_register(
            "SELECT outcome FROM runs WHERE landlord = ? AND verb = ? ORDER BY started_at DESC LIMIT 1", landlord, verb
        )
        return found[0][0] if found else "none"

    def let_time_pass(self) -> None:
        """What is left open has had its time. The clock alone is played here."""
        with closing(sqlite3.connect(self.place.out / "register.db", timeout=60)) as database:
            database.execute("UPDATE runs SET must_end_by = '2026-01-01 00:00:00.000000' WHERE outcome = 'running'")
            database.commit()

    def start_scheduler(self) -> psutil.Process:
        """A scheduler that has beaten."""
        started = processes.start_process(self.place, self.env, "scheduler", "--skip-serve-logs")
        wait_for(self.api.scheduler_beats, "the scheduler")
        return psutil.Process(started.pid)

    def run(self, dag: str, conf: dict[str, Any]) -> DagRun:
        """A run by hand, to its end."""
        run = self.api.trigger_dag(dag, conf)
        return self.wait_for_end(run)

    def wait_for_end(self, run: DagRun) -> DagRun:
        """A run once it has ended."""
        wait_for(lambda: self.api.read_run(run.dag, run.id).ended, f"{run.dag} {run.id}")
        return self.api.read_run(run.dag, run.id)

    def list_mails(self) -> list[tuple[str, str]]:
        """Recipient and subject of every mail written; on a weekend it waits for Monday."""
        return self.ask_register("SELECT recipient, subject FROM alert_messages ORDER BY message_id")

    def go_live_lately(self, landlord: str) -> None:
        """So that its working days before this one are asked about, whatever day it is."""
        file = self.place.include / "landlords" / f"{landlord}.yaml"
        live = (datetime.now(UTC) - timedelta(days=20)).date()
        file.write_text(re.sub("go_live_on: .*", f"go_live_on: {live}", file.read_text(encoding="utf-8")), "utf-8")

    def list_late_mails(self, landlord: str) -> list[str]:
        """The text of each mail that says that the landlord was not assessed in time."""
        told = self.ask_register(
            "SELECT body FROM alert_messages WHERE landlord = ? AND subject LIKE '%not assessed by%'", landlord
        )
        mails = [message_from_string(body, policy=policy.default) for (body,) in told]
        return [" ".join(mail.get_body(("plain",)).get_content().split()) for mail in mails]  # type: ignore[union-attr]

    def start_watch_outside(self) -> subprocess.Popen[str]:
        """`due-regard watch`, which needs nothing of Airflow."""
        env = {name: value for name, value in self.env.items() if not name.startswith("AIRFLOW")}
        command = [sys.executable, "-m", "due_regard", "watch"]
        return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def list_failure_mails(self, landlord: str) -> list[str]:
        """What of the landlord's failures its data owner was told, and nobody else."""
        told = self.ask_register(
            "SELECT recipient, subject FROM alert_messages WHERE landlord = ? AND kind = 'failure'", landlord
        )
        owner = load_landlord(self.place.include / "landlords", landlord).alerts.data_owner
        assert {recipient for recipient, _ in told} <= {owner}
        return [str(subject).split(": ")[1] for _, subject in told]


def wait_for(ask: Callable[[], bool], what: str, seconds: float = 600) -> None:
    until = time.monotonic() + seconds
    while not ask():
        assert time.monotonic() < until, f"{what}: not in {seconds:.0f} s"
        time.sleep(0.1)


def find_runner(scheduler: psutil.Process, work: str) -> psutil.Process:
    """The process that does this work, below a worker of the scheduler's, which is its supervisor."""
    below = [each for each in scheduler.children(recursive=True) if each.ppid() != scheduler.pid]
    (found,) = [each for each in below if work in read_title(each)]
    return found


def read_title(process: psutil.Process) -> str:
    """Its command line; nothing of a process that has ended meanwhile."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def make_alert_place(folder: Path, include: Path) -> tuple[DemoPlace, int, dict[str, str]]:
    """A place for an Airflow that gives a silent task up after 20 seconds, its port and its environment."""
    place = DemoPlace(folder / "out", include)
    place.home.mkdir(parents=True)
    port = find_free_port()
    env = build_environment(place, port) | {
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "20",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "3",
    }
    return place, port, env


@pytest.fixture(scope="module")
def struck(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Struck]:
    """Three landlords' days begun and struck; then a scheduler is there again, and the watch has run twice."""
    folder = tmp_path_factory.mktemp("struck")
    include = small_include(folder / "include", (*STRUCK, OFF), incidents=60)
    place, port, env = make_alert_place(folder, include)
    try:
        processes.run_once(place, env, "db", "migrate")
        processes.start_process(place, env, "api-server")
        processes.run_once(place, env, "dags", "reserialize")
        with closing(Person(port, place.passwords)) as api:
            wait_for(api.is_answering, "the server")
            api.log_in()
            found = Struck(place, env, api)
            strike_all(found)
            yield found
    finally:
        processes.stop_processes(place)


def strike_all(found: Struck) -> None:
    scheduler = found.start_scheduler()
    for landlord in STRUCK:
        run = found.api.trigger_dag(f"{landlord}.daily", {"as_at": PAST, "mail": False})
        wait_for(lambda who=landlord: found.read_outcome(who) == "running", f"load of {landlord}")  # type: ignore[misc]
        runner = find_runner(scheduler, found.api.read_work(run, "load"))
        doomed = {
            RUNNER: [runner],
            BOTH: [runner.parent(), runner],
            SUPERVISOR: [runner.parent()],
            SCHEDULER: [scheduler, *scheduler.children(recursive=True)],
        }[landlord]
        for process in doomed:
            process.kill()
        # Its retry waits until the watch has looked, however long the others take.
        found.api.switch(f"{landlord}.daily", is_off=True)
        psutil.wait_procs([*doomed, runner], timeout=120)  # without a supervisor the runner goes on to its end
        found.left_open[landlord] = found.read_outcome(landlord)
    found.let_time_pass()
    found.go_live_lately(OFF)
    found.api.switch(f"{OFF}.daily", is_off=True)
    found.start_scheduler()
    for _ in range(2):
        assert found.run("watch", {}).state == "success"
    for landlord in STRUCK:
        found.api.switch(f"{landlord}.daily", is_off=False)


@pytest.mark.parametrize("landlord", [RUNNER, BOTH, SCHEDULER])
def test_the_data_owner_hears_once_whatever_was_killed(struck: Struck, landlord: str) -> None:
    assert struck.left_open[landlord] == "running", struck.left_open
    assert struck.list_failure_mails(landlord) == [f"{landlord}.daily did not end"]


def test_work_that_outlived_its_supervisor_is_told_to_nobody(struck: Struck) -> None:
    assert struck.left_open[SUPERVISOR] == "succeeded", struck.left_open
    assert struck.list_failure_mails(SUPERVISOR) == []


@pytest.mark.parametrize("landlord", STRUCK)
def test_airflow_does_the_work_all_the_same_and_nothing_is_left_open(struck: Struck, landlord: str) -> None:
    (run,) = struck.api.read_runs(f"{landlord}.daily")
    assert struck.wait_for_end(DagRun(run["dag_id"], run["dag_run_id"], run["state"])).state == "success"
    assert struck.read_outcome(landlord, "load") == struck.read_outcome(landlord, "assess") == "succeeded"
    assert struck.ask_register("SELECT sum(rows) FROM assessment_runs WHERE landlord = ?", landlord)[0][0] > 0


def test_a_backfill_over_rest_and_a_past_date_mail_nobody(struck: Struck) -> None:
    daily, packs = f"{RUNNER}.daily", f"{RUNNER}.committee_packs"
    # The struck day itself may still be at it, and mails its rows to mend at its end.
    for each in struck.api.read_runs(daily):
        assert struck.wait_for_end(DagRun(daily, each["dag_run_id"], each["state"])).state == "success"
    before = struck.list_mails()
    struck.api.backfill(daily, "2026-05-05")
    struck.api.backfill(packs, "2026-07-03")
    run = struck.wait_for_end(struck.api.trigger_past(daily, "2026-05-06T05:00:00Z"))
    assert run.state == "success"
    for dag in (daily, packs):
        backfilled = [each for each in struck.api.read_runs(dag) if each["run_type"] == "backfill"]
        assert len(backfilled) == 1
        for each in backfilled:
            assert struck.wait_for_end(DagRun(dag, each["dag_run_id"], each["state"])).state == "success"
            states = {one.task: one.state for one in struck.api.list_outcomes(DagRun(dag, each["dag_run_id"], ""))}
            assert states.get("send", "skipped") == "skipped"
    assert struck.ask_register("SELECT DISTINCT quarter FROM packs") == [("2026-Q2",)]
    assert struck.ask_register("SELECT count(*) FROM pack_issues") == [(0,)]
    assert [mail for mail in struck.list_mails() if mail not in before] == []


def test_a_landlord_whose_dag_is_switched_off_is_told_so_once(struck: Struck) -> None:
    (text,) = struck.list_late_mails(OFF)
    assert f"The DAG {OFF}.daily is switched off in Airflow." in text
    assert "not assessed yet" in text


def test_with_all_of_airflow_killed_the_watch_outside_tells_though_it_is_killed_too(struck: Struck) -> None:
    """The last test here: nothing of Airflow is left after it."""
    top = [psutil.Process(each.pid) for each in processes.read_started(struck.place) if each.is_alive()]
    doomed = [*top, *(child for each in top for child in each.children(recursive=True))]
    for process in doomed:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(doomed, timeout=60)
    with closing(sqlite3.connect(struck.place.out / "register.db", timeout=60)) as database:
        looked = "UPDATE runs SET started_at = '2026-01-05 12:30:00.000000' WHERE dag_id = 'watch'"
        assert database.execute(looked).rowcount == len(STRUCK) + 1
        database.commit()
    struck.go_live_lately(SUPERVISOR)
    killed = struck.start_watch_outside()
    wait_for(lambda: killed.poll() is not None or len(struck.list_late_mails(SUPERVISOR)) > 0, "the first look")
    killed.kill()
    killed.communicate()
    for _ in range(2):
        watch = struck.start_watch_outside()
        said, trouble = watch.communicate(timeout=300)
        assert watch.returncode == 5, said + trouble
        assert f"{SUPERVISOR}: not assessed in time on" in said
        assert "Airflow's own watch has not looked since 2026-01-05T12:30" in said
    (text,) = struck.list_late_mails(SUPERVISOR)
    assert "Airflow's own DAG `watch` last looked for late and failed runs at 12:30 on Mon 5 January 2026." in text
    assert len(struck.list_late_mails(OFF)) == 1
