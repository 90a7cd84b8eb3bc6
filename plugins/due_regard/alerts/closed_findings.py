"""Findings in earlier mails that are no longer open, and calendar entries to take out.

A closed finding makes no mail of its own on an ordinary day: it joins the day's digest or the weekly summary.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from due_regard.alerts.alert_content import FindingLine
from due_regard.alerts.alert_context import AlertContext
from due_regard.alerts.calendar_files import CalendarEntry
from due_regard.alerts.digest import Digests
from due_regard.alerts.escalation import EscalationStage
from due_regard.alerts.finding_wording import choose_label, name_state
from due_regard.alerts.sent_history import BACKLOG, DONE, SentNotice
from due_regard.errors import PolicyError
from due_regard.mail.wording import MailWording
from due_regard.policy import PolicyHistory
from due_regard.register.schema.finding_tables import OPEN, Finding


@dataclass(frozen=True)
class ClosedFinding:
    """A finding that is no longer open."""

    finding_id: int
    register_ref: str
    label: str
    clause: str
    occasion: str
    is_restricted: bool


def find_closed_findings(conn: Connection, context: AlertContext, history: PolicyHistory) -> dict[int, ClosedFinding]:
    """The findings of earlier mails that are resolved, by id."""
    mailed = {finding_id for finding_id, _, _ in context.sent_history.stages}
    rows = select(Finding.__table__).where(Finding.landlord == context.landlord.id, Finding.status != OPEN)
    found = [row for row in conn.execute(rows).mappings() if row["id"] in mailed]
    return {int(row["id"]): _make_closed_finding(dict(row), history, context.wording) for row in found}


def add_closed_findings(
    closed: Mapping[int, ClosedFinding], owners: Mapping[int, frozenset[str]], context: AlertContext, digests: Digests
) -> None:
    """Add what is no longer open to the digests there are; on the summary's day to everybody's.

    Args:
        closed: findings no longer open, by id.
        owners: open finding -> addresses that own it now: an entry in another calendar is taken out.
        context: what the alerts of the day share.
        digests: added to in place.
    """
    sent_history = context.sent_history
    for (finding_id, occasion, address), words in sorted(sent_history.stages.items()):
        one = closed.get(finding_id)
        if one is None or one.is_restricted or occasion != one.occasion or words & {BACKLOG, DONE}:
            continue
        if _may_join_digest(address, context, digests):
            digest = digests.open_digest(address)
            digest.done.append(_build_closed_line(one, context.wording))
            digest.sent_notices.append(SentNotice(finding_id, occasion, DONE, context.wording.recipient.told_before))
    for (finding_id, address), (sequence, due_on, cancelled) in sorted(sent_history.calendar_entries.items()):
        keeps = address in owners.get(finding_id, frozenset())
        if not cancelled and not keeps and _may_join_digest(address, context, digests):
            one = closed.get(finding_id)
            label = one.label if one is not None else context.wording.finding.no_longer_yours
            ref = one.register_ref if one is not None else f"F-{finding_id:06d}"
            entry = CalendarEntry(finding_id, ref, label, due_on, sequence + 1, is_cancelled=True)
            digests.open_digest(address).entries.append(entry)


def _may_join_digest(address: str, context: AlertContext, digests: Digests) -> bool:
    return address not in context.sent_history.refused and (context.is_summary or address in digests.by_address)


def _make_closed_finding(row: Mapping[Any, Any], history: PolicyHistory, wording: MailWording) -> ClosedFinding:
    clause = str(row["clause"])
    try:
        duty = history.find_duty(str(row["rule"]))
        label, restricted = choose_label(duty.mail_label, clause, wording), bool(duty.restricted_to)
    except PolicyError:
        # A rule the policy no longer has: better silent than wrong about who may be told of it.
        label, restricted = wording.finding.neutral_label.format(clause=clause), True
    return ClosedFinding(
        finding_id=int(str(row["id"])),
        register_ref=str(row["register_ref"]),
        label=label,
        clause=clause,
        occasion=f"{row['times_opened']}/{row['due_on'] or '-'}",
        is_restricted=restricted,
    )


def _build_closed_line(one: ClosedFinding, wording: MailWording) -> FindingLine:
    return FindingLine(
        ref=one.register_ref,
        label=one.label,
        clause=one.clause,
        state="closed",
        badge=name_state("closed", wording),
        timing=wording.finding.no_longer_open,
        remedy="",
        capacity="",
        news="",
        further="",
        stage=EscalationStage.NONE,
        due_on=None,
    )
