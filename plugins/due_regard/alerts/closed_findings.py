"""Findings in earlier mails that are no longer open.

A closed finding makes no mail of its own on an ordinary day: it joins the day's digest or the weekly summary.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from due_regard.alerts.alert_content import FindingLine, SentNotice
from due_regard.alerts.alert_context import AlertContext
from due_regard.alerts.digest import Digests
from due_regard.alerts.finding_wording import choose_label
from due_regard.alerts.told_before import BACKLOG, DISPUTED, DONE
from due_regard.errors import PolicyError
from due_regard.register.schema.finding_tables import OPEN, Finding
from due_regard.register.withdrawn_records import WITHDRAWN


@dataclass(frozen=True)
class ClosedFinding:
    """A finding that is no longer open, as a digest says it; nobody hears so of a restricted one."""

    line: FindingLine
    occasion: str
    is_restricted: bool


def find_closed_findings(conn: Connection, context: AlertContext) -> dict[int, ClosedFinding]:
    """The findings of earlier mails that are resolved, by id."""
    mailed = {finding_id for finding_id, _, _ in context.sent_history.stages}
    rows = select(Finding.__table__).where(Finding.landlord == context.landlord.id, Finding.status != OPEN)
    found = [row for row in conn.execute(rows).mappings() if row["id"] in mailed]
    return {int(row["id"]): _make_closed_finding(row, context) for row in found}


def add_closed_findings(closed: Mapping[int, ClosedFinding], context: AlertContext, digests: Digests) -> None:
    """Add what is no longer open to the digests there are; on the summary's day to everybody's."""
    sent_history = context.sent_history
    for (finding_id, occasion, address), words in sorted(sent_history.stages.items()):
        one = closed.get(finding_id)
        if one is None or one.is_restricted or occasion != one.occasion or words & {BACKLOG, DISPUTED, DONE}:
            continue
        if _may_join_digest(address, context, digests):
            digest = digests.open_digest(address)
            digest.content.done.append(one.line)
            digest.sent_notices.append(SentNotice(finding_id, occasion, DONE, context.wording.recipient.told_before))


def _may_join_digest(address: str, context: AlertContext, digests: Digests) -> bool:
    return address not in context.sent_history.refused and (context.is_summary or address in digests.by_address)


def _make_closed_finding(row: Mapping[Any, Any], context: AlertContext) -> ClosedFinding:
    clause, wording = row["clause"], context.wording
    try:
        duty = context.history.find_duty(row["rule"])
        label, restricted = choose_label(duty.mail_label, clause, wording), bool(duty.restricted_to)
    except PolicyError:
        # A rule the policy no longer has: better silent than wrong about who may be told of it.
        label, restricted = wording.finding.neutral_label.format(clause=clause), True
    if row["resolved_state"] == WITHDRAWN:
        label = wording.finding.withdrawn.format(label=label)
    line = FindingLine(
        row["register_ref"], label, clause, "closed", wording.finding.closed, wording.finding.no_longer_open
    )
    return ClosedFinding(line, f"{row['times_opened']}/{row['due_on'] or '-'}", restricted)
