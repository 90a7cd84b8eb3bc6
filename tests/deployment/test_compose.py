"""docker-compose.yaml and Dockerfile, by parsing: no Docker engine is needed. With one, see tests/containers."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
import tomllib
from collections import defaultdict
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509
from sqlalchemy import make_url

from demo.place import DemoPlace, build_environment
from due_regard.config.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
TEXT = (ROOT / "docker-compose.yaml").read_text(encoding="utf-8")
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
OURS = [name for name, service in SERVICES.items() if "due-regard" in service["image"]]
OF_AIRFLOW = [name for name in OURS if name != "watch"]
REFERENCE = re.compile(r"(?<!\$)\$\{(?P<name>\w+)(?P<rest>(?:[^{}]|\$\{[^}]*\})*)\}")


def locked(package: str) -> str:
    found = re.search(rf"^{package}==(\S+)", (ROOT / "requirements.txt").read_text(encoding="utf-8"), re.MULTILINE)
    assert found is not None, package
    return found[1]


def fill_in(value: str, secrets: Mapping[str, str]) -> str:
    """A value as compose makes it of an .env with these secrets alone: a default stands where there is one."""

    def find_value(found: re.Match[str]) -> str:
        default = found["rest"].removeprefix(":-")
        return default if default != found["rest"] and "$" not in default else secrets[found["name"]]

    return REFERENCE.sub(find_value, value)


def environment(service: str) -> dict[str, str | None]:
    return SERVICES[service].get("environment", {})


def test_versions_are_those_of_the_lock() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {SERVICES[name]["image"] for name in OURS} == {f"due-regard:{project['version']}"}
    assert f"ARG UV_VERSION={locked('uv')}\n" in DOCKERFILE
    assert f"UV_VERSION := {locked('uv')}\n" in (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "uv pip sync --no-cache --require-hashes --compile-bytecode requirements.txt" in DOCKERFILE
    minor = re.search(r"FROM python:(\d+\.\d+)-", DOCKERFILE)
    assert minor is not None
    assert project["requires-python"].startswith(f">={minor[1]},")


@pytest.fixture(scope="module")
def known_to_airflow(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Every variable that the installed Airflow and its providers read."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    env["AIRFLOW_HOME"] = str(tmp_path_factory.mktemp("airflow"))
    command = [sys.executable, "-m", "airflow", "config", "list", "--defaults"]
    shown = subprocess.run(command, env=env, capture_output=True, text=True, check=True, timeout=120).stdout
    return set(re.findall(r"^# Variable: (AIRFLOW__\w+)$", shown, re.MULTILINE))


def test_every_airflow_variable_exists_in_the_installed_configuration(known_to_airflow: set[str]) -> None:
    used = {name for service in SERVICES for name in environment(service) if name.startswith("AIRFLOW__")}
    assert len(used) > 10
    assert used - known_to_airflow == set()


def test_every_variable_of_ours_is_a_setting() -> None:
    used = {name for service in SERVICES for name in environment(service) if name.startswith("DUE_REGARD_")}
    assert {name.removeprefix("DUE_REGARD_").lower() for name in used} - set(Settings.model_fields) == set()


def test_airflow_starts_up_with_this_environment(tmp_path: Path) -> None:
    """Its settings import only if every driver is there that a PostgreSQL address asks for; nothing is connected to."""
    secrets = defaultdict(lambda: "x" * 32)
    given = {n: fill_in(v, secrets) for n, v in environment("scheduler").items() if v and n.startswith("AIRFLOW__")}
    env = {n: v for n, v in os.environ.items() if not n.startswith("AIRFLOW")} | given
    # Fernet keys have a form; the folders are the image's.
    env |= {"AIRFLOW_HOME": str(tmp_path), "AIRFLOW__CORE__FERNET_KEY": ""}
    command = [
        sys.executable,
        "-c",
        "import airflow.settings as s; print(s.engine.dialect.name, s.async_engine.driver)",
    ]
    shown = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=120)
    assert shown.stdout.splitlines()[-1:] == ["postgresql asyncpg"], shown.stderr[-2000:]


def mounts(service: str) -> dict[str, str]:
    """Folder in the container -> what of the host or which volume is there."""
    parts = [str(volume).removesuffix(":ro").rpartition(":") for volume in SERVICES[service]["volumes"]]
    return {inside: outside for outside, _, inside in parts}


def test_folders_of_the_host_are_where_the_settings_look() -> None:
    for name in OURS:
        folders = {
            value for setting, value in environment(name).items() if re.fullmatch(r"DUE_REGARD_\w+_DIR", setting)
        }
        places = {*mounts(name), *SERVICES[name].get("tmpfs", [])}
        assert "/opt/due-regard/include" in places
        assert [folder for folder in folders if not any(f"{folder}/".startswith(f"{place}/") for place in places)] == []
    assert mounts("scheduler")["/opt/due-regard/var"] == "./var"
    assert {
        volume for name in OURS for volume in SERVICES[name]["volumes"] if "/var" in volume or volume[0] != "."
    } == {
        "./var:/opt/due-regard/var",
        "./var:/opt/due-regard/var:ro",
        "./var/packs:/opt/due-regard/var/packs",
        "${DUE_REGARD_BACKUP_DIR:-./backups}:/opt/due-regard/backups",
        "${DUE_REGARD_BACKUP_DIR:-./backups}:/opt/due-regard/backups:ro",
        "${DUE_REGARD_OWN_DIR:-./own}:/opt/due-regard/own:ro",
        "logs:/opt/airflow/logs",
        "logs:/opt/airflow/logs:ro",
    }


MAIL = {"DUE_REGARD_SMTP_PASSWORD", "DUE_REGARD_SMTP_OAUTH_CLIENT_SECRET"}

SECRETS = {
    "airflow-db": {"AIRFLOW_DB_PASSWORD"},
    "register-db": {"REGISTER_DB_PASSWORD"},
    "init": {
        "AIRFLOW_DB_PASSWORD",
        "REGISTER_DB_PASSWORD",
        "AIRFLOW_ADMIN_PASSWORD",
        "TASKS_DB_PASSWORD",
        "PAGES_DB_PASSWORD",
    },
    "api-server": {
        "AIRFLOW_DB_PASSWORD",
        "AIRFLOW_FERNET_KEY",
        "AIRFLOW_API_SECRET_KEY",
        "AIRFLOW_JWT_SECRET",
        "AIRFLOW_ENTRA_CLIENT_SECRET",
        "PAGES_DB_PASSWORD",
    },
    "proxy": set(),
    "scheduler": {
        "AIRFLOW_DB_PASSWORD",
        "AIRFLOW_JWT_SECRET",
        "TASKS_DB_PASSWORD",
        "REDIS_PASSWORD",
        *MAIL,
    },
    "watch": {"TASKS_DB_PASSWORD", *MAIL},
    "dag-processor": {"AIRFLOW_DB_PASSWORD"},
    "redis": {"REDIS_PASSWORD"},
    "worker-1": {"TASKS_DB_PASSWORD", "REDIS_PASSWORD", *MAIL},
    "worker-2": {"TASKS_DB_PASSWORD", "REDIS_PASSWORD", *MAIL},
}
"""Service -> the secrets of .env that it is given, under whatever name, also inside a URL."""

NETWORKS = {
    "airflow-db": ["airflow"],
    "register-db": ["register", "register-watch"],
    "init": ["airflow", "register"],
    "api-server": ["airflow", "airflow-tasks", "register", "front", "pages-outside"],
    "proxy": ["front", "proxy-outside"],
    "scheduler": ["airflow", "register", "broker", "tasks-outside"],
    "watch": ["register-watch", "watch-outside"],
    "dag-processor": ["airflow"],
    "redis": ["broker"],
    "worker-1": ["airflow-tasks", "register", "broker", "worker-1-outside"],
    "worker-2": ["airflow-tasks", "register", "broker", "worker-2-outside"],
}
"""Service -> whom it can reach: databases and file parser have no way out of this machine."""

TEMPORARY = "/tmp"  # noqa: S108 -- the container's, in memory

OF_TASKS = {"/opt/due-regard/var", "/opt/due-regard/backups", "/opt/airflow/logs", TEMPORARY, "/opt/airflow"}

WRITABLE = {
    "airflow-db": {"/var/lib/postgresql", TEMPORARY, "/var/run/postgresql"},
    "register-db": {"/var/lib/postgresql", TEMPORARY, "/var/run/postgresql"},
    "init": {"/opt/due-regard/var", TEMPORARY, "/opt/airflow"},
    "api-server": {"/opt/due-regard/var/packs", TEMPORARY, "/opt/airflow"},
    "proxy": {TEMPORARY},
    "scheduler": OF_TASKS,
    "watch": {"/opt/due-regard/var", TEMPORARY, "/opt/airflow"},
    "dag-processor": {"/opt/airflow/logs", TEMPORARY, "/opt/airflow"},
    "redis": {TEMPORARY, "/data"},
    "worker-1": OF_TASKS,
    "worker-2": OF_TASKS,
}
"""Service -> the only folders that it can write: of the host, of a volume, or in memory until it ends."""


def test_each_service_is_given_the_secrets_that_it_needs() -> None:
    secret = re.compile(r"PASSWORD|SECRET|_KEY$")
    held = {}
    for name in SERVICES:
        given = environment(name)
        asked = {found["name"] for value in given.values() if value for found in REFERENCE.finditer(value)}
        asked |= {each for each, value in given.items() if value is None}
        held[name] = {each for each in asked if secret.search(each)}
    assert held == SECRETS


def test_each_service_reaches_what_it_needs() -> None:
    assert {name: service["networks"] for name, service in SERVICES.items()} == NETWORKS
    inside = {name for name, network in COMPOSE["networks"].items() if network.get("internal")}
    assert inside == {"airflow", "airflow-tasks", "register", "register-watch", "front", "broker"}
    ways_out = [network for networks in NETWORKS.values() for network in networks if network not in inside]
    assert len(set(ways_out)) == len(ways_out), "two services that share a way out meet on it"


def test_each_service_can_write_only_what_it_must() -> None:
    found = {}
    for name, service in SERVICES.items():
        volumes = [str(volume) for volume in service["volumes"] if not str(volume).endswith(":ro")]
        found[name] = {volume.rpartition(":")[2] for volume in volumes} | set(service["tmpfs"])
        assert service["read_only"] is True, name
    assert found == WRITABLE


def test_every_service_is_confined() -> None:
    """Databases, too: as the user of their image they give no file away and need no capability."""
    for name, service in SERVICES.items():
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["cap_drop"] == ["ALL"], name
        assert not {"cap_add", "privileged", "devices", "pid", "ipc", "network_mode", "userns_mode"} & set(service), (
            name
        )
        assert service["user"] in {"postgres", "redis", "${DUE_REGARD_UID:?run make env}:0"}, name
        assert service["mem_limit"], name
        assert service["pids_limit"] > 0, name


def test_tasks_and_pages_have_logins_of_their_own() -> None:
    """The register's owner, who could lift its guards, is nobody that runs all day."""
    words = SERVICES["init"]["command"][-1]
    logins = {"api-server": ("pages", "pages")} | dict.fromkeys(("scheduler", "watch", *WORKERS), ("tasks", "loader"))
    for service, (login, role) in logins.items():
        url = make_url(REFERENCE.sub("x", str(environment(service)["DUE_REGARD_REGISTER_URL"])))
        assert url.username == login
        assert f'register login {login} --role {role} <<< "$${login.upper()}_DB_PASSWORD"' in words
    assert words.index("register upgrade") < words.index("register login")


