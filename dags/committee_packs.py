"""## A landlord's packs: build the quarter's papers for committees and senior managers.

**What.** `build` makes every pack that the landlord's settings switch on, for one quarter: workbook, action list,
charts and paper, kept with their checksums. Governance is asked once by mail to approve each draft, and reminded by
`daily`, which also mails what was approved; a pack whose settings say `needs_approval: false` is mailed to its clerk
here, once. It approves nothing by itself.

**When.** At 08:00 London on the first ten days of January, April, July and October, after the morning's assessment, so
that late drops still count. On another date a run without a `quarter` says that there is nothing to do. A DAG that was
off makes up its last missed slot, which builds, and issues if that quarter is still the last one.

**Never.** It changes no record or finding, and mails no quarter's pack twice. The packs of an earlier quarter are built
and not mailed, unless `issue` asks for it; nor are those of a backfill. No landlord's alerts wait behind it.

**Run it again.** Trigger it with a `quarter` for any past quarter, or backfill it over the dates of its slots.

**Params.** `quarter`: e.g. 2026-Q2 (default: the one that has just ended). `known`: `now`, or `close` for the figures
as they were known when the quarter closed. `issue`: ask for the approval of a draft, or mail it (default: only of
the last quarter that ended, in no backfill). `as_at`: decides the quarter when none is given.
"""

from datetime import UTC, datetime
from functools import partial
from typing import Any

from airflow import sdk
from airflow.sdk.exceptions import AirflowSkipException

from due_regard.services import orchestration

CLOCK = partial(datetime.now, UTC)
RETRY = sdk.ExceptionRetryPolicy(rules=[sdk.RetryRule(list(orchestration.PERMANENT), sdk.RetryAction.FAIL)])


def make_packs(landlord: str) -> None:
    """The DAG of one landlord's packs."""

    @sdk.dag(
        **orchestration.make_dag_arguments(landlord, "committee_packs"),
        schedule=sdk.CronTriggerTimetable("0 8 1-10 1,4,7,10 *", **orchestration.LONDON_CLOCK),
        default_args=orchestration.DEFAULT_ARGS | {"retry_policy": RETRY, "priority_weight": orchestration.LATE},
        doc_md=__doc__,
        params={
            "quarter": sdk.Param(
                None, type=["null", "string"], pattern=r"^\d{4}-Q[1-4]$", description="YYYY-Q1 to -Q4"
            ),
            "known": sdk.Param(
                "now", enum=["now", "close"], description="Figures as known now, or at the quarter's close"
            ),
            "issue": sdk.Param(**orchestration.ISSUE),
            "as_at": sdk.Param(**orchestration.AS_AT),
        },
    )
    def committee_packs() -> None:
        @sdk.task
        def build(params: dict[str, Any], **context: Any) -> dict[str, Any]:
            from due_regard.services.build_packs import build_packs

            context, now = context | {"params": params}, CLOCK()
            if (quarter := orchestration.find_quarter(context)) is None:
                raise AirflowSkipException("nothing to do: no quarter ended on this run's date or in the days before")
            with orchestration.record_task(landlord, context, sdk.Connection.get, CLOCK):
                return build_packs(
                    orchestration.load_settings_with_connection(sdk.Connection.get),
                    landlord,
                    quarter=str(quarter),
                    now=now,
                    known_at=quarter.closes_at if params["known"] == "close" else None,
                    issue=orchestration.choose_to_issue(context, quarter, now=now),
                    upgrade=True,
                )

        build()

    committee_packs()


for each in orchestration.list_landlords(sdk.get_parsing_context().dag_id):
    make_packs(each)
