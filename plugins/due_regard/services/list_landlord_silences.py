"""Who silenced which finding of one landlord, until when and why, as a page shows it."""

from __future__ import annotations

from datetime import datetime

from due_regard.calendars.quarters import find_london_day
from due_regard.config.settings import Settings
from due_regard.services.list_findings import list_silences
from due_regard.services.page_context import load_page_context
from due_regard.services.result import Result, list_json_rows
from due_regard.services.visible_rules import list_visible_rules

SHOWN = 200
"""Silences on the page; more are only counted."""


def list_landlord_silences(settings: Settings, landlord: str, *, sees_restricted: bool, now: datetime) -> Result:
    """The silences of open findings that hold today, the first to end first.

    Returns:
        landlord, on, total, silences (register_ref, rule, label, silenced_until, silenced_at, actor, why).
    """
    history, today = load_page_context(settings, landlord).known.history, find_london_day(now)
    visible = list_visible_rules(history, sees_restricted=sees_restricted)
    found, _ = list_silences(settings, on=today, landlord=landlord)
    if visible is not None:
        found = found[found["rule"].isin(visible)]
    labels = {duty.rule: duty.label for policy in history.versions for duty in policy.duties}
    rows = list_json_rows(found.head(SHOWN))
    silences = [row | {"label": labels.get(row["rule"], row["rule"])} for row in rows]
    return {"landlord": landlord, "on": today.isoformat(), "total": len(found), "silences": silences}
