"""Runs the four DAGs one after the other in this process, as `airflow dags test` would; prints each run's state.

Usage: python -m tests.dags.run_chain AS_AT QUARTER, with AIRFLOW_HOME and DUE_REGARD_… in the environment. What only a
scheduler does (assets, retries, deadlines) is tested by tests/journeys/test_real_airflow.py.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

DAGS = Path(__file__).resolve().parents[2] / "dags"
CHAIN = ("intake", "assessment", "alerts", "committee_packs")


def main() -> None:
    """Print DAG -> state of its run, as one line of JSON, the last."""
    from airflow.dag_processing.dagbag import DagBag
    from airflow.utils.db import initdb

    initdb()
    bag = DagBag(dag_folder=str(DAGS))
    as_at, quarter = sys.argv[1:3]
    states = {}
    for name in CHAIN:
        asked = {"as_at": as_at} | ({"quarter": quarter} if name == "committee_packs" else {})
        states[name] = str(bag.dags[name].test(run_conf=asked).state)
    sys.stdout.write("\n" + json.dumps(states))


if __name__ == "__main__":
    main()
