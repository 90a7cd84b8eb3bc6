"""Sorting one landlord's cases into one letter a recipient: what is new, what moved up, what is still open.

Pure: cases, routes and memory in, letters with what they tell out. Reading and writing the register is composition's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from due_regard.alerts import finding_wording
from due_regard.alerts.calendar_files import CalendarEntry
from due_regard.alerts.cases import Case
from due_regard.alerts.escalation import EscalationStage
from due_regard.alerts.mail_content import FindingLine, MailContent, WeekReport
from due_regard.alerts.recipients import Recipient
from due_regard.alerts.routing import CaseRoute, RouteStep
from due_regard.alerts.sent_history import BACKLOG, SentHistory, SentNotice
from due_regard.calendars.working_days import WorkingCalendar
from due_regard.config.landlord import Landlord
from due_regard.policy import DocumentDuty, ReviewDuty


@dataclass(frozen=True)
class DigestContext:
    """What every letter of one landlord and day shares; `is_summary` is the weekly summary's day."""

    landlord: Landlord
    calendar: WorkingCalendar
    sent_history: SentHistory
    as_at: date
    is_summary: bool


@dataclass
class Digest:
    """What one recipient's letter of the day is made of, and what it tells, for memory."""

    recipient: str
    yours: list[FindingLine] = field(default_factory=list)
    raised: list[FindingLine] = field(default_factory=list)
    still_open: list[FindingLine] = field(default_factory=list)
    done: list[FindingLine] = field(default_factory=list)
    backlog: list[FindingLine] = field(default_factory=list)
    issues: list[str] = field(default_factory=list)
    backlog_open: int = 0
    uncurable_open: int = 0
    drop_notice: str | None = None
    week: WeekReport | None = None
    told: list[SentNotice] = field(default_factory=list)
    entries: list[CalendarEntry] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    def content(self, mail_on: date) -> MailContent:
        """The pile as a letter; worst first, then oldest."""
        return MailContent(
            kind="digest",
            recipient=self.recipient,
            mail_on=mail_on,
            yours=_sort_lines(self.yours),
            raised=_sort_lines(self.raised),
            still_open=_sort_lines(self.still_open),
            done=tuple(self.done),
            backlog=_sort_lines(self.backlog),
            backlog_open=self.backlog_open,
            uncurable_open=self.uncurable_open,
            issues=tuple(self.issues),
            drop_notice=self.drop_notice,
            week=self.week,
        )


@dataclass
class Digests:
    """One pile a recipient."""

    by_address: dict[str, Digest] = field(default_factory=dict)

    def of(self, address: str) -> Digest:
        """The recipient's pile, begun if there is none."""
        return self.by_address.setdefault(address, Digest(address))


def sort_cases_into_digests(routed: Iterable[tuple[Case, CaseRoute]], context: DigestContext) -> Digests:
    """Every case that is nobody's secret, on the piles of those who are to hear of it today."""
    digests = Digests()
    for case, route in routed:
        if case.is_backlog:
            _add_backlog_case(case, context, digests)
        elif not case.has_silence:
            for step in route.steps:
                _add_case(case, step, route, context, digests)
    return digests


def build_restricted_mails(
    case: Case, route: CaseRoute, context: DigestContext
) -> list[tuple[MailContent, list[SentNotice]]]:
    """A restricted case: a letter of its own to each who may hear of it and was not told this stage."""
    found = []
    for step in route.steps:
        if case.has_silence or not _is_news(case, step, context.sent_history):
            continue
        one = _build_line(case, step.recipient, [], _describe_news(case, step, context.sent_history), context)
        topic = f"{case.finding.register_ref} {case.finding.occasion} {case.stage.word}"
        content = MailContent("restricted", step.recipient.address, context.as_at, yours=(one,), topic=topic)
        found.append((content, [_make_sent_notice(case, step.recipient, case.stage.word)]))
    return found


def _add_case(case: Case, step: RouteStep, route: CaseRoute, context: DigestContext, digests: Digests) -> None:
    who = step.recipient
    others = [other.recipient for other in route.steps if other is not step]
    if _is_news(case, step, context.sent_history):
        digest = digests.of(who.address)
        line = _build_line(case, who, others, _describe_news(case, step, context.sent_history), context)
        (digest.yours if step.is_owner else digest.raised).append(line)
        digest.told.append(_make_sent_notice(case, who, case.stage.word))
        if step.is_owner:
            digest.entries.extend(_build_calendar_entry(case, who, context))
    elif context.is_summary and _was_notified(case, who, context.sent_history):
        _add_reminder(case, who, others, context, digests)


