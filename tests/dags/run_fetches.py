"""Runs the task `fetch` of a landlord in this process, once for each case that stands on the input, with real Airflow.

Usage: python -m tests.dags.run_fetches LANDLORD FILE < cases.json, AIRFLOW_HOME and DUE_REGARD_… in the environment.
A case has `fetch`, laid into the landlord's FILE, and `connection`, as AIRFLOW_CONN_EXPORT has it, or none.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import yaml

from tests.dags.run_chain import DAGS


def main() -> None:
    """Print the state of `fetch` in each case, as one line of JSON, the last."""
    from airflow.dag_processing.dagbag import DagBag
    from airflow.utils.db import initdb

    landlord, file = sys.argv[1], Path(sys.argv[2])
    initdb()
    dag = DagBag(dag_folder=str(DAGS)).dags[f"{landlord}.daily"]
    states = []
    for case in json.load(sys.stdin):
        file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | {"fetch": case["fetch"]}))
        os.environ.pop("AIRFLOW_CONN_EXPORT", None)
        if case["connection"]:
            os.environ["AIRFLOW_CONN_EXPORT"] = json.dumps(case["connection"])
        run = dag.test(mark_success_pattern="load|assess|send")
        states.append(str(run.get_task_instance("fetch").state))
    sys.stdout.write("\n" + json.dumps(states))


if __name__ == "__main__":
    main()
