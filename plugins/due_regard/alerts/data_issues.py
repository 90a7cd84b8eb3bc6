"""What the data owner must mend: owners that lead nowhere, mails that were refused, and the weekly report.

Words name a field and register references, never a person or an address.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from sqlalchemy import ColumnElement, Connection, func, select

from due_regard.alerts.cases import Case
from due_regard.alerts.finding_wording import format_day
from due_regard.alerts.freshness import Freshness
from due_regard.alerts.mail_content import WeekReport
from due_regard.alerts.routing import CaseRoute
from due_regard.register.schema.alert_tables import AlertMessage
from due_regard.register.schema.finding_tables import AssessmentRun

_SHOWN = 10


def find_owner_issues(routed: Iterable[tuple[Case, CaseRoute]]) -> dict[str, str]:
    """Key -> words of every recipient that could not be resolved, with the findings it concerns."""
    refs: dict[str, list[str]] = {}
    words: dict[str, str] = {}
    for case, route in routed:
        for problem in route.problems:
            words[problem.key] = problem.words
            refs.setdefault(problem.key, []).append(case.finding.register_ref)
    return {key: f"{_list_refs(refs[key])}: {words[key]}.{_describe_fallback(key)}" for key in words}


def find_delivery_issues(conn: Connection, landlord: str, *, since: date) -> dict[str, str]:
    """Key -> words of every mail since `since` that was refused, bounced, or never answered for."""
    rows = conn.execute(
        select(AlertMessage.message_id, AlertMessage.mail_on, AlertMessage.status, AlertMessage.code)
        .where(AlertMessage.landlord == landlord, AlertMessage.mail_on >= since)
        .where(
            AlertMessage.status.in_(("refused", "bounced")) | _is_unanswered(),
        )
        .order_by(AlertMessage.mail_on, AlertMessage.message_id)
    )
    return {f"mail:{row[0]}": _describe_mail_issue(row[0], row[1], row[2], row[3]) for row in rows}


def build_week_report(
    conn: Connection, landlord: str, drop: Freshness, *, as_at: date, open_findings: int, issues: int
) -> WeekReport:
    """The figures of the seven days before `as_at`."""
    since = as_at - timedelta(days=7)
    runs = select(func.count()).select_from(AssessmentRun).where(AssessmentRun.landlord == landlord)
    runs = runs.where(AssessmentRun.as_at > since, AssessmentRun.as_at <= as_at)
    mails = select(AlertMessage.status, func.count()).where(AlertMessage.landlord == landlord)
    mails = mails.where(AlertMessage.mail_on >= since, AlertMessage.mail_on < as_at).group_by(AlertMessage.status)
    by_status: Mapping[str, int] = {status: n for status, n in conn.execute(mails)}
    return WeekReport(
        since=since,
        runs=conn.scalar(runs) or 0,
        last_drop=format_day(drop.last_on) if drop.last_on is not None else "none yet",
        open_findings=open_findings,
        sent=by_status.get("sent", 0) + by_status.get("shadow", 0),
        refused=by_status.get("refused", 0) + by_status.get("bounced", 0),
        uncertain=by_status.get("uncertain", 0),
        waiting=by_status.get("waiting", 0) + by_status.get("sending", 0),
        issues=issues,
    )


def _is_unanswered() -> ColumnElement[bool]:
    return (AlertMessage.status == "uncertain") & (AlertMessage.resends > 0)


def _describe_mail_issue(message_id: str, mail_on: date, status: str, code: int | None) -> str:
    what = {"refused": "was refused by the mail server", "bounced": "came back"}.get(status, "was never answered for")
    number = f" (code {code})" if code else ""
    return f"A mail of {format_day(mail_on)} {what}{number}. `due-regard alerts explain {message_id}` says what it was."


def _describe_fallback(key: str) -> str:
    if key.startswith("restricted:"):
        return " Nobody else may be told in their place."
    return " Their mails go to the fallback mailbox until it is mended."


def _list_refs(refs: list[str]) -> str:
    shown = list(dict.fromkeys(refs))
    more = len(shown) - _SHOWN
    return ", ".join(shown[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
