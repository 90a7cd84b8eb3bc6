"""Image, containers, networks and volumes for real: the commands of README and runbook, as an installation goes.

It needs a Docker engine and says so where none answers. Minutes to an hour, so it is no part of CI's runs: `make
test-containers`. Of the shell it takes

* DUE_REGARD_WHEELS: a folder with what `pip download --no-deps --require-hashes -r requirements.txt` and `pip download
  uv==…` brought. The image is then built from an index behind a password and a CA of this test's own;
* DUE_REGARD_CONTAINERS_DIR: a folder that the engine sees under the same path, where it does not see the temporary;
* DUE_REGARD_CONTAINERS_BUILT: take the image that is there.

Tasks run in the scheduler here; in workers of their own, see test_workers.py.
"""

from __future__ import annotations

import gzip
import io
import re
import ssl
import subprocess
import tarfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import httpx
import pytest

from demo.api import DagRun, TaskOutcome
from demo.place import find_free_port
from demo.run import AS_AT
from tests.containers.compose_project import LANDLORDS, ComposeProject, ask_engine, list_started, wait_until
from tests.containers.confinement import check_confined, check_nothing_changes, find_holders, list_reached
from tests.containers.installation import INTO_A_LOAD_S, ContainersAdministrator, Installation, open_clone, why_not
from tests.containers.package_index import PackageIndex
from tests.deployment.test_compose import ROOT
from tests.journeys.installations import personal_values

EARLIER = "428880b"
"""A commit whose register is of an earlier revision (0011_coming_duties)."""

LATE = "hanover"
"""The landlord whose first drop is being loaded when the scheduler is killed."""

SHARED = "united_welsh"
"""The landlord whose export lies on a share that is mounted into the scheduler."""

UNASSESSED = "port_of_leith"
"""The landlord that went live a week ago and is assessed by nobody."""

DAGS = ("watch", "backup", "verify", "metrics", "clean")
STARTED = list_started()

if reason := why_not():
    pytest.skip(reason, allow_module_level=True)
pytestmark = [pytest.mark.long, pytest.mark.timeout(7200)]


@pytest.fixture(scope="module")
def installation(clones: Path, image_index: PackageIndex | None) -> Iterator[Installation]:
    """A clone, its services started by the documented command."""
    with open_clone(clones, "scheduler") as project:
        for landlord in LANDLORDS:
            project.bring_drop(landlord)
        project.start()
        yield Installation(project)


def test_every_service_is_up_and_healthy(installation: Installation) -> None:
    assert installation.project.list_states()["init"][1] == 0
    restarted = {name: installation.project.inspect(name)["RestartCount"] for name in STARTED}
    assert set(restarted.values()) == {0}, restarted


@pytest.mark.parametrize("service", STARTED)
def test_the_engine_confines_every_container(installation: Installation, service: str) -> None:
    check_confined(installation.project, service)


@pytest.mark.parametrize("service", [name for name in STARTED if name != "init"])
def test_nothing_of_the_image_can_be_changed(installation: Installation, service: str) -> None:
    check_nothing_changes(installation.project, service)


@pytest.mark.parametrize("service", ["api-server", "scheduler", "dag-processor", "watch"])
def test_a_service_reaches_what_it_needs_and_no_more(installation: Installation, service: str) -> None:
    wanted = {
        "api-server": {"airflow-db:5432", "register-db:5432"},
        "scheduler": {"airflow-db:5432", "register-db:5432", "api-server:8080"},
        "dag-processor": {"airflow-db:5432", "api-server:8080"},
        "watch": {"register-db:5432"},
    }
    places = {*wanted["scheduler"], "scheduler:8793", "dag-processor:8793"}
    assert list_reached(installation.project, service, places) - {f"{service}:8080"} == wanted[service]


def test_a_secret_is_where_it_is_needed_alone(installation: Installation) -> None:
    assert find_holders(installation.project) == {
        "AIRFLOW_DB_PASSWORD": {"airflow-db", "init", "api-server", "scheduler", "dag-processor"},
        "REGISTER_DB_PASSWORD": {"register-db", "init"},
        "TASKS_DB_PASSWORD": {"init", "scheduler", "watch"},
        "PAGES_DB_PASSWORD": {"init", "api-server"},
        "AIRFLOW_ADMIN_PASSWORD": {"init"},
        "AIRFLOW_FERNET_KEY": {"api-server"},
        "AIRFLOW_API_SECRET_KEY": {"api-server"},
        "AIRFLOW_JWT_SECRET": {"api-server", "scheduler"},
        "REDIS_PASSWORD": {"scheduler"},
    }


