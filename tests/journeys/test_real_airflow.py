"""The demo for real: Airflow's own processes, one landlord's drop refused, left up for a look, stopped, nothing leaked.

One run serves every test here: it costs most of a minute of processor time.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from demo.place import drop_foreign_variables
from tests.journeys.installations import LANDLORDS, personal_values, small_include, spoil

KEPT, REFUSED = "queens_cross", "united_welsh"
pytestmark = pytest.mark.timeout(600)  # on a machine with nothing else to do it takes well under a minute
_LONG = bool(os.environ.get("DUE_REGARD_LONG_TESTS"))


@dataclass(frozen=True)
class Ran:
    """One demo that was left up, looked at, and stopped."""

    exit_code: int
    said: str
    out: Path
    personal: set[str]
    others: list[str]
    looked: dict[str, int]
    stopped: str

    @property
    def result(self) -> dict[str, Any]:
        return json.loads((self.out / "demo.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """A demo of two landlords (in the long form: of all five) with one drop refused."""
    folder = tmp_path_factory.mktemp("demo with blanks in its name")
    landlords = LANDLORDS if _LONG else (KEPT, REFUSED)
    include = small_include(folder / "include", landlords, incidents=60)
    spoil(include / "samples" / REFUSED)
    try:
        done = _due_regard(folder, include, "--stay-up")
        said = done.stdout + done.stderr
        looked = _look(said)
    finally:
        stopped = _due_regard(folder, include, "--stop").stdout
    personal = personal_values(include / "samples" / KEPT)
    others = [landlord for landlord in landlords if landlord != REFUSED]
    return Ran(done.returncode, said, folder / "out", personal, others, looked, stopped)


def _due_regard(folder: Path, include: Path, word: str) -> subprocess.CompletedProcess[str]:
    env = drop_foreign_variables()
    env |= {"DUE_REGARD_INCLUDE_DIR": str(include), "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-m", "demo", "--out", str(folder / "out"), word]
    return subprocess.run(command, env=env, cwd=folder, capture_output=True, text=True, check=False, timeout=480)


def _look(said: str) -> dict[str, int]:
    """What a person meets at the address that was printed: the answer's code, by question."""
    found = re.search(r"Airflow is up at (\S+), the pages at ", said)
    login = re.search(r"^  (demo) +(\S+)  Administrator$", said, re.MULTILINE)
    if found is None or login is None:
        return {}
    url, (user, password) = found[1], login.groups()
    with httpx.Client(base_url=url, trust_env=False, timeout=20) as person:
        wrong, right = (
            person.post("/auth/token", json={"username": user, "password": word}) for word in ("guess", password)
        )
        stranger = person.get("/api/v2/dags")
        token = {"Authorization": f"Bearer {right.json()['access_token']}"}
        known = person.get("/api/v2/dags", headers=token)
        answers = {"wrong": wrong, "right": right, "stranger": stranger, "known": known}
        return {question: answer.status_code for question, answer in answers.items()}


def test_a_failed_task_makes_the_demo_fail_and_is_named(ran: Ran) -> None:
    assert ran.exit_code == 5, ran.said
    assert f"FAILED {REFUSED}.daily.load: failed" in ran.said
    assert ran.result["failed"][0] == f"{REFUSED}.daily.load: failed"
    # It has never had a drop, so there is nothing to build a pack of either; nobody else is concerned.
    assert all(name.startswith(f"{REFUSED}.") for name in ran.result["failed"])


def test_the_other_landlords_get_findings_mails_and_packs(ran: Ran) -> None:
    steps = {step: {result["landlord"]: result for result in found} for step, found in ran.result["steps"].items()}
    for landlord in ran.others:
        assert steps["assessment"][landlord]["findings"]["opened"] > 0
        assert steps["alerts"][landlord]["sent"] == steps["alerts"][landlord]["composed"]
        assert steps["committee_packs"][landlord]["packs"]
    # Of so small a drop a landlord may have nothing that is to be told yet.
    assert sum(steps["alerts"][landlord]["sent"] > 0 for landlord in ran.others) > len(ran.others) / 2


