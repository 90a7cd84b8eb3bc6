"""One landlord's data team in an Airflow of any shape: its role, its login, and what the server lets it do.

As `python -m benchmarks.shapes_people` it makes the role and user that it reads from standard input, through FAB.
"""

from __future__ import annotations

import json
import secrets
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import date
from typing import Any

import httpx

from benchmarks.shapes_airflow import ShapeAirflow, ask_patiently
from benchmarks.shapes_known import KINDS
from demo.processes import run_module
from due_regard.web.roles import list_role_permissions, name_role

ROLE = "Data team"
PERSON = "data.team@landlord.example"
WORK_DAY = date(2026, 6, 30)


def let_data_team_in(found: ShapeAirflow, landlord: str) -> httpx.Client:
    """A client of the landlord's data team: the product's role, with the DAGs in which this shape does its work."""
    own = {each for each in list_role_permissions(landlord)[name_role(landlord, ROLE)] if "DAG:" not in each[1]}
    dags = {
        (right, f"DAG:{found.shape.name_dag(landlord, kind)}") for kind in KINDS for right in ("can_read", "can_edit")
    }
    password = secrets.token_urlsafe(12)
    given = {"username": PERSON, "password": password, "permissions": sorted(own | dags)}
    run_module(found.airflow.place, found.airflow.env, "benchmarks.shapes_people", json.dumps(given))
    client = httpx.Client(base_url=found.airflow.env["AIRFLOW__API__BASE_URL"], timeout=120, trust_env=False)
    token = client.post("/auth/token", json={"username": PERSON, "password": password}).raise_for_status().json()
    client.headers["Authorization"] = f"Bearer {token['access_token']}"
    return client


@dataclass(frozen=True)
class Reach:
    """Where a landlord's work stands in an Airflow of some shape."""

    landlord: str
    dag: str
    run: str
    task: str
    index: int

    @property
    def path(self) -> str:
        """Its newest assessment, over REST."""
        mapped = f"/{self.index}" if self.index >= 0 else ""
        return f"/api/v2/dags/{self.dag}/dagRuns/{self.run}/taskInstances/{self.task}{mapped}"

    @property
    def log(self) -> str:
        """The log of that."""
        whose = f"/api/v2/dags/{self.dag}/dagRuns/{self.run}/taskInstances/{self.task}"
        return f"{whose}/logs/1?map_index={self.index}"


_ASSESSMENTS = """
SELECT t.dag_id, t.run_id, t.task_id, t.map_index FROM task_instance t
JOIN dag_run r ON r.dag_id = t.dag_id AND r.run_id = t.run_id
WHERE t.task_id LIKE '%assess' AND ? IN (
    t.rendered_map_index, substr(t.dag_id, 1, instr(t.dag_id, '.') - 1),
    substr(r.partition_key, 1, instr(r.partition_key, '|') - 1))
ORDER BY r.run_after DESC LIMIT 1
"""


def find_work(found: ShapeAirflow, landlord: str) -> Reach:
    """A landlord's newest assessment."""
    return Reach(landlord, *found.airflow.ask(_ASSESSMENTS, landlord)[0])


def list_questions(found: ShapeAirflow) -> dict[str, Callable[[httpx.Client, Reach], httpx.Response]]:
    """Action -> how a person asks for it, of some landlord's work. What is begun is really done."""

    def clear(person: httpx.Client, work: Reach) -> httpx.Response:
        named: Any = [work.task, work.index] if work.index >= 0 else work.task
        body = {"dry_run": False, "dag_run_id": work.run, "task_ids": [named], "only_failed": False}
        return ask_patiently(person, "POST", f"/api/v2/dags/{work.dag}/clearTaskInstances", body)

    def start(person: httpx.Client, work: Reach) -> httpx.Response:
        dag, body = found.shape.begin_one(work.landlord, "daily", WORK_DAY)
        return ask_patiently(person, "POST", f"/api/v2/dags/{dag}/dagRuns", body)

    def switch(person: httpx.Client, work: Reach) -> httpx.Response:
        answers = [
            ask_patiently(person, "PATCH", f"/api/v2/dags/{work.dag}", {"is_paused": off}) for off in (True, False)
        ]
        return answers[0]

    def backfill(person: httpx.Client, work: Reach) -> httpx.Response:
        body = {"dag_id": work.dag, "from_date": "2026-06-23T00:00:00Z", "to_date": "2026-06-23T23:59:59Z"}
        return ask_patiently(person, "POST", "/api/v2/backfills/dry_run", body)

    return {
        "see": lambda person, work: ask_patiently(person, "GET", work.path),
        "read its log": lambda person, work: ask_patiently(person, "GET", work.log),
        "clear": clear,
        "start": start,
        "switch off": switch,
        "backfill (plan)": backfill,
    }


def ask_rights(found: ShapeAirflow, person: httpx.Client, own: str, other: str) -> dict[str, tuple[int, int]]:
    """Action -> the codes that a landlord's data team is answered, for its own work and for another's."""
    codes = {}
    for action, ask in list_questions(found).items():
        answers = []
        for landlord in (own, other):
            answers.append(ask(person, find_work(found, landlord)).status_code)
            found.wait_until_still()
        codes[action] = (answers[0], answers[1])
    return codes


def _make_person(given: dict[str, Any]) -> None:
    from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder

    with get_application_builder() as builder:
        manager = builder.sm
        role = manager.add_role("Shapes: data team")
        for action, resource in given["permissions"]:
            manager.add_permission_to_role(role, manager.create_permission(action, resource))
        names = {"username": given["username"], "email": given["username"], "first_name": "Data", "last_name": "team"}
        assert manager.add_user(**names, role=[role], password=given["password"])


if __name__ == "__main__":
    with redirect_stdout(sys.stderr):
        _make_person(json.load(sys.stdin))
