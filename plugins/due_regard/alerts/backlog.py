"""The backlog: what was already wrong on the day before the landlord's go-live.

A dated duty was wrong from the day after its due date. A check has no date of its own: the landlord is judged as at the
day before go-live, by the same engine on what is known now, and what was in breach then is backlog. A breach made later
about an older subject is new.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import Connection

from due_regard.alerts.alert_context import AlertContext
from due_regard.alerts.cases import OpenFinding
from due_regard.assessment import assess_records
from due_regard.policy import CheckDuty, PolicyHistory
from due_regard.records.canonical import Records, find_open_rows
from due_regard.register.stored_records import read_records_on


def find_backlog(
    conn: Connection, findings: Iterable[OpenFinding], context: AlertContext, records: Records | None = None
) -> frozenset[int]:
    """Ids of the findings that were wrong on the day before go-live, by `records` (None: all that the register has)."""
    eve = min(context.settings.go_live_on, context.as_at) - timedelta(days=1)
    found = list(findings)
    late = {one.finding_id for one in found if one.due_on is not None and one.due_on < eve}
    undated = [one for one in found if one.due_on is None]
    rules = {one.rule for one in undated} & _list_checks(context.history)
    if not rules:
        return frozenset(late)
    records = read_records_on(conn, context.landlord.id) if records is None else records
    judged = assess_records(records, context.history.keep_rules(rules), context.calendar, eve)
    wrong = judged[find_open_rows(judged)]
    then = set(zip(wrong["rule"], wrong["subject_type"], wrong["subject_ref"], strict=True))
    return frozenset(
        late | {one.finding_id for one in undated if (one.rule, one.subject_type, one.subject_ref) in then}
    )


def _list_checks(history: PolicyHistory) -> set[str]:
    return {duty.rule for policy in history.versions for duty in policy.duties if isinstance(duty, CheckDuty)}
