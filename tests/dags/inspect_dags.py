"""Run as a process of its own: load the DAGs as Airflow does and print what the tests ask about, as JSON.

A process of its own, because Airflow reads its home when first imported and warns of its own deprecations.
"""

import json
import os
import sys
from pathlib import Path

DAGS = Path(__file__).resolve().parents[2] / "dags"
HEAVY = (
    "pandas",
    "numpy",
    "great_expectations",
    "matplotlib",
    "openpyxl",
    "pyarrow",
    "alembic",
    "due_regard.services.landlord_context",
)


def _note_opened_files() -> list[str]:
    """Every file below the include folder that is opened from now on."""
    include, opened = os.environ.get("DUE_REGARD_INCLUDE_DIR", "/nowhere"), list[str]()

    def note_open(event: str, args: tuple[object, ...]) -> None:
        if event == "open" and str(args[0]).startswith(include) and not Path(str(args[0])).is_dir():
            opened.append(str(args[0]))

    sys.addaudithook(note_open)
    return opened


def _imported_by_the_files_alone() -> list[str]:
    """Heavy packages that loading the DAG files brings in beyond Airflow's own SDK."""
    from airflow.providers.standard.operators.empty import EmptyOperator  # noqa: F401
    from airflow.sdk import DAG, CronTriggerTimetable, ExceptionRetryPolicy, Param, dag, task  # noqa: F401

    before = set(sys.modules)
    for file in sorted(DAGS.glob("*.py")):
        # As the DAG processor does: the file is run under a name of its own.
        code = compile(file.read_text(encoding="utf-8"), file, "exec")
        exec(code, {"__name__": f"parsed_{file.stem}", "__file__": str(file)})  # noqa: S102
    return [name for name in HEAVY if name in set(sys.modules) - before]


def main() -> None:
    """Print the findings."""
    opened = _note_opened_files()
    heavy = _imported_by_the_files_alone()
    from airflow.dag_processing.dagbag import DagBag
    from airflow.serialization.serialized_objects import DagSerialization

    bag = DagBag(dag_folder=str(DAGS))
    dags = {
        dag.dag_id: {
            "serialised": json.dumps(DagSerialization.to_dict(dag), sort_keys=True),
            "tags": sorted(dag.tags),
            "doc_md": dag.doc_md,
            "catchup": dag.catchup,
            "max_active_runs": dag.max_active_runs,
            "params": sorted(dag.params),
            "timetable": str(dag.timetable),
            "tasks": {
                task.task_id: {
                    "retries": task.retries,
                    "priority": task.priority_weight,
                    "weight_rule": str(task.weight_rule),
                    "trigger_rule": task.trigger_rule.value,
                    "callbacks": bool(task.on_failure_callback),
                    "upstream": sorted(task.upstream_task_ids),
                }
                for task in dag.tasks
            },
        }
        for dag in bag.dags.values()
    }
    sys.stdout.write("\n" + json.dumps({"errors": bag.import_errors, "heavy": heavy, "dags": dags, "opened": opened}))


if __name__ == "__main__":
    main()
