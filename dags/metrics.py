"""## metrics: how the installation does, among Airflow's own metrics.

**What.** Reads a few figures of every landlord from the register (drops loaded, rows rejected, findings open, days
since the oldest overdue one was due, mails waiting, age of the last assessment) and hands them to whatever Airflow
exports its metrics to: StatsD or OpenTelemetry. `due-regard metrics` prints the same.

**When.** Every quarter of an hour, where `DUE_REGARD_METRICS` is set; else there is no such DAG.

**Never.** It changes nothing, and mails nobody. Duties that only certain roles may hear of are in no figure.

**Run it again.** At any time: a figure is what it is now.

**Params.** None.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow import sdk

from due_regard.services import orchestration, switched_dags


@sdk.dag(
    schedule=sdk.CronTriggerTimetable("*/15 * * * *", **orchestration.LONDON_CLOCK),
    **orchestration.DAG_ARGS,
    default_args=orchestration.DEFAULT_ARGS
    | {"retries": 1, "execution_timeout": timedelta(minutes=10), "priority_weight": orchestration.LATE},
    tags=orchestration.TAGS,
    doc_md=__doc__,
)
def metrics() -> None:
    """One task for all landlords; one whose settings are wrong keeps no other's figures back, and fails the task."""

    @sdk.task
    def emit() -> dict[str, Any]:
        from airflow.sdk.observability import stats
        from opentelemetry.metrics import get_meter_provider

        from due_regard.config.settings import Settings
        from due_regard.services.measure_landlords import check_all_measured, emit_figures, measure_landlords

        result = measure_landlords(Settings(), now=datetime.now(UTC))
        emitted = emit_figures(result, stats.gauge)
        # The process of a task ends without OpenTelemetry's last export.
        if flush := getattr(get_meter_provider(), "force_flush", None):
            flush()
        check_all_measured(result)
        return {"emitted": emitted}

    emit()


if switched_dags.is_set("metrics"):
    metrics()
