"""What was wrong before go-live and still is: by whom it is to be put right, and one by one, to be handed out."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from math import ceil
from typing import Any

from due_regard.calendars.quarters import find_london_day
from due_regard.config.settings import Settings
from due_regard.services.landlord_context import open_landlord_register
from due_regard.services.list_work import PAGE, describe_item, read_counts
from due_regard.services.page_context import load_page_context
from due_regard.services.result import Result, make_json_value
from due_regard.services.visible_rules import list_visible_rules
from due_regard.services.visitor_posts import VisitorPosts
from due_regard.services.work_question import WorkQuestion, make_choice


def list_backlog(
    settings: Settings, landlord: str, question: WorkQuestion, *, sees_restricted: bool, now: datetime
) -> Result:
    """The landlord's backlog, or of it what `question` asks for (owner, team, staff, rule, page).

    Returns:
        landlord, as_at, go_live_on, asked, total, page, pages, findings (each with newest_event), by_team, by_owner,
        by_rule.

    Raises:
        SettingsError: a word of the question is none of those it may be, or the landlord is not known.
    """
    from due_regard.register import reading
    from due_regard.register.findings import work_list

    context = load_page_context(settings, landlord)
    history = context.known.history
    visible = list_visible_rules(history, sees_restricted=sees_restricted)
    rules = {
        duty.rule: duty.label
        for policy in history.versions
        for duty in policy.duties
        if visible is None or duty.rule in visible
    }
    on = find_london_day(now)
    choice = make_choice(question, VisitorPosts(), frozenset(rules), landlord=landlord, rules=visible, on=on)
    choice = replace(choice, is_backlog=True)
    with open_landlord_register(settings, landlord) as engine, reading(engine, landlord) as connection:
        as_at = work_list.find_last_judged_day(connection, landlord)
        counts = read_counts(connection, choice, VisitorPosts(), rules, context.wording)
        total = counts["counts"]["total"]
        pages = max(ceil(total / PAGE), 1)
        page = min(question.page_number, pages)
        rows = work_list.read_work(connection, choice, offset=(page - 1) * PAGE, limit=PAGE, total=total)
        newest = work_list.find_newest_events(connection, [row["finding_id"] for row in rows])
    findings: list[dict[str, Any]] = [
        describe_item(row, context, as_at) | {"newest_event": newest.get(row["finding_id"])} for row in rows
    ]
    return {
        "landlord": landlord,
        "as_at": make_json_value(as_at),
        "go_live_on": context.known.landlord.alerts.go_live_on.isoformat(),
        "asked": question.list_words(),
        "total": total,
        "page": page,
        "pages": pages,
        "findings": findings,
        **{name: counts[name] for name in ("by_team", "by_owner", "by_rule", "more_groups")},
    }