def _add_reminder(
    case: Case, who: Recipient, others: list[Recipient], context: DigestContext, digests: Digests
) -> None:
    digest = digests.of(who.address)
    if case.duty.curable:
        digest.still_open.append(_build_line(case, who, others, "", context))
    else:
        digest.uncurable_open += 1


def _add_backlog_case(case: Case, context: DigestContext, digests: Digests) -> None:
    alerts = context.landlord.alerts
    address = alerts.role_mailboxes.get("governance", alerts.fallback_mailbox).lower()
    address = alerts.fallback_mailbox.lower() if address in context.sent_history.refused else address
    who = Recipient(address, "the keeper of the backlog", "the list of what went wrong before go-live")
    if context.sent_history.was_told(case.finding.finding_id, BACKLOG, address, BACKLOG):
        if context.is_summary:
            digests.of(address).backlog_open += 1
        return
    digest = digests.of(address)
    digest.backlog.append(_build_line(case, who, [], "", context))
    digest.told.append(SentNotice(case.finding.finding_id, BACKLOG, BACKLOG, who.why))


def _is_news(case: Case, step: RouteStep, sent_history: SentHistory) -> bool:
    """Whether the recipient has yet to hear of it: the owner of every stage, the others once, from their rung on."""
    if case.finding.is_awaiting:
        return False
    told = sent_history.highest(case.finding.finding_id, case.finding.occasion, step.recipient.address)
    return told < (case.stage if step.is_owner else step.stage)


def _was_notified(case: Case, who: Recipient, sent_history: SentHistory) -> bool:
    return sent_history.highest(case.finding.finding_id, case.finding.occasion, who.address) > EscalationStage.NONE


def _describe_news(case: Case, step: RouteStep, sent_history: SentHistory) -> str:
    finding, address = case.finding, step.recipient.address
    if not step.is_owner:
        return "Moved up to you today."
    if sent_history.highest(finding.finding_id, finding.occasion, address) > EscalationStage.NONE:
        moved = {EscalationStage.DUE: "Due today.", EscalationStage.OVERDUE: "Now overdue."}
        return moved.get(case.stage, "Moved up today.")
    if not sent_history.had_earlier_occasion(finding.finding_id, finding.occasion, address):
        return "New."
    return "Open again." if finding.times_opened > 1 else "The date has moved."


def _build_calendar_entry(case: Case, who: Recipient, context: DigestContext) -> list[CalendarEntry]:
    """A calendar entry for a coming review date, or for one that moved."""
    finding = case.finding
    if finding.due_on is None or not _is_review(case):
        return []
    sequence, due_on, cancelled = context.sent_history.dates.get(
        (finding.finding_id, who.address), (-1, finding.due_on, True)
    )
    is_coming = case.stage <= EscalationStage.DUE
    if (is_coming and cancelled) or (not cancelled and due_on != finding.due_on):
        label = finding_wording.find_label(case)
        return [CalendarEntry(finding.finding_id, finding.register_ref, label, finding.due_on, sequence + 1, False)]
    return []


def _is_review(case: Case) -> bool:
    return (
        isinstance(case.duty, ReviewDuty | DocumentDuty) or case.duty.subject == "report" or case.duty.name == "review"
    )


def _build_line(case: Case, who: Recipient, others: list[Recipient], news: str, context: DigestContext) -> FindingLine:
    return finding_wording.build_finding_line(
        case, who, others, news, as_at=context.as_at, calendar=context.calendar, alerts=context.landlord.alerts
    )


def _make_sent_notice(case: Case, who: Recipient, word: str) -> SentNotice:
    return SentNotice(case.finding.finding_id, case.finding.occasion, word, who.why)


def _sort_lines(lines: Iterable[FindingLine]) -> tuple[FindingLine, ...]:
    return tuple(sorted(lines, key=lambda line: (-line.stage, line.due_on or date.max, line.ref)))
