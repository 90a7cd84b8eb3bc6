"""## watch: tell data owners what did not run.

**What.** Asks the register which work failed or never ended (its process was killed, its machine stopped), and which
landlord was not assessed by 07:30 London on a working day of its own; mails that landlord's data owner, once, and hands
over the mail that still waits: a pack that was approved on its page leaves so. Of each day that is over, it seals in
the audit who looked at which record. It fails where a data owner could not be told: then the operator must.

**When.** Each hour from 07:30 to 19:30 London on weekdays. A slot missed is made up once, and tells nothing twice.

**Never.** It loads, judges or builds nothing. Besides data owners it mails the clerk of a pack that was approved, and
governance of a draft that waits. A landlord for whom no work was ever done is not waited for.

**Run it again.** Trigger it at any time. When all of Airflow is down it is down, too: let a watchdog outside Airflow
call `due-regard doctor --freshness`.

**Params.** None.
"""

from datetime import UTC, datetime
from typing import Any

from airflow import sdk

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
    def tell() -> dict[str, Any]:
        from due_regard.services.report_failure import watch_landlords

        result = watch_landlords(orchestration.load_settings_with_connection(sdk.Connection.get), now=datetime.now(UTC))
        orchestration.check_all_told(result)
        return result

    tell()


watch()
