"""One alert as a mail: subject, what its templates are given, calendar files. Words are in the wording file."""

from __future__ import annotations

from collections.abc import Sequence

from due_regard.alerts.alert_content import AlertContent, AlertDraft
from due_regard.alerts.alert_context import AlertContext
from due_regard.alerts.calendar_files import build_calendar_files
from due_regard.alerts.freshness import Freshness, describe_last_export
from due_regard.mail.builder import ComposedMail, MailContent, MailContext, build_mail
from due_regard.mail.wording import MailWording, format_day


def build_alert_mails(
    drafts: Sequence[AlertDraft],
    context: AlertContext,
    mail_context: MailContext,
    *,
    freshness: Freshness,
    policy_title: str,
) -> list[ComposedMail]:
    """The mail of each draft; `policy_title` names the landlord's document whose clauses are quoted."""
    export = describe_last_export(freshness, context.wording)
    shared = {
        "landlord": context.landlord.name,
        "format_day": format_day,
        "data_as_at": context.wording.export.judged.format(day=format_day(context.as_at), export=export),
        "policy_title": policy_title,
        "contact": context.settings.role_mailboxes.get("governance", context.settings.fallback_mailbox),
    }
    # Alerts composed for a day in the past may leave on the day they are composed, whichever day that is.
    return [
        build_mail(
            _build_mail_content(draft, shared, mail_context),
            mail_context,
            mail_on=draft.content.mail_on,
            leaves_on=mail_context.today,
        )
        for draft in drafts
    ]


def _build_mail_content(draft: AlertDraft, shared: dict[str, object], context: MailContext) -> MailContent:
    alert = draft.content
    cancelled = [entry.is_cancelled for entry in draft.entries]
    view = {"alert": alert, "has_calendar": not all(cancelled), "has_cancelled": any(cancelled), **shared}
    return MailContent(
        kind=alert.kind,
        recipient=alert.recipient,
        subject=_build_subject(alert, context.landlord.name, context.wording),
        identity=(context.landlord.id, alert.kind, alert.recipient, alert.mail_on.isoformat(), alert.topic),
        view=view,
        attachments=build_calendar_files(draft.entries, context),
    )


def _build_subject(alert: AlertContent, landlord: str, wording: MailWording) -> str:
    """The subject line: what is asked first, because a phone shows its beginning; never what about."""
    return wording.subject.alert.format(asked=_describe_request(alert, wording), landlord=landlord)


def _describe_request(alert: AlertContent, wording: MailWording) -> str:
    if alert.kind == "restricted":
        return wording.subject.restricted.format(ref=alert.yours[0].ref)
    if alert.drop_notice is not None:
        return wording.subject.no_export
    parts = _describe_counts(alert, wording)
    if alert.week is not None and alert.week.is_clear:
        parts.insert(0, wording.subject.week_clear)
    elif alert.week is not None:
        parts.insert(0, wording.subject.week_report.format_number(alert.week.to_mend))
    return ", ".join(parts)


def _describe_counts(alert: AlertContent, wording: MailWording) -> list[str]:
    states = [line.state for line in (*alert.yours, *alert.raised)]
    late, today, soon = (states.count(state) for state in ("overdue", "due_today", "due_soon"))
    counts = (
        (wording.subject.overdue, late),
        (wording.subject.due_today, today),
        (wording.subject.due_soon, soon),
        (wording.subject.to_put_right, len(states) - late - today - soon),
        (wording.subject.still_open, len(alert.still_open)),
        (wording.subject.backlog, len(alert.backlog)),
        (wording.subject.backlog_open, alert.backlog_open),
        (wording.subject.data_issues, len(alert.issues) if alert.week is None else 0),
        (wording.subject.done, len(alert.done) if not states and not alert.still_open else 0),
    )
    return [sentence.format(n=n) for sentence, n in counts if n]
