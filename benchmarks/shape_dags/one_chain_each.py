"""A landlord's work in DAGs of its own: the shape of `dags/`, with the steps of the other two shapes."""

from typing import Any

from airflow import sdk
from airflow.providers.standard.operators.empty import EmptyOperator

from benchmarks.shape_dags.landlord_steps import DAY_STEPS, MORNING, PACK_MORNING, PARAMS, RETRY, do_step
from due_regard.services import orchestration


def make_step(step: str, landlord: str) -> Any:
    """One task."""

    @sdk.task(task_id=step, trigger_rule="all_success" if step in {"fetch", "build"} else "all_done")
    def work(**context: Any) -> dict[str, Any]:
        return do_step(step, landlord, context)

    return work()


def make_dags(landlord: str) -> None:
    """Both DAGs of one landlord."""
    shared = {"params": PARAMS, "default_args": orchestration.DEFAULT_ARGS | {"retry_policy": RETRY}}
    with sdk.DAG(**orchestration.make_dag_arguments(landlord, "daily"), schedule=MORNING, **shared):
        sdk.chain(*(steps := [make_step(step, landlord) for step in DAY_STEPS]))
        steps >> EmptyOperator(task_id="outcome", trigger_rule="none_failed")
    with sdk.DAG(**orchestration.make_dag_arguments(landlord, "committee_packs"), schedule=PACK_MORNING, **shared):
        make_step("build", landlord)


for each in orchestration.list_landlords(sdk.get_parsing_context().dag_id):
    make_dags(each)
