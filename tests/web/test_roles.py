"""Roles in a real Airflow with FAB: what each may do on the pages, and which DAGs a landlord's data team reaches."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from due_regard.web.rights import Right
from due_regard.web.roles import (
    RoleReport,
    describe_roles,
    has_room,
    list_role_permissions,
    map_role_keys,
    name_role,
)
from tests.web.fab_airflow import LANDLORD, OTHER, FabAirflow

pytestmark = pytest.mark.timeout(600)
MAY = {
    "Manager": {Right.READ, Right.ACT},
    "Governance": {Right.READ, Right.ACT, Right.GOVERN, Right.READ_RESTRICTED},
    "Data team": {Right.READ},
    "Auditor": {Right.READ, Right.AUDIT},
}
ASK = """
import json, sys
from airflow.api_fastapi.app import create_auth_manager
from airflow.providers.fab.auth_manager.models import User
from airflow.utils.session import create_session
from sqlalchemy import select
manager, found = create_auth_manager(), {}
with create_session() as session:
    for user in session.scalars(select(User)).unique():
        for landlord, right in json.loads(sys.argv[1]):
            if manager.is_authorized_custom_view(method=right, resource_name=f"Due Regard: {landlord}", user=user):
                found.setdefault(user.email, []).append([landlord, right])
print(json.dumps(found))
"""
OWN = [f"{LANDLORD}.{dag}" for dag in ("daily", "committee_packs")]
STRANGE = [f"{OTHER}.{dag}" for dag in ("daily", "committee_packs")] + ["watch"]
RUN = {"logical_date": None, "conf": {}}


def ran(env: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *words], env=env, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture(scope="module")
def allowed(fab_airflow: FabAirflow) -> dict[str, set[tuple[str, str]]]:
    """User -> the landlords and rights that FAB's auth manager grants."""
    asked = json.dumps([[landlord, right.value] for landlord in (LANDLORD, OTHER) for right in Right])
    answer = json.loads(ran(fab_airflow.env, "-c", ASK, asked).stdout.splitlines()[-1])
    mails = {user.email: name for name, user in fab_airflow.users.items()}
    return {mails[mail]: {tuple(each) for each in granted} for mail, granted in answer.items()}


@pytest.mark.parametrize("landlord", [LANDLORD, OTHER])
@pytest.mark.parametrize("role", MAY)
def test_a_role_has_its_rights_with_its_landlord_alone(
    allowed: dict[str, set[tuple[str, str]]], landlord: str, role: str
) -> None:
    assert allowed[name_role(landlord, role)] == {(landlord, right.value) for right in MAY[role]}


def test_without_a_role_nothing_is_allowed_and_an_administrator_may_do_all(
    allowed: dict[str, set[tuple[str, str]]],
) -> None:
    assert "nobody" not in allowed
    assert allowed["Admin"] == {(landlord, right.value) for landlord in (LANDLORD, OTHER) for right in Right}


@pytest.fixture(scope="module")
def data_team(fab_airflow: FabAirflow) -> httpx.Client:
    return fab_airflow.log_in(name_role(LANDLORD, "Data team"))


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/v2/dags/{dag}", None),
        ("GET", "/api/v2/dags/{dag}/tasks", None),
        ("GET", "/ui/grid/structure/{dag}", None),
        ("POST", "/api/v2/dags/{dag}/dagRuns", RUN),
        ("GET", "/api/v2/dags/{dag}/dagRuns", None),
        ("POST", "/api/v2/dags/{dag}/clearTaskInstances", {"dry_run": True}),
        ("PATCH", "/api/v2/dags/{dag}", {"is_paused": False}),
    ],
)
def test_a_data_team_runs_its_own_dags_and_reaches_no_other(
    data_team: httpx.Client, method: str, path: str, body: dict[str, Any] | None
) -> None:
    codes = {dag: data_team.request(method, path.format(dag=dag), json=body).status_code for dag in OWN + STRANGE}
    assert codes == dict.fromkeys(OWN, 200) | dict.fromkeys(STRANGE, 403)


