"""Sorts one landlord's cases into one digest a recipient: what is new, what moved up, what is still open.

Pure: cases, routes and the sent history in, digests out. composition.py reads and writes the register.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from due_regard.alerts.alert_content import AlertContent, AlertDraft, SentNotice
from due_regard.alerts.alert_context import AlertContext
from due_regard.alerts.calendar_files import CalendarEntry
from due_regard.alerts.cases import Case
from due_regard.alerts.escalation import EscalationStage
from due_regard.alerts.finding_wording import build_finding_line, choose_label
from due_regard.alerts.recipients import Recipient, choose_reachable_mailbox
from due_regard.alerts.routing import CaseRoute, RouteStep
from due_regard.alerts.sent_history import BACKLOG
from due_regard.policy import DocumentDuty, ReviewDuty


@dataclass
class Digests:
    """One digest a recipient, all of one day."""

    mail_on: date
    by_address: dict[str, AlertDraft] = field(default_factory=dict)

    def open_digest(self, address: str) -> AlertDraft:
        """The recipient's digest, begun if there is none."""
        return self.by_address.setdefault(address, AlertDraft(AlertContent("digest", address, self.mail_on)))


def sort_cases_into_digests(routed: Iterable[tuple[Case, CaseRoute]], context: AlertContext) -> Digests:
    """Every case that is not restricted, in the digests of those who are to be told of it today."""
    digests = Digests(context.as_at)
    for case, route in routed:
        if case.is_backlog:
            _add_backlog_case(case, context, digests)
        elif not case.has_silence:
            for step in route.steps:
                _add_case(case, step, route, context, digests)
    return digests


def build_restricted_alerts(case: Case, route: CaseRoute, context: AlertContext) -> list[AlertDraft]:
    """A restricted case: a mail of its own to each who may be told of it and was not told of this stage."""
    found = []
    for step in route.steps:
        if case.has_silence or not _is_news(case, step, context):
            continue
        line = build_finding_line(case, step.recipient, [], _describe_news(case, step, context), context)
        topic = f"{case.finding.register_ref} {case.finding.occasion} {case.stage.word}"
        content = AlertContent("restricted", step.recipient.address, context.as_at, yours=[line], topic=topic)
        found.append(AlertDraft(content, [_make_sent_notice(case, step)]))
    return found


def _add_case(case: Case, step: RouteStep, route: CaseRoute, context: AlertContext, digests: Digests) -> None:
    who = step.recipient
    others = [other.recipient for other in route.steps if other is not step]
    if _is_news(case, step, context):
        digest = digests.open_digest(who.address)
        line = build_finding_line(case, who, others, _describe_news(case, step, context), context)
        (digest.content.yours if step.is_owner else digest.content.raised).append(line)
        digest.sent_notices.append(_make_sent_notice(case, step))
        if step.is_owner:
            digest.entries.extend(_build_calendar_entry(case, who, context))
    elif context.is_summary and _find_highest_stage(case, who, context) > EscalationStage.NONE:
        content = digests.open_digest(who.address).content
        if case.duty.curable:
            content.still_open.append(build_finding_line(case, who, others, "", context))
        else:
            content.uncurable_open += 1


def _add_backlog_case(case: Case, context: AlertContext, digests: Digests) -> None:
    alerts = context.settings
    governance = alerts.role_mailboxes.get("governance", alerts.fallback_mailbox)
    address = choose_reachable_mailbox(governance, alerts, context.sent_history.refused)
    who = Recipient(address, context.wording.recipient.backlog_keeper, context.wording.recipient.backlog_list)
    if context.sent_history.was_mailed(case.finding.finding_id, BACKLOG, address, BACKLOG):
        if context.is_summary:
            digests.open_digest(address).content.backlog_open += 1
        return
    digest = digests.open_digest(address)
    digest.content.backlog.append(build_finding_line(case, who, [], "", context))
    digest.sent_notices.append(SentNotice(case.finding.finding_id, BACKLOG, BACKLOG, who.why))


def _is_news(case: Case, step: RouteStep, context: AlertContext) -> bool:
    """Whether the recipient is still to be told: the owner of every stage, the others once, from their stage on."""
    if case.finding.is_awaiting:
        return False
    return _find_highest_stage(case, step.recipient, context) < (case.stage if step.is_owner else step.stage)


def _find_highest_stage(case: Case, who: Recipient, context: AlertContext) -> EscalationStage:
    finding = case.finding
    return context.sent_history.find_highest_stage(finding.finding_id, finding.occasion, who.address)


def _describe_news(case: Case, step: RouteStep, context: AlertContext) -> str:
    finding, wording = case.finding, context.wording
    if not step.is_owner:
        return wording.news.moved_up_to_you
    if _find_highest_stage(case, step.recipient, context) > EscalationStage.NONE:
        moved = {EscalationStage.DUE: wording.news.due_today, EscalationStage.OVERDUE: wording.news.now_overdue}
        return moved.get(case.stage, wording.news.moved_up)
    address = step.recipient.address
    if not context.sent_history.had_earlier_occasion(finding.finding_id, finding.occasion, address):
        return wording.news.new
    return wording.news.open_again if finding.times_opened > 1 else wording.news.date_moved


def _build_calendar_entry(case: Case, who: Recipient, context: AlertContext) -> list[CalendarEntry]:
    """A calendar entry for a coming review date, or for one that moved."""
    finding = case.finding
    if finding.due_on is None or not _is_review(case):
        return []
    sequence, due_on, cancelled = context.sent_history.calendar_entries.get(
        (finding.finding_id, who.address), (-1, finding.due_on, True)
    )
    is_coming = case.stage <= EscalationStage.DUE
    if (is_coming and cancelled) or (not cancelled and due_on != finding.due_on):
        label = choose_label(case.duty.mail_label, finding.clause, context.wording)
        return [CalendarEntry(finding.finding_id, finding.register_ref, label, finding.due_on, sequence + 1, False)]
    return []


def _is_review(case: Case) -> bool:
    return (
        isinstance(case.duty, ReviewDuty | DocumentDuty) or case.duty.subject == "report" or case.duty.name == "review"
    )


def _make_sent_notice(case: Case, step: RouteStep) -> SentNotice:
    finding, why = case.finding, step.recipient.why
    return SentNotice(finding.finding_id, finding.occasion, case.stage.word, why, step.stage.word)
