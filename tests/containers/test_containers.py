"""Image, containers, networks and volumes for real: the commands of README and runbook, as an installation goes.

It needs a Docker engine and says so where none answers. Minutes to an hour, so it is no part of CI's runs: `make
test-containers`. Of the shell it takes

* DUE_REGARD_WHEELS: a folder with what `pip download --no-deps --require-hashes -r requirements.txt` and `pip download
  uv==…` brought. The image is then built from an index behind a password and a CA of this test's own;
* DUE_REGARD_CONTAINERS_DIR: a folder that the engine sees under the same path, where it does not see the temporary;
* DUE_REGARD_CONTAINERS_BUILT: take the image that is there.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import shutil
import ssl
import subprocess
import tarfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import httpx
import pytest

from demo.api import DagRun, TaskOutcome
from demo.chain import follow_chain
from demo.place import find_free_port
from demo.run import AS_AT
from tests.containers.compose_project import LANDLORDS, STARTED, ComposeProject, make_project, wait_until
from tests.containers.package_index import PackageIndex, serve_packages
from tests.deployment.test_compose import ROOT
from tests.deployment.test_compose_without_docker import Administrator
from tests.journeys.installations import personal_values

EARLIER = "428880b"
"""A commit whose register is of an earlier revision (0011_coming_duties)."""

LATE = "hanover"
"""The landlord whose first drop is being loaded when the scheduler is killed."""


def why_not() -> str:
    """Why nothing is started here; empty where it is."""
    if not os.environ.get("DUE_REGARD_CONTAINERS"):
        return "needs a Docker engine and up to an hour: make test-containers"
    if shutil.which("docker") is None:
        return "no Docker engine: there is no command docker"
    asked = subprocess.run(["docker", "info"], capture_output=True, text=True, check=False, timeout=120)
    return "" if asked.returncode == 0 else "no Docker engine answers (docker info)"


if reason := why_not():
    pytest.skip(reason, allow_module_level=True)
pytestmark = [pytest.mark.long, pytest.mark.timeout(7200)]


@dataclass
class Installation:
    """The project as it goes on from test to test, and what it came to so far."""

    project: ComposeProject
    index: PackageIndex | None = None
    outcomes: dict[str, list[TaskOutcome]] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)

    def log_in(self) -> Administrator:
        """A client of the API server that runs now, every DAG switched on."""
        api = Administrator(self.project.port, self.project.read_setting("AIRFLOW_ADMIN_PASSWORD"))
        wait_until(api.is_answering, self.project.describe)
        api.log_in()
        wait_until(api.scheduler_beats, self.project.describe)
        landlords = self.project.read_setting("DUE_REGARD_LANDLORDS").split(",")
        names = [f"{each}.{dag}" for each in landlords for dag in ("daily", "committee_packs")]
        for dag in ("watch", "verify", "backup", *names):
            wait_until(lambda dag=dag: api.switch_on(dag), self.project.describe)  # type: ignore[misc]
        return api

    def follow(self) -> dict[str, list[TaskOutcome]]:
        """Every landlord's day and packs, then the three DAGs over all."""
        with closing(self.log_in()) as api:
            found = dict(follow_chain(api, LANDLORDS, AS_AT, lambda: None))
            for dag in ("watch", "backup", "verify"):
                found[dag] = self.end(api, api.trigger_dag(dag, {}))
        return found

    def end(self, api: Administrator, run: DagRun) -> list[TaskOutcome]:
        """What a run came to once it has ended."""
        wait_until(lambda: api.read_run(run.dag, run.id).ended, self.project.describe)
        return api.list_outcomes(run)

    def list_findings(self) -> list[str]:
        """Everything open as at the samples' day, by reference."""
        found = self.project.ask("findings", "--as-at", AS_AT.isoformat(), "--all")["findings"]
        return sorted(each["register_ref"] for each in found)


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A clone in an empty folder, built and started by the documented commands; everything of it removed at the end."""
    above = Path(os.environ.get("DUE_REGARD_CONTAINERS_DIR") or tmp_path_factory.mktemp("containers"))
    project = make_project(above / f"clone-{os.getpid()}")
    try:
        index = (
            None if os.environ.get("DUE_REGARD_CONTAINERS_BUILT") else _build(project, tmp_path_factory.mktemp("index"))
        )
        for landlord in LANDLORDS:
            project.bring_drop(landlord)
        project.start()
        yield Installation(project, index)
    finally:
        # What containers wrote belongs to their user: they remove it.
        project.call("run", "--rm", "--no-deps", "-T", "init", "sh", "-c", "rm -rf /opt/due-regard/var/*")
        project.call("--profile", "proxy", "down", "--volumes", "--remove-orphans")
        shutil.rmtree(project.folder, ignore_errors=True)


def _build(project: ComposeProject, folder: Path) -> PackageIndex | None:
    """By the documented command; from an index of one's own where there are wheels to serve."""
    if not (wheels := os.environ.get("DUE_REGARD_WHEELS")):
        project.do("build")
        return None
    words = ["docker", "network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Gateway}}"]
    gateway = subprocess.run(words, capture_output=True, text=True, check=True, timeout=60).stdout.strip()
    with serve_packages(Path(wheels), gateway, folder) as index:
        project.write_settings(DUE_REGARD_CA_FILE=shutil.copy(index.ca, project.folder), DUE_REGARD_INDEX_URL=index.url)
        project.do("build", "--no-cache", "init")
    return index


