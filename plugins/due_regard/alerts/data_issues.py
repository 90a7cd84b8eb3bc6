"""What the data owner must mend: owners who cannot be reached, mails that were refused, and the weekly report.

The sentences name a field and register references, never a person or an address.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from sqlalchemy import Connection, func, select

from due_regard.alerts.alert_content import WeekReport
from due_regard.alerts.alert_context import AlertContext
from due_regard.alerts.cases import Case
from due_regard.alerts.freshness import Freshness
from due_regard.alerts.routing import CaseRoute
from due_regard.mail.mail_memory import is_given_up, is_of_mode
from due_regard.mail.wording import MailWording, format_day
from due_regard.register.schema.alert_tables import AlertMessage
from due_regard.register.schema.finding_tables import AssessmentRun

_SHOWN = 10


def find_owner_issues(routed: Iterable[tuple[Case, CaseRoute]], wording: MailWording) -> dict[str, str]:
    """Key -> sentence of every recipient that could not be found, with the findings it concerns."""
    refs: dict[str, list[str]] = {}
    problems: dict[str, str] = {}
    for case, route in routed:
        for problem in route.problems:
            problems[problem.key] = problem.words
            refs.setdefault(problem.key, []).append(case.finding.register_ref)
    return {key: _describe_owner_issue(key, refs[key], words, wording) for key, words in problems.items()}


def find_delivery_issues(conn: Connection, context: AlertContext, *, since: date) -> dict[str, str]:
    """Key -> sentence of every mail since `since` that was refused, bounced, or never answered for."""
    rows = conn.execute(
        select(AlertMessage.message_id, AlertMessage.mail_on, AlertMessage.status, AlertMessage.code)
        .where(AlertMessage.landlord == context.landlord.id, AlertMessage.mail_on >= since, is_of_mode(context.mode))
        .where(AlertMessage.status.in_(("refused", "bounced")) | is_given_up())
        .order_by(AlertMessage.mail_on, AlertMessage.message_id)
    )
    return {f"mail:{row[0]}": _describe_mail_issue(*row, context.wording) for row in rows}


def build_week_report(
    conn: Connection, context: AlertContext, freshness: Freshness, *, open_findings: int, issues: int
) -> WeekReport:
    """The figures of the seven days before the day of `context`."""
    landlord, as_at = context.landlord.id, context.as_at
    since = as_at - timedelta(days=7)
    runs = select(func.count()).select_from(AssessmentRun).where(AssessmentRun.landlord == landlord)
    runs = runs.where(AssessmentRun.as_at > since, AssessmentRun.as_at <= as_at)
    mails = select(AlertMessage.status, func.count()).where(AlertMessage.landlord == landlord)
    mails = mails.where(is_of_mode(context.mode))
    mails = mails.where(AlertMessage.mail_on >= since, AlertMessage.mail_on < as_at).group_by(AlertMessage.status)
    by_status: Mapping[str, int] = {status: n for status, n in conn.execute(mails)}
    return WeekReport(
        since=since,
        runs=conn.scalar(runs) or 0,
        last_drop=format_day(freshness.last_on) if freshness.last_on else context.wording.export.none_yet_short,
        open_findings=open_findings,
        sent=by_status.get("sent", 0) + by_status.get("shadow", 0),
        refused=by_status.get("refused", 0) + by_status.get("bounced", 0),
        uncertain=by_status.get("uncertain", 0),
        waiting=by_status.get("waiting", 0) + by_status.get("sending", 0),
        issues=issues,
    )


def _describe_mail_issue(message_id: str, mail_on: date, status: str, code: int | None, wording: MailWording) -> str:
    sentences = {"refused": wording.data_issue.mail_refused, "bounced": wording.data_issue.mail_bounced}
    sentence = sentences.get(status, wording.data_issue.mail_unanswered)
    number = wording.data_issue.code.format(code=code) if code else ""
    return sentence.format(day=format_day(mail_on), code=number, message_id=message_id)


def _describe_owner_issue(key: str, refs: list[str], problem: str, wording: MailWording) -> str:
    is_restricted = key.startswith("restricted:")
    sentence = wording.data_issue.to_nobody if is_restricted else wording.data_issue.to_fallback
    return sentence.format(refs=_list_refs(refs, wording), problem=problem)


def _list_refs(refs: list[str], wording: MailWording) -> str:
    unique = list(dict.fromkeys(refs))
    shown, more = ", ".join(unique[:_SHOWN]), len(unique) - _SHOWN
    return wording.data_issue.more_refs.format(refs=shown, n=more) if more > 0 else shown
