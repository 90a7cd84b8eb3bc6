"""What is to be done at one landlord: chosen, counted and paged, the most urgent first; by team and by owner.

A page and `Accept: application/json` show this result. The work of all landlords somebody may see is
list_landlords_work.py's, the backlog list_backlog.py's.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from math import ceil
from typing import TYPE_CHECKING, Any

from due_regard.calendars.quarters import find_london_day
from due_regard.config.settings import Settings
from due_regard.mail.wording import MailWording
from due_regard.policy import PolicyHistory
from due_regard.policy.duty_wording import describe_code
from due_regard.services.landlord_context import open_landlord_register
from due_regard.services.page_context import PageContext, load_page_context
from due_regard.services.past_findings import find_assessed_duty
from due_regard.services.result import Result, make_json_value
from due_regard.services.visible_rules import list_visible_rules
from due_regard.services.visitor_posts import VisitorPosts, Visitors, find_posts
from due_regard.services.work_question import AGES, ME, MY_TEAM, ROLES, STAGES, STATES, WorkQuestion, make_choice

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from due_regard.register.findings.work_list import WorkChoice

PAGE = 50
"""Findings on one page."""

GROUPS_SHOWN = 20
CLOSED_SHOWN = 20

URGENCIES = {1: "overdue", 2: "due", 3: "coming", 4: "noted"}


def list_work(
    settings: Settings,
    landlord: str,
    question: WorkQuestion,
    visitor: Visitors,
    *,
    sees_restricted: bool,
    now: datetime,
) -> Result:
    """The landlord's open findings that `question` asks for, as the last run left them.

    Returns:
        landlord, as_at (None: never judged), asked, counts (overdue, due, coming, noted, total), whose (me, my_team,
        all: how many, whichever is shown), owners_unknown (whose owner the next assessment is to work out),
        is_somebody, page, pages, findings, by_team, by_owner, by_rule, closed
        (where a reference is asked for), choices (what may be asked).

    Raises:
        SettingsError: a word of the question is none of those it may be, or the landlord is not known.
    """
    from due_regard.register import reading
    from due_regard.register.case_references import find_findings_by_reference
    from due_regard.register.findings import work_list

    context = load_page_context(settings, landlord)
    history, wording = context.known.history, context.wording
    visible = list_visible_rules(history, sees_restricted=sees_restricted)
    rules = _name_rules(history, visible)
    number = question.page_number
    with open_landlord_register(settings, landlord) as engine, reading(engine, landlord) as connection:
        as_at = work_list.find_last_judged_day(connection, landlord)
        posts = find_posts(connection, landlord, context.known.landlord.alerts, visitor)
        ids = find_findings_by_reference(connection, landlord, question.q) if question.q.strip() else None
        on = find_london_day(now)
        choice = make_choice(question, posts, frozenset(rules), landlord=landlord, rules=visible, on=on, ids=ids)
        result: Result = {"landlord": landlord, "as_at": make_json_value(as_at), "asked": question.list_words()}
        result |= read_counts(connection, choice, posts, rules, wording)
        result |= _read_page(connection, choice, number, result["counts"]["total"], context, as_at)
        closed = work_list.list_closed(connection, choice, limit=CLOSED_SHOWN) if ids else []
    result["closed"] = [_describe_closed(row, history) for row in closed]
    return result | {"choices": _list_choices(rules), "is_somebody": not posts.make_own().is_nobody()}


def _name_rules(history: PolicyHistory, visible: tuple[str, ...] | None) -> dict[str, str]:
    """Rule -> the duty in plain words, of those that may be seen."""
    names = {duty.rule: duty.label for policy in history.versions for duty in policy.duties}
    return {rule: names[rule] for rule in sorted(names) if visible is None or rule in visible}


def _read_page(
    connection: Connection,
    choice: WorkChoice,
    number: int,
    total: int,
    context: PageContext,
    as_at: date | None,
) -> Result:
    from due_regard.register.findings.work_list import read_work

    pages = max(ceil(total / PAGE), 1)
    page = min(number, pages)
    rows = read_work(connection, choice, offset=(page - 1) * PAGE, limit=PAGE, total=total)
    findings = [describe_item(row, context, as_at) for row in rows]
    return {"page": page, "pages": pages, "findings": findings}


def describe_item(row: dict[str, Any], context: PageContext, as_at: date | None) -> dict[str, Any]:
    """One open finding as a list shows it."""
    duty = find_assessed_duty(context.known.history, row["rule"], row["policy_version"])
    names = ("register_ref", "rule", "clause", "subject_type", "subject_ref", "state", "severity", "stage")
    item = {name: row[name] for name in names}
    days = ("due_on", "since_on", "opened_on", "silenced_until")
    item |= {name: make_json_value(row[name]) for name in days}
    return item | {
        "label": row["rule"] if duty is None else duty.label,
        "urgency": URGENCIES[row["urgency"]],
        "days_overdue": row["days_overdue"],
        "days_unit": None if duty is None else duty.days_unit,
        "age_days": max((as_at - row["since_on"]).days, 0) if as_at else 0,
        "is_backlog": bool(row["is_backlog"]),
        "is_reported_done": row["awaiting_since"] is not None,
        "is_disputed": row["disputed_at"] is not None,
        "handed_to": row["handed_to"],
        "owner": describe_owner_of(row, context.wording),
        "state_words": context.words.name_state(row["state"]),
        "stage_words": context.words.name_stage(row["stage"]) if row["stage"] else None,
    }


def describe_owner_of(row: Any, wording: MailWording) -> dict[str, Any]:
    """Who must act: post, staff reference and team, never a name or an address."""
    return {
        "role": row["owner_role"],
        "post": wording.name_post(row["owner_role"]),
        "staff_ref": row["staff_ref"],
        "team": row["team"],
        "is_known": row.get("stage", "") is not None,
        "is_deputy": bool(row.get("is_deputy", False)),
        "is_unreachable": bool(row.get("has_problem", False)),
    }


def read_counts(
    connection: Connection, choice: WorkChoice, posts: VisitorPosts, rules: dict[str, str], wording: MailWording
) -> dict[str, Any]:
    """The chosen counted by urgency, rule, team and owner; and how many are whose, whosesoever are chosen."""
    from due_regard.register.findings.work_list import count_owners, count_rules

    by_rule = count_rules(connection, choice)
    every = count_owners(connection, choice)
    owners = [one for one in every if choice.owners is None or choice.owners.holds(one)]
    own, team = posts.make_own(), posts.make_team()
    counts = {word: sum(n for (_, u), n in by_rule.items() if u == urgency) for urgency, word in URGENCIES.items()}
    groups = {
        "by_team": _sum_groups((one.team, {"team": one.team}, one.findings, one.overdue) for one in owners),
        "by_owner": _sum_groups(
            (
                (one.owner_role, one.staff_ref, one.team),
                describe_owner_of(vars(one), wording),
                one.findings,
                one.overdue,
            )
            for one in owners
        ),
        "by_rule": _sum_groups(
            (rule, {"rule": rule, "label": rules.get(rule, rule)}, n, n if URGENCIES[urgency] == "overdue" else 0)
            for (rule, urgency), n in by_rule.items()
        ),
    }
    return {
        "counts": {**counts, "total": sum(counts.values())},
        "whose": {
            ME: sum(one.findings for one in every if own.holds(one)),
            MY_TEAM: sum(one.findings for one in every if team.holds(one)),
            "all": sum(one.findings for one in every),
        },
        "owners_unknown": sum(one.unknown for one in owners),
        **{name: found[:GROUPS_SHOWN] for name, found in groups.items()},
        "more_groups": {name: max(len(found) - GROUPS_SHOWN, 0) for name, found in groups.items()},
    }


def _sum_groups(parts: Iterable[tuple[Any, dict[str, Any], int, int]]) -> list[dict[str, Any]]:
    """Parts of the same key as one group with `findings` and `overdue`, the largest first."""
    groups: dict[Any, dict[str, Any]] = {}
    for key, words, findings, overdue in parts:
        group = groups.setdefault(key, {**words, "findings": 0, "overdue": 0})
        group["findings"] += findings
        group["overdue"] += overdue
    return [group for _, group in sorted(groups.items(), key=lambda pair: (-pair[1]["findings"], str(pair[0])))]


def _describe_closed(row: dict[str, Any], history: PolicyHistory) -> dict[str, Any]:
    duty = find_assessed_duty(history, row["rule"], row.pop("policy_version"))
    return {name: make_json_value(value) for name, value in row.items()} | {
        "label": row["rule"] if duty is None else duty.label
    }


def _list_choices(rules: dict[str, str]) -> dict[str, list[dict[str, str]]]:
    """What may be asked, each with the words in which a page offers it."""

    def name(words: tuple[str, ...]) -> list[dict[str, str]]:
        return [{"value": word, "words": describe_code(word)} for word in words]

    return {
        "owner": name(ROLES),
        "stage": name(STAGES),
        "state": name(STATES),
        "rule": [{"value": rule, "words": label} for rule, label in rules.items()],
        "age": [{"value": str(days), "words": f"{days} days or more"} for days in AGES],
    }
