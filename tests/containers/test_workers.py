"""`docker compose --profile celery` for real: tasks run in workers' containers, handed over by Redis's.

Each kind of DAG that a worker can run is run, an export is fetched from an SFTP server's container, and a worker is
killed in the middle of a load. How it is started is told in test_containers.py.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from demo.api import DagRun
from demo.run import AS_AT
from tests.containers.compose_project import LANDLORDS, list_started, wait_until
from tests.containers.confinement import check_confined, check_nothing_changes, find_holders, list_reached
from tests.containers.installation import INTO_A_LOAD_S, ContainersAdministrator, Installation, open_clone, why_not
from tests.containers.package_index import PackageIndex
from tests.containers.sftp_container import HOST, describe_connection, start_sftp

WORKERS = ("worker-1", "worker-2")
STARTED = list_started("celery")

FETCHED = "hanover"
"""The landlord whose export lies on an SFTP server."""

KILLED = "united_welsh"
"""The landlord whose first drop is being loaded when its worker is killed."""

OVER_ALL = ("watch", "backup", "verify", "metrics")
"""`clean` is no worker's: none has a way to Airflow's database."""

DAY = ("load", "assess", "send", "outcome")

if reason := why_not():
    pytest.skip(reason, allow_module_level=True)
pytestmark = [pytest.mark.long, pytest.mark.timeout(7200)]


@pytest.fixture(scope="module")
def installation(clones: Path, image_index: PackageIndex | None) -> Iterator[Installation]:
    """A clone, started as the runbook says for several machines."""
    with open_clone(clones, "workers", "celery") as project:
        project.write_settings(AIRFLOW_EXECUTOR="CeleryExecutor", DUE_REGARD_PRELOAD="false")
        for landlord in LANDLORDS:
            project.bring_drop(landlord)
        project.start()
        yield Installation(project)


def test_every_service_of_the_profile_is_up_and_healthy(installation: Installation) -> None:
    assert {"redis", *WORKERS, "watch"} < set(STARTED)
    restarted = {name: installation.project.inspect(name)["RestartCount"] for name in STARTED}
    assert set(restarted.values()) == {0}, restarted


@pytest.mark.parametrize("service", STARTED)
def test_the_engine_confines_every_container(installation: Installation, service: str) -> None:
    check_confined(installation.project, service)


@pytest.mark.parametrize("service", ["redis", *WORKERS])
def test_nothing_of_the_image_can_be_changed(installation: Installation, service: str) -> None:
    check_nothing_changes(installation.project, service)


@pytest.mark.parametrize("worker", WORKERS)
def test_a_worker_reaches_what_tasks_need_and_no_more(installation: Installation, worker: str) -> None:
    """Airflow's database, the scheduler and its fellow are out of its reach."""
    (other,) = set(WORKERS) - {worker}
    wanted = {"register-db:5432", "api-server:8080", "redis:6379"}
    others = {"airflow-db:5432", "scheduler:8793", "scheduler:8974", f"{other}:8793", "dag-processor:8793"}
    assert list_reached(installation.project, worker, wanted | others) == wanted


@pytest.mark.parametrize("service", ["api-server", "dag-processor", "watch"])
def test_who_hands_over_no_task_reaches_no_broker(installation: Installation, service: str) -> None:
    assert list_reached(installation.project, service, {"redis:6379"}) == set()


def test_the_broker_lets_nobody_in_without_the_password(installation: Installation) -> None:
    project = installation.project
    done = project.call("exec", "-T", "redis", "redis-cli", "ping")
    assert "NOAUTH" in done.stdout + done.stderr
    said = project.do(
        "exec", "-T", "redis", "sh", "-c", 'REDISCLI_AUTH="$REDIS_PASSWORD" redis-cli config get save appendonly'
    )
    assert sorted(said.split()) == ["appendonly", "no", "save"], "what tasks are handed is written to a disk"


def test_a_secret_is_where_it_is_needed_alone(installation: Installation) -> None:
    assert find_holders(installation.project) == {
        "AIRFLOW_DB_PASSWORD": {"airflow-db", "init", "api-server", "scheduler", "dag-processor"},
        "REGISTER_DB_PASSWORD": {"register-db", "init"},
        "TASKS_DB_PASSWORD": {"init", "scheduler", "watch", *WORKERS},
        "PAGES_DB_PASSWORD": {"init", "api-server"},
        "AIRFLOW_ADMIN_PASSWORD": {"init"},
        "AIRFLOW_FERNET_KEY": {"api-server"},
        "AIRFLOW_API_SECRET_KEY": {"api-server"},
        "AIRFLOW_JWT_SECRET": {"api-server", "scheduler"},
        "REDIS_PASSWORD": {"redis", "scheduler", *WORKERS},
    }


def test_a_dag_of_each_kind_is_run_by_workers_and_a_second_time_nothing_is_new(installation: Installation) -> None:
    installation.store_connection("mail", "smtp", host="mail.landlord.example")
    found = installation.follow(*OVER_ALL)
    states = {each.name: each.state for tasks in found.values() for each in tasks}
    assert {name: state for name, state in states.items() if state not in {"success", "skipped"}} == {}
    again = installation.follow(*OVER_ALL)
    assert {each.result["status"] for each in again["intake"]} == {"unchanged"}
    assert {each.result["findings"]["opened"] for each in again["assessment"]} == {0}
    assert {each.result["sent"] for each in again["alerts"]} == {0}
    assert all(each.result["packs"] for each in again["committee_packs"])
    findings = installation.list_findings("worker-1")
    assert len(findings) > 50
    assert installation.list_findings("worker-2") == findings
    with closing(installation.log_in()) as api:
        ran = _list_places(installation, api)
    assert set(ran.values()) == set(WORKERS), ran
    over_all = zip(OVER_ALL, ("tell", "write", "prove", "emit"), strict=True)
    of_landlords = ("daily.load", "daily.assess", "daily.send", "committee_packs.build")
    assert {f"{each}.{task}" for each in LANDLORDS for task in of_landlords} <= set(ran)
    assert {f"{dag}.{task}" for dag, task in over_all} <= set(ran)


