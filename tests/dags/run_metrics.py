"""Run as a process of its own: do the task of the DAG `metrics` as Airflow's task runner would, and end as it ends.

The backend of Airflow's metrics comes from the environment. The process ends without running what waits for its exit,
for so do the processes of tasks.
"""

import json
import os
import sys
from pathlib import Path

DAGS = Path(__file__).resolve().parents[2] / "dags"


def main() -> None:
    """Print what the task returned."""
    from airflow.dag_processing.dagbag import DagBag
    from airflow.sdk.configuration import conf
    from airflow.sdk.observability import stats
    from airflow.sdk.observability.metrics import stats_utils

    stats.initialize(
        factory=stats_utils.get_stats_factory(), export_legacy_names=conf.getboolean("metrics", "legacy_names_on")
    )
    bag = DagBag(dag_folder=str(DAGS / "metrics.py"))
    result = bag.dags["metrics"].get_task("emit").python_callable()
    sys.stdout.write(json.dumps(result) + "\n")
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
