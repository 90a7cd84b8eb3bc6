"""## assessment: assess every landlord's register against its own policy.

**What.** For each landlord, one task reads the register as it stands, assesses every duty at one date (`as_at`),
records the run and moves the findings' life (opened, seen again, resolved, re-opened). Then `publish` hands the date on
to `alerts` and `committee_packs`.

**When.** After each `intake`, with its date; or by hand, for any date.

**Never.** It reads no drop, mails nobody, and changes no record. A date earlier than the last one assessed, or still to
come, is kept as a run of its own and moves no finding.

**Run it again.** Clear it or trigger it: the same register, policy and date give the same findings.

**Params.** `as_at`: the date to assess at (default: the date `intake` handed on). `landlords`: ids (default: all).
"""

from datetime import UTC, datetime
from typing import Any

from airflow.sdk import Asset, Param, dag, task

from due_regard.services import orchestration


@dag(
    schedule=[Asset(orchestration.LOADED)],
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
def assessment() -> None:
    """A mapped task per landlord, then one that hands the date on."""

    @task
    def landlords(params: dict[str, Any]) -> list[str]:
        return orchestration.choose_landlords(params["landlords"])

    @task(map_index_template="{{ landlord }}")
    def assess(landlord: str, **context: Any) -> dict[str, Any]:
        from due_regard.config.settings import Settings
        from due_regard.services.assess_landlord import assess_landlord

        return assess_landlord(Settings(), landlord, as_at=orchestration.find_as_at(context), now=datetime.now(UTC))

    @task(trigger_rule="all_done", outlets=[Asset(orchestration.ASSESSED)])
    def publish(outlet_events: Any = None, **context: Any) -> str:
        as_at = orchestration.find_as_at(context).isoformat()
        outlet_events[Asset(orchestration.ASSESSED)].extra = {"as_at": as_at}
        return as_at

    assess.expand(landlord=landlords()) >> publish()


assessment()
