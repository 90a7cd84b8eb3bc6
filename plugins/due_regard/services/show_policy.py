"""A landlord's policy as it stands: each duty in plain words, with clause, reading and what the last run found."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from due_regard.calendars.quarters import find_london_day
from due_regard.config.settings import Settings
from due_regard.policy import Duty
from due_regard.policy.duty_wording import describe_duty, describe_failure
from due_regard.policy.policy_page import describe_counting
from due_regard.records.canonical import STATES
from due_regard.services.landlord_context import open_landlord_register
from due_regard.services.read_case import Judging, find_judging
from due_regard.services.result import Result, make_json_value

if TYPE_CHECKING:
    from sqlalchemy import Connection

_SAID = ("rule", "label", "clause", "promise", "reading", "remedy", "owner_role", "statutory", "curable")


def show_policy(settings: Settings, landlord: str, *, now: datetime, sees_restricted: bool) -> Result:
    """The version of the policy in force on the last judged day (today, where there was none), duty by duty.

    Returns:
        landlord, landlord_name, as_at, title, effective_from, approved_on, counting, versions, duties: `_SAID`, asks
        and failure (sentences), confirmed_by (of its reading), states (state -> assessments of the last run), open
        (findings).
    """
    from due_regard.register import reading

    with open_landlord_register(settings, landlord) as engine, reading(engine, landlord) as connection:
        judging = find_judging(settings, connection, landlord, sees_restricted=sees_restricted)
        states, open_findings = _count_states(connection, judging), _count_open(connection, landlord)
    history = judging.context.history
    policy = history.find_version(judging.as_at or find_london_day(now))
    confirmed = judging.context.landlord.confirmed_readings
    duties = [
        _describe_duty(duty, confirmed)
        | {"states": _order_states(states.get(duty.rule, {})), "open": open_findings.get(duty.rule, 0)}
        for duty in policy.duties
        if duty.rule not in judging.hidden
    ]
    dates = {name: make_json_value(getattr(policy, name)) for name in ("effective_from", "approved_on")}
    versions = [version.effective_from.isoformat() for version in history.versions]
    said = {"title": policy.title, "counting": describe_counting(policy), "versions": versions, "duties": duties}
    return judging.describe() | dates | said


def _describe_duty(duty: Duty, confirmed: dict[str, str]) -> Result:
    said: Result = {name: getattr(duty, name) for name in _SAID}
    said |= {"asks": describe_duty(duty), "failure": describe_failure(duty)}
    return said | {"confirmed_by": confirmed.get(duty.rule) if duty.reading else None}


def _order_states(counts: dict[str, int]) -> dict[str, int]:
    return {state: counts[state] for state in STATES if state in counts}


def _count_states(connection: Connection, judging: Judging) -> dict[str, dict[str, int]]:
    """Rule -> state -> how many assessments of the last run."""
    from sqlalchemy import func, select

    from due_regard.register.schema.finding_tables import AssessmentCount

    counts: dict[str, dict[str, int]] = {}
    if judging.run_id is None:
        return counts
    columns: Any = (AssessmentCount.rule, AssessmentCount.state)
    rows = select(*columns, func.sum(AssessmentCount.n)).where(AssessmentCount.run_id == judging.run_id)
    for row in connection.execute(rows.group_by(*columns)):
        counts.setdefault(row[0], {})[row[1]] = int(row[2])
    return counts


def _count_open(connection: Connection, landlord: str) -> dict[str, int]:
    """Rule -> how many findings of it are open."""
    from sqlalchemy import func, select

    from due_regard.register.schema.finding_tables import OPEN, Finding

    rows = select(Finding.rule, func.count()).where(Finding.landlord == landlord, Finding.status == OPEN)
    return {rule: int(n) for rule, n in connection.execute(rows.group_by(Finding.rule))}
