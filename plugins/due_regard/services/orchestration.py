"""What the DAGs share and Airflow need not know: retries, asset names, and which date and quarter a run is about.

Everything here is plain Python, so that it is tested without a scheduler. Add what two DAG files would otherwise
repeat; keep Airflow out (DAG files hand their context in) and rules too (they live in policies).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any

from due_regard.calendars.quarters import LONDON, Quarter, find_last_closed_quarter, find_london_day
from due_regard.errors import SettingsError

if TYPE_CHECKING:
    from due_regard.config.settings import Settings

TIMEZONE = LONDON.key
"""In which every schedule is written."""

LOADED = "due_regard_drops_loaded"
"""Asset that `intake` emits once every landlord's drop has been tried."""

ASSESSED = "due_regard_assessed"
"""Asset that `assessment` emits once every landlord has been assessed."""

TAGS = ["due-regard"]


def report_failed_task(context: Mapping[str, Any]) -> None:
    """Mail the data owner of the landlord whose task failed (of every landlord, for a task of none)."""
    from due_regard.config.landlord import list_landlord_ids
    from due_regard.config.settings import Settings
    from due_regard.services.report_failure import report_failure

    settings, failed = Settings(), context["task_instance"]
    label = getattr(failed, "rendered_map_index", None)
    report_failure(
        settings,
        dag=failed.dag_id,
        task=failed.task_id,
        run_id=failed.run_id,
        now=failed.start_date.astimezone(UTC),
        landlords=[label] if label in list_landlord_ids(settings.landlords_dir) else None,
    )


DEFAULT_ARGS: dict[str, Any] = {
    "owner": "due-regard",
    "on_failure_callback": report_failed_task,
    # The first task of a cold server can miss its first call; every verb may safely be run again.
    "retries": 1,
    "retry_delay": timedelta(seconds=10),
    "execution_timeout": timedelta(hours=1),
}

AS_AT: dict[str, Any] = {
    "default": None,
    "type": ["null", "string"],
    "format": "date",
    "description": "The date the run is about, YYYY-MM-DD; default: what the run before handed on, else the run's day.",
}
"""The `as_at` param that every DAG takes."""

LANDLORDS: dict[str, Any] = {
    "default": [],
    "type": "array",
    "items": {"type": "string"},
    "description": "Landlord ids; none means all.",
}
"""The `landlords` param that every DAG takes."""

NO_SLOT_MADE_UP = timedelta(0)
"""`run_immediately` of a timetable: a DAG switched on waits for its next slot (False would still run a recent one)."""

_HEAVY = (
    "great_expectations",
    "matplotlib.backends.backend_agg",
    "openpyxl",
    "scipy.optimize",
    "due_regard.intake",
    "due_regard.register",
    "due_regard.assessment",
    "due_regard.alerts",
    "due_regard.packs",
)
"""What tasks import when they run: the rooms, and what rooms import only once they work."""

PACK_DAYS = 10
"""For how many days after a quarter's end an assessment also builds that quarter's packs."""


def load_settings_with_connection(connection: Callable[[str], Any]) -> Settings:
    """The installation's settings, with the Airflow connection they name (`smtp_connection`) laid over them.

    Args:
        connection: gives the connection of a name; only called where the settings name one.
    """
    from due_regard.config.settings import Settings
    from due_regard.mail.login import lay_connection_over_settings

    settings = Settings()
    if settings.smtp_connection is None:
        return settings
    found = connection(settings.smtp_connection)
    names = {"host": "host", "port": "port", "login": "login", "password": "password", "extra": "extra_dejson"}
    return lay_connection_over_settings(
        settings, {name: getattr(found, attribute) for name, attribute in names.items()}
    )


def find_as_at(context: Mapping[str, Any]) -> date:
    """The date a run is about, from the context Airflow gives a task, for every kind of run.

    Asset-triggered, partitioned and REST runs have no logical date, so the order is: the `as_at` param, the latest
    `as_at` among the triggering events' extras, the partition key (its date, or its quarter's last day), the logical
    date, `run_after`; instants are read in London.

    Raises:
        SettingsError: a given date or partition key cannot be read.
    """
    if asked := (context.get("params") or {}).get("as_at"):
        return _parse_day(str(asked))
    events = (event for found in (context.get("triggering_asset_events") or {}).values() for event in found)
    handed_on = [_parse_day(str(event.extra["as_at"])) for event in events if (event.extra or {}).get("as_at")]
    if handed_on:
        return max(handed_on)
    if partition := context.get("partition_key"):
        return Quarter.parse(partition).ends_on if "-Q" in partition else _parse_day(partition[:10])
    return find_london_day(context["dag_run"].logical_date or context["dag_run"].run_after)


def find_quarter(context: Mapping[str, Any]) -> Quarter | None:
    """The quarter a run should build packs for, from the context Airflow gives a task; None: nothing to do."""
    today = find_london_day(context["dag_run"].run_after)
    return choose_quarter_to_report(find_as_at(context), (context.get("params") or {}).get("quarter"), today=today)


def _parse_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise SettingsError("as_at is not a date; write it as YYYY-MM-DD") from None


def choose_quarter_to_report(as_at: date, asked: str | None = None, *, today: date | None = None) -> Quarter | None:
    """The quarter a run of `as_at` should build packs for, or None when there is nothing to do.

    That is the one asked for; else the one that `as_at` ends, once it is over `today`; else the one that ended in the
    `PACK_DAYS` days before `as_at`.

    Raises:
        SettingsError: the quarter asked for is not written YYYY-Q1 to YYYY-Q4.
    """
    if asked:
        return Quarter.parse(asked)
    running = Quarter.of(as_at)
    if as_at == running.ends_on and (today is None or today > running.ends_on):
        return running
    before = find_last_closed_quarter(as_at)
    return before if (as_at - before.ends_on).days <= PACK_DAYS else None


def choose_landlords(asked: Sequence[str] = ()) -> list[str]:
    """The landlords a run is for: those asked for, else those this installation runs.

    Raises:
        SettingsError: one asked for is not run here.
    """
    # The verbs and their libraries are not wanted while a DAG file is parsed.
    from due_regard.config.settings import Settings
    from due_regard.services.landlord_context import list_landlords_to_run

    known = list_landlords_to_run(Settings())
    if strangers := sorted(set(asked) - set(known)):
        raise SettingsError(f"not run here: {', '.join(strangers)}; known: {', '.join(known) or 'none'}")
    return list(asked or known)


def remove_file_names(result: Mapping[str, Any]) -> dict[str, Any]:
    """What a task hands on of an intake: counts of each file by entity; its name is the data owner's alone."""
    return {**result, "files": [{key: file[key] for key in file if key != "file"} for file in result["files"]]}


def preload_heavy_packages() -> None:
    """Import what the tasks will need, so that processes forked from this one have it at no cost.

    A demo's tasks would otherwise spend a third of all its processor time on importing the same packages anew.
    """
    for name in _HEAVY:
        import_module(name)
