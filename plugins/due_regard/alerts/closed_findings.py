"""What is over: findings told before and no longer open, and calendar entries to take out.

A closing never makes a mail of its own on an ordinary day: it rides with the day's letter or the weekly summary.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from due_regard.alerts.calendar_files import CalendarEntry
from due_regard.alerts.digest import DigestContext, Digests
from due_regard.alerts.escalation import EscalationStage
from due_regard.alerts.finding_wording import BETRAYING
from due_regard.alerts.mail_content import FindingLine
from due_regard.alerts.sent_history import BACKLOG, DONE, SentNotice
from due_regard.errors import PolicyError
from due_regard.policy import PolicyHistory
from due_regard.register.schema.finding_tables import Finding


@dataclass(frozen=True)
class ClosedFinding:
    """A finding that is no longer open."""

    finding_id: int
    register_ref: str
    label: str
    clause: str
    occasion: str
    is_restricted: bool


def find_closed_findings(
    conn: Connection, landlord: str, history: PolicyHistory, told: set[int]
) -> dict[int, ClosedFinding]:
    """Those of the findings `told` of that are resolved, by id."""
    rows = select(Finding.__table__).where(Finding.landlord == landlord, Finding.status != "open")
    found = [_make_closed_finding(dict(row), history) for row in conn.execute(rows).mappings() if row["id"] in told]
    return {one.finding_id: one for one in found}


def add_closed_findings(
    closed: Mapping[int, ClosedFinding], owners: Mapping[int, frozenset[str]], context: DigestContext, digests: Digests
) -> None:
    """Add what is over to the digests there are; on the summary's day to everybody's.

    Args:
        closed: findings no longer open, by id.
        owners: open finding -> addresses that own it now: an entry in another calendar is taken out.
        context: what every digest of the day shares.
        digests: added to in place.
    """
    sent_history = context.sent_history
    for (finding_id, occasion, address), words in sorted(sent_history.told.items()):
        one = closed.get(finding_id)
        if one is None or one.is_restricted or occasion != one.occasion or words & {BACKLOG, DONE}:
            continue
        if _may_join_digest(address, context, digests):
            digest = digests.of(address)
            digest.done.append(_build_closed_line(one))
            digest.told.append(SentNotice(finding_id, occasion, DONE, "told of it before"))
    for (finding_id, address), (sequence, due_on, cancelled) in sorted(sent_history.dates.items()):
        keeps = address in owners.get(finding_id, frozenset())
        if not cancelled and not keeps and _may_join_digest(address, context, digests):
            _cancel_calendar_entry(finding_id, sequence, due_on, closed.get(finding_id), address, digests)


def _may_join_digest(address: str, context: DigestContext, digests: Digests) -> bool:
    return address not in context.sent_history.refused and (context.is_summary or address in digests.by_address)


def _cancel_calendar_entry(
    finding_id: int, sequence: int, due_on: date, one: ClosedFinding | None, address: str, digests: Digests
) -> None:
    label, ref = (one.label, one.register_ref) if one is not None else ("No longer yours", f"F-{finding_id:06d}")
    digests.of(address).entries.append(CalendarEntry(finding_id, ref, label, due_on, sequence + 1, is_cancelled=True))


def _make_closed_finding(row: Mapping[Any, Any], history: PolicyHistory) -> ClosedFinding:
    clause = str(row["clause"])
    label, restricted = f"A duty under clause {clause}", False
    try:
        duty = history.find_duty(str(row["rule"]))
        label = label if BETRAYING.search(duty.mail_label) else duty.mail_label
        restricted = bool(duty.restricted_to)
    except PolicyError:
        restricted = True  # a rule the policy no longer has: better silent than wrong about who may hear of it
    return ClosedFinding(
        finding_id=int(str(row["id"])),
        register_ref=str(row["register_ref"]),
        label=label,
        clause=clause,
        occasion=f"{row['times_opened']}/{row['due_on'] or '-'}",
        is_restricted=restricted,
    )


def _build_closed_line(one: ClosedFinding) -> FindingLine:
    return FindingLine(
        ref=one.register_ref,
        label=one.label,
        clause=one.clause,
        badge="Closed",
        tone="plain",
        timing="No longer open",
        remedy="",
        capacity="",
        news="",
        further="",
        stage=EscalationStage.NONE,
        due_on=None,
    )
