"""## A landlord's day: fetch its drop and take it in, assess it, mail the people who must act.

**What.** `fetch` copies the drop from where it lies (skipped where the settings say none), `load` takes it in, `assess`
judges every duty at the run's date, `send` mails what is new or moved up a stage. Each begins once the one before has
ended, failed or not; `outcome` shows failures.

**When.** Weekdays at 06:00 London. A DAG that was off makes up its last missed slot, and assesses that slot's date.

**Never.** It mails nothing twice, no name, address or incident, nothing on closed days, and nobody for a past date.

**Run it again.** Clear a task, trigger or backfill: nothing is loaded, judged or mailed twice; a backfill mails nobody.

**Params.** `as_at`: the date the run is about (default: its own day). `mail`: mail people what is due at `as_at`.
"""

from datetime import UTC, datetime
from functools import partial
from typing import Any

from airflow import sdk
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk.exceptions import AirflowSkipException

from due_regard.services import orchestration

CLOCK = partial(datetime.now, UTC)
RETRY = sdk.ExceptionRetryPolicy(rules=[sdk.RetryRule(list(orchestration.PERMANENT), sdk.RetryAction.FAIL)])


def make_day(landlord: str) -> None:
    """The DAG of one landlord's day."""

    @sdk.dag(
        **orchestration.make_dag_arguments(landlord, "daily"),
        schedule=sdk.CronTriggerTimetable("0 6 * * 1-5", **orchestration.LONDON_CLOCK),
        default_args=orchestration.DEFAULT_ARGS | {"retry_policy": RETRY, "priority_weight": orchestration.EARLY},
        doc_md=__doc__,
        params={"as_at": sdk.Param(**orchestration.AS_AT), "mail": sdk.Param(**orchestration.MAIL)},
    )
    def daily() -> None:
        @sdk.task
        def fetch(**context: Any) -> dict[str, Any]:
            from due_regard.services.drop_tasks import run_fetch

            return run_fetch(landlord, context, sdk.Connection.get, CLOCK, AirflowSkipException)

        @sdk.task(trigger_rule="all_done")
        def load(**context: Any) -> dict[str, Any]:
            from due_regard.services.drop_tasks import run_load

            return run_load(landlord, context, sdk.Connection.get, CLOCK, AirflowSkipException)

        @sdk.task(trigger_rule="all_done")
        def assess(**context: Any) -> dict[str, Any]:
            from due_regard.services.assess_landlord import assess_landlord

            as_at = orchestration.find_as_at(context)
            with orchestration.record_task(landlord, context, sdk.Connection.get, CLOCK) as settings:
                return assess_landlord(settings, landlord, as_at=as_at, now=CLOCK())

        @sdk.task(trigger_rule="all_done")
        def send(**context: Any) -> dict[str, Any]:
            from due_regard.services.run_alerts import run_alerts

            as_at, now = orchestration.find_as_at(context), CLOCK()
            if not orchestration.choose_to_mail(context, now=now):
                raise AirflowSkipException(f"{landlord}: nobody is mailed for {as_at}, a past date; param `mail` would")
            with orchestration.record_task(landlord, context, sdk.Connection.get, CLOCK):
                settings = orchestration.load_settings_with_connection(sdk.Connection.get)
                return run_alerts(settings, as_at=as_at, now=now, landlords=[landlord], clock=CLOCK, upgrade=True)

        sdk.chain(*(steps := [fetch(), load(), assess(), send()]))
        steps >> EmptyOperator(task_id="outcome", trigger_rule="none_failed")

    daily()


for each in orchestration.list_landlords(sdk.get_parsing_context().dag_id):
    make_day(each)