def test_a_database_is_ready_once_others_reach_it() -> None:
    """On the socket the server that fills a new volume answers, too; init would meet it stopping."""
    for name in ("airflow-db", "register-db"):
        assert "pg_isready --host 127.0.0.1 " in SERVICES[name]["healthcheck"]["test"][-1]
    watched = {name for name, service in SERVICES.items() if "healthcheck" in service}
    assert watched == set(SERVICES) - {"init", "proxy"}


def test_the_watch_lives_without_airflow() -> None:
    watch = SERVICES["watch"]
    # The register's server alone is there, and nobody of Airflow's.
    met = {name for name, networks in NETWORKS.items() if set(networks) & set(watch["networks"])}
    assert met == {"watch", "register-db"}
    assert [name for name in environment("watch") if "AIRFLOW" in name] == []
    assert "due-regard watch" in watch["command"][-1]
    assert (
        subprocess.run(["bash", "-n"], input=watch["command"][-1].replace("$$", "$"), text=True, check=False).returncode
        == 0
    )
    (every,) = re.findall(r"sleep (\d+)", watch["command"][-1])
    (within,) = re.findall(r"-mmin -(\d+)", watch["healthcheck"]["test"][-1])
    assert 2 * int(every) / 60 < int(within) < 60
    wanted = {f"DUE_REGARD_{name.upper()}" for name in Settings.model_fields if name.startswith(("mail_", "smtp_"))}
    assert wanted - set(environment("watch")) == set()


