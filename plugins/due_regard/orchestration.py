"""What the DAGs share and Airflow need not know: retries, asset names, and which date and quarter a run is about.

Everything here is plain Python, so that it is tested without a scheduler. Add what two DAG files would otherwise
repeat; keep Airflow out (DAG files hand their context in) and rules too (they live in policies).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from due_regard.errors import SettingsError

LONDON = ZoneInfo("Europe/London")

LOADED = "due_regard_drops_loaded"
"""Asset that `intake` emits once every landlord's drop has been tried."""

ASSESSED = "due_regard_assessed"
"""Asset that `assessment` emits once every landlord has been judged."""

TAGS = ["due-regard"]

DEFAULT_ARGS: dict[str, Any] = {
    "owner": "due-regard",
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

PACK_DAYS = 10
"""For how many days after a quarter's end an assessment also builds that quarter's packs."""


@dataclass(frozen=True)
class Window:
    """A calendar quarter by its label, e.g. `2026-Q2`, with its first and last day."""

    label: str
    first: date
    last: date

    @property
    def closed_at(self) -> datetime:
        """The instant the quarter was over, in London, as aware UTC."""
        return datetime.combine(self.last + timedelta(days=1), time(), LONDON).astimezone(UTC)


def as_at_of(context: Mapping[str, Any]) -> date:
    """The date a run is about, from the context Airflow gives a task."""
    events = context.get("triggering_asset_events") or {}
    run = context["dag_run"]
    return resolve_as_at(
        context.get("params") or {},
        [event.extra or {} for found in events.values() for event in found],
        context.get("partition_key"),
        run.logical_date,
        run.run_after,
    )


def resolve_as_at(
    params: Mapping[str, Any],
    extras: Iterable[Mapping[str, Any]],
    partition_key: str | None,
    logical_date: datetime | None,
    run_after: datetime,
) -> date:
    """The date a run is about, for every kind of run.

    Asset-triggered, partitioned and REST runs have no logical date, so the order is: the `as_at` param, the latest
    `as_at` among the triggering events' extras, the partition key (its date, or its quarter's last day), the logical
    date, `run_after`; instants are read in London.

    Raises:
        SettingsError: a given date or partition key cannot be read.
    """
    if params.get("as_at"):
        return _day(str(params["as_at"]))
    handed_on = [_day(str(extra["as_at"])) for extra in extras if extra.get("as_at")]
    if handed_on:
        return max(handed_on)
    if partition_key:
        return quarter(partition_key).last if "-Q" in partition_key else _day(partition_key[:10])
    return (logical_date or run_after).astimezone(LONDON).date()


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise SettingsError("as_at is not a date; write it as YYYY-MM-DD") from None


def quarter(label: str) -> Window:
    """The calendar quarter called `label`, e.g. `2026-Q2`.

    Raises:
        SettingsError: the label is not YYYY-Q1 to YYYY-Q4.
    """
    year, _, number = label.partition("-Q")
    if len(year) != 4 or not year.isdecimal() or number not in {"1", "2", "3", "4"}:
        raise SettingsError("a quarter is written YYYY-Q1 to YYYY-Q4")
    first = date(int(year), int(number) * 3 - 2, 1)
    return Window(label, first, _first_of_next(first) - timedelta(days=1))


def _first_of_next(first: date) -> date:
    return date(first.year + 1, 1, 1) if first.month == 10 else date(first.year, first.month + 3, 1)


def quarter_to_report(as_at: date, asked: str | None = None) -> Window | None:
    """The quarter a run of `as_at` should build packs for, or None when there is nothing to do.

    That is the one asked for; else the one that `as_at` ends, or that ended in the `PACK_DAYS` days before it.
    """
    if asked:
        return quarter(asked)
    running = _quarter_of(as_at)
    if as_at == running.last:
        return running
    before = _quarter_of(running.first - timedelta(days=1))
    return before if (as_at - before.last).days <= PACK_DAYS else None


def _quarter_of(day: date) -> Window:
    return quarter(f"{day.year:04d}-Q{(day.month + 2) // 3}")


def landlords_to_run(asked: Sequence[str] = ()) -> list[str]:
    """The landlords a run is for: those asked for, else those this installation runs.

    Raises:
        SettingsError: one asked for is not run here.
    """
    # Settings and their libraries are not wanted while the scheduler parses a DAG file.
    from due_regard.landlords import landlord_ids
    from due_regard.settings import Settings

    settings = Settings()
    known = settings.landlords or landlord_ids(settings.landlords_dir)
    if strangers := sorted(set(asked) - set(known)):
        raise SettingsError(f"not run here: {', '.join(strangers)}; known: {', '.join(known) or 'none'}")
    return list(asked or known)
