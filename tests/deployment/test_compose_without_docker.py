"""docker-compose.yaml's own commands and environment as processes of this machine, on PostgreSQL, every DAG.

No Docker engine is needed: what compose would give a container (its hosts, folders and port) is replaced here, and
nothing else. It takes minutes of two cores, so it runs under `make test-all`; containers, images and networks are not
tried by it.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import create_engine, make_url
from sqlalchemy.exc import DBAPIError

from demo.api import AirflowApi, TaskOutcome
from demo.chain import STEPS, follow_chain
from demo.place import drop_foreign_variables, find_free_port, make_address
from demo.run import AS_AT
from due_regard.calendars.quarters import LONDON
from due_regard.web.roles import list_role_permissions
from tests.deployment.test_compose import COMPOSE, OURS, REFERENCE, ROOT, TEXT, fill_in
from tests.journeys.installations import personal_values, small_include

LANDLORDS = ("queens_cross", "clydebank")
pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(1200),
    pytest.mark.skipif(not os.environ.get("DUE_REGARD_LONG_TESTS"), reason="minutes of two cores: make test-all"),
]


class Administrator(AirflowApi):
    """The demo's client, logged in as the administrator that compose's init makes."""

    def __init__(self, port: int, password: str) -> None:
        super().__init__(port, Path())
        self.password = password

    def log_in(self) -> None:
        """Log in with compose's own password."""
        answer = self._http.post("/auth/token", json={"username": "admin", "password": self.password})
        self._http.headers["Authorization"] = f"Bearer {answer.raise_for_status().json()['access_token']}"

    def switch_on(self, dag: str) -> bool:
        """Switch a DAG on, once it is known; it starts paused."""
        return self._http.patch(f"/api/v2/dags/{dag}", json={"is_paused": False}).is_success

    def close(self) -> None:
        """Let go of the connection."""
        self._http.close()


@dataclass(frozen=True)
class Deployed:
    """What one run of every DAG came to, and where it left things."""

    folder: Path
    register: str
    airflow: str
    server: dict[str, str]
    outcomes: dict[str, list[TaskOutcome]]
    again: dict[str, list[TaskOutcome]]
    init: list[int]
    stranger: int
    personal: set[str]


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory, new_postgresql: Callable[[], str]) -> Deployed:
    """Compose's services on two databases, the chain run twice."""
    folder = tmp_path_factory.mktemp("compose")
    include = small_include(folder / "include", LANDLORDS, incidents=60)
    airflow, register, port = new_postgresql(), new_postgresql(), find_free_port()
    env = _environments(folder, include, airflow, register, port)
    init = [_init(folder, env["init"]) for _ in range(2)]
    with _services(folder, env) as check:
        api = _ready(folder, env["init"], port, check)
        stranger = httpx.get(f"{make_address(port)}/api/v2/dags", trust_env=False).status_code
        with closing(api):
            outcomes = dict(follow_chain(api, LANDLORDS, AS_AT, check))
            again = dict(follow_chain(api, LANDLORDS, AS_AT, check))
    personal = personal_values(include / "samples" / LANDLORDS[0])
    return Deployed(folder, register, airflow, env["api-server"], outcomes, again, init, stranger, personal)


def _environments(folder: Path, include: Path, airflow: str, register: str, port: int) -> dict[str, dict[str, str]]:
    """The environment that compose gives each service, with this machine's databases, folders and port."""
    own = drop_foreign_variables()
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    here = {
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{make_address(port)}/execution/",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": airflow,
        "AIRFLOW__API__BASE_URL": make_address(port),
        "AIRFLOW__FAB__CONFIG_FILE": str(ROOT / "deploy" / "webserver_config.py"),
        "FORWARDED_ALLOW_IPS": "127.0.0.1",
        "DUE_REGARD_REGISTER_URL": register,
        "DUE_REGARD_VAR_DIR": str(folder / "var"),
        "DUE_REGARD_DROPS_DIR": str(include / "samples"),
        "DUE_REGARD_OWN_DIR": str(folder / "own"),
    }
    image = {
        "AIRFLOW_HOME": str(folder / "airflow"),
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "DUE_REGARD_INCLUDE_DIR": str(include),
        "PATH": path,
        "GX_ANALYTICS_ENABLED": "false",
    }
    for name in ("airflow", "own", "var"):
        (folder / name).mkdir()
    secret = {found["name"]: secrets.token_hex(24) for found in REFERENCE.finditer(TEXT)}
    secret["AIRFLOW_FERNET_KEY"] = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    found = {}
    for service in OURS:
        given = {
            name: here.get(name) or fill_in(value, secret)
            for name, value in COMPOSE["services"][service]["environment"].items()
            if value is not None
        }
        found[service] = own | image | given
    for service, login in (("api-server", "pages"), ("scheduler", "tasks")):
        url = make_url(register).set(username=login, password=secret[f"{login.upper()}_DB_PASSWORD"])
        found[service]["DUE_REGARD_REGISTER_URL"] = url.render_as_string(hide_password=False)
    return found


def _init(folder: Path, env: dict[str, str]) -> int:
    # Elsewhere the folder is not the image's.
    command = [
        word.replace("$$", "$").replace("/opt/due-regard/var", str(folder / "var"))
        for word in COMPOSE["services"]["init"]["command"]
    ]
    return subprocess.run(command, env=env, cwd=ROOT, capture_output=True, check=False, timeout=300).returncode