def test_the_roles_are_made_before_anybody_signs_in() -> None:
    words = SERVICES["init"]["command"][-1]
    assert words.index("airflow db migrate") < words.index("python -m due_regard.web.roles")
    assert SERVICES["api-server"]["depends_on"]["init"] == {"condition": "service_completed_successfully"}
    config = environment("api-server")["AIRFLOW__FAB__CONFIG_FILE"]
    assert (ROOT / str(config).removeprefix("/opt/due-regard/")).is_file()


def test_only_the_proxy_is_believed_on_how_a_request_came() -> None:
    """Whoever else reaches the server could name another address, by which failed logins are counted."""
    subnet = COMPOSE["networks"]["front"]["ipam"]["config"][0]["subnet"]
    assert environment("api-server")["FORWARDED_ALLOW_IPS"] == subnet
    assert SERVICES["api-server"]["command"][-1] == "--proxy-headers"
    # On no other network, or it might come from an address that is not believed.
    assert set(NETWORKS["api-server"]) & set(NETWORKS["proxy"]) == {"front"}
    assert [name for name, networks in NETWORKS.items() if "front" in networks] == ["api-server", "proxy"]
    assert SERVICES["proxy"]["profiles"] == ["proxy"]


DOCKERS_OWN = [ip_network("172.16.0.0/12"), ip_network("192.168.0.0/16")]
"""Where the engine takes the ranges of networks from that name none (its `default-address-pools`)."""


