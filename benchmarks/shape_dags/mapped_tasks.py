"""One DAG for all landlords: a task group mapped over them, so that a run holds everybody's day."""

from typing import Any

from airflow import sdk
from airflow.providers.standard.operators.empty import EmptyOperator

from benchmarks.shape_dags.landlord_steps import DAY_STEPS, MORNING, PACK_MORNING, PARAMS, RETRY, do_step
from due_regard.services import orchestration

SHARED: dict[str, Any] = {
    **orchestration.DAG_ARGS,
    "params": PARAMS,
    "default_args": orchestration.DEFAULT_ARGS | {"retry_policy": RETRY},
}


@sdk.task
def choose(params: dict[str, Any]) -> list[str]:
    """Whom the run is about."""
    return [params["only"]] if params["only"] else orchestration.list_landlords()


def make_step(step: str, landlord: Any) -> Any:
    """One task, as often as there are landlords, each under its landlord's name."""

    @sdk.task(
        task_id=step,
        trigger_rule="all_success" if step in {"fetch", "build"} else "all_done",
        map_index_template="{{ landlord }}",
    )
    def work(landlord: str, **context: Any) -> dict[str, Any]:
        sdk.get_current_context()["landlord"] = landlord  # type: ignore[typeddict-unknown-key]
        return do_step(step, landlord, context)

    return work(landlord)


@sdk.task_group
def day(landlord: str) -> None:
    """One landlord's day."""
    sdk.chain(*[make_step(step, landlord) for step in DAY_STEPS])


@sdk.task_group
def packs(landlord: str) -> None:
    """One landlord's packs."""
    make_step("build", landlord)


with sdk.DAG("all_landlords.daily", schedule=MORNING, **SHARED):
    outcome = EmptyOperator(task_id="outcome", trigger_rule="none_failed")
    for step in day.expand(landlord=choose()).children.values():
        step >> outcome  # type: ignore[operator]
with sdk.DAG("all_landlords.committee_packs", schedule=PACK_MORNING, **SHARED):
    packs.expand(landlord=choose())
