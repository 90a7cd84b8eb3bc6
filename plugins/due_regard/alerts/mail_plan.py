"""Planning one landlord's mails of a day: every letter that would be written, and nothing written yet.

Reads the register through the caller's transaction. Which case stands on which pile is desk's; turning letters into
mails is posting's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from due_regard.alerts import closed_findings, data_issues
from due_regard.alerts.calendar_files import CalendarEntry
from due_regard.alerts.cases import Case, build_cases, make_findings
from due_regard.alerts.digest import DigestContext, Digests, build_restricted_mails, sort_cases_into_digests
from due_regard.alerts.finding_wording import format_count, format_day
from due_regard.alerts.freshness import Freshness, read_freshness
from due_regard.alerts.mail_content import MailContent
from due_regard.alerts.recipients import RecipientDirectory
from due_regard.alerts.record_cells import read_record_cells
from due_regard.alerts.routing import CaseRoute, find_route
from due_regard.alerts.sent_history import SentNotice
from due_regard.calendars.working_days import WorkingCalendar
from due_regard.config.landlord import Landlord
from due_regard.policy import PolicyHistory
from due_regard.register import read_open_findings_on

Routed = Sequence[tuple[Case, CaseRoute]]
FAULTS_LOOK_BACK = timedelta(days=7)


@dataclass(frozen=True)
class MailDraft:
    """A letter with what memory must keep of it."""

    content: MailContent
    told: tuple[SentNotice, ...] = ()
    entries: tuple[CalendarEntry, ...] = ()
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class MailPlan:
    """Everything one composition would write."""

    drafts: tuple[MailDraft, ...]
    drop: Freshness
    unroutable: int
    held_back: int


def plan_mails(conn: Connection, context: DigestContext, history: PolicyHistory, *, now: datetime) -> MailPlan:
    """Everything the day's composition would write.

    While no fresh export has come, only clocks that nothing may hide are told of; the rest is held back.
    """
    landlord, told = context.landlord, context.sent_history.told
    cells = read_record_cells(conn, landlord.id)
    findings = make_findings(read_open_findings_on(conn, landlord.id, as_at=context.as_at))
    cases = build_cases(findings, landlord, history, context.calendar, cells, as_at=context.as_at)
    drop = read_freshness(conn, landlord, context.calendar, now=now)
    heard = cases if drop.key is None else [case for case in cases if case.is_beyond_silence]
    directory = RecipientDirectory(cells, landlord.alerts, context.sent_history.refused)
    routed = [(case, find_route(case, directory)) for case in heard]
    shared = [(case, way) for case, way in routed if not case.is_restricted]
    alone = [(case, way) for case, way in routed if case.is_restricted]
    digests = sort_cases_into_digests(shared, context)
    if drop.key is None:
        closed = closed_findings.find_closed_findings(conn, landlord.id, history, {key[0] for key in told})
        closed_findings.add_closed_findings(closed, _list_owners(shared), context, digests)
    held_back = len(cases) - len(heard)
    _add_data_issues(conn, routed, drop, context, digests, open_findings=len(findings))
    _plan_missing_drop_mails(drop, held_back, context, digests)
    return MailPlan(
        drafts=(*_plan_restricted_mails(alone, context), *_plan_digests(digests, context)),
        drop=drop,
        unroutable=sum(not way.steps for _, way in alone),
        held_back=held_back,
    )


def is_summary_day(as_at: date, last: date | None, landlord: Landlord, calendar: WorkingCalendar) -> bool:
    """Whether `as_at` is the first working day on or after the week's summary weekday, or the first run since."""
    anchor = as_at - timedelta(days=(as_at.weekday() - landlord.alerts.summary_weekday) % 7)
    planned = calendar.next_working(anchor)
    return planned == as_at or (last is not None and last < planned <= as_at)


def _add_data_issues(
    conn: Connection, routed: Routed, drop: Freshness, context: DigestContext, digests: Digests, *, open_findings: int
) -> None:
    """New faults as they appear; on the summary's day all of them, with the week's figures."""
    landlord = context.landlord
    address = landlord.alerts.data_owner.lower()
    found = data_issues.find_owner_issues(routed)
    found |= data_issues.find_delivery_issues(conn, landlord.id, since=context.as_at - FAULTS_LOOK_BACK)
    new = [key for key in found if (key, address) not in context.sent_history.notices]
    shown = list(found) if context.is_summary else new
    if shown or context.is_summary:
        digest = digests.of(address)
        digest.issues.extend(found[key] for key in shown)
        digest.notices.extend(new)
    if context.is_summary:
        troubles = len(found) + (drop.key is not None)
        digest.week = data_issues.build_week_report(
            conn, landlord.id, drop, as_at=context.as_at, open_findings=open_findings, issues=troubles
        )


def _plan_missing_drop_mails(drop: Freshness, held_back: int, context: DigestContext, digests: Digests) -> None:
    """While no fresh export has come: one message a spell to the data owner and to governance."""
    alerts = context.landlord.alerts
    governance = alerts.role_mailboxes.get("governance", alerts.fallback_mailbox)
    for address in dict.fromkeys((alerts.data_owner.lower(), governance.lower())):
        if drop.key is not None and (drop.key, address) not in context.sent_history.notices:
            digest = digests.of(address)
            digest.drop_notice = _describe_drop_trouble(drop, held_back)
            digest.notices.append(drop.key)


def _describe_drop_trouble(drop: Freshness, held_back: int) -> str:
    last = f" The last one was taken in on {format_day(drop.last_on)}." if drop.last_on is not None else ""
    held = format_count(held_back, "open finding is", "open findings are")
    return (
        f"{drop.trouble}{last} Until one is taken in, managers are not mailed from old data: {held} held back. "
        "Deadlines run on meanwhile, and clocks set by law are still told to the director."
    )


def _plan_restricted_mails(alone: Routed, context: DigestContext) -> list[MailDraft]:
    return [
        MailDraft(content, tuple(told))
        for case, way in alone
        for content, told in build_restricted_mails(case, way, context)
    ]


def _plan_digests(digests: Digests, context: DigestContext) -> list[MailDraft]:
    """The day's one letter to each recipient who has none yet and whose letter says something."""
    drafts = []
    for address, digest in sorted(digests.by_address.items()):
        content = digest.content(context.as_at)
        if address not in context.sent_history.mailed_today and (digest.entries or not content.is_empty):
            drafts.append(MailDraft(content, tuple(digest.told), tuple(digest.entries), tuple(digest.notices)))
    return drafts


def _list_owners(routed: Routed) -> dict[int, frozenset[str]]:
    return {
        case.finding.finding_id: frozenset(step.recipient.address for step in way.steps if step.is_owner)
        for case, way in routed
    }
