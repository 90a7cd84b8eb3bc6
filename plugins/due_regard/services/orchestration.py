"""What the DAGs share and Airflow need not know: landlords, retries, what a run is about, and whom it may mail.

Everything here is plain Python, so that it is tested without a scheduler. Add what two DAG files would otherwise
repeat; keep Airflow out (DAG files hand their context in) and rules too (they live in policies).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from due_regard.calendars.quarters import LONDON, Quarter, find_last_closed_quarter, find_london_day
from due_regard.errors import AuditError, CalendarError, DropError, MailError, PackError, SettingsError

if TYPE_CHECKING:
    from due_regard.config.settings import Settings

LONDON_CLOCK: dict[str, Any] = {"timezone": LONDON.key, "run_immediately": timedelta(0)}
"""How schedules are read: in London; a DAG that never ran waits for its next slot, one that did makes up the last."""

TAGS, LANDLORD_DAGS = ["due-regard"], ("daily", "committee_packs")
"""What every DAG is tagged with; what each landlord's own are called, after its id and a dot."""

PERMANENT = (SettingsError, DropError, CalendarError, PackError, AuditError)
"""Errors that no retry mends: a person must act. All others may pass, as a restart of the database does."""

_LONGEST_PAUSE = timedelta(minutes=5)

DEFAULT_ARGS: dict[str, Any] = {
    "owner": "due-regard",
    # Pauses of at least 30, 60, 120 and 240 seconds: they outlast a database's restart. Every verb may be run again.
    "retries": 4,
    "retry_delay": timedelta(seconds=30),
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": _LONGEST_PAUSE,
    "execution_timeout": timedelta(hours=1),
    # As given below, and not summed up over what follows: a free worker takes the highest first.
    "weight_rule": "absolute",
}

DAG_ARGS: dict[str, Any] = {"catchup": False, "max_active_runs": 1}

FIRST, EARLY, LATE = 30, 20, 10
"""`priority_weight` of the watch, of a landlord's day, and of packs, which nobody's alerts may wait behind."""

AS_AT: dict[str, Any] = {
    "default": None,
    "type": ["null", "string"],
    "format": "date",
    "description": "The date the run is about, YYYY-MM-DD; default: the run's own day.",
}
"""The `as_at` param that every DAG of a landlord takes."""

MAIL: dict[str, Any] = {
    "default": None,
    "type": ["null", "boolean"],
    "description": "Mail people what is due at as_at; default: only where that is today and the run is no backfill.",
}
"""The `mail` param of a landlord's day."""

ISSUE: dict[str, Any] = {
    "default": None,
    "type": ["null", "boolean"],
    "description": "Ask for each draft's approval, or mail it; default: only for the quarter that has just ended.",
}
"""The `issue` param of a landlord's packs."""

PACK_DAYS = 10
"""For how many days after a quarter's end its packs are built anew each morning."""


def list_landlords(dag_id: str | None = None) -> list[str]:
    """The landlords this installation runs, each of whom gets DAGs; by name alone, for no file of theirs is opened.

    A name that is no identifier is left out: as a DAG's id it would stop every other landlord's. `doctor` names it.

    Args:
        dag_id: the one DAG that is wanted, where a task starts: no other landlord's is made then.
    """
    from due_regard.config.landlord import list_landlord_ids
    from due_regard.config.settings import Settings

    settings = Settings()
    names = settings.landlords or list_landlord_ids(settings.landlords_dir)
    wanted = dag_id.partition(".")[0] if dag_id else None
    return [name for name in names if re.fullmatch("[a-z][a-z0-9_]*", name) and wanted in {None, name}]


def make_dag_arguments(landlord: str, name: str) -> dict[str, Any]:
    """What a landlord's DAG is called and found by, and that only one run of it is active."""
    return DAG_ARGS | {"dag_id": f"{landlord}.{name}", "tags": [*TAGS, landlord]}


