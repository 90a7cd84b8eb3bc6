"""## verify: prove that the registers still hold.

**What.** Proves each register against its own audit: every row, each text that was judged by, packs with their files,
what people said; and judges recorded runs again by the texts and records of then. Where something does not hold, the
landlord's data owner is mailed how much in which table, once a day, and the task fails. `due-regard audit verify
--deep` names the rows, and says what nobody can prove.

**When.** Each night at 03:30 London. A night that was missed is made up once.

**How much.** A landlord's 5 newest runs each night, and a 21st of the older ones in turn, so that each is judged again
at least once a month, though nine nights are missed. The log says how many were left for other nights.

**Never.** It changes nothing but to note in the audit that it was done, and how far it came. It names no person.

**Run it again.** Trigger it at any time: it takes the next runs in turn.

**Params.** None.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow import sdk

from due_regard.services import orchestration

RETRY = sdk.ExceptionRetryPolicy(rules=[sdk.RetryRule(list(orchestration.PERMANENT), sdk.RetryAction.FAIL)])


@sdk.dag(
    schedule=sdk.CronTriggerTimetable("30 3 * * *", **orchestration.LONDON_CLOCK),
    **orchestration.DAG_ARGS,
    default_args=orchestration.DEFAULT_ARGS | {"retry_policy": RETRY, "priority_weight": orchestration.LATE},
    tags=orchestration.TAGS,
    doc_md=__doc__,
)
def verify() -> None:
    """One task for all registers: one that is away keeps no other from being proved."""

    @sdk.task(execution_timeout=timedelta(hours=2))
    def prove() -> dict[str, Any]:
        from due_regard.services.verify_nightly import check_registers_hold, verify_registers

        result = verify_registers(
            orchestration.load_settings_with_connection(sdk.Connection.get), now=datetime.now(UTC)
        )
        check_registers_hold(result)
        orchestration.check_all_told(result)
        return result

    prove()


verify()
