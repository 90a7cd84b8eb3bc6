"""Which coming review dates go into whose calendar today: entered, moved or taken out, each by a mail of its own.

What was sent before is in the register, so the sequence of an entry only grows; calendar_files.py writes the entry.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from sqlalchemy import Connection, func, select

from due_regard.alerts.alert_content import AlertContent, AlertDraft
from due_regard.alerts.alert_context import AlertContext
from due_regard.alerts.calendar_files import CalendarEntry
from due_regard.alerts.cases import Case
from due_regard.alerts.closed_findings import ClosedFinding
from due_regard.alerts.escalation import EscalationStage
from due_regard.alerts.finding_wording import choose_label
from due_regard.alerts.routing import CaseRoute
from due_regard.alerts.sent_entries import SentEntry
from due_regard.mail.mail_memory import is_of_mode
from due_regard.policy import DocumentDuty, ReviewDuty
from due_regard.register.findings.finding_references import format_register_ref
from due_regard.register.schema.alert_tables import AlertMessage

DATES_A_DAY = 5
"""Calendar mails to one recipient on one day: each is a mail of its own, and the later dates can wait a day."""


def plan_calendar_drafts(
    conn: Connection,
    routed: Sequence[tuple[Case, CaseRoute]],
    closed: Mapping[int, ClosedFinding],
    context: AlertContext,
) -> Iterator[AlertDraft]:
    """The day's calendar mails: dates to take out first, then the nearest; what is over the bound follows tomorrow.

    One entry is mailed once a day: what failed, or changed since, waits for the next day as well.
    """
    sent, history = _count_sent_today(conn, context), context.sent_history
    found = [*_list_gone_entries(routed, closed, context), *_list_coming_entries(routed, context)]
    found.sort(key=lambda one: (not one[1].is_cancelled, one[1].due_on, one[1].register_ref))
    for address, entry in found:
        sent[address] += 1
        if sent[address] <= DATES_A_DAY and address not in history.refused | history.without_dates:
            topic = f"{entry.register_ref} {entry.sequence}"
            content = AlertContent("calendar", address, context.as_at, topic=topic)
            yield AlertDraft(content, entries=[entry])


def _count_sent_today(conn: Connection, context: AlertContext) -> Counter[str]:
    rows = select(AlertMessage.recipient, func.count()).where(
        AlertMessage.landlord == context.landlord.id,
        AlertMessage.mail_on == context.as_at,
        AlertMessage.kind == "calendar",
        AlertMessage.status != "superseded",
        is_of_mode(context.mode),
    )
    return Counter({recipient: n for recipient, n in conn.execute(rows.group_by(AlertMessage.recipient))})


def _list_coming_entries(
    routed: Iterable[tuple[Case, CaseRoute]], context: AlertContext
) -> Iterator[tuple[str, CalendarEntry]]:
    """(Address, entry) of every coming review date that its owner's calendar lacks, or has on another day."""
    known = context.sent_history.calendar_entries
    for case, route in routed:
        finding = case.finding
        if finding.due_on is None or case.is_backlog or case.has_silence or finding.is_awaiting or not _is_review(case):
            continue
        address = route.steps[0].recipient.address
        last = known.get((finding.finding_id, address), SentEntry(-1, finding.due_on))
        is_new = last.is_cancelled and case.stage <= EscalationStage.DUE
        is_moved = not last.is_cancelled and last.due_on != finding.due_on
        if (is_new or is_moved) and not last.was_mailed_today:
            label = choose_label(case.duty.mail_label, finding.clause, context.wording)
            ref = finding.register_ref
            yield address, CalendarEntry(finding.finding_id, ref, label, finding.due_on, last.sequence + 1, False)


def _list_gone_entries(
    routed: Iterable[tuple[Case, CaseRoute]], closed: Mapping[int, ClosedFinding], context: AlertContext
) -> Iterator[tuple[str, CalendarEntry]]:
    """(Address, entry) of every date in a calendar whose finding is closed or now another's."""
    owners = {case.finding.finding_id: route.steps[0].recipient.address for case, route in routed}
    for (finding_id, address), last in context.sent_history.calendar_entries.items():
        is_to_leave = last.is_in_calendar and not last.is_cancelled and not last.was_mailed_today
        if is_to_leave and owners.get(finding_id) != address:
            one = closed.get(finding_id)
            label = one.line.label if one is not None else context.wording.finding.no_longer_yours
            ref = one.line.ref if one is not None else format_register_ref(finding_id)
            yield address, CalendarEntry(finding_id, ref, label, last.due_on, last.sequence + 1, is_cancelled=True)


def _is_review(case: Case) -> bool:
    return (
        isinstance(case.duty, ReviewDuty | DocumentDuty) or case.duty.subject == "report" or case.duty.name == "review"
    )