def test_every_service_is_up_and_healthy(installation: Installation) -> None:
    assert installation.project.list_states()["init"][1] == 0
    restarted = {name: installation.project.inspect(name)["RestartCount"] for name in STARTED}
    assert set(restarted.values()) == {0}, restarted


@pytest.mark.parametrize("service", STARTED)
def test_the_engine_confines_every_container(installation: Installation, service: str) -> None:
    found = installation.project.inspect(service)
    host = found["HostConfig"]
    assert host["ReadonlyRootfs"] is True
    assert host["CapDrop"] == ["ALL"]
    assert not host["CapAdd"]
    assert host["SecurityOpt"] == ["no-new-privileges:true"]
    assert host["Memory"] > 0
    assert host["PidsLimit"] > 0
    assert not host["Privileged"]
    assert found["Config"]["User"] not in {"", "0", "root", "0:0"}
    published = [each["HostIp"] for ports in (host["PortBindings"] or {}).values() for each in ports]
    assert published == (["127.0.0.1"] if service == "api-server" else [])


@pytest.mark.parametrize("service", ["api-server", "scheduler", "dag-processor", "airflow-db", "register-db"])
def test_nothing_of_the_image_can_be_changed(installation: Installation, service: str) -> None:
    for place in ("/usr/bin/x", "/etc/x", "/opt/x"):
        done = installation.project.call("exec", "-T", service, "touch", place)
        assert done.returncode != 0, place
        assert "Read-only file system" in done.stderr or "Permission denied" in done.stderr
    capabilities = installation.project.do(
        "exec", "-T", service, "grep", "-E", "^(CapEff|NoNewPrivs)", "/proc/self/status"
    )
    assert capabilities.split() == ["CapEff:", "0000000000000000", "NoNewPrivs:", "1"]


@pytest.mark.parametrize("service", ["api-server", "scheduler", "dag-processor"])
def test_a_service_reaches_what_it_needs_and_no_more(installation: Installation, service: str) -> None:
    wanted = {
        "api-server": {"airflow-db:5432", "register-db:5432"},
        "scheduler": {"airflow-db:5432", "register-db:5432", "api-server:8080"},
        "dag-processor": {"airflow-db:5432", "api-server:8080"},
    }
    places = sorted({*wanted["scheduler"], "scheduler:8793", "dag-processor:8793"})
    program = (
        "import socket, sys\n"
        "for place in sys.argv[1:]:\n"
        "    try:\n"
        "        socket.create_connection(place.split(':'), 3).close()\n"
        "        print(place)\n"
        "    except OSError:\n"
        "        pass\n"
    )
    reached = set(installation.project.do("exec", "-T", service, "python", "-c", program, *places).split())
    assert reached - {f"{service}:8080"} == wanted[service]


