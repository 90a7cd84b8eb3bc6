"""The compared shapes hold the product's own tasks, in order and with their rules: the shape alone differs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.shapes_known import CHAINS, MAPPED, PARTITIONS, TEMPLATES, Shape
from demo.place import drop_foreign_variables

ROOT = Path(__file__).parents[2]
LANDLORD = "queens_cross"
_READ = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
found = {}
for folder in sys.argv[1:]:
    bag = DagBag(dag_folder=folder)
    assert not bag.import_errors, bag.import_errors
    found[folder] = {
        dag.dag_id: {
            "clock": str(dag.timetable),
            "tasks": {each.task_id: [each.trigger_rule.value, sorted(each.upstream_task_ids)] for each in dag.tasks},
        }
        for dag in bag.dags.values()
    }
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def dags(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """DAGs of the product and of the templates: folder -> DAG -> clock and tasks."""
    env = drop_foreign_variables()
    home = str(tmp_path_factory.mktemp("airflow"))
    env |= {"AIRFLOW_HOME": home, "AIRFLOW__CORE__LOAD_EXAMPLES": "False", "DUE_REGARD_LANDLORDS": LANDLORD}
    command = [sys.executable, "-c", _READ, str(ROOT / "dags"), str(TEMPLATES)]
    done = subprocess.run(command, env=env | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    return {"product": found[str(ROOT / "dags")], "templates": found[str(TEMPLATES)]}


@pytest.mark.parametrize("kind", ["daily", "committee_packs"])
@pytest.mark.parametrize("shape", [MAPPED, CHAINS, PARTITIONS], ids=lambda shape: shape.name)
def test_each_shape_does_what_the_product_does(dags: dict[str, dict[str, Any]], shape: Shape, kind: str) -> None:
    wanted = dags["product"][f"{LANDLORD}.{kind}"]
    found = dags["templates"][shape.name_dag(LANDLORD, kind)]
    tasks = {
        name.rpartition(".")[2]: [rule, sorted(each.rpartition(".")[2] for each in upstream if each != "choose")]
        for name, (rule, upstream) in found["tasks"].items()
        if name != "choose"
    }
    assert tasks == wanted["tasks"]
    clock = dags["templates"][f"announce.{kind}"]["clock"] if shape.announced else found["clock"]
    assert clock == wanted["clock"]


@pytest.mark.parametrize("shape", [MAPPED, CHAINS, PARTITIONS], ids=lambda shape: shape.name)
def test_a_shape_knows_its_dags(dags: dict[str, dict[str, Any]], shape: Shape) -> None:
    assert set(shape.list_dags([LANDLORD])) <= set(dags["templates"])
