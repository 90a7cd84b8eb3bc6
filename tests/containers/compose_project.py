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

from demo.place import find_free_port
from tests.deployment.test_compose import ROOT, SERVICES

STARTED = [name for name, service in SERVICES.items() if "profiles" not in service]
"""What `docker compose up` starts."""

LANDLORDS = ("queens_cross", "clydebank")
PATIENCE_S = float(os.environ.get("DUE_REGARD_CONTAINERS_PATIENCE", "900"))
"""For how long a service may take to become healthy, or a run to end."""


@dataclass(frozen=True)
class ComposeProject:
    """The clone, and the name by which the engine knows its containers, volumes and networks."""

    folder: Path
    name: str
    port: int

    def call(self, *words: str, given: str | None = None, timeout: float = 3600) -> subprocess.CompletedProcess[str]:
        """Run `docker compose` in the clone."""
        # What this shell sets would go before .env.
        env = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "DUE_REGARD_"))}
        command = ["docker", "compose", "-p", self.name, *words]
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
        number = self.do("ps", "-a", "-q", service).strip()
        shown = subprocess.run(["docker", "inspect", number], capture_output=True, text=True, check=True, timeout=120)
        found: dict[str, Any] = json.loads(shown.stdout)[0]
        return found

    def start(self) -> None:
        """The documented command, and every service healthy."""
        self.do("up", "-d")
        wait_until(self._is_healthy, self.describe)

    def _is_healthy(self) -> bool:
        found = self.list_states()
        assert found.get("init", ("", 0))[1] == 0, self.describe()
        return set(found) - {"proxy"} == set(STARTED) and all(
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

    def bring_drop(self, landlord: str) -> None:
        """Put a landlord's sample export where exports belong."""
        drop = self.folder / "drops" / landlord
        shutil.copytree(self.folder / "include" / "samples" / landlord, drop)
        for each in (drop, *drop.iterdir()):
            shutil.chown(each, int(self.read_setting("DUE_REGARD_UID")))


def wait_until(ask: Callable[[], bool], describe: Callable[[], str]) -> None:
    """Ask again until the answer is yes."""
    until = time.monotonic() + PATIENCE_S
    while not ask():
        assert time.monotonic() < until, describe()
        time.sleep(2)


def make_project(folder: Path) -> ComposeProject:
    """Clone what is committed into an empty folder and make its .env by `make env`."""
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True, timeout=300)
    subprocess.run(["make", "env", f"PYTHON={sys.executable}"], cwd=folder, check=True, capture_output=True, timeout=60)
    project = ComposeProject(folder, f"due-regard-test-{os.getpid()}", find_free_port())
    project.write_settings(
        AIRFLOW_UI_PORT=project.port,
        DUE_REGARD_LANDLORDS=",".join(LANDLORDS),
        DUE_REGARD_SMTP_CONNECTION="mail",
        # Beside an installation that runs on this machine.
        DUE_REGARD_PROXY_SUBNET="172.30.59.0/29",
    )
    return project
