"""Plans one landlord's alerts of a day: everything that would be mailed, with nothing written yet.

Reads the register through the caller's transaction. digest.py sorts cases into digests; alert_mail.py builds the mails.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pandas as pd
from sqlalchemy import Connection

from due_regard.alerts import closed_findings, data_issues, finding_lists
from due_regard.alerts.alert_content import AlertDraft
from due_regard.alerts.alert_context import AlertContext
from due_regard.alerts.backlog import find_backlog
from due_regard.alerts.cases import FINDING_COLUMNS, Case, build_cases, make_findings
from due_regard.alerts.digest import Digests, build_restricted_alerts, sort_cases_into_digests
from due_regard.alerts.disputes import add_disputes
from due_regard.alerts.freshness import Freshness, read_freshness
from due_regard.alerts.recipients import RecipientDirectory, choose_reachable_mailbox
from due_regard.alerts.record_cells import RecordCells, read_record_cells
from due_regard.alerts.review_dates import plan_calendar_drafts
from due_regard.alerts.routing import CaseRoute, RouteFinder
from due_regard.alerts.stage_holding import StageHold
from due_regard.calendars.working_days import WorkingCalendar
from due_regard.config.landlord import Landlord
from due_regard.mail.wording import MailWording, format_day
from due_regard.register import foresee_open_findings, read_open_findings_on

Routed = Sequence[tuple[Case, CaseRoute]]
ISSUES_LOOK_BACK = timedelta(days=7)


@dataclass(frozen=True)
class MailPlan:
    """Everything one composition would write."""

    drafts: tuple[AlertDraft, ...]
    freshness: Freshness
    unroutable: int
    held_back: int


def plan_mails(
    conn: Connection, context: AlertContext, *, now: datetime, foreseen: pd.DataFrame | None = None
) -> MailPlan:
    """Everything the day's composition would write; of the findings on record, or of a day's assessment not recorded.

    While no fresh export has come, only clocks that nothing may hide are mailed; the rest is held back.
    """
    landlord = context.landlord
    cells = read_record_cells(conn, landlord.id)
    findings = make_findings(_read_findings(conn, context, foreseen))
    directory = RecipientDirectory(cells, landlord.alerts, context.wording, context.sent_history.refused)
    backlog = find_backlog(conn, findings, context)
    cases = build_cases(findings, backlog, context)
    freshness = read_freshness(conn, landlord, context.calendar, context.wording, now=now)
    mailed = cases if freshness.key is None else [case for case in cases if case.is_beyond_silence]
    routes, hold = RouteFinder(directory), StageHold(context)
    routed = [hold.hold_stage(case, routes.find_route(case)) for case in mailed]
    shared = [(case, route) for case, route in routed if not case.is_restricted]
    alone = [(case, route) for case, route in routed if case.is_restricted]
    digests = sort_cases_into_digests(shared, context)
    add_disputes(findings, directory, context, digests)
    dates: list[AlertDraft] = []
    if freshness.key is None:
        closed = closed_findings.find_closed_findings(conn, context)
        closed_findings.add_closed_findings(closed, context, digests)
        dates = list(plan_calendar_drafts(conn, shared, closed, context))
    held_back = len(cases) - len(mailed)
    _add_data_issues(conn, routed, cells, freshness, context, digests, open_findings=len(findings), now=now)
    _add_drop_notices(freshness, held_back, context, digests)
    return MailPlan(
        drafts=(
            *build_restricted_alerts(alone, context),
            *_plan_digests(digests, context),
            *dates,
        ),
        freshness=freshness,
        unroutable=sum(not route.steps for _, route in alone),
        held_back=held_back,
    )


def _read_findings(conn: Connection, context: AlertContext, foreseen: pd.DataFrame | None) -> pd.DataFrame:
    landlord, as_at = context.landlord.id, context.as_at
    if foreseen is None:
        return read_open_findings_on(conn, landlord, as_at=as_at, columns=FINDING_COLUMNS)
    version = context.history.find_version(as_at).effective_from.isoformat()
    return foresee_open_findings(conn, landlord, foreseen, as_at=as_at, policy_version=version)


def is_summary_day(as_at: date, last: date | None, landlord: Landlord, calendar: WorkingCalendar) -> bool:
    """Whether `as_at` is the first working day on or after the week's summary weekday, or the first run since."""
    anchor = as_at - timedelta(days=(as_at.weekday() - landlord.alerts.summary_weekday) % 7)
    planned = calendar.next_working(anchor)
    return planned == as_at or (last is not None and last < planned <= as_at)


def _add_data_issues(
    conn: Connection,
    routed: Routed,
    cells: RecordCells,
    freshness: Freshness,
    context: AlertContext,
    digests: Digests,
    *,
    open_findings: int,
    now: datetime,
) -> None:
    """New issues as they appear; on the summary's day all of them, with the week's figures."""
    alerts, history = context.settings, context.sent_history
    address = choose_reachable_mailbox(alerts.data_owner, alerts, history.refused)
    found = data_issues.find_data_issues(conn, routed, context, since=context.as_at - ISSUES_LOOK_BACK)
    new = [key for key in found if (key, address) not in history.issue_keys]
    listed = [*new, *(key for key in found if key not in set(new))] if context.is_summary else new
    # What is not shown is not told: it takes a reference to mend it, so the rest follows in the next mail.
    shown = listed[: finding_lists.ROWS_SHOWN]
    if shown or context.is_summary:
        digest = digests.open_digest(address)
        digest.content.issues.extend(data_issues.describe_issue(conn, found[key], cells, context) for key in shown)
        digest.content.issues_left = len(listed) - len(shown)
        digest.issue_keys.extend(key for key in shown if key in set(new))
    if context.is_summary:
        issues = len(found) + (freshness.key is not None)
        digest.content.week = data_issues.build_week_report(
            conn, context, freshness, open_findings=open_findings, issues=issues, now=now
        )


def _add_drop_notices(freshness: Freshness, held_back: int, context: AlertContext, digests: Digests) -> None:
    """While no fresh export has come: one notice a spell to the data owner and to governance."""
    alerts = context.settings
    governance = alerts.governance_mailbox
    refused = context.sent_history.refused
    keepers = (choose_reachable_mailbox(address, alerts, refused) for address in (alerts.data_owner, governance))
    for address in dict.fromkeys(keepers):
        if freshness.key is not None and (freshness.key, address) not in context.sent_history.issue_keys:
            digest = digests.open_digest(address)
            digest.content.drop_notice = _describe_drop_trouble(freshness, held_back, context.wording)
            digest.content.held_batch = freshness.held_batch
            digest.issue_keys.append(freshness.key)


def _describe_drop_trouble(freshness: Freshness, held_back: int, wording: MailWording) -> str:
    trouble = freshness.trouble
    if freshness.last_on is not None:
        trouble += " " + wording.export.last_one.format(day=format_day(freshness.last_on))
    findings = wording.export.open_findings.format_number(held_back)
    return wording.export.held_back.format(trouble=trouble, findings=findings)


def _plan_digests(digests: Digests, context: AlertContext) -> Iterator[AlertDraft]:
    """The day's one digest to each recipient who has had none yet and whose digest says something."""
    for address in sorted(digests.by_address.keys() - context.sent_history.mailed_today):
        digest = digests.fill_lists(address, context)
        if not digest.content.is_empty:
            yield digest