def test_the_index_is_in_no_layer_and_the_certificate_in_the_store(
    installation: Installation, image_index: PackageIndex | None
) -> None:
    """Each layer's bytes are read, and what describes them."""
    if image_index is None:
        pytest.skip("not built from an index of its own: set DUE_REGARD_WHEELS")
    image = installation.project.inspect("init")["Image"]
    history = ask_engine("history", "--no-trunc", image)
    assert "UV_DEFAULT_INDEX" in history
    assert image_index.password not in history
    assert _count_in_image(image, image_index.password.encode()) == 0
    # The search finds what is there: in the history, and in a layer.
    assert _count_in_image(image, b"DUE_REGARD_CA_FILE names no certificate") > 0
    assert _count_in_image(image, image_index.ca.read_bytes().strip()) > 0
    trusted = installation.project.do("exec", "-T", "scheduler", "cat", "/etc/ssl/certs/ca-certificates.crt")
    assert image_index.ca.read_text().strip() in trusted


def _count_in_image(image: str, words: bytes) -> int:
    """How many of an image's layers and of the files that describe it hold these words, as `docker save` gives them."""
    saved = subprocess.run(["docker", "save", image], capture_output=True, check=True, timeout=1200).stdout
    with tarfile.open(fileobj=io.BytesIO(saved)) as archive:
        parts = (part.read() for each in archive if (part := archive.extractfile(each)) is not None)
        # Newer engines compress layers.
        return sum(words in (gzip.decompress(part) if part.startswith(b"\x1f\x8b") else part) for part in parts)


def test_a_connection_is_stored_under_the_servers_key(installation: Installation) -> None:
    """Tasks read it in each run that follows, and the scheduler has no key."""
    parts = {"host": "mail.landlord.example", "password": "not in clear"}
    installation.store_connection("mail", "smtp", **parts)
    kept = _ask_database(installation.project, "SELECT is_encrypted, password FROM connection", "airflow")
    assert kept.startswith("t|")
    assert "not in clear" not in kept


def test_every_dag_runs_and_a_second_time_nothing_is_new(installation: Installation) -> None:
    installation.outcomes = installation.follow(*DAGS)
    installation.findings = installation.list_findings()
    states = {each.name: each.state for found in installation.outcomes.values() for each in found}
    assert {name: state for name, state in states.items() if state not in {"success", "skipped"}} == {}
    assert len(installation.findings) > 50
    again = installation.follow(*DAGS)
    for landlord in LANDLORDS:
        assert _result(again, "intake", landlord)["status"] == "unchanged"
        assert _result(again, "assessment", landlord)["findings"]["opened"] == 0
        assert _result(again, "alerts", landlord)["sent"] == 0
        assert _result(again, "committee_packs", landlord)["packs"]
    assert installation.list_findings() == installation.findings
    assert list((installation.project.folder / "var" / "mail").glob("*.eml"))
    assert list((installation.project.folder / "var").rglob("*.xlsx"))


def _result(outcomes: dict[str, list[TaskOutcome]], step: str, landlord: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each.result for each in outcomes[step] if each.landlord == landlord)
    return found


def test_what_a_container_prints_holds_no_personal_value(installation: Installation) -> None:
    printed = installation.project.do("logs")
    personal = personal_values(ROOT / "include" / "samples" / "queens_cross")
    assert len(personal) > 40
    assert [value for value in personal if value in printed] == []


def test_the_watch_tells_of_a_day_that_nobody_assessed_while_airflow_is_down(installation: Installation) -> None:
    """Scheduler, server, file parser and Airflow's database are stopped: the register and the mail are enough."""
    project = installation.project
    live = datetime.now(UTC).date() - timedelta(days=7)
    project.write_landlord(UNASSESSED, alerts={"go_live_on": live, "data_owner": "watched@landlord.example"})
    project.write_settings(DUE_REGARD_LANDLORDS=",".join((*LANDLORDS, UNASSESSED)))
    project.do("stop", "scheduler", "dag-processor", "api-server", "airflow-db")
    project.do("up", "-d", "--no-deps", "watch")
    wait_until(lambda: _count_looks(project) == 1, project.describe)
    wait_until(lambda: project.list_states()["watch"][0] == "healthy", project.describe)
    # It heeds the engine's word to end, and begun again it tells nobody twice.
    ended = time.monotonic()
    project.do("stop", "watch")
    assert time.monotonic() - ended < 10
    assert project.inspect("watch")["State"]["ExitCode"] == 0
    project.do("start", "watch")
    wait_until(lambda: _count_looks(project) == 2, project.describe)
    asked = "SELECT recipient, mail_on <= CURRENT_DATE FROM alert_messages WHERE landlord = '{}' AND kind = 'failure'"
    recipient, leaves_now = _ask_database(project, asked.format(UNASSESSED)).split("|")
    assert recipient == "watched@landlord.example"
    # On a closed day it waits for the next open one.
    mails = [mail.read_text("utf-8") for mail in (project.folder / "var" / "mail").glob("*.eml")]
    assert sum(f"To: {recipient}" in mail for mail in mails) == (leaves_now == "t")
    project.write_settings(DUE_REGARD_LANDLORDS=",".join(LANDLORDS))
    project.start()


