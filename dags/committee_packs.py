"""## committee_packs: build the quarter's papers for committees and senior managers.

**What.** For each landlord, one task builds every pack that its settings switch on, for one quarter: workbook, action
list, charts and paper, kept with their checksums. A quarter's first build of a pack is mailed to its clerk, once.

**When.** After an `assessment` dated in the ten days after a quarter (or on its last day, once that is over), and on
the 3rd of January, April, July and October at 05:00 London. On any other day the run says that there is nothing to do.

**Never.** It changes no record or finding, and mails no quarter's pack twice. The same register gives the same bytes.

**Run it again.** Trigger it with a `quarter` for any past quarter, or backfill it over the dates of its slots.

**Params.** `quarter`: e.g. 2026-Q2 (default: the one that has just ended). `known`: `now`, or `close` for the figures
as they were known when the quarter closed. `issue`: mail a first build to its clerk (default: yes). `as_at`: decides
the quarter when none is given. `landlords`: ids.
"""

from datetime import UTC, datetime
from typing import Any

from airflow.sdk import Asset, AssetOrTimeSchedule, Connection, CronTriggerTimetable, Param, dag, task
from airflow.sdk.exceptions import AirflowSkipException

from due_regard.services import orchestration


@dag(
    schedule=AssetOrTimeSchedule(
        assets=[Asset(orchestration.ASSESSED)],
        timetable=CronTriggerTimetable(
            "0 5 3 1,4,7,10 *", timezone=orchestration.TIMEZONE, run_immediately=orchestration.NO_SLOT_MADE_UP
        ),
    ),
    catchup=False,
    max_active_runs=1,
    default_args=orchestration.DEFAULT_ARGS,
    tags=orchestration.TAGS,
    doc_md=__doc__,
    params={
        "quarter": Param(None, type=["null", "string"], pattern=r"^\d{4}-Q[1-4]$", description="YYYY-Q1 to YYYY-Q4"),
        "known": Param("now", enum=["now", "close"], description="Figures as known now, or at the quarter's close"),
        "issue": Param(True, type="boolean", description="Mail a quarter's first build of each pack to its clerk"),
        "as_at": Param(**orchestration.AS_AT),
        "landlords": Param(**orchestration.LANDLORDS),
    },
)
def committee_packs() -> None:
    """A mapped task per landlord, after one that says whether a quarter has just ended."""

    @task
    def landlords(params: dict[str, Any], **context: Any) -> list[str]:
        if orchestration.find_quarter(context | {"params": params}) is None:
            raise AirflowSkipException("nothing to do: no quarter ended on this run's date or in the days before it")
        return orchestration.choose_landlords(params["landlords"])

    @task(map_index_template="{{ landlord }}")
    def build(landlord: str, params: dict[str, Any], **context: Any) -> dict[str, Any]:
        from due_regard.services.build_packs import build_packs

        quarter = orchestration.find_quarter(context | {"params": params})
        known_at = quarter.closes_at if params["known"] == "close" else None
        return build_packs(
            orchestration.load_settings_with_connection(Connection.get),
            landlord,
            quarter=str(quarter),
            now=datetime.now(UTC),
            known_at=known_at,
            issue=params["issue"],
            upgrade=True,
        )

    build.expand(landlord=landlords())


committee_packs()