def test_the_proxys_range_is_none_that_docker_gives_away() -> None:
    """Docker gives ranges in turn: the tenth network of this file, or of a neighbour's, would have taken its place."""
    named = re.search(r":-([^}]+)}", COMPOSE["networks"]["front"]["ipam"]["config"][0]["subnet"])
    assert named
    assert not any(ip_network(named[1]).overlaps(own) for own in DOCKERS_OWN)
    assert f"# DUE_REGARD_PROXY_SUBNET={named[1]}\n" in (ROOT / ".env.example").read_text("utf-8")


NOT_OF_TASKS = {"include_dir", "heads_dir", "machine", "preload", "airflow_db_url"}
"""Settings that some tasks have no use for: the image's own folder, what one machine or several alone are told."""


@pytest.mark.parametrize("service", ["scheduler", "worker-1", "worker-2"])
def test_every_setting_reaches_the_tasks(service: str) -> None:
    """Else a line in .env is silently for nothing."""
    wanted = {f"DUE_REGARD_{name.upper()}" for name in Settings.model_fields if name not in NOT_OF_TASKS}
    assert wanted - set(environment(service)) == set()


def test_the_pages_are_told_nothing_of_the_tasks_alone() -> None:
    of_tasks = {"DUE_REGARD_INBOX_KEEP_DAYS", "DUE_REGARD_BACKUP_KEEP_DAYS", "DUE_REGARD_DROPS_DIR"}
    assert of_tasks & set(environment("api-server")) == set()


@pytest.mark.parametrize("service", ["scheduler", "worker-1", "worker-2"])
def test_what_is_fetched_goes_where_every_task_finds_it(service: str) -> None:
    """Whichever worker fetches, another may load: the inbox is no worker's own."""
    given = environment(service)
    files = str(given["DUE_REGARD_FILES_URL"] or given["DUE_REGARD_VAR_DIR"])
    assert mounts(service)[fill_in(files, {})] == "./var"
    assert [network for network in NETWORKS[service] if network.endswith("-outside")], "no way to where exports lie"