def _count_looks(project: ComposeProject) -> int:
    """How many looks of the watch that runs now found the landlord late."""
    return project.do("logs", "watch").count(f"{UNASSESSED}: not assessed in time on")


SHARE = """
services:
  scheduler:
    volumes: ["./share:/opt/exports"]
"""
"""What the runbook says to write for a folder that lies elsewhere."""


def test_an_export_is_fetched_from_a_share_and_acknowledged_there(installation: Installation) -> None:
    project = installation.project
    (project.folder / "share").mkdir()
    project.give_to_containers(project.folder / "share")
    drop = project.bring_drop(SHARED, above="share")
    sent = {file.name for file in drop.iterdir()}
    (project.folder / "docker-compose.override.yaml").write_text(SHARE)
    place = {"kind": "folder", "path": f"/opt/exports/{SHARED}", "acknowledge": "move"}
    project.write_landlord(SHARED, fetch=place)
    project.write_settings(DUE_REGARD_LANDLORDS=",".join((*LANDLORDS, SHARED)))
    project.start()
    ran = installation.run_day(SHARED)
    assert {task: each.state for task, each in ran.items()} == dict.fromkeys(
        ("fetch", "load", "assess", "send", "outcome"), "success"
    )
    assert {file.relative_to(drop).parts[0] for file in drop.rglob("*")} == {"taken"}
    assert {file.name for file in drop.rglob("*") if file.is_file()} == sent
    (inbox,) = (folder for folder in (project.folder / "var" / "inbox" / SHARED).iterdir() if folder.is_dir())
    assert {file.name for file in inbox.iterdir()} == sent
    assert {file.stat().st_mode & 0o077 for file in (inbox, *inbox.iterdir())} == {0}
    again = installation.run_day(SHARED)
    assert (again["fetch"].state, again["load"].state) == ("skipped", "skipped")
    check_confined(project, "scheduler")
    project.write_settings(DUE_REGARD_LANDLORDS=",".join(LANDLORDS))
    (project.folder / "docker-compose.override.yaml").unlink()


def test_a_kill_of_the_schedulers_whole_tree_loses_nothing_and_doubles_nothing(installation: Installation) -> None:
    project = installation.project
    project.write_settings(DUE_REGARD_LANDLORDS=",".join((*LANDLORDS, LATE)))
    project.bring_drop(LATE)
    project.start()
    with closing(installation.log_in()) as api:
        run = api.trigger_dag(f"{LATE}.daily", {"as_at": AS_AT.isoformat(), "mail": True})
        wait_until(lambda: _is_loading(api, run), project.describe, every_s=0.2)
        time.sleep(INTO_A_LOAD_S)
        assert _is_loading(api, run), "the load ended before it was killed"
        project.kill("scheduler")
        wait_until(lambda: project.inspect("scheduler")["RestartCount"] == 1, project.describe)
        outcomes = {each.task: each for each in installation.end(api, run)}
        assert {task: each.state for task, each in outcomes.items()} == dict.fromkeys(
            ("load", "assess", "send", "outcome"), "success"
        ) | {"fetch": "skipped"}
        again = installation.end(api, api.trigger_dag(f"{LATE}.daily", {"as_at": AS_AT.isoformat(), "mail": True}))
    results = {each.task: each.result for each in again}
    assert results["load"]["status"] == "unchanged"
    assert results["assess"]["findings"]["opened"] == 0
    assert results["send"]["sent"] == 0
    assert project.ask("audit", "verify", "--deep")["holds"] is True
    installation.findings = installation.list_findings()


def test_down_and_up_keeps_the_register(installation: Installation) -> None:
    installation.project.do("down")
    installation.project.start()
    assert installation.list_findings() == installation.findings


def test_a_backup_fills_a_fresh_volume(installation: Installation) -> None:
    project = installation.project
    project.do("exec", "-T", "scheduler", "due-regard", "backup", "/opt/due-regard/backups/by-hand")
    project.empty_register()
    project.do("run", "--rm", "-T", "init", "due-regard", "restore", "/opt/due-regard/backups/by-hand")
    project.start()
    assert installation.list_findings() == installation.findings
    assert project.ask("audit", "verify", "--deep")["holds"] is True