def test_every_run_is_about_the_date_asked_for(ran: Ran) -> None:
    assert {result["as_at"] for result in ran.result["steps"]["assessment"]} == {"2026-06-30"}
    assert {result["quarter"] for result in ran.result["steps"]["committee_packs"]} == {"2026-Q2"}


def test_a_landlord_whose_task_failed_has_a_red_run_and_what_follows_ran(ran: Ran) -> None:
    with sqlite3.connect(ran.out / "airflow" / "airflow.db") as database:
        runs = dict(database.execute("SELECT dag_id, state FROM dag_run WHERE dag_id LIKE '%.daily'").fetchall())
        tasks = database.execute(
            "SELECT task_id, state FROM task_instance WHERE dag_id = ?", (f"{REFUSED}.daily",)
        ).fetchall()
    assert runs == {f"{REFUSED}.daily": "failed"} | {f"{landlord}.daily": "success" for landlord in ran.others}
    followed = {"fetch": "skipped", "load": "failed", "assess": "success", "send": "success"}
    assert dict(tasks) == followed | {"outcome": "upstream_failed"}


def test_no_more_tasks_are_handed_to_the_executor_than_there_are_workers(ran: Ran) -> None:
    """So that what waits is taken by priority, alerts before packs: see ADR 0008."""
    with sqlite3.connect(ran.out / "airflow" / "airflow.db") as database:
        pools = database.execute("SELECT pool, slots FROM slot_pool").fetchall()
        used = database.execute("SELECT DISTINCT pool FROM task_instance").fetchall()
    assert (pools, used) == ([("default_pool", 4)], [("default_pool",)])


def test_its_data_owner_hears_and_no_other(ran: Ran) -> None:
    with sqlite3.connect(ran.out / "register.db") as register:
        told = register.execute("SELECT landlord, subject FROM alert_messages WHERE kind = 'failure'").fetchall()
    assert {landlord for landlord, _ in told} == {REFUSED}
    assert [subject.split(": ")[1] for _, subject in told] == [f"{REFUSED}.daily failed"]


def test_what_stays_up_asks_for_the_login_that_was_printed(ran: Ran) -> None:
    assert ran.looked == {"wrong": 401, "right": 201, "stranger": 401, "known": 200}


def test_nothing_is_left_running(ran: Ran) -> None:
    assert re.search(r"Stopped \d+ processes", ran.stopped), ran.stopped
    home = str(ran.out / "airflow")
    left = [each.pid for each in psutil.process_iter(["cwd"]) if each.info["cwd"] == home]
    assert left == []
    assert not (ran.out / "airflow" / "processes.json").exists()


def test_no_personal_value_reaches_airflow_or_its_logs(ran: Ran) -> None:
    logs = [file for file in (ran.out / "airflow").rglob("*.log") if file.is_file()]
    assert len(logs) > 10
    read = [file.read_text(encoding="utf-8", errors="replace") for file in logs]
    with sqlite3.connect(ran.out / "airflow" / "airflow.db") as database:
        read += [str(value) for (value,) in database.execute("select value from xcom")]
        read += [
            str(fields) for (fields,) in database.execute("select rendered_fields from rendered_task_instance_fields")
        ]
    assert any("batch_id" in text for text in read)
    assert len(ran.personal) > 40
    everything = "\n".join(read)
    assert [value for value in ran.personal if value in everything] == []


def test_what_a_demo_writes_is_its_owners_alone(ran: Ran) -> None:
    written = [ran.out, *ran.out.rglob("*")]
    assert {"people.json", "airflow.db", "register.db", "demo.json"} <= {path.name for path in written}
    assert {path.suffix for path in written} >= {".eml", ".xlsx", ".pdf", ".log"}
    # SQLite takes its side files away as the last process ends.
    there = [path for path in written if path.exists() and not path.is_symlink()]
    assert [str(path) for path in there if path.stat().st_mode & 0o077] == []
