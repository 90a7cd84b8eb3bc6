"""## watch: tell data owners what did not run.

**What.** Asks the register which work failed or never ended (its process was killed, its machine stopped), and which
landlord was not assessed by its hour (07:30 London, or its `assessed_by`) on a working day of its own; mails that
landlord's data owner, once, with what is known of the cause, and hands over the mail that still waits: a pack that was
approved on its page leaves so. A DAG that is switched off is named. Of each day that is over, it seals in the audit who looked at which record. It fails where a data
owner could not be told: then the operator must.

**When.** Each hour from 07:30 to 19:30 London on weekdays. A slot missed is made up once, and tells nothing twice.

**Never.** It loads, judges or builds nothing. Besides data owners it mails the clerk of a pack that was approved, and
governance of a draft that waits. A landlord is not waited for before its `go_live_on`.

**Run it again.** Trigger it at any time. When Airflow is down it is down, too: `due-regard watch`, called by a timer
outside Airflow, looks likewise (docs/runbook.md). Each of the two tells where the other is silent.

**Params.** None.
"""

from datetime import UTC, datetime
from functools import partial
from typing import Any

from airflow import sdk
from airflow.sdk.exceptions import AirflowRuntimeError

from due_regard.services import orchestration


@sdk.dag(
    schedule=sdk.CronTriggerTimetable("30 7-19 * * 1-5", **orchestration.LONDON_CLOCK),
    **orchestration.DAG_ARGS,
    default_args=orchestration.DEFAULT_ARGS | {"priority_weight": orchestration.FIRST},
    tags=orchestration.TAGS,
    doc_md=__doc__,
)
def watch() -> None:
    """One task for all landlords: it asks, and mails; one landlord's faulty settings silence no other."""

    @sdk.task
    def tell(**context: Any) -> dict[str, Any]:
        from due_regard.services.report_failure import watch_landlords

        settings = orchestration.load_settings_with_connection(sdk.Connection.get)
        switches = partial(_find_switch, context["ti"])
        result = watch_landlords(settings, now=datetime.now(UTC), watch="airflow", find_switch=switches)
        orchestration.check_all_told(result)
        return result

    tell()


def _find_switch(task: Any, dag_id: str) -> Any:
    try:
        return "off" if task.get_dag(dag_id).is_paused else "on"
    except AirflowRuntimeError as reason:
        # Whatever else ails the server, a data owner is told without it.
        return "unknown" if (reason.error.detail or {}).get("status_code") == 404 else None


watch()