def test_a_worker_is_healthy_by_its_own_word() -> None:
    """A ping that anybody may answer would call one that hangs healthy."""
    for worker in WORKERS:
        assert "--destination celery@$$HOSTNAME" in SERVICES[worker]["healthcheck"]["test"][-1]


def test_no_literal_secret_and_no_default_for_one() -> None:
    secret = re.compile(r"PASSWORD|SECRET|FERNET|_KEY|SQL_ALCHEMY_CONN|REGISTER_URL|DB_URL|BROKER_URL|RESULT_BACKEND")
    for service in SERVICES:
        for name, value in environment(service).items():
            if secret.search(name) and value not in {None, NOWHERE}:
                references = list(REFERENCE.finditer(value))
                assert len(references) == 1, name
                assert references[0]["rest"].startswith(":?"), f"{name} must have no default"
                rest = REFERENCE.sub("", value)
                assert rest == "" or re.fullmatch(r"(postgresql\+psycopg2|redis)://\w*:@[\w:-]+/\w+", rest), name


def test_every_variable_is_in_the_example_and_the_other_way_round() -> None:
    passed_on = {name for service in SERVICES for name, value in environment(service).items() if value is None}
    asked = {found["name"] for found in REFERENCE.finditer(TEXT)} | passed_on | set(BUILDING)
    offered = set(re.findall(r"^(?:# )?([A-Z][A-Z0-9_]+)=", EXAMPLE, re.MULTILINE))
    assert asked == offered


def test_no_more_tasks_are_handed_to_the_executor_than_there_are_workers() -> None:
    """What it has been handed it starts in that order, whatever the priorities: see ADR 0008."""
    assert environment("init")["AIRFLOW__CORE__PARALLELISM"] == environment("scheduler")["AIRFLOW__CORE__PARALLELISM"]
    command = COMPOSE["services"]["init"]["command"][-1]
    assert 'airflow pools set default_pool "$$AIRFLOW__CORE__PARALLELISM"' in command
    env = build_environment(DemoPlace(ROOT, ROOT / "include"), 1)
    assert env["AIRFLOW__CORE__DEFAULT_POOL_TASK_SLOT_COUNT"] == env["AIRFLOW__CORE__PARALLELISM"]


def test_init_and_the_database_roles_rest_on_the_one_creator_of_registers() -> None:
    assert "due-regard register upgrade" in COMPOSE["services"]["init"]["command"][-1]
    assert "`due-regard register upgrade`" in (ROOT / "include" / "postgresql" / "roles.sql").read_text(
        encoding="utf-8"
    )


def test_nothing_listens_beyond_this_machine() -> None:
    ports = {name: service.get("ports", []) for name, service in SERVICES.items() if "profiles" not in service}
    assert [name for name, published in ports.items() if published] == ["api-server"]
    assert all(str(port).startswith("127.0.0.1:") for published in ports.values() for port in published)


NOWHERE = "postgresql+psycopg2://nowhere/none"
"""Airflow's database as a worker knows it."""


WORKERS = ("worker-1", "worker-2")


