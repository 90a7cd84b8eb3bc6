"""## clean: forget old runs in Airflow's own database.

**What.** Runs `airflow db clean`: what Airflow remembers of runs (their tasks, logs of events, results handed on) is
removed once it is older than `DUE_REGARD_AIRFLOW_KEEP_DAYS`. Each DAG's newest scheduled run stays, and so do DAGs,
people, roles and connections.

**When.** Sundays at 05:00 London, where `DUE_REGARD_AIRFLOW_KEEP_DAYS` is set; else there is no such DAG. A task may
not reach Airflow's database: `DUE_REGARD_AIRFLOW_DB_URL` gives this one a way to it.

**Never.** It touches no register: what was done, what failed and who was told stand there.

**Run it again.** At any time: what is gone is gone.

**Params.** None.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow import sdk

from due_regard.services import orchestration, switched_dags

RETRY = sdk.ExceptionRetryPolicy(rules=[sdk.RetryRule(list(orchestration.PERMANENT), sdk.RetryAction.FAIL)])


@sdk.dag(
    schedule=sdk.CronTriggerTimetable("0 5 * * 0", **orchestration.LONDON_CLOCK),
    **orchestration.DAG_ARGS,
    default_args=orchestration.DEFAULT_ARGS | {"retry_policy": RETRY, "priority_weight": orchestration.LATE},
    tags=orchestration.TAGS,
    doc_md=__doc__,
)
def clean() -> None:
    """One task: Airflow has one database."""

    @sdk.task(execution_timeout=timedelta(hours=3))
    def forget() -> dict[str, Any]:
        from due_regard.config.settings import Settings
        from due_regard.services.clean_airflow import clean_airflow

        return clean_airflow(Settings(), now=datetime.now(UTC))

    forget()


if switched_dags.is_set("airflow_keep_days"):
    clean()
