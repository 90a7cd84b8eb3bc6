"""## backup: write each register into a file each night, and try once a month whether it can be restored.

**What.** `write` copies every register, whole, into its folder below `DUE_REGARD_BACKUP_DIR`, and removes copies older
than `DUE_REGARD_BACKUP_KEEP_DAYS`, but never the newest. `drill` restores the newest copy into a file that is thrown
away, verifies it and records that it held; it skips where one held in this month. A failure is told to the data owners
of that register by whichever run comes next.

**When.** At 03:00 London each night. Without a folder set, the tasks say so and skip.

**Never.** It changes no record or finding, and restores nothing over a register: a person does (docs/runbook.md).

**Run it again.** At any time: each copy is a file of its own, and a drill in a month that has one does nothing.

**Params.** `drill`: try the newest copy also where one held in this month.
"""

from datetime import UTC, datetime
from functools import partial
from typing import Any

from airflow import sdk
from airflow.sdk.exceptions import AirflowSkipException

from due_regard.services import orchestration

CLOCK = partial(datetime.now, UTC)
RETRY = sdk.ExceptionRetryPolicy(rules=[sdk.RetryRule(list(orchestration.PERMANENT), sdk.RetryAction.FAIL)])


@sdk.dag(
    schedule=sdk.CronTriggerTimetable("0 3 * * *", **orchestration.LONDON_CLOCK),
    **orchestration.DAG_ARGS,
    default_args=orchestration.DEFAULT_ARGS | {"retry_policy": RETRY, "priority_weight": orchestration.LATE},
    tags=orchestration.TAGS,
    doc_md=__doc__,
    params={"drill": sdk.Param(False, type="boolean", description="Try it also in a month that has a drill.")},
)
def backup() -> None:
    """One task for all registers: one that fails stops no other."""

    @sdk.task
    def write(**context: Any) -> dict[str, Any]:
        from due_regard.services.keep_backups import back_up_registers

        return _keep(back_up_registers, context)

    @sdk.task(trigger_rule="all_done")
    def drill(params: dict[str, Any], **context: Any) -> dict[str, Any]:
        from due_regard.services.keep_backups import drill_backups

        return _keep(partial(drill_backups, only_due=not params["drill"]), context)

    write() >> drill()


def _keep(act: Any, context: dict[str, Any]) -> dict[str, Any]:
    from due_regard.config.settings import Settings
    from due_regard.services.keep_backups import check_backed_up

    settings = Settings()
    if settings.backup_dir is None:
        raise AirflowSkipException("nothing to do: DUE_REGARD_BACKUP_DIR is not set")
    result = act(
        settings, now=CLOCK(), record=lambda name: orchestration.record_task(name, context, sdk.Connection.get, CLOCK)
    )
    check_backed_up(result)
    return {"registers": len(result["registers"])}


backup()