def test_a_register_of_an_earlier_revision_is_upgraded_by_init(installation: Installation) -> None:
    project, old = installation.project, installation.project.folder / "earlier"
    project.empty_register()
    _unpack_earlier(old)
    # Another register's heads are noted there: this one is another installation's.
    project.do("run", "--rm", "--no-deps", "-T", "init", "rm", "-rf", "/opt/due-regard/var/audit_heads")
    project.do("up", "-d", "register-db")
    words = " && ".join([
        "python -m due_regard register upgrade",
        # Rows come back to their owner: exit code 3.
        "{ python -m due_regard intake include/samples/queens_cross --landlord queens_cross || test $? = 3; }",
        f"python -m due_regard assess --landlord queens_cross --as-at {AS_AT}",
    ])
    mounted = ["-v", f"{old}:/opt/earlier:ro", "-w", "/opt/earlier", "-e", "PYTHONPATH=/opt/earlier/plugins"]
    project.do("run", "--rm", "-T", *mounted, "init", "sh", "-c", words)
    before = _ask_database(project, "SELECT version_num FROM alembic_version")
    assert before == "0011_coming_duties"
    counted = "SELECT count(*) FROM findings WHERE status = 'open'"
    found = int(_ask_database(project, counted))
    assert found > 50
    project.start()
    assert _ask_database(project, "SELECT version_num FROM alembic_version") != before
    assert len(installation.list_findings()) == int(_ask_database(project, counted)) == found
    assert project.ask("audit", "verify", "--deep")["holds"] is True
    with closing(installation.log_in()) as api:
        run = installation.end(api, api.trigger_dag("queens_cross.daily", {"as_at": AS_AT.isoformat()}))
    results = {each.task: each for each in run}
    assert {each.state for each in run} <= {"success", "skipped"}
    assert results["assess"].result["findings"]["opened"] == 0


def test_the_proxy_is_the_way_in_over_tls_and_is_believed(installation: Installation) -> None:
    project, port = installation.project, find_free_port()
    address = f"https://localhost:{port}"
    words = ["make", "tls", "HOST=localhost"]
    subprocess.run(words, cwd=project.folder, check=True, capture_output=True, timeout=60)
    project.write_settings(DUE_REGARD_HTTPS_PORT=port, DUE_REGARD_BASE_URL=address)
    project.do("--profile", "proxy", "up", "-d")
    installation.log_in().close()
    trusted = ssl.create_default_context(cafile=str(project.folder / "tls" / "tls.crt"))
    with httpx.Client(base_url=address, verify=trusted, trust_env=False, timeout=60) as stranger:
        sent = stranger.get("/due-regard/", headers={"accept": "text/html"})
        assert sent.headers["location"].startswith(f"{address}/auth/login/")
        assert stranger.get("/execution/health").status_code == 404
    # What the proxy says of whom a request is from is believed: failed logins are counted by it.
    printed = [line for line in project.do("logs", "api-server").splitlines() if "path=/due-regard/ " in line]
    asked_by = re.search(r"client_addr=([\d.]+)", printed[-1])
    assert asked_by is not None
    assert ip_address(asked_by[1]) not in ip_network(project.read_setting("DUE_REGARD_PROXY_SUBNET"))
    found = project.inspect("proxy")
    assert (found["HostConfig"]["ReadonlyRootfs"], found["HostConfig"]["CapDrop"]) == (True, ["ALL"])
    shared = set(found["NetworkSettings"]["Networks"]) & set(
        project.inspect("api-server")["NetworkSettings"]["Networks"]
    )
    assert {name.rpartition("_")[2] for name in shared} == {"front"}


def _unpack_earlier(folder: Path) -> None:
    """The tree of the earlier commit; a shallow clone has none."""
    packed = subprocess.run(["git", "archive", EARLIER], cwd=ROOT, capture_output=True, check=False, timeout=120)
    if packed.returncode:
        pytest.skip(f"commit {EARLIER} is not here: git fetch --unshallow")
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
        archive.extractall(folder, filter="data")


def _ask_database(project: ComposeProject, statement: str, name: str = "due_regard") -> str:
    service = {"due_regard": "register-db", "airflow": "airflow-db"}[name]
    return project.do("exec", "-T", service, "psql", "-U", name, "-d", name, "-Atc", statement).strip()


def _is_loading(api: ContainersAdministrator, run: DagRun) -> bool:
    return any(each.task == "load" and each.state == "running" for each in api.list_outcomes(run))