@pytest.mark.parametrize(
    "path",
    [
        "/api/v2/dags",
        "/ui/dags",
        "/api/v2/dags/~/dagRuns",
        "/api/v2/dags/~/dagRuns/~/taskInstances",
        "/api/v2/dagTags",
        "/api/v2/dagStats",
        "/api/v2/dags/~/dagVersions",
        "/ui/dashboard/dag_stats",
    ],
)
def test_no_list_shows_a_data_team_another_landlord(
    fab_airflow: FabAirflow, data_team: httpx.Client, path: str
) -> None:
    # Somebody else's run must be there to be hidden.
    fab_airflow.log_in("Admin").post(f"/api/v2/dags/{OTHER}.daily/dagRuns", json=RUN).raise_for_status()
    answer = data_team.get(path)
    assert answer.status_code == 200
    assert OTHER not in answer.text and "watch" not in answer.text
    assert OTHER in fab_airflow.log_in("Admin").get(path).text or path.endswith("dag_stats")


@pytest.mark.parametrize(
    "path",
    [
        "/api/v2/connections",
        "/api/v2/variables",
        "/api/v2/config",
        "/api/v2/eventLogs",
        "/api/v2/importErrors",
        f"/api/v2/dagSources/{LANDLORD}.daily",
        "/auth/fab/v1/users",
        "/auth/fab/v1/roles",
    ],
)
@pytest.mark.parametrize("role", MAY)
def test_nobody_but_an_administrator_sees_how_airflow_is_set_up(fab_airflow: FabAirflow, path: str, role: str) -> None:
    assert fab_airflow.log_in(name_role(LANDLORD, role)).get(path).status_code == 403


def test_the_first_page_says_which_of_ones_own_landlords_dags_are_off(
    fab_airflow: FabAirflow, data_team: httpx.Client
) -> None:
    def ask(person: httpx.Client) -> tuple[list[str], list[str]]:
        found = person.get("/due-regard/", headers={"Accept": "application/json"}).raise_for_status().json()
        return found["switched_off"], found["unknown"]

    admin = fab_airflow.log_in("Admin")
    changed = [f"{LANDLORD}.committee_packs", f"{OTHER}.daily"]
    for dag in changed:
        admin.patch(f"/api/v2/dags/{dag}", json={"is_paused": True}).raise_for_status()
    try:
        assert ask(data_team) == ([f"{LANDLORD}.committee_packs"], [])
        assert set(changed) <= set(ask(admin)[0])
    finally:
        for dag in changed:
            admin.patch(f"/api/v2/dags/{dag}", json={"is_paused": False}).raise_for_status()
    assert ask(data_team) == ([], [])


@pytest.fixture(scope="module")
def begun(fab_airflow: FabAirflow) -> dict[str, str]:
    """A run of each DAG of both landlords, begun by an administrator: DAG -> run."""
    admin, dags = fab_airflow.log_in("Admin"), [*OWN, *(dag for dag in STRANGE if dag.startswith(OTHER))]
    runs = {dag: admin.post(f"/api/v2/dags/{dag}/dagRuns", json=RUN).raise_for_status().json() for dag in dags}
    return {dag: str(run["dag_run_id"]) for dag, run in runs.items()}


def ask_about_step(person: httpx.Client, dag: str, run: str, step: str) -> dict[str, int]:
    """What a person is answered who looks at a step of a run, does it again, and gives it up."""
    path = f"/api/v2/dags/{dag}/dagRuns/{run}/taskInstances/{step}"
    again = {"dry_run": False, "dag_run_id": run, "task_ids": [step], "include_downstream": True, "only_failed": False}
    answers = {
        "see": person.get(path),
        # No worker is there to have written one; that there is none is told to those alone who may read it.
        "log": person.get(f"{path}/logs/1"),
        "clear": person.post(f"/api/v2/dags/{dag}/clearTaskInstances", json=again),
        "give up": person.patch(path, json={"new_state": "failed"}),
    }
    return {action: answer.status_code for action, answer in answers.items()}


PLAN_AND_BACKFILL = ("/api/v2/backfills/dry_run", "/api/v2/backfills")
STEPS = [*(("daily", step) for step in ("fetch", "load", "assess", "send")), ("committee_packs", "build")]
"""DAG and task of all that is done for a landlord: fetch, load, assess, alert, pack."""


@pytest.mark.parametrize(("dag", "step"), STEPS)
def test_a_data_team_sees_and_does_again_each_step_of_its_own_landlord_alone(
    data_team: httpx.Client, begun: dict[str, str], dag: str, step: str
) -> None:
    codes = {who: ask_about_step(data_team, f"{who}.{dag}", begun[f"{who}.{dag}"], step) for who in (LANDLORD, OTHER)}
    assert set(codes[OTHER].values()) == {403}
    assert codes[LANDLORD] == {"see": 200, "log": 404, "clear": 200, "give up": 200}


