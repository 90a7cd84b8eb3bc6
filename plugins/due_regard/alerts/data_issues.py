"""What the data owner must mend: owners who cannot be reached, mails that were refused, and the weekly report.

Each sentence says where to mend it: column, row and file as delivered, with the landlord's own references, or the
setting. It names no person and no address.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TypeAlias

from sqlalchemy import Connection, func, select

from due_regard.alerts.alert_content import IssueLine, WeekReport
from due_regard.alerts.alert_context import AlertContext
from due_regard.alerts.cases import Case
from due_regard.alerts.finding_wording import is_printable_reference
from due_regard.alerts.freshness import Freshness
from due_regard.alerts.late_days import find_late_days
from due_regard.alerts.recipients import RecipientProblem
from due_regard.alerts.record_cells import RecordCell, RecordCells
from due_regard.alerts.routing import CaseRoute
from due_regard.alerts.silent_watches import AIRFLOW, OUTSIDE
from due_regard.mail.mail_memory import is_given_up, is_of_mode
from due_regard.mail.wording import MailWording, format_day, format_moment
from due_regard.records.canonical import ENTITY
from due_regard.register import count_duties_on, find_record_origin_on
from due_regard.register.audit import make_verify_command, read_audit_head_on
from due_regard.register.schema.alert_tables import AlertMessage
from due_regard.register.schema.finding_tables import AssessmentRun
from due_regard.register.task_runs import read_watches
from due_regard.register.vanished_records import count_waiting_records

_SHOWN = 10
_PLACES_SHOWN = 3


@dataclass(frozen=True)
class OwnerIssue:
    """Someone who could not be mailed: which findings it concerns, and each cell that names them."""

    problem: RecipientProblem
    refs: dict[str, None] = field(default_factory=dict)
    cells: dict[RecordCell, None] = field(default_factory=dict)


@dataclass(frozen=True)
class DeliveryIssue:
    """A mail that was refused, came back, or was never answered for."""

    message_id: str
    mail_on: date
    status: str
    code: int | None
    recipient: str


DataIssue: TypeAlias = OwnerIssue | DeliveryIssue


def find_data_issues(
    conn: Connection, routed: Iterable[tuple[Case, CaseRoute]], context: AlertContext, *, since: date
) -> dict[str, DataIssue]:
    """Everything the data owner must mend, by key: whoever could not be mailed, and mails since `since` that failed."""
    found: dict[str, DataIssue] = {}
    found |= _find_owner_issues(routed)
    return found | _find_delivery_issues(conn, context, since)


def _find_owner_issues(routed: Iterable[tuple[Case, CaseRoute]]) -> dict[str, OwnerIssue]:
    found: dict[str, OwnerIssue] = {}
    for case, route in routed:
        for _, problem in route.problems:
            issue = found.setdefault(problem.key, OwnerIssue(problem))
            issue.refs[case.finding.register_ref] = None
            if problem.cell is not None:
                issue.cells[problem.cell] = None
    return found


def _find_delivery_issues(conn: Connection, context: AlertContext, since: date) -> dict[str, DeliveryIssue]:
    columns = (AlertMessage.message_id, AlertMessage.mail_on, AlertMessage.status, AlertMessage.code)
    rows = conn.execute(
        select(*columns, AlertMessage.recipient)
        .where(AlertMessage.landlord == context.landlord.id, AlertMessage.mail_on >= since, is_of_mode(context.mode))
        .where(AlertMessage.status.in_(("refused", "bounced")) | is_given_up())
        .order_by(AlertMessage.mail_on, AlertMessage.message_id)
    )
    # Several mails of a day to one address are one thing to mend.
    found: dict[tuple[str, date, str], DeliveryIssue] = {}
    for row in rows:
        issue = DeliveryIssue(*row)
        found.setdefault((issue.recipient, issue.mail_on, issue.status), issue)
    return {f"mail:{issue.message_id}": issue for issue in found.values()}


def describe_issue(conn: Connection, issue: DataIssue, cells: RecordCells, context: AlertContext) -> IssueLine:
    """What is wrong, where it stands in the landlord's files or settings, and what to do."""
    if isinstance(issue, DeliveryIssue):
        return IssueLine(_describe_mail_issue(conn, issue, cells, context))
    return IssueLine(_describe_owner_issue(conn, issue, context), tuple(issue.refs)[:_SHOWN])


