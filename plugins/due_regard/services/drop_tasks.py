"""What the tasks `fetch` and `load` of a landlord's day do: the service, what fails and skips it, what it hands on.

Airflow is not known here: a task hands in how its connections are found, and the exception that skips it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from due_regard.services import orchestration
from due_regard.services.fetch_drop import fetch_drop
from due_regard.services.result import remove_file_names
from due_regard.services.take_in_delivery import take_in_delivery

NO_DROP = frozenset({"missing", "waiting", "not_set", "nothing_new"})
"""What the services answer where there is no drop to go on with."""


def run_fetch(
    landlord: str, context: Mapping[str, Any], connection: Callable[[str], Any], clock: Callable[[], datetime],
    skip: type[Exception],
) -> dict[str, Any]:  # fmt: skip
    """Fetch a landlord's drop into the inbox; counts and its digest.

    Args:
        landlord: whose.
        context: as Airflow gives it to the task.
        connection: gives the Airflow connection of a name.
        clock: the instant now.
        skip: raised, with the reason, where there is nothing to fetch.
    """
    with orchestration.record_task(landlord, context, connection, clock) as settings:
        result = fetch_drop(settings, landlord, find_connection=connection, now=clock())
    if result["status"] in NO_DROP:
        raise skip(f"{landlord}: nothing to fetch: {result['why']}")
    return result


def run_load(
    landlord: str, context: Mapping[str, Any], connection: Callable[[str], Any], clock: Callable[[], datetime],
    skip: type[Exception],
) -> dict[str, Any]:  # fmt: skip
    """Take a landlord's drop in; counts of its files, none by name.

    Args:
        landlord: whose.
        context: as Airflow gives it to the task.
        connection: gives the Airflow connection of a name, for what is said where the drop came from.
        clock: the instant now.
        skip: raised, with the reason, where there is no drop to take.

    Raises:
        DropError: the drop was refused, or is held.
    """
    with orchestration.record_task(landlord, context, connection, clock) as settings:
        result = take_in_delivery(settings, landlord, find_connection=connection, now=clock())
        orchestration.check_drop_taken(result)
    if result["status"] in NO_DROP:
        raise skip(f"{landlord}: no drop to take: {result['why']}")
    return remove_file_names(result)
