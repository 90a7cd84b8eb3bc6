"""The DAG files as Airflow sees them: they load, cheaply, the same each time, and carry what an operator needs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from demo.place import drop_foreign_variables

LANDLORDS = ("one", "two")
DAGS = {
    "watch",
    "backup",
    "verify",
    "metrics",
    "clean",
    *(f"{landlord}.{dag}" for landlord in LANDLORDS for dag in ("daily", "committee_packs")),
}


SWITCHED_ON = {"DUE_REGARD_METRICS": "true", "DUE_REGARD_AIRFLOW_KEEP_DAYS": "90"}
"""What makes the DAGs that are off by default."""


def _inspect(home: Path, hash_seed: str, switched_on: dict[str, str]) -> dict[str, Any]:
    env = drop_foreign_variables("PYTHON")
    env |= {"AIRFLOW_HOME": str(home), "AIRFLOW__CORE__LOAD_EXAMPLES": "False", "PYTHONHASHSEED": hash_seed}
    for name in (*LANDLORDS, "not an id"):
        file = home / "include" / "landlords" / f"{name}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"\xff: no settings at all")  # a DAG file opens none of them
    env["DUE_REGARD_INCLUDE_DIR"] = str(home / "include")
    env |= switched_on
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
    return _inspect(tmp_path_factory.mktemp("airflow"), "1", SWITCHED_ON)


def test_every_dag_loads(seen: dict[str, Any]) -> None:
    assert seen["errors"] == {}
    assert set(seen["dags"]) == DAGS


def test_what_is_off_by_default_has_no_dag(tmp_path: Path) -> None:
    assert set(_inspect(tmp_path, "1", {})["dags"]) == DAGS - {"metrics", "clean"}


def test_loading_a_dag_file_imports_nothing_heavy(seen: dict[str, Any]) -> None:
    assert seen["heavy"] == []


def test_a_dag_file_lists_names_and_opens_no_landlords_file(seen: dict[str, Any]) -> None:
    assert seen["opened"] == []


def test_serialises_twice_the_same(seen: dict[str, Any], tmp_path: Path) -> None:
    again = _inspect(tmp_path, "2", SWITCHED_ON)
    for dag in DAGS:
        first, second = (json.loads(each["dags"][dag]["serialised"]) for each in (seen, again))
        # Airflow notes in each the folder its home names; the two homes differ.
        assert {**first["dag"], "_processor_dags_folder": ""} == {**second["dag"], "_processor_dags_folder": ""}


@pytest.mark.parametrize("dag", sorted(DAGS))
def test_carries_what_an_operator_needs(seen: dict[str, Any], dag: str) -> None:
    found = seen["dags"][dag]
    assert found["tags"] == sorted(
        {"due-regard", dag.partition(".")[0]} - {"watch", "backup", "verify", "metrics", "clean"}
    )
    assert found["catchup"] is False
    assert found["max_active_runs"] == 1
    assert all(task["retries"] >= 1 for task in found["tasks"].values())
    for heading in ("**What.**", "**When.**", "**Never.**", "**Run it again.**", "**Params.**"):
        assert heading in found["doc_md"]
    assert all(f"`{param}`" in found["doc_md"] for param in found["params"])


def test_each_landlords_dags_take_what_a_person_may_ask_for(seen: dict[str, Any]) -> None:
    for landlord in LANDLORDS:
        assert seen["dags"][f"{landlord}.daily"]["params"] == ["as_at", "mail"]
        assert seen["dags"][f"{landlord}.committee_packs"]["params"] == ["as_at", "issue", "known", "quarter"]


@pytest.mark.parametrize("dag", sorted(DAGS))
def test_clocks_are_set_to_london(seen: dict[str, Any], dag: str) -> None:
    timetable = seen["dags"][dag]["timetable"]
    assert "timezone='Europe/London'" in timetable
    # Between one and two in the morning an hour is missing in March and doubled in October.
    assert "expression='0 1 " not in timetable
    assert "run_immediately=datetime.timedelta(0)" in timetable


def test_a_landlords_day_is_a_chain_that_a_failure_does_not_stop_and_turns_red(seen: dict[str, Any]) -> None:
    tasks = seen["dags"]["one.daily"]["tasks"]
    assert {name: task["upstream"] for name, task in tasks.items()} == {
        "fetch": [],
        "load": ["fetch"],
        "assess": ["load"],
        "send": ["assess"],
        "outcome": ["assess", "fetch", "load", "send"],
    }
    assert {tasks[name]["trigger_rule"] for name in ("load", "assess", "send")} == {"all_done"}
    assert tasks["outcome"]["trigger_rule"] == "none_failed"


def test_a_drill_is_held_though_the_nights_backup_failed(seen: dict[str, Any]) -> None:
    tasks = seen["dags"]["backup"]["tasks"]
    assert {name: task["upstream"] for name, task in tasks.items()} == {"write": [], "drill": ["write"]}
    assert tasks["drill"]["trigger_rule"] == "all_done"


def test_a_worker_that_is_free_takes_alerts_before_packs(seen: dict[str, Any]) -> None:
    tasks = {name: task for dag in seen["dags"].values() for name, task in dag["tasks"].items()}
    assert {task["weight_rule"] for task in tasks.values()} == {"absolute"}
    assert tasks["tell"]["priority"] > tasks["send"]["priority"] > tasks["build"]["priority"]
    assert tasks["prove"]["priority"] == tasks["build"]["priority"]


def test_nothing_rests_on_a_callback(seen: dict[str, Any]) -> None:
    """A killed task calls nobody: the register's rows do."""
    assert not any(task["callbacks"] for dag in seen["dags"].values() for task in dag["tasks"].values())