def _list_places(
    installation: Installation, api: ContainersAdministrator, dag: str = "~", run: str = "~"
) -> dict[str, str]:
    """`dag.task` -> the worker in whose container it ran last; what no worker ran, with the name of that machine."""
    workers = {installation.project.inspect(each)["Config"]["Hostname"]: each for each in WORKERS}
    return {task: workers.get(host, host) for task, host in api.list_hosts(dag, run).items()}


@pytest.mark.parametrize("worker", WORKERS)
def test_a_worker_keeps_nothing_that_another_needs(installation: Installation, worker: str) -> None:
    own = installation.project.do("exec", "-T", worker, "find", "/opt/airflow/var", "-mindepth", "1", "-maxdepth", "1")
    assert {Path(line).name for line in own.split()} <= {"great_expectations"}


@pytest.mark.parametrize("worker", WORKERS)
def test_doctor_finds_the_machines_sound_in_each_worker(installation: Installation, worker: str) -> None:
    done = installation.project.call("exec", "-T", worker, "due-regard", "doctor")
    wrong = [line for line in done.stdout.splitlines() if line.startswith("WRONG")]
    assert wrong == [], done.stdout
    (said,) = [line for line in done.stdout.splitlines() if " machines" in line[:20]]
    assert all(each in said for each in WORKERS)


def test_an_export_is_fetched_from_an_sftp_server_by_the_connection_that_the_server_keeps(
    installation: Installation,
) -> None:
    """Its password reaches a worker when a task asks for it; it stands in no container's settings and in no log."""
    project = installation.project
    place = {"kind": "sftp", "connection": "housing_files", "path": "/export", "acknowledge": "receipt"}
    project.write_landlord(FETCHED, fetch=place)
    project.write_settings(DUE_REGARD_LANDLORDS=",".join((*LANDLORDS, FETCHED)))
    project.start()
    with start_sftp(project, *(f"{worker}-outside" for worker in WORKERS)) as server:
        drop = project.bring_drop(FETCHED, above="outgoing").rename(server.files / "export")
        sent = {f"export/{file.name}" for file in drop.iterdir()}
        installation.store_connection("housing_files", "sftp", **describe_connection(server))
        for service in ("scheduler", "api-server"):
            assert list_reached(project, service, {f"{HOST}:2222"}) == set(), "they need no way there"
        ran = installation.run_day(FETCHED)
        assert {task: each.state for task, each in ran.items()} == dict.fromkeys(("fetch", *DAY), "success")
        receipts = server.list_names() - sent
        assert len(receipts) == 1
        assert all(name.startswith("export/receipts/") for name in receipts)
        again = installation.run_day(FETCHED)
        assert (again["fetch"].state, again["load"].state) == ("skipped", "skipped")
        assert server.list_names() == sent | receipts
        printed = project.do("logs") + project.do(
            "exec", "-T", "api-server", "sh", "-c", "find /opt/airflow/logs -name '*.log' -exec cat {} +"
        )
        assert f"{FETCHED}.daily" in printed
        assert server.password not in printed
        assert [name for name in STARTED if server.password in str(project.inspect(name)["Config"])] == []
    (inbox,) = (folder for folder in (project.folder / "var" / "inbox" / FETCHED).iterdir() if folder.is_dir())
    assert len(list(inbox.iterdir())) == len(sent)


def test_a_kill_of_a_workers_whole_tree_loses_nothing_and_doubles_nothing(installation: Installation) -> None:
    """Airflow notices after five minutes without a sign of life; then whichever worker is free does the task again."""
    project = installation.project
    project.write_settings(DUE_REGARD_LANDLORDS=",".join((*LANDLORDS, FETCHED, KILLED)))
    project.bring_drop(KILLED)
    project.start()
    conf = {"as_at": AS_AT.isoformat(), "mail": True}
    with closing(installation.log_in()) as api:
        run = api.trigger_dag(f"{KILLED}.daily", conf)
        wait_until(lambda: bool(_find_loading(installation, api, run)), project.describe, every_s=0.2)
        time.sleep(INTO_A_LOAD_S)
        struck = _find_loading(installation, api, run)
        assert struck, "the load ended before it was killed"
        project.kill(struck)
        wait_until(lambda: project.inspect(struck)["RestartCount"] == 1, project.describe)
        ended = {each.task: each.state for each in installation.end(api, run)}
        assert ended == dict.fromkeys(DAY, "success") | {"fetch": "skipped"}
        again = {each.task: each.result for each in installation.end(api, api.trigger_dag(f"{KILLED}.daily", conf))}
    assert again["load"]["status"] == "unchanged"
    assert again["assess"]["findings"]["opened"] == 0
    assert again["send"]["sent"] == 0
    assert project.ask("audit", "verify", "--deep", service="worker-1")["holds"] is True
    # Each reads what all machines noted.
    (head,) = {project.ask("audit", "verify", service=each)["head"] for each in WORKERS}
    assert head


def _find_loading(installation: Installation, api: ContainersAdministrator, run: DagRun) -> str:
    """The worker in whose container a run's load is; empty where it is in none."""
    if not any(each.task == "load" and each.state == "running" for each in api.list_outcomes(run)):
        return ""
    return _list_places(installation, api, run.dag, run.id).get(f"{run.dag}.load", "")
