"""The DAG files as Airflow sees them: they load, cheaply, the same each time, and carry what an operator needs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

DAGS = {"intake", "assessment", "alerts", "committee_packs"}
WORK = {"intake": "load", "assessment": "assess", "alerts": "send", "committee_packs": "build"}


def _inspect(home: Path, hash_seed: str) -> dict[str, Any]:
    foreign = ("AIRFLOW", "DUE_REGARD_", "PYTHON")
    env = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    env |= {"AIRFLOW_HOME": str(home), "AIRFLOW__CORE__LOAD_EXAMPLES": "False", "PYTHONHASHSEED": hash_seed}
    done = subprocess.run(
        [sys.executable, "-m", "tests.dags.inspect_dags"],
        env=env,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return _inspect(tmp_path_factory.mktemp("airflow"), "1")


def test_every_dag_loads(seen: dict[str, Any]) -> None:
    assert seen["errors"] == {}
    assert set(seen["dags"]) == DAGS


def test_loading_a_dag_file_imports_nothing_heavy(seen: dict[str, Any]) -> None:
    assert seen["heavy"] == []


def test_serialises_twice_the_same(seen: dict[str, Any], tmp_path: Path) -> None:
    again = _inspect(tmp_path, "2")
    for dag in DAGS:
        first, second = (json.loads(each["dags"][dag]["serialised"]) for each in (seen, again))
        # Airflow notes in each the folder its home names; the two homes differ.
        assert {**first["dag"], "_processor_dags_folder": ""} == {**second["dag"], "_processor_dags_folder": ""}


@pytest.mark.parametrize("dag", sorted(DAGS))
def test_carries_what_an_operator_needs(seen: dict[str, Any], dag: str) -> None:
    found = seen["dags"][dag]
    assert found["tags"] == ["due-regard"]
    assert found["catchup"] is False
    assert found["max_active_runs"] == 1
    assert {"as_at", "landlords"} <= set(found["params"])
    assert all(task["retries"] >= 1 for task in found["tasks"].values())
    for heading in ("**What.**", "**When.**", "**Never.**", "**Run it again.**", "**Params.**"):
        assert heading in found["doc_md"]
    assert all(f"`{param}`" in found["doc_md"] for param in found["params"])


@pytest.mark.parametrize("dag", ["intake", "alerts", "committee_packs"])
def test_clocks_are_set_to_london(seen: dict[str, Any], dag: str) -> None:
    timetable = seen["dags"][dag]["timetable"]
    assert "timezone='Europe/London'" in timetable
    # Between one and two in the morning an hour is missing in March and doubled in October.
    assert "expression='0 1 " not in timetable
    assert "run_immediately=datetime.timedelta(0)" in timetable


def test_one_follows_another_by_assets(seen: dict[str, Any]) -> None:
    dags = seen["dags"]
    assert dags["intake"]["tasks"]["publish"]["outlets"] == ["due_regard_drops_loaded"]
    assert dags["assessment"]["tasks"]["publish"]["outlets"] == ["due_regard_assessed"]
    assert "due_regard_drops_loaded" in dags["assessment"]["timetable"]
    assert all("due_regard_assessed" in dags[dag]["timetable"] for dag in ("alerts", "committee_packs"))


@pytest.mark.parametrize("dag", sorted(DAGS))
def test_each_landlord_has_a_task_of_its_own(seen: dict[str, Any], dag: str) -> None:
    tasks = seen["dags"][dag]["tasks"]
    assert tasks[WORK[dag]]["mapped"]
    if "publish" in tasks:
        assert tasks["publish"]["trigger_rule"] == "all_done"
        assert tasks["publish"]["upstream"] == [WORK[dag]]