def test_a_secret_is_where_it_is_needed_alone(installation: Installation) -> None:
    """Values, not names: a password inside a URL counts."""
    project = installation.project
    given = {each: json.dumps(project.inspect(each)["Config"]["Env"]) for each in STARTED}
    lines = [line.partition("=") for line in (project.folder / ".env").read_text().splitlines() if "=" in line]
    secret = re.compile(r"^[^#]*(PASSWORD|SECRET|KEY)")
    holders = {
        name: {each for each in given if value in given[each]} for name, _, value in lines if secret.search(name)
    }
    assert holders == {
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


def test_the_index_is_in_no_layer_and_the_certificate_in_the_store(installation: Installation) -> None:
    """Each layer's bytes are read, and what describes them."""
    if installation.index is None:
        pytest.skip("not built from an index of its own: set DUE_REGARD_WHEELS")
    image = installation.project.inspect("init")["Image"]
    words = ["docker", "history", "--no-trunc", image]
    history = subprocess.run(words, capture_output=True, text=True, check=True, timeout=60).stdout
    assert "UV_DEFAULT_INDEX" in history
    assert installation.index.password not in history
    assert _count_in_image(image, installation.index.password.encode()) == 0
    # The search finds what is there: in the history, and in a layer.
    assert _count_in_image(image, b"DUE_REGARD_CA_FILE names no certificate") > 0
    assert _count_in_image(image, installation.index.ca.read_bytes().strip()) > 0
    trusted = installation.project.do("exec", "-T", "scheduler", "cat", "/etc/ssl/certs/ca-certificates.crt")
    assert installation.index.ca.read_text().strip() in trusted


def _count_in_image(image: str, words: bytes) -> int:
    """How many of an image's layers and of the files that describe it hold these words, as `docker save` gives them."""
    saved = subprocess.run(["docker", "save", image], capture_output=True, check=True, timeout=1200).stdout
    with tarfile.open(fileobj=io.BytesIO(saved)) as archive:
        parts = (part.read() for each in archive if (part := archive.extractfile(each)) is not None)
        # Newer engines compress layers.
        return sum(words in (gzip.decompress(part) if part.startswith(b"\x1f\x8b") else part) for part in parts)


def test_a_connection_is_stored_under_the_servers_key(installation: Installation) -> None:
    """Tasks read it in each run that follows, and the scheduler has no key."""
    words = ["--conn-type", "smtp", "--conn-host", "mail.landlord.example", "--conn-password", "not in clear"]
    installation.project.do("exec", "-T", "api-server", "airflow", "connections", "add", "mail", *words)
    kept = _ask_database(installation.project, "SELECT is_encrypted, password FROM connection", "airflow")
    assert kept.startswith("t|")
    assert "not in clear" not in kept


def test_every_dag_runs_and_a_second_time_nothing_is_new(installation: Installation) -> None:
    installation.outcomes = installation.follow()
    installation.findings = installation.list_findings()
    states = {each.name: each.state for found in installation.outcomes.values() for each in found}
    assert {name: state for name, state in states.items() if state not in {"success", "skipped"}} == {}
    assert len(installation.findings) > 50
    again = installation.follow()
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


def test_a_kill_of_the_schedulers_whole_tree_loses_nothing_and_doubles_nothing(installation: Installation) -> None:
    project = installation.project
    project.write_settings(DUE_REGARD_LANDLORDS=",".join((*LANDLORDS, LATE)))
    project.bring_drop(LATE)
    project.start()
    with closing(installation.log_in()) as api:
        run = api.trigger_dag(f"{LATE}.daily", {"as_at": AS_AT.isoformat(), "mail": True})
        wait_until(lambda: _is_loading(api, run), project.describe)
        time.sleep(4)
        assert _is_loading(api, run), "the load ended before it was killed"
        project.kill("scheduler")
        wait_until(lambda: project.inspect("scheduler")["RestartCount"] == 1, project.describe)
        outcomes = {each.task: each for each in installation.end(api, run)}
        assert {task: each.state for task, each in outcomes.items()} == dict.fromkeys(
            ("load", "assess", "send", "outcome"), "success"
        )
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
    project.do("down")
    subprocess.run(
        ["docker", "volume", "rm", f"{project.name}_register-db"], check=True, capture_output=True, timeout=60
    )
    project.do("run", "--rm", "-T", "init", "due-regard", "restore", "/opt/due-regard/backups/by-hand")
    project.start()
    assert installation.list_findings() == installation.findings
    assert project.ask("audit", "verify", "--deep")["holds"] is True


def test_a_register_of_an_earlier_revision_is_upgraded_by_init(installation: Installation) -> None:
    project, old = installation.project, installation.project.folder / "earlier"
    project.do("down")
    subprocess.run(
        ["docker", "volume", "rm", f"{project.name}_register-db"], check=True, capture_output=True, timeout=60
    )
    _unpack_earlier(old)
    # Another register's heads are noted there: this one is another installation's.
    project.do("run", "--rm", "--no-deps", "-T", "init", "rm", "-rf", "/opt/due-regard/var/audit_heads")
    project.do("up", "-d", "register-db")
    words = " && ".join([
        "python -m due_regard register upgrade",
        # Rows come back to their owner: exit code 1.
        "{ python -m due_regard intake include/samples/queens_cross --landlord queens_cross || test $? = 1; }",
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


def _is_loading(api: Administrator, run: DagRun) -> bool:
    return any(each.task == "load" and each.state == "running" for each in api.list_outcomes(run))