@contextmanager
def _services(folder: Path, env: dict[str, dict[str, str]]) -> Iterator[Callable[[], None]]:
    """The three long-running services; what is yielded fails once one of them has ended."""
    running: dict[str, subprocess.Popen[bytes]] = {}
    for name in ("api-server", "scheduler", "dag-processor"):
        with (folder / f"{name}.log").open("wb") as log:
            command = COMPOSE["services"][name]["command"]
            running[name] = subprocess.Popen(
                command, env=env[name], cwd=folder, stdout=log, stderr=log, start_new_session=True
            )

    def check() -> None:
        ended = [name for name, process in running.items() if process.poll() is not None]
        assert ended == [], (folder / f"{ended[0]}.log").read_text(encoding="utf-8", errors="replace")[-3000:]

    try:
        yield check
    finally:
        for process in running.values():
            os.killpg(process.pid, signal.SIGTERM)
        for process in running.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(20)


def _ready(folder: Path, env: dict[str, str], port: int, check: Callable[[], None]) -> Administrator:
    """A client logged in as compose's administrator, every DAG known and switched on."""
    api = Administrator(port, env["AIRFLOW_ADMIN_PASSWORD"])
    _until(api.is_answering, check)
    api.log_in()
    _until(api.scheduler_beats, check)
    for dag in ("watch", *(f"{each}.{dag}" for each in LANDLORDS for dag in ("daily", "committee_packs"))):
        _until(partial(api.switch_on, dag), check)
    return api


def _until(ask: Callable[[], bool], check: Callable[[], None]) -> None:
    until = time.monotonic() + 240
    while not ask():
        check()
        assert time.monotonic() < until
        time.sleep(0.5)


def test_init_can_be_run_again(deployed: Deployed) -> None:
    assert deployed.init == [0, 0]


def test_every_task_of_every_dag_succeeds_on_postgresql(deployed: Deployed) -> None:
    for outcomes in (deployed.outcomes, deployed.again):
        assert set(outcomes) == set(STEPS)
        states = {outcome.name: outcome.state for found in outcomes.values() for outcome in found}
        assert set(states.values()) == {"success"}, states
        for task in ("daily.load", "daily.assess", "daily.send", "committee_packs.build"):
            assert {f"{landlord}.{task}" for landlord in LANDLORDS} <= set(states)


def test_findings_mails_and_packs_are_there_and_come_once(deployed: Deployed) -> None:
    def results(outcomes: dict[str, list[TaskOutcome]], step: str) -> dict[str, Any]:
        return {found.landlord: found.result for found in outcomes[step]}

    for landlord in LANDLORDS:
        assert results(deployed.outcomes, "assessment")[landlord]["findings"]["opened"] > 0
        assert results(deployed.outcomes, "committee_packs")[landlord]["packs"]
        assert results(deployed.again, "intake")[landlord]["status"] == "unchanged"
        assert results(deployed.again, "assessment")[landlord]["findings"]["opened"] == 0
        assert results(deployed.again, "alerts")[landlord]["sent"] == 0
    # The few records taken of the other landlord are no reason for a mail.
    assert results(deployed.outcomes, "alerts")["queens_cross"]["sent"] > 0
    assert list((deployed.folder / "var" / "mail").glob("*.eml"))
    assert list((deployed.folder / "var").rglob("*.xlsx"))


def test_the_pages_login_reads_and_decides_and_changes_no_finding(deployed: Deployed) -> None:
    """What the API server's environment is enough for: the commands go through the same functions as the pages."""
    said = ["--by", "governance officer", "--why", "a test"]
    until = (datetime.now(LONDON).date() + timedelta(days=30)).isoformat()
    ref = json.loads(_ask(deployed, "findings", "--as-at", AS_AT.isoformat()))["findings"][0]["register_ref"]
    assert json.loads(_ask(deployed, "finding", "show", ref))["register_ref"] == ref
    _ask(deployed, "finding", "silence", ref, *said, "--until", until)
    assert [each["register_ref"] for each in json.loads(_ask(deployed, "silences"))["silences"]] == [ref]
    _ask(deployed, "finding", "undo", ref, *said)
    engine = create_engine(make_url(deployed.server["DUE_REGARD_REGISTER_URL"]))
    with pytest.raises(DBAPIError, match="permission denied"), engine.begin() as connection:
        connection.exec_driver_sql("UPDATE findings SET status = 'resolved'")
    engine.dispose()


def _ask(deployed: Deployed, *words: str) -> str:
    command = [sys.executable, "-m", "due_regard", "--json", *words]
    done = subprocess.run(command, env=deployed.server, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_landlord_has_its_roles(deployed: Deployed) -> None:
    engine = create_engine(make_url(deployed.airflow))
    with engine.connect() as connection:
        roles = set(connection.exec_driver_sql("SELECT name FROM ab_role").scalars())
    engine.dispose()
    assert {name for landlord in LANDLORDS for name in list_role_permissions(landlord)} <= roles


def test_a_stranger_sees_nothing(deployed: Deployed) -> None:
    assert deployed.stranger == 401


def test_no_personal_value_is_in_airflows_database_or_logs(deployed: Deployed) -> None:
    read = [file.read_text(encoding="utf-8", errors="replace") for file in deployed.folder.rglob("*.log")]
    engine = create_engine(make_url(deployed.airflow))
    with engine.connect() as connection:
        for table, column in (("xcom", "value"), ("rendered_task_instance_fields", "rendered_fields")):
            read += map(str, connection.exec_driver_sql(f"SELECT {column} FROM {table}").scalars())
    engine.dispose()
    everything = "\n".join(read)
    assert "batch_id" in everything
    assert len(deployed.personal) > 40
    assert [value for value in deployed.personal if value in everything] == []
