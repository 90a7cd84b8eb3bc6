"""Runs a landlord's DAGs and the watch in this process, as `airflow dags test` would; prints each run's state.

Usage: python -m tests.dags.run_chain LANDLORD AS_AT QUARTER, with AIRFLOW_HOME and DUE_REGARD_… in the environment.
What only a scheduler does (retries, kills) is tested by tests/journeys/test_real_airflow.py.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

DAGS = Path(__file__).resolve().parents[2] / "dags"


def main() -> None:
    """Print DAG -> state of its run, as one line of JSON, the last."""
    from airflow.dag_processing.dagbag import DagBag
    from airflow.utils.db import initdb

    initdb()
    bag = DagBag(dag_folder=str(DAGS))
    landlord, as_at, quarter = sys.argv[1:4]
    asked = {
        f"{landlord}.daily": {"as_at": as_at, "mail": True},
        f"{landlord}.committee_packs": {"as_at": as_at, "quarter": quarter},
        "backup": {"drill": True},
        "watch": {},
        "verify": {},
    }
    states = {name: str(bag.dags[name].test(run_conf=conf).state) for name, conf in asked.items()}
    sys.stdout.write("\n" + json.dumps(states))


if __name__ == "__main__":
    main()
