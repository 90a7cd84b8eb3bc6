"""The landlords somebody may see, each with what is overdue, due and coming, and what waits for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from due_regard.calendars.quarters import find_london_day
from due_regard.config.settings import Settings
from due_regard.errors import DueRegardError
from due_regard.services.landlord_context import open_landlord_register
from due_regard.services.list_work import URGENCIES
from due_regard.services.page_context import PageContext, load_page_context
from due_regard.services.result import Result, make_json_value
from due_regard.services.visible_rules import list_visible_rules
from due_regard.services.visitor_posts import Visitors, find_posts_of_landlords

if TYPE_CHECKING:
    from sqlalchemy import Engine


def list_landlords_work(
    settings: Settings,
    landlords: Mapping[str, bool],
    visitor: Visitors,
    *,
    now: datetime,
    switches: Mapping[str, str] | None = None,
) -> Result:
    """What is to be done at each of `landlords` (id -> whether restricted duties may be seen).

    Args:
        settings: the installation.
        landlords: whose work.
        visitor: who asks.
        now: the instant.
        switches: DAG -> whether Airflow starts its runs: on, off, unknown.

    Returns:
        landlords: each landlord, name, as_at (None: never judged), overdue, due, coming, noted, waiting (on the
        visitor; None where nothing can be), trouble (what to do where a landlord cannot be read, else None).
        switched_off, unknown: DAGs of these landlords whose runs do not begin.
    """
    rows: dict[str, dict[str, Any]] = {}
    for names in settings.registers(landlords).values():
        contexts: dict[str, PageContext] = {}
        for name in names:
            rows[name] = {"landlord": name, "name": name, "trouble": None}
            try:
                contexts[name] = load_page_context(settings, name)
                rows[name]["name"] = contexts[name].known.landlord.name
            except DueRegardError as reason:
                rows[name]["trouble"] = str(reason)
        try:
            with open_landlord_register(settings, names[0]) as engine:
                counted = _count_register(engine, contexts, landlords, visitor, now)
            for name, counts in counted.items():
                rows[name] |= counts
        except DueRegardError as reason:
            for name in contexts:
                rows[name]["trouble"] = str(reason)
    found = switches or {}
    off, unknown = ([dag for dag, switch in found.items() if switch == word] for word in ("off", "unknown"))
    return {"landlords": [rows[name] for name in landlords], "switched_off": off, "unknown": unknown}


def _count_register(
    engine: Engine,
    contexts: Mapping[str, PageContext],
    landlords: Mapping[str, bool],
    visitor: Visitors,
    now: datetime,
) -> dict[str, dict[str, Any]]:
    """What is said of each landlord of one register, by the same few queries however many they are."""
    from due_regard.register import reading
    from due_regard.register.findings.work_list import WorkChoice, count_work_of_landlords, find_last_judged_days

    if not contexts:
        return {}
    today = find_london_day(now)
    choices = {
        name: WorkChoice(name, list_visible_rules(context.known.history, sees_restricted=landlords[name]), today)
        for name, context in contexts.items()
    }
    with reading(engine, next(iter(contexts)) if len(contexts) == 1 else None) as connection:
        days = find_last_judged_days(connection, list(contexts))
        alerts = {name: context.known.landlord.alerts for name, context in contexts.items()}
        posts = {name: held.make_own() for name, held in find_posts_of_landlords(connection, alerts, visitor).items()}
        mine = [replace(choices[name], owners=owners) for name, owners in posts.items() if not owners.is_nobody()]
        counts, waiting = count_work_of_landlords(connection, list(choices.values()), mine)
    return {
        name: {
            "as_at": make_json_value(days.get(name)),
            **{word: counts.get((name, urgency), 0) for urgency, word in URGENCIES.items()},
            "waiting": None if posts[name].is_nobody() else waiting.get(name, 0),
        }
        for name in contexts
    }
