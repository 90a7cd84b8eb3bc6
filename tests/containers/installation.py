"""The project as it goes on from test to test: started by the documented commands, its DAGs run over the API."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from demo.api import DagRun, TaskOutcome
from demo.chain import follow_chain
from demo.run import AS_AT
from tests.containers.compose_project import LANDLORDS, ComposeProject, make_project, wait_until
from tests.deployment.test_compose_without_docker import Administrator

INTO_A_LOAD_S = 2
"""A load takes no less than five seconds, and its process one to begin."""


def why_not() -> str:
    """Why nothing is started here; empty where it is."""
    if not os.environ.get("DUE_REGARD_CONTAINERS"):
        return "needs a Docker engine and up to an hour: make test-containers"
    if shutil.which("docker") is None:
        return "no Docker engine: there is no command docker"
    asked = subprocess.run(["docker", "info"], capture_output=True, text=True, check=False, timeout=120)
    return "" if asked.returncode == 0 else "no Docker engine answers (docker info)"


class ContainersAdministrator(Administrator):
    """The administrator, who also sees where tasks ran, and has patience with a machine that does much else."""

    def __init__(self, port: int, password: str) -> None:
        super().__init__(port, password)
        self._http.timeout = httpx.Timeout(180)

    def list_hosts(self, dag: str = "~", run: str = "~") -> dict[str, str]:
        """`dag.task` -> name of the machine that ran it last, of tasks that ran: of one run, or of all."""
        found = self._get_json(f"/dags/{dag}/dagRuns/{run}/taskInstances", limit=500, order_by="start_date")
        instances = found["task_instances"]
        assert len(instances) == found["total_entries"], "there are more than one answer holds"
        ran = [each for each in instances if each["hostname"]]
        return {f"{each['dag_id']}.{each['task_id']}": str(each["hostname"]).split(".")[0] for each in ran}


@dataclass
class Installation:
    """What runs, and what it came to so far."""

    project: ComposeProject
    outcomes: dict[str, list[TaskOutcome]] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)

    def log_in(self, *dags: str) -> ContainersAdministrator:
        """A client of the API server that runs now; these DAGs and every landlord's are switched on."""
        api = ContainersAdministrator(self.project.port, self.project.read_setting("AIRFLOW_ADMIN_PASSWORD"))
        wait_until(api.is_answering, self.project.describe)
        api.log_in()
        wait_until(api.scheduler_beats, self.project.describe)
        landlords = self.project.read_setting("DUE_REGARD_LANDLORDS").split(",")
        names = [f"{each}.{dag}" for each in landlords for dag in ("daily", "committee_packs")]
        for dag in (*names, *dags):
            wait_until(lambda dag=dag: api.switch_on(dag), self.project.describe)  # type: ignore[misc]
        return api

    def follow(self, *dags: str) -> dict[str, list[TaskOutcome]]:
        """Every landlord's day and packs, then these DAGs over all."""
        with closing(self.log_in(*dags)) as api:
            found = dict(follow_chain(api, LANDLORDS, AS_AT, lambda: None))
            for dag in dags:
                found[dag] = self.end(api, api.trigger_dag(dag, {}))
        return found

    def run_day(self, landlord: str) -> dict[str, TaskOutcome]:
        """A landlord's day as at the samples' day; what became of each task."""
        with closing(self.log_in()) as api:
            run = api.trigger_dag(f"{landlord}.daily", {"as_at": AS_AT.isoformat(), "mail": True})
            return {each.task: each for each in self.end(api, run)}

    def end(self, api: ContainersAdministrator, run: DagRun) -> list[TaskOutcome]:
        """What a run came to once it has ended."""
        wait_until(lambda: api.read_run(run.dag, run.id).ended, self.project.describe)
        return api.list_outcomes(run)

    def list_findings(self, service: str = "scheduler") -> list[str]:
        """Everything open as at the samples' day, by reference."""
        found = self.project.ask("findings", "--as-at", AS_AT.isoformat(), "--all", service=service)["findings"]
        return sorted(each["register_ref"] for each in found)

    def store_connection(self, name: str, kind: str, **parts: Any) -> None:
        """By the command of the runbook, in the one service that has the key."""
        words = [word for part, value in parts.items() for word in (f"--conn-{part}", _write_part(value))]
        self.project.do("exec", "-T", "api-server", "airflow", "connections", "add", name, "--conn-type", kind, *words)


def _write_part(value: Any) -> str:
    return json.dumps(value) if isinstance(value, dict) else str(value)


@contextmanager
def open_clone(above: Path, name: str, *profiles: str) -> Iterator[ComposeProject]:
    """A clone in an empty folder of its own; everything that was made of it is removed at the end."""
    project = make_project(above / f"{name}-{os.getpid()}", *profiles)
    try:
        yield project
    finally:
        # What containers wrote belongs to their user: they remove it.
        project.call("run", "--rm", "--no-deps", "-T", "init", "sh", "-c", "rm -rf /opt/due-regard/var/*")
        try:
            project.do("--profile", "proxy", "down", "--volumes", "--remove-orphans")
        finally:
            shutil.rmtree(project.folder, ignore_errors=True)
