"""## intake: take every landlord's drop into the register.

**What.** For each landlord with a settings file, one task reads its drop folder, validates it and loads what is good;
rejected rows and refused files lie beside the register for the data owner to mend. A drop that is missing or not whole
yet is skipped; one that is refused, or held for a person, fails its task. That stops no other landlord: `publish` runs
whatever happened and hands the date on to `assessment`.

**When.** Weekdays at 06:00 London. A drop already taken is a no-op, so running it again is always safe.

**Never.** It assesses nothing, mails nobody, deletes nothing; no row, file name or content passes between tasks.

**Run it again.** Clear the failed mapped task, or trigger the DAG with `landlords` set to the ones to try again.

**Params.** `as_at`: the date that what follows is about (default: the day of the run). `landlords`: ids (default: all).
"""

from datetime import UTC, datetime
from typing import Any

from airflow.sdk import Asset, CronTriggerTimetable, Param, dag, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from due_regard.services import orchestration


@dag(
    schedule=CronTriggerTimetable(
        "0 6 * * 1-5", timezone=orchestration.TIMEZONE, run_immediately=orchestration.NO_SLOT_MADE_UP
    ),
    catchup=False,
    max_active_runs=1,
    default_args=orchestration.DEFAULT_ARGS,
    tags=orchestration.TAGS,
    doc_md=__doc__,
    params={
        "as_at": Param(**orchestration.AS_AT),
        "landlords": Param(**orchestration.LANDLORDS),
    },
)
def intake() -> None:
    """A mapped task per landlord, then one that hands the date on."""

    @task
    def landlords(params: dict[str, Any]) -> list[str]:
        return orchestration.choose_landlords(params["landlords"])

    @task(map_index_template="{{ landlord }}")
    def load(landlord: str) -> dict[str, Any]:
        from due_regard.config.settings import Settings
        from due_regard.services.take_in_drop import take_in_drop

        result = take_in_drop(Settings(), landlord, now=datetime.now(UTC))
        if result["status"] in {"missing", "waiting"}:
            raise AirflowSkipException(f"{landlord}: no drop to take: {result['why']}")
        if result["status"] == "held":
            raise AirflowFailException(f"{landlord}: batch {result['batch_id']} is held for a person: {result['why']}")
        if result["status"] == "refused":
            raise AirflowFailException(f"{landlord}: the drop was refused; see its quarantine folder")
        return orchestration.remove_file_names(result)

    @task(trigger_rule="all_done", outlets=[Asset(orchestration.LOADED)])
    def publish(outlet_events: Any = None, **context: Any) -> str:
        as_at = orchestration.find_as_at(context).isoformat()
        outlet_events[Asset(orchestration.LOADED)].extra = {"as_at": as_at}
        return as_at

    load.expand(landlord=landlords()) >> publish()


intake()
