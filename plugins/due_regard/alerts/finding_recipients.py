"""Who hears of one finding: its owner, everybody who would be told today and why, and who was told what and when.

For a person's question about a finding. Like the mails, an answer names posts, never an address.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Engine, select

from due_regard.alerts.alert_context import AlertContext
from due_regard.alerts.backlog import find_backlog
from due_regard.alerts.cases import Case, build_cases, make_findings
from due_regard.alerts.recipients import Recipient, RecipientDirectory, name_recipient
from due_regard.alerts.record_cells import RecordCells
from due_regard.alerts.routing import RouteFinder
from due_regard.alerts.sent_history import read_sent_history_of
from due_regard.alerts.stage_holding import StageHold
from due_regard.calendars.quarters import find_london_day
from due_regard.errors import PolicyError
from due_regard.mail.mail_memory import is_mail_of
from due_regard.mail.mail_mode import MailMode
from due_regard.mail.wording import MailWording
from due_regard.policy import LandlordContext
from due_regard.records.canonical import Records
from due_regard.register import read_open_findings_on, reading
from due_regard.register.schema.alert_tables import AlertMessage, AlertTold


def read_finding_route(
    engine: Engine,
    known: LandlordContext,
    wording: MailWording,
    found: Mapping[str, Any],
    records: Records,
    *,
    mode: MailMode,
    now: datetime,
) -> dict[str, Any]:
    """Who owns a finding (as `register.read_finding` gives it), and who would be told of it on the day of `now`.

    The policy in `known` must include the duty to report; `records` are those of its case, or all; `mode` is how mails
    leave now.

    Returns:
        owner (post, why), would_be_told (stage, post, why), held_back (why nobody is told, None where somebody is).
    """
    today, landlord = find_london_day(now), known.landlord
    with reading(engine, landlord.id) as conn:
        near = read_open_findings_on(conn, landlord.id, as_at=today, subject_ref=found["subject_ref"])
        ids = [int(finding_id) for finding_id in near["finding_id"]]
        earlier = read_sent_history_of(conn, landlord.id, mode, ids, as_at=today, now=now)
        context = AlertContext(landlord, known.history, known.calendar, wording, earlier, today, mode=mode)
        directory = RecipientDirectory(RecordCells(records), landlord.alerts, wording, earlier.refused)
        subject = (found["owner_role"], found["subject_type"], found["subject_ref"])
        owner = directory.find_owner(*subject, handed_to=found["handed_to"])
        told, held_back = _list_steps(conn, context, near, found["register_ref"], directory)
    return {"owner": _describe_recipient(owner, wording), "would_be_told": told, "held_back": held_back}


def _list_steps(
    conn: Connection, context: AlertContext, near: pd.DataFrame, register_ref: str, directory: RecipientDirectory
) -> tuple[list[dict[str, str]], str | None]:
    """`near` are all open findings of its subject: a worse one may stand for it."""
    if register_ref not in set(near["register_ref"]):
        return [], "it is resolved"
    try:
        findings = make_findings(near)
        backlog = find_backlog(conn, findings, context, directory.cells.records)
        cases = build_cases(findings, backlog, context)
    except PolicyError:
        return [], "the policy no longer has the rule"
    case = next((case for case in cases if case.finding.register_ref == register_ref), None)
    if case is None:
        return [], "it has not reached its first stage, or a worse finding on the same subject stands for it"
    case, route = StageHold(context).hold_stage(case, RouteFinder(directory).find_route(case))
    told = [
        {
            "stage": (case.stage if step.is_owner else step.stage).word,
            **_describe_recipient(step.recipient, context.wording),
        }
        for step in route.steps
    ]
    return told, _find_hold(case)


def _find_hold(case: Case) -> str | None:
    if case.has_silence:
        return "a silence holds"
    if case.finding.is_awaiting:
        return "it was reported done"
    return "it went wrong before go-live: it is in the backlog's list" if case.is_backlog else None


def _describe_recipient(recipient: Recipient, wording: MailWording) -> dict[str, str]:
    return {"post": name_recipient(recipient, wording), "why": recipient.why}


def list_told(engine: Engine, landlord: str, finding_id: int) -> list[dict[str, Any]]:
    """Who was told of a finding, oldest first: stage, on, why it was they, what became of the mail, in which mode."""
    told = (
        select(
            AlertTold.stage,
            AlertTold.as_at.label("on"),
            AlertTold.why,
            AlertMessage.status,
            AlertMessage.mode,
            AlertTold.message_id,
        )
        .join(AlertMessage, is_mail_of(AlertTold))
        .where(AlertTold.landlord == landlord, AlertTold.finding_id == finding_id)
        .order_by(AlertTold.id)
    )
    with reading(engine, landlord) as conn:
        return [dict(row) for row in conn.execute(told).mappings()]
