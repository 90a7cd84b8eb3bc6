"""## alerts: tell the people who must act.

**What.** For each landlord, one task assesses the register at the run's date if that was not done yet, composes what is
new or has moved up a stage since the last mail, and sends what waits in the outbox (as .eml files until
`DUE_REGARD_MAIL_MODE=live`; over the connection that `DUE_REGARD_SMTP_CONNECTION` names, if one is set).

**When.** After each `assessment`, and every weekday at 07:00 London, so that an export that never came cannot silence
it. A 07:00 that passed while the DAG was off is not made up.

**Never.** It mails nothing twice for the same finding, stage and person, however often it runs; no name, address or
incident goes into a mail; nothing is mailed on a landlord's closed days.

**Run it again.** Clear it, trigger it, backfill it: what was sent is not sent again; what is still waiting is.

**Params.** `as_at`: the date to write as (default: the assessment's, else today). `landlords`: ids (default: all).
"""

from datetime import UTC, datetime
from typing import Any

from airflow.sdk import Asset, AssetOrTimeSchedule, Connection, CronTriggerTimetable, Param, dag, task

from due_regard.services import orchestration


@dag(
    schedule=AssetOrTimeSchedule(
        assets=[Asset(orchestration.ASSESSED)],
        timetable=CronTriggerTimetable(
            "0 7 * * 1-5", timezone=orchestration.TIMEZONE, run_immediately=orchestration.NO_SLOT_MADE_UP
        ),
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
def alerts() -> None:
    """A mapped task per landlord: one landlord's faulty settings silence no other."""

    @task
    def landlords(params: dict[str, Any]) -> list[str]:
        return orchestration.choose_landlords(params["landlords"])

    @task(map_index_template="{{ landlord }}")
    def send(landlord: str, **context: Any) -> dict[str, Any]:
        from due_regard.services.run_alerts import run_alerts

        return run_alerts(
            orchestration.load_settings_with_connection(Connection.get),
            as_at=orchestration.find_as_at(context),
            now=datetime.now(UTC),
            landlords=[landlord],
            clock=lambda: datetime.now(UTC),
            upgrade=True,
        )

    send.expand(landlord=landlords())


alerts()