@pytest.mark.parametrize("worker", WORKERS)
def test_a_worker_has_a_disk_of_its_own_and_no_way_to_airflows_database(worker: str) -> None:
    """What machines share is what `doctor` asks for: files for people, drops, audit heads, backups, the register."""
    given, scheduler = environment(worker), environment("scheduler")
    assert given["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] == NOWHERE
    assert not any("KEY" in name or "JWT_SECRET" in name or "_DB_URL" in name for name in given)
    own = str(given["DUE_REGARD_VAR_DIR"])
    assert own.rpartition("/")[0] in SERVICES[worker]["tmpfs"]
    shared = {name: fill_in(str(given[f"DUE_REGARD_{name}"]), {}) for name in ("FILES_URL", "HEADS_DIR", "DROPS_DIR")}
    assert not any(place.startswith(own) for place in shared.values())
    assert shared["FILES_URL"] == scheduler["DUE_REGARD_VAR_DIR"], "where the pages look for packs"
    assert given["DUE_REGARD_MACHINE"] == worker
    assert "airflow" not in SERVICES[worker]["networks"]


def test_celery_is_a_profile_and_its_broker_is_reached_by_those_who_use_it_alone() -> None:
    in_profile = {name for name, service in SERVICES.items() if service.get("profiles") == ["celery"]}
    assert in_profile == {"redis", *WORKERS}
    on_it = [name for name, service in SERVICES.items() if "broker" in service["networks"]]
    assert on_it == ["scheduler", "redis", *WORKERS]
    assert COMPOSE["networks"]["broker"]["internal"] is True
    assert COMPOSE["networks"]["airflow-tasks"]["internal"] is True
    assert '--requirepass "$$REDIS_PASSWORD"' in SERVICES["redis"]["command"][-1]
    redis = SERVICES["redis"]
    assert (redis["user"], redis["read_only"], redis["cap_drop"]) == ("redis", True, ["ALL"])


def test_the_slots_of_the_pool_are_those_of_the_workers() -> None:
    slots = sum(int(str(environment(worker)["AIRFLOW__CELERY__WORKER_CONCURRENCY"])) for worker in WORKERS)
    assert slots == int(str(environment("init")["AIRFLOW__CORE__PARALLELISM"]))


def test_airflows_database_is_not_the_registers() -> None:
    for name in set(OF_AIRFLOW) - set(WORKERS):
        assert str(environment(name)["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"]).split("@")[1] == "airflow-db/airflow"
    for name in ("init", "api-server", "scheduler", "watch", *WORKERS):
        assert str(environment(name)["DUE_REGARD_REGISTER_URL"]).split("@")[1] == "register-db/due_regard"


def test_runs_with_the_local_executor_behind_a_login() -> None:
    for name in OF_AIRFLOW:
        assert fill_in(str(environment(name)["AIRFLOW__CORE__EXECUTOR"]), {}) == "LocalExecutor"
        assert "FabAuthManager" in str(environment(name)["AIRFLOW__CORE__AUTH_MANAGER"])
    assert {"api-server", "scheduler", "dag-processor", "init", *WORKERS} == set(OF_AIRFLOW)


def test_no_container_runs_as_root_or_may_write_the_code() -> None:
    assert {SERVICES[name]["user"] for name in OURS} == {"${DUE_REGARD_UID:?run make env}:0"}
    assert "USER 50000:0" in DOCKERFILE.splitlines()
    assert "--chown" not in DOCKERFILE
    assert re.findall(r"chmod \S+ \S+ (\S+)", DOCKERFILE) == ["/opt/airflow"]


def test_whatever_a_container_writes_is_its_owners_alone(tmp_path: Path) -> None:
    entry = re.search(r"^ENTRYPOINT (.+)$", DOCKERFILE, re.MULTILINE)
    assert entry is not None
    command = [*json.loads(entry[1]), "touch", str(tmp_path / "with a blank")]
    subprocess.run(command, check=True, timeout=60)
    assert stat.S_IMODE((tmp_path / "with a blank").stat().st_mode) == 0o600


BUILDING = {"DUE_REGARD_INDEX_URL": "index", "DUE_REGARD_CA_FILE": "ca"}
"""What a build behind a firewall takes from .env -> the build secret that it becomes."""


def test_an_index_and_a_certificate_are_secrets_of_the_build_alone() -> None:
    assert COMPOSE["secrets"]["index"] == {"environment": "DUE_REGARD_INDEX_URL"}
    assert COMPOSE["secrets"]["ca"] == {"file": "${DUE_REGARD_CA_FILE:-/dev/null}"}
    for service in SERVICES.values():
        assert "secrets" not in service
        assert "args" not in service.get("build", {})
    assert {tuple(SERVICES[name]["build"]["secrets"]) for name in OURS} == {("ca", "index")}
    assert set(re.findall(r"--mount=type=secret,id=(\w+)", DOCKERFILE)) == set(BUILDING.values())
    # A build argument would stay in the image's history.
    assert re.findall(r"^ARG (\w+)", DOCKERFILE, re.MULTILINE) == ["UV_VERSION"]


def test_what_the_image_copies_is_there() -> None:
    copied = re.findall(r"^COPY (?:--\S+ )?(.+) \./\S*$", DOCKERFILE, re.MULTILINE)
    names = [name for line in copied for name in line.split()]
    assert "plugins" in names
    assert [name for name in names if not (ROOT / name).exists()] == []
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in ignored
    assert {line[1:] for line in ignored if line.startswith("!")} == set(names)


@pytest.mark.parametrize(
    "name",
    [
        "drops/queens_cross/customers.csv",
        "var/register.db",
        "own/landlords/x.yaml",
        ".env",
        "docker-compose.override.yaml",
    ],
)
def test_what_people_put_beside_the_code_is_never_committed(name: str, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True, timeout=60)
    (tmp_path / ".gitignore").write_bytes((ROOT / ".gitignore").read_bytes())
    done = subprocess.run(["git", "check-ignore", "-q", name], cwd=tmp_path, check=False, timeout=60)
    assert done.returncode == 0


@pytest.fixture
def made(tmp_path: Path) -> dict[str, str]:
    for name in ("Makefile", ".env.example"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    command = ["make", "env", f"PYTHON={sys.executable}"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=60)
    file = tmp_path / ".env"
    assert file.stat().st_mode & 0o077 == 0
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def test_make_env_fills_every_secret_anew(made: dict[str, str]) -> None:
    secrets = [value for name, value in made.items() if name not in {"AIRFLOW_UI_PORT", "DUE_REGARD_UID"}]
    assert len(secrets) == 9
    assert len(set(secrets)) == 9
    assert min(len(value) for value in secrets) >= 44


def test_make_env_makes_the_folders_of_whoever_runs_it(made: dict[str, str], tmp_path: Path) -> None:
    assert made["DUE_REGARD_UID"] == str(os.getuid() or 50000)
    folders = [(tmp_path / name).stat() for name in ("var", "drops", "own")]
    assert {(str(found.st_uid), stat.S_IMODE(found.st_mode)) for found in folders} == {(made["DUE_REGARD_UID"], 0o700)}


def test_make_env_adds_what_an_older_file_lacks_and_overwrites_nothing(made: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / ".env"
    kept = [line for line in file.read_text(encoding="utf-8").splitlines() if "DUE_REGARD_UID" not in line]
    file.write_text("\n".join(kept) + "\n", encoding="utf-8")
    command = ["make", "env", f"PYTHON={sys.executable}"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=60)
    assert file.read_text(encoding="utf-8").splitlines() == [*kept, f"DUE_REGARD_UID={made['DUE_REGARD_UID']}"]
    before = file.read_bytes()
    done = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
    assert "already" in done.stderr
    assert file.read_bytes() == before


def test_a_task_may_wait_for_a_worker_longer_than_ten_minutes(tmp_path: Path) -> None:
    """Airflow's own ten minutes are both the queue's patience and the life of the token that a waiting task carries."""
    names = ("AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT", "AIRFLOW__EXECUTION_API__JWT_EXPIRATION_TIME")
    demo = build_environment(DemoPlace(tmp_path, tmp_path), 8080)
    for service in ("api-server", "scheduler"):
        environment = COMPOSE["services"][service]["environment"]
        assert all(int(environment[name]) == int(demo[name]) > 3600 for name in names)


def test_make_tls_makes_a_pair_for_a_trial_and_overwrites_none(tmp_path: Path) -> None:
    folder = tmp_path / "tls"
    command = ["make", "-f", str(ROOT / "Makefile"), "tls", f"TLS={folder}", "HOST=register.landlord.example"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=60)
    certificate = x509.load_pem_x509_certificate((folder / "tls.crt").read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["register.landlord.example"]
    key = (folder / "tls.key").read_bytes()
    found = (folder / "tls.key").stat()
    assert (found.st_uid, stat.S_IMODE(found.st_mode)) == (os.getuid() or 50000, 0o600)
    again = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True, timeout=60)
    assert again.returncode != 0
    assert "holds a certificate already" in again.stderr
    assert (folder / "tls.key").read_bytes() == key