@pytest.mark.parametrize(("dag", "first", "last", "slots"), [
    ("daily", "2026-05-05", "2026-05-07", 3),
    ("committee_packs", "2026-04-01", "2026-04-02", 2),
])  # fmt: skip
def test_a_data_team_backfills_its_own_landlords_dags_alone(
    fab_airflow: FabAirflow, data_team: httpx.Client, dag: str, first: str, last: str, slots: int
) -> None:
    admin, span = fab_airflow.log_in("Admin"), {"from_date": f"{first}T00:00:00Z", "to_date": f"{last}T23:00:00Z"}
    strange = admin.post("/api/v2/backfills", json={"dag_id": f"{OTHER}.{dag}", **span}).raise_for_status().json()["id"]
    asked = [data_team.post(path, json={"dag_id": f"{OTHER}.{dag}", **span}) for path in PLAN_AND_BACKFILL]
    assert [answer.status_code for answer in asked] == [403, 403]
    # A number alone must not tell that somebody else has a backfill.
    acts = [data_team.put(f"/api/v2/backfills/{strange}/{act}") for act in ("pause", "unpause", "cancel")]
    acts.append(data_team.get(f"/api/v2/backfills/{strange}"))
    assert {answer.status_code for answer in acts} == {404}
    own = data_team.post("/api/v2/backfills", json={"dag_id": f"{LANDLORD}.{dag}", **span}).raise_for_status().json()
    runs = data_team.get(f"/api/v2/dags/{LANDLORD}.{dag}/dagRuns", params={"run_type": "backfill"}).json()["dag_runs"]
    assert len(runs) == slots
    seen = [data_team.get(path).raise_for_status() for path in (f"/api/v2/backfills/{own['id']}", "/ui/backfills")]
    assert all(OTHER not in answer.text for answer in seen)
    data_team.put(f"/api/v2/backfills/{own['id']}/cancel").raise_for_status()


@pytest.mark.parametrize("role", ["Manager", "Governance", "Auditor"])
def test_the_others_have_the_menu_and_no_dag(fab_airflow: FabAirflow, role: str) -> None:
    person = fab_airflow.log_in(name_role(LANDLORD, role))
    (plugin,) = person.get("/api/v2/plugins").raise_for_status().json()["plugins"]
    assert plugin["external_views"][0]["href"] == "/due-regard/"
    lists = [person.get(path) for path in ("/api/v2/dags", "/ui/dags", "/api/v2/dags/~/dagRuns")]
    span = {"from_date": "2026-05-05T00:00:00Z", "to_date": "2026-05-05T23:00:00Z"}
    acts = [
        person.get(f"/api/v2/dags/{OWN[0]}"),
        person.post(f"/api/v2/dags/{OWN[0]}/dagRuns", json=RUN),
        person.post(f"/api/v2/dags/{OWN[0]}/clearTaskInstances", json={"dry_run": True}),
        person.patch(f"/api/v2/dags/{OWN[0]}", json={"is_paused": True}),
        person.post("/api/v2/backfills", json={"dag_id": OWN[0], **span}),
    ]
    assert {answer.status_code for answer in lists + acts} == {403}


@pytest.fixture
def copied(fab_airflow: FabAirflow, tmp_path: Path) -> tuple[dict[str, str], sqlite3.Connection]:
    """The environment of an Airflow with a copy of the database, and that database."""
    copy = sqlite3.connect(tmp_path / "airflow.db", isolation_level=None)
    with sqlite3.connect(fab_airflow.place.home / "airflow.db") as source:
        source.backup(copy)
    return fab_airflow.env | {"AIRFLOW_HOME": str(tmp_path)}, copy


def permissions_of(database: sqlite3.Connection, role: str) -> set[tuple[str, str]]:
    query = """
        SELECT p.name, v.name FROM ab_role r
        JOIN ab_permission_view_role pvr ON pvr.role_id = r.id
        JOIN ab_permission_view pv ON pv.id = pvr.permission_view_id
        JOIN ab_permission p ON p.id = pv.permission_id JOIN ab_view_menu v ON v.id = pv.view_menu_id
        WHERE r.name = ?"""
    return set(database.execute(query, (role,)).fetchall())


