"""Restrictions in force as at the last judged day: what each limits, since when, when a review is due, what is late."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from due_regard.config.settings import Settings
from due_regard.policy import Duty, PolicyHistory, ReviewDuty
from due_regard.services.landlord_context import open_landlord_register
from due_regard.services.past_findings import find_assessed_duty
from due_regard.services.read_case import Judging, find_judging
from due_regard.services.result import Result, make_json_value
from due_regard.services.result_page import PAGE_ROWS, describe_page, find_offset
from due_regard.services.show_restriction import LISTS, describe_list

if TYPE_CHECKING:
    from sqlalchemy import Connection

_LATE = frozenset({"overdue", "breach"})
_NAMED = ("restriction_ref", "customer_ref", "expires_on")


def list_restrictions(settings: Settings, landlord: str, *, page: int, sees_restricted: bool) -> Result:
    """One page of the restrictions in force, that of the longest standing first.

    Returns:
        landlord, landlord_name, as_at, total, page, pages, restrictions: of each restriction_ref, customer_ref, since,
        measures and channels (code, said), expires_on, review_due_on (the first review that is not held), overdue
        (register_ref, label, clause, due_on, state of its own and its appeals' open findings).

    Raises:
        UnknownReference: there is no such page.
    """
    from due_regard.register import reading
    from due_regard.register.restriction_cases import count_restrictions_in_force, list_restrictions_in_force

    with open_landlord_register(settings, landlord) as engine, reading(engine, landlord) as connection:
        judging = find_judging(settings, connection, landlord, sees_restricted=sees_restricted)
        if judging.as_at is None:
            return judging.describe() | describe_page(0, page) | {"restrictions": []}
        known: dict[str, Any] = {"as_at": judging.as_at, "known_at": judging.known_at}
        shown = describe_page(count_restrictions_in_force(connection, landlord, **known), page)
        rows = list_restrictions_in_force(connection, landlord, **known, limit=PAGE_ROWS, offset=find_offset(page))
        late, reviews = _list_open(connection, judging, [row["restriction_ref"] for row in rows])
    found = [_describe_row(row, judging) | _describe_due(row["restriction_ref"], late, reviews) for row in rows]
    return judging.describe() | shown | {"restrictions": found}


def _list_open(
    connection: Connection, judging: Judging, refs: list[str]
) -> tuple[dict[str, list[Result]], dict[str, str]]:
    """Restriction -> its open findings that are late, and its appeals'; restriction -> when a review of it is due."""
    from due_regard.register.findings.coming_duties import list_coming_about
    from due_regard.register.restriction_cases import list_appeals_of, list_findings_about

    appeals = list_appeals_of(connection, judging.landlord, refs, known_at=judging.known_at)
    of = {("restriction", ref): ref for ref in refs} | {("appeal", ref): to for ref, to in appeals.items()}
    about = {ref for _, ref in of}
    findings = list_findings_about(connection, judging.landlord, about, hidden=judging.hidden)
    open_ones = [one for one in findings if one["status"] == "open" and (one["subject_type"], one["subject_ref"]) in of]
    history, late, reviews = judging.context.history, dict[str, list[Result]](), dict[str, str]()
    for one in open_ones:
        if one["state"] in _LATE:
            ref = of[one["subject_type"], one["subject_ref"]]
            late.setdefault(ref, []).append(_describe_finding(one, history))
    for one in (*open_ones, *list_coming_about(connection, judging.landlord, refs, hidden=judging.hidden)):
        if one["subject_type"] == "restriction" and isinstance(_find_duty(one, history), ReviewDuty):
            day = one["due_on"].isoformat()
            reviews[one["subject_ref"]] = min(day, reviews.get(one["subject_ref"], day))
    return late, reviews


def _find_duty(one: Result, history: PolicyHistory) -> Duty | None:
    return find_assessed_duty(history, one["rule"], one["policy_version"])


def _describe_finding(one: Result, history: PolicyHistory) -> Result:
    duty = _find_duty(one, history)
    label = one["rule"] if duty is None else duty.label
    names = ("register_ref", "clause", "state")
    return {name: one[name] for name in names} | {"label": label, "due_on": make_json_value(one["due_on"])}


def _describe_row(row: Result, judging: Judging) -> Result:
    lists = judging.context.history.versions[-1].file.code_lists
    said: Result = {name: make_json_value(row[name]) for name in _NAMED}
    said["since"] = max(row["decided_on"], row["starts_on"]).isoformat()
    return said | {name: describe_list(row, column, lists) for name, column in LISTS.items()}


def _describe_due(ref: str, late: dict[str, list[Result]], reviews: dict[str, str]) -> Result:
    return {"review_due_on": reviews.get(ref), "overdue": late.get(ref, [])}