@contextmanager
def record_task(
    landlord: str, context: Mapping[str, Any], connection: Callable[[str], Any], clock: Callable[[], datetime],
    longest: timedelta = DEFAULT_ARGS["execution_timeout"],
) -> Iterator[Settings]:  # fmt: skip
    """The settings for a task's work, of which the register keeps a row: see services/record_run.py.

    They lack the Airflow connection of the mail server: work that mails nobody must not fail for want of one.

    Args:
        landlord: whom the work is for.
        context: as Airflow gives it to the task.
        connection: gives the Airflow connection of a name, for mails to data owners of work left open.
        clock: the instant now.
        longest: how long the task may take.
    """
    from due_regard.config.settings import Settings
    from due_regard.register.task_runs import RunKey
    from due_regard.services.record_run import record_run

    settings, task = Settings(), context["ti"]
    with record_run(
        settings,
        RunKey(landlord, task.dag_id, task.task_id, task.run_id),
        load_mail_settings=lambda: load_settings_with_connection(connection),
        clock=clock,
        longest=longest,
        retried_within=find_retry_time,
    ):
        yield settings


def find_retry_time(reason: BaseException) -> timedelta:
    """How soon after a failure a task must have begun again; no time where it is not tried again."""
    return timedelta() if isinstance(reason, PERMANENT) else 2 * _LONGEST_PAUSE


def check_drop_taken(result: Mapping[str, Any]) -> None:
    """Fail a task whose drop a person must look at.

    Raises:
        DropError: the drop was refused, or is held.
    """
    landlord = result["landlord"]
    if result["status"] == "held":
        raise DropError(f"{landlord}: batch {result['batch_id']} is held for a person: {result['why']}")
    if result["status"] == "refused":
        raise DropError(f"{landlord}: the drop was refused; see its quarantine folder")


def check_all_told(result: Mapping[str, Any]) -> None:
    """Fail the watch where a data owner could not be told: the operator must.

    Raises:
        MailError: of whom, and why.
    """
    if result["untold"]:
        raise MailError("; ".join(f"{landlord}: {why}" for landlord, why in result["untold"].items()))


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

    The `as_at` param, the logical date, or `run_after`, for runs by hand and over REST have no logical date; instants
    are read in London.

    Raises:
        SettingsError: a given date cannot be read.
    """
    if asked := (context.get("params") or {}).get("as_at"):
        return _parse_day(str(asked))
    return find_london_day(context["dag_run"].logical_date or context["dag_run"].run_after)


def choose_to_mail(context: Mapping[str, Any], *, now: datetime) -> bool:
    """Whether a run may mail people: as asked, else for today alone and in no backfill.

    Raises:
        SettingsError: it is asked for a date still to come.
    """
    asked = (context.get("params") or {}).get("mail")
    as_at, today = find_as_at(context), find_london_day(now)
    if asked and as_at > today:
        raise SettingsError(f"{as_at} is still to come: people are mailed as at today or a day before")
    return bool(asked) if asked is not None else as_at == today and not _is_backfill(context)


def choose_to_issue(context: Mapping[str, Any], quarter: Quarter, *, now: datetime) -> bool:
    """Whether a run may issue a quarter's packs: as asked, else of the quarter that has just ended, in no backfill."""
    asked = (context.get("params") or {}).get("issue")
    is_latest = quarter == find_last_closed_quarter(find_london_day(now))
    return bool(asked) if asked is not None else is_latest and not _is_backfill(context)


def _is_backfill(context: Mapping[str, Any]) -> bool:
    return bool(context["dag_run"].run_type == "backfill")


def find_quarter(context: Mapping[str, Any]) -> Quarter | None:
    """The quarter a run should build packs for, from the context Airflow gives a task; None: nothing to do.

    Raises:
        SettingsError: it has not ended.
    """
    today = find_london_day(context["dag_run"].run_after)
    asked = (context.get("params") or {}).get("quarter")
    found = choose_quarter_to_report(find_as_at(context), asked, today=today)
    if found is not None and found.ends_on >= today:
        raise SettingsError(f"{found} has not ended; its packs can be built from {found.shift(1).starts_on}")
    return found


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