def build_week_report(
    conn: Connection, context: AlertContext, freshness: Freshness, *, open_findings: int, issues: int, now: datetime
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
    duties = count_duties_on(conn, landlord, as_at)
    # The data owner may not hear of restricted duties, nor count by them.
    hidden = sorted({duty.rule for policy in context.history.versions for duty in policy.duties if duty.restricted_to})
    head, signs = read_audit_head_on(conn, landlord), read_watches(conn, landlord)
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
        duties=len(duties.rules),
        not_measured=len(duties.unmeasured),
        is_blind=duties.is_blind or freshness.last_on is None,
        vanished=count_waiting_records(conn, landlord),
        vanished_open=count_waiting_records(conn, landlord, with_findings=True, hidden=hidden),
        audit_head=head,
        head_command=make_verify_command(landlord, head) if head else "",
        assessed_by=f"{context.settings.assessed_by:%H:%M}",
        late_days=tuple(_list_late_days(conn, context, now)),
        watched_at=(_format_sign(signs.get(AIRFLOW)), _format_sign(signs.get(OUTSIDE))),
    )


def _list_late_days(conn: Connection, context: AlertContext, now: datetime) -> Iterator[str]:
    words = context.wording.data_owner
    for late in find_late_days(conn, context.landlord, context.calendar, now=now):
        day = format_day(late.day)
        at = late.assessed_at
        yield (
            words.day_not_assessed.format(day=day)
            if at is None
            else words.day_assessed_late.format(day=day, at=format_moment(at))
        ).strip()


def _format_sign(seen: datetime | None) -> str:
    return format_moment(seen) if seen is not None else ""


def _describe_mail_issue(conn: Connection, issue: DeliveryIssue, cells: RecordCells, context: AlertContext) -> str:
    wording = context.wording
    sentences = {"refused": wording.data_issue.mail_refused, "bounced": wording.data_issue.mail_bounced}
    number = wording.data_issue.code.format(code=issue.code) if issue.code else ""
    return sentences.get(issue.status, wording.data_issue.mail_unanswered).format(
        day=format_day(issue.mail_on),
        code=number,
        message_id=issue.message_id,
        place=_describe_address_place(conn, issue.recipient, cells, context),
    )


def _describe_address_place(conn: Connection, address: str, cells: RecordCells, context: AlertContext) -> str:
    """Where an address stands that a mail went to: in the landlord's settings or in the staff export; never itself."""
    settings, wording = context.settings, context.wording
    named = {"fallback_mailbox": settings.fallback_mailbox, "data_owner": settings.data_owner}
    named = {f"role_mailboxes.{role}": mailbox for role, mailbox in settings.role_mailboxes.items()} | named
    found = [name for name, mailbox in named.items() if mailbox.lower() == address.lower()]
    if found:
        return wording.data_issue.address_in_settings.format(name=", ".join(found))
    refs = cells.find_refs("staff", "email", address)
    places = [_describe_place(conn, RecordCell("staff", ref, "email"), context) for ref in refs[:_PLACES_SHOWN]]
    return "; ".join(place for place in places if place) or wording.data_issue.address_gone


def _describe_owner_issue(conn: Connection, issue: OwnerIssue, context: AlertContext) -> str:
    problem, wording = issue.problem, context.wording
    said = problem.words
    if problem.staff_ref is not None and is_printable_reference(problem.staff_ref):
        said = wording.data_issue.with_reference.format(problem=said, ref=problem.staff_ref)
    cells = list(issue.cells)
    places = [_describe_place(conn, cell, context) for cell in cells[:_PLACES_SHOWN]]
    shown, left = "; ".join(place for place in places if place), len(cells) - _PLACES_SHOWN
    shown = wording.data_issue.more_places.format(places=shown, n=left) if left > 0 else shown
    mend = f"{wording.data_issue.places.format(places=shown) if shown else ''} {problem.remedy}".strip()
    sentence = wording.data_issue.to_nobody if problem.key.startswith("restricted:") else wording.data_issue.to_fallback
    return sentence.format(refs=_list_refs(list(issue.refs), context.wording), problem=said, mend=mend)


def _describe_place(conn: Connection, cell: RecordCell, context: AlertContext) -> str:
    """Column, row and file of a cell as it came last; empty where no file brought its record."""
    origin = find_record_origin_on(conn, context.landlord.id, ENTITY[cell.entity].subject, cell.ref)
    if origin is None:
        return ""
    wording = context.wording
    place = wording.data_issue.place.format(
        column=cell.column, row=origin["row_number"], file=origin["file"], batch=origin["batch_id"]
    )
    is_shown = cell.entity != "staff" and is_printable_reference(cell.ref)
    return wording.data_issue.of_record.format(place=place, record=cell.ref) if is_shown else place


def _list_refs(refs: list[str], wording: MailWording) -> str:
    shown, more = ", ".join(refs[:_SHOWN]), len(refs) - _SHOWN
    return wording.data_issue.more_refs.format(refs=shown, n=more) if more > 0 else shown
