"""What a task leans on is killed in a real Airflow: DAG processor, server, the watch's own task. The data owner hears.

One Airflow serves every test here, in their order. The scheduler, runners and supervisors are struck in
test_killed_tasks.py, the register's database in test_killed_database.py and test_database_restart.py.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, suppress

import psutil
import pytest

from demo import processes
from demo.api import DagRun
from tests.journeys.installations import small_include
from tests.journeys.test_killed_tasks import Person, Struck, find_runner, make_alert_place, wait_for

WORKED, UNSERVED = "queens_cross", "united_welsh"
LATE, LATER, LAST = "hanover", "clydebank", "port_of_leith"
"""For whom no work is ever begun: each is told of under one of the killed processes."""

PAST = "2026-06-30"
pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(1500),
    pytest.mark.skipif(not os.environ.get("DUE_REGARD_LONG_TESTS"), reason="minutes of a real Airflow: make test-all"),
]


class Served(Struck):
    """An installation whose processes are known by name."""

    def start(self, *words: str) -> None:
        """Start one of Airflow's processes."""
        processes.start_process(self.place, self.env, *words)

    def find(self, name: str) -> psutil.Process:
        """The newest process of a name."""
        alive = [each for each in processes.read_started(self.place) if each.is_alive()]
        return psutil.Process([each.pid for each in alive if each.log.endswith(f"/{name}.log")][-1])

    def kill(self, name: str) -> None:
        """Kill -9 a process with all below it."""
        doomed = [self.find(name), *self.find(name).children(recursive=True)]
        for process in doomed:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(doomed, timeout=60)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    include = small_include(folder / "include", (WORKED, UNSERVED, LATE, LATER, LAST), incidents=60)
    place, port, env = make_alert_place(folder, include)
    try:
        processes.run_once(place, env, "db", "migrate")
        with closing(Person(port, place.passwords)) as api:
            found = Served(place, env, api)
            for words in (("api-server",), ("scheduler", "--skip-serve-logs"), ("dag-processor",)):
                found.start(*words)
            wait_for(api.is_answering, "the server")
            api.log_in()
            wait_for(lambda: knows_dags(found), "the DAGs")
            yield found
    finally:
        processes.stop_processes(place)


def knows_dags(served: Served) -> bool:
    wanted = {"watch", *(f"{name}.daily" for name in (WORKED, UNSERVED, LATE, LATER, LAST))}
    return wanted <= {each["dag_id"] for each in served.api._get_json("/dags", limit=100)["dags"]}


def test_without_a_dag_processor_the_day_is_done_and_the_watch_tells(served: Served) -> None:
    served.kill("dag-processor")
    assert served.run(f"{WORKED}.daily", {"as_at": PAST, "mail": False}).state == "success"
    served.go_live_lately(LATE)
    for _ in range(2):
        assert served.run("watch", {}).state == "success"
    assert len(served.list_late_mails(LATE)) == 1


def test_without_a_server_the_watch_outside_tells_and_the_days_work_is_done_once_it_is_back(served: Served) -> None:
    run = served.api.trigger_dag(f"{UNSERVED}.daily", {"as_at": PAST, "mail": False})
    wait_for(lambda: served.read_outcome(UNSERVED) == "running", "the load")
    served.kill("api-server")
    served.go_live_lately(LATER)
    for _ in range(2):
        watch = served.start_watch_outside()
        said, trouble = watch.communicate(timeout=300)
        assert watch.returncode == 5, said + trouble
        assert f"{LATER}: not assessed in time on" in said
    assert len(served.list_late_mails(LATER)) == 1
    served.start("api-server")
    wait_for(served.api.is_answering, "the server")
    assert served.wait_for_end(run).state == "success"
    for verb in ("load", "assess"):
        assert served.read_outcome(UNSERVED, verb) == "succeeded"
    assert served.run("watch", {}).state == "success"
    assert (len(served.list_late_mails(LATER)), served.list_failure_mails(UNSERVED)) == (1, [])


def test_a_watch_whose_own_task_is_killed_looks_again_and_tells_once(served: Served) -> None:
    served.go_live_lately(LAST)
    run = served.api.trigger_dag("watch", {})
    wait_for(lambda: served.api.list_outcomes(run)[0].state == "running", "the watch")
    runner = find_runner(served.find("scheduler"), served.api.read_work(run, "tell"))
    runner.kill()
    assert served.wait_for_end(DagRun("watch", run.id, "")).state == "success"
    assert served.api._get_json(f"/dags/watch/dagRuns/{run.id}/taskInstances/tell")["try_number"] > 1
    assert served.run("watch", {}).state == "success"
    assert [len(served.list_late_mails(name)) for name in (LATE, LATER, LAST)] == [1, 1, 1]
