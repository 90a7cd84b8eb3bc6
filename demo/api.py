"""Airflow's public API, as far as a demo needs it: log in, trigger a run, see what became of its tasks.

Add a call here when the demo must know something more of a run; decide what to make of it in chain.py.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from demo.place import LOGIN, make_address

_ENDED = frozenset({"success", "failed"})


@dataclass(frozen=True)
class DagRun:
    """One run of a DAG."""

    dag: str
    id: str
    state: str

    @property
    def ended(self) -> bool:
        """Whether nothing more happens in it."""
        return self.state in _ENDED


@dataclass(frozen=True)
class TaskOutcome:
    """What became of one task of a landlord's DAG, and the result it returned."""

    dag: str
    task: str
    state: str
    result: Any = None

    @property
    def name(self) -> str:
        """`landlord.dag.task`."""
        return f"{self.dag}.{self.task}"

    @property
    def landlord(self) -> str:
        """Whose DAG it is."""
        return self.dag.partition(".")[0]


class AirflowApi:
    """A logged-in client of one server."""

    def __init__(self, port: int, passwords: Path) -> None:
        # trust_env off: a proxy of the caller's must not see loopback traffic.
        self._http = httpx.Client(base_url=make_address(port), timeout=30, trust_env=False)
        self._passwords = passwords

    def is_answering(self) -> bool:
        """Whether the server and the address that tasks use both answer; asking also warms them."""
        try:
            return all(self._http.get(path).is_success for path in ("/api/v2/monitor/health", "/execution/health"))
        except httpx.TransportError:
            return False

    def log_in(self) -> None:
        """Log in as the demo's user, with the password that the file holds for them."""
        password = str(json.loads(self._passwords.read_text())[LOGIN])
        answer = self._http.post("/auth/token", json={"username": LOGIN, "password": password}).raise_for_status()
        self._http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def scheduler_beats(self) -> bool:
        """Whether the scheduler is up."""
        return bool(self._get_json("/monitor/health")["scheduler"]["status"] == "healthy")

    def trigger_dag(self, dag: str, conf: dict[str, Any]) -> DagRun:
        """Start a run of `dag` with these params, as a person would in the UI."""
        body = {"logical_date": None, "conf": conf}
        answer = self._http.post(f"/api/v2/dags/{dag}/dagRuns", json=body).raise_for_status()
        return _parse_run(answer.json())

    def read_run(self, dag: str, run_id: str) -> DagRun:
        """One run as it is now."""
        return _parse_run(self._get_json(f"/dags/{dag}/dagRuns/{run_id}"))

    def list_outcomes(self, run: DagRun) -> list[TaskOutcome]:
        """What became of every task of `run`."""
        found = self._get_json(f"/dags/{run.dag}/dagRuns/{run.id}/taskInstances", limit=500)["task_instances"]
        return [self._make_outcome(run, str(each["task_id"]), str(each["state"])) for each in found]

    def _make_outcome(self, run: DagRun, task: str, state: str) -> TaskOutcome:
        return TaskOutcome(run.dag, task, state, self._read_result(run, task) if state == "success" else None)

    def _read_result(self, run: DagRun, task: str) -> Any:
        path = f"/dags/{run.dag}/dagRuns/{run.id}/taskInstances/{task}/xcomEntries/return_value"
        answer = self._http.get(f"/api/v2{path}")
        return None if answer.status_code == httpx.codes.NOT_FOUND else answer.raise_for_status().json()["value"]

    def _get_json(self, path: str, **params: Any) -> Any:
        return self._http.get(f"/api/v2{path}", params=params).raise_for_status().json()


def _parse_run(found: dict[str, Any]) -> DagRun:
    return DagRun(str(found["dag_id"]), str(found["dag_run_id"]), str(found["state"]))
