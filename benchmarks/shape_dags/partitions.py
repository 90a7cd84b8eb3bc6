"""One DAG whose runs are partitions `landlord|date`, announced each morning by a DAG with a clock.

Partitions by landlord have no clock of their own in Airflow 3.3.2: an asset's event, or a person, starts each run.
"""

from collections.abc import Mapping
from typing import Any

from airflow import sdk
from airflow.providers.standard.operators.empty import EmptyOperator

from benchmarks.shape_dags.landlord_steps import DAY_STEPS, MORNING, PACK_MORNING, PARAMS, RETRY, do_step
from due_regard.services import orchestration

DAY_DUE, PACKS_DUE = sdk.Asset("day_due"), sdk.Asset("packs_due")
SHARED: dict[str, Any] = {
    "catchup": False,
    "params": PARAMS,
    "default_args": orchestration.DEFAULT_ARGS | {"retry_policy": RETRY},
}


def make_announcement(name: str, schedule: Any, due: sdk.Asset) -> None:
    """The DAG that says each morning whose work is due; what was asked of it goes along."""
    with sdk.DAG(f"announce.{name}", schedule=schedule, max_active_runs=1, **SHARED):

        @sdk.task(outlets=[due])
        def announce(outlet_events: Any = None, **context: Any) -> None:
            as_at = orchestration.find_as_at(context)
            outlet_events[due].extra = {name: context["params"][name] for name in ("mail", "issue")}
            outlet_events[due].add_partitions([f"{each}|{as_at}" for each in orchestration.list_landlords()])

        announce()


def make_step(step: str) -> Any:
    """One task, which learns from its run's partition whose it is."""

    @sdk.task(task_id=step, trigger_rule="all_success" if step in {"fetch", "build"} else "all_done")
    def work(**context: Any) -> dict[str, Any]:
        landlord, _, as_at = context["dag_run"].partition_key.partition("|")
        asked = context["params"] | _read_announcement(context) | {"as_at": as_at}
        return do_step(step, landlord, {**context, "params": asked})

    return work()


def _read_announcement(context: Mapping[str, Any]) -> dict[str, Any]:
    events = [event for found in (context.get("triggering_asset_events") or {}).values() for event in found]
    return dict(events[-1].extra) if events else {}


def make_dags() -> None:
    """The two DAGs in which all landlords' runs stand."""
    day_due, packs_due = (sdk.PartitionedAssetTimetable(assets=asset) for asset in (DAY_DUE, PACKS_DUE))
    with sdk.DAG("each_landlord.daily", schedule=day_due, **SHARED):
        sdk.chain(*(steps := [make_step(step) for step in DAY_STEPS]))
        steps >> EmptyOperator(task_id="outcome", trigger_rule="none_failed")
    with sdk.DAG("each_landlord.committee_packs", schedule=packs_due, **SHARED):
        make_step("build")


make_announcement("daily", MORNING, DAY_DUE)
make_announcement("committee_packs", PACK_MORNING, PACKS_DUE)
make_dags()