def change_role(database: sqlite3.Connection, statement: str, role: str, right: str) -> None:
    found = database.execute(
        """SELECT r.id, pv.id FROM ab_role r, ab_permission_view pv
           JOIN ab_permission p ON p.id = pv.permission_id JOIN ab_view_menu v ON v.id = pv.view_menu_id
           WHERE r.name = ? AND p.name = ? AND v.name = ?""",
        (role, right, f"Due Regard: {LANDLORD}"),
    ).fetchone()
    database.execute(statement, found)


GIVE = "INSERT INTO ab_permission_view_role (role_id, permission_view_id) VALUES (?, ?)"
TAKE = "DELETE FROM ab_permission_view_role WHERE role_id = ? AND permission_view_id = ?"


def test_what_an_administrator_changed_stays_and_is_said(copied: tuple[dict[str, str], sqlite3.Connection]) -> None:
    env, database = copied
    manager, governance, auditor = (name_role(LANDLORD, role) for role in ("Manager", "Governance", "Auditor"))
    change_role(database, GIVE, manager, "can_audit")
    change_role(database, TAKE, governance, "can_read_restricted")
    (gone,) = database.execute("SELECT id FROM ab_role WHERE name = ?", (auditor,)).fetchone()
    for table in ("ab_permission_view_role", "ab_user_role"):
        database.execute(f"DELETE FROM {table} WHERE role_id = ?", (gone,))
    database.execute("DELETE FROM ab_role WHERE id = ?", (gone,))
    others = "DUE_REGARD_LANDLORDS"
    done = ran(env | {others: f"{LANDLORD},{'x' * 41}"}, "-m", "due_regard.web.roles", "--json")
    result = json.loads(done.stdout)
    assert result["created"] == [auditor]
    assert result["lacking"] == {governance: [f"can_read_restricted on Due Regard: {LANDLORD}"]}
    assert OTHER in result["gone"] and LANDLORD not in result["gone"]
    assert (done.returncode, result["too_long"]) == (5, ["x" * 41])
    wanted = list_role_permissions(LANDLORD)
    assert permissions_of(database, auditor) == wanted[auditor]
    assert ("can_audit", f"Due Regard: {LANDLORD}") in permissions_of(database, manager)
    assert permissions_of(database, governance) < wanted[governance]
    completed = ran(env | {others: f"{LANDLORD},{OTHER}"}, "-m", "due_regard.web.roles", "--complete")
    assert (completed.returncode, completed.stdout.splitlines()[0]) == (0, f"{governance}: completed")
    assert permissions_of(database, governance) == wanted[governance]
    assert ("can_audit", f"Due Regard: {LANDLORD}") in permissions_of(database, manager)
    again = ran(env | {"DUE_REGARD_LANDLORDS": ""}, "-m", "due_regard.web.roles")
    assert (again.returncode, again.stdout) == (0, "Every role is there already.\n")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"AIRFLOW__CORE__AUTH_MANAGER": ""}, "Airflow does not run with FAB's auth manager"),
        ({"AIRFLOW_HOME": "empty"}, "airflow db migrate"),
    ],
)
def test_an_airflow_that_keeps_no_roles_is_said(
    fab_airflow: FabAirflow,
    tmp_path: Path,
    changed: dict[str, str],
    said: str,
) -> None:
    if "AIRFLOW_HOME" in changed:
        changed = {"AIRFLOW_HOME": str(tmp_path)}
    done = ran({**fab_airflow.env, **changed}, "-m", "due_regard.web.roles")
    assert done.returncode == 2
    assert said in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_names_fit_into_airflow_and_keys_tell_landlords_apart() -> None:
    assert has_room("x" * 40) and not has_room("x" * 41)
    keys = map_role_keys([LANDLORD, OTHER, "x" * 41])
    assert keys[f"{LANDLORD}.data_team"] == [f"Due Regard: {LANDLORD}: Data team"]
    roles = ("manager", "governance", "data_team", "auditor")
    assert set(keys) == {f"{each}.{role}" for each in (LANDLORD, OTHER) for role in roles} | {"administrator"}


def test_a_run_without_anything_to_do_says_so() -> None:
    assert describe_roles(RoleReport()) == ["Every role is there already."]
    assert "no role was made" in describe_roles(RoleReport(too_long=["x"]))[0]
