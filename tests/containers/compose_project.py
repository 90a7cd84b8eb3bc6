"""A clone of the repository whose docker-compose.yaml a real engine runs, under a project name of its own.

Nothing stands in for compose's files, commands or settings: the clone holds what is committed and what
`make env` makes.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from demo.place import drop_foreign_variables, find_free_port
from tests.deployment.test_compose import ROOT, SERVICES

LANDLORDS = ("queens_cross", "clydebank")
PATIENCE_S = float(os.environ.get("DUE_REGARD_CONTAINERS_PATIENCE", "900"))
"""For how long a service may take to become healthy, or a run to end."""


@dataclass(frozen=True)
class ComposeProject:
    """The clone, and the name by which the engine knows its containers, volumes and networks."""

    folder: Path
    name: str
    port: int
    profiles: tuple[str, ...] = ()

    @property
    def started(self) -> list[str]:
        """What `docker compose up` starts with this project's profiles."""
        return list_started(*self.profiles)

    def call(self, *words: str, given: str | None = None, timeout: float = 3600) -> subprocess.CompletedProcess[str]:
        """Run `docker compose` in the clone."""
        # What this shell sets would go before .env.
        env = drop_foreign_variables()
        profiles = [word for profile in self.profiles for word in ("--profile", profile)]
        command = ["docker", "compose", "-p", self.name, *profiles, *words]
        return subprocess.run(
            command, cwd=self.folder, env=env, input=given, capture_output=True, text=True, check=False, timeout=timeout
        )

    def do(self, *words: str, given: str | None = None) -> str:
        """Run `docker compose`, which must succeed; what it printed."""
        done = self.call(*words, given=given)
        assert done.returncode == 0, f"{' '.join(words)}: {done.stdout[-2000:]}\n{done.stderr[-4000:]}"
        return done.stdout

    def ask(self, *words: str, service: str = "scheduler") -> Any:
        """What `due-regard --json …` answers in a running service."""
        return json.loads(self.do("exec", "-T", service, "due-regard", "--json", *words))

    def inspect(self, service: str) -> dict[str, Any]:
        """What the engine says of a service's container."""
        found: dict[str, Any] = json.loads(ask_engine("inspect", self.do("ps", "-a", "-q", service).strip()))[0]
        return found

    def start(self) -> None:
        """The documented command, and every service healthy."""
        self.do("up", "-d")
        wait_until(self._is_healthy, self.describe)

    def _is_healthy(self) -> bool:
        found = self.list_states()
        assert found.get("init", ("", 0))[1] == 0, self.describe()
        return set(found) - {"proxy"} == set(self.started) and all(
            health == "healthy" for name, (health, _) in found.items() if name not in {"init", "proxy"}
        )

    def list_states(self) -> dict[str, tuple[str, int]]:
        """Service -> its health and exit code."""
        lines = self.do("ps", "-a", "--format", "json").splitlines()
        return {each["Service"]: (each["Health"], each["ExitCode"]) for each in map(json.loads, lines)}

    def describe(self) -> str:
        """What there is to say where waiting was in vain."""
        return self.do("ps", "-a") + self.call("logs", "--tail", "40").stdout

    def kill(self, service: str) -> None:
        """Kill a service's whole tree from outside: after `docker kill` it would stay away."""
        os.kill(int(self.inspect(service)["State"]["Pid"]), signal.SIGKILL)

    def write_settings(self, **settings: object) -> None:
        """Add lines to .env, as a person would."""
        file = self.folder / ".env"
        kept = [line for line in file.read_text().splitlines() if line.partition("=")[0] not in settings]
        file.write_text("\n".join([*kept, *(f"{name}={value}" for name, value in settings.items())]) + "\n")

    def read_setting(self, name: str) -> str:
        """The value of a line in .env."""
        lines = (self.folder / ".env").read_text().splitlines()
        return next(line.partition("=")[2] for line in lines if line.startswith(f"{name}="))

    def bring_drop(self, landlord: str, above: str = "drops") -> Path:
        """Put a landlord's sample export where exports belong, or below another folder of the clone."""
        drop = self.folder / above / landlord
        shutil.copytree(self.folder / "include" / "samples" / landlord, drop)
        self.give_to_containers(drop, *drop.iterdir())
        return drop

    def write_landlord(self, landlord: str, **settings: Any) -> None:
        """Lay a landlord's file with other settings over the shipped one; tables are joined."""
        found = yaml.safe_load((self.folder / "include" / "landlords" / f"{landlord}.yaml").read_text("utf-8"))
        for name, value in settings.items():
            found[name] = found.get(name, {}) | value if isinstance(value, dict) else value
        folder = self.folder / "own" / "landlords"
        folder.mkdir(exist_ok=True)
        (folder / f"{landlord}.yaml").write_text(yaml.safe_dump(found), "utf-8")
        self.give_to_containers(folder, folder / f"{landlord}.yaml")

    def give_to_containers(self, *places: Path) -> None:
        """Make these files and folders the containers' user's, as those are that `make env` makes."""
        for place in places:
            shutil.chown(place, int(self.read_setting("DUE_REGARD_UID")))

    def empty_register(self) -> None:
        """Stop everything and remove the register's volume."""
        self.do("down")
        ask_engine("volume", "rm", f"{self.name}_register-db")


def wait_until(ask: Callable[[], bool], describe: Callable[[], str], every_s: float = 2) -> None:
    """Ask again until the answer is yes."""
    until = time.monotonic() + PATIENCE_S
    while not _is_answered(ask):
        assert time.monotonic() < until, describe()
        time.sleep(every_s)


def _is_answered(ask: Callable[[], bool]) -> bool:
    """Whether the answer is yes; a server that has too much to do to answer in time is asked again."""
    try:
        return ask()
    except httpx.TransportError:
        return False


def list_started(*profiles: str) -> list[str]:
    """The services that `docker compose up` starts with these profiles."""
    return [name for name, service in SERVICES.items() if set(service.get("profiles", profiles)) <= set(profiles)]


def ask_engine(*words: str) -> str:
    """What `docker` answers, which must succeed."""
    done = subprocess.run(["docker", *words], capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, f"{' '.join(words)}: {done.stderr[-4000:]}"
    return done.stdout


def make_project(folder: Path, *profiles: str) -> ComposeProject:
    """Clone what is committed into an empty folder and make its .env by `make env`."""
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True, timeout=300)
    subprocess.run(["make", "env", f"PYTHON={sys.executable}"], cwd=folder, check=True, capture_output=True, timeout=60)
    project = ComposeProject(folder, f"due-regard-test-{folder.name}", find_free_port(), profiles)
    project.write_settings(
        AIRFLOW_UI_PORT=project.port,
        DUE_REGARD_LANDLORDS=",".join(LANDLORDS),
        DUE_REGARD_SMTP_CONNECTION="mail",
        # DAGs that are off by default.
        DUE_REGARD_METRICS="true",
        DUE_REGARD_AIRFLOW_KEEP_DAYS=400,
        # Beside an installation that runs on this machine, and beside another test's.
        DUE_REGARD_PROXY_SUBNET=f"10.213.{60 + project.port % 190}.0/29",
    )
    return project
