"""One alert as a mail: subject, what its templates are given, calendar files. Words are in the wording file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from due_regard.alerts.alert_content import AlertContent, AlertDraft, FindingState
from due_regard.alerts.alert_context import AlertContext
from due_regard.alerts.calendar_files import CalendarEntry, build_calendar_file
from due_regard.alerts.freshness import Freshness, describe_last_export
from due_regard.mail.builder import ComposedMail, MailContent, MailContext, build_mail
from due_regard.mail.wording import MailWording, format_day

_DATED: tuple[FindingState, ...] = ("overdue", "due_today", "due_soon")


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
        "findings_command": f"due-regard findings --as-at {context.as_at} --landlord {context.landlord.id}",
        "pages": mail_context.pages,
        "open_finding_words": context.wording.page.open_finding,
        "open_named": context.wording.page.open_named,
        "open_work": context.wording.page.open_work,
        "open_backlog": context.wording.page.open_backlog,
        "open_drop": context.wording.page.open_drop,
        "open_vanished": context.wording.page.open_vanished,
        "vanished_command": f"due-regard record list --landlord {context.landlord.id}",
        "contact": context.settings.governance_mailbox,
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
    entry = draft.entries[0] if draft.entries else None
    subject = _build_subject(alert, context.landlord.name, context.wording)
    return MailContent(
        kind=alert.kind,
        recipient=alert.recipient,
        subject=subject if entry is None else _build_calendar_subject(entry, context),
        identity=(context.landlord.id, alert.kind, alert.recipient, alert.mail_on.isoformat(), alert.topic),
        view={"alert": alert, "entry": entry, "look_up": _describe_look_up(alert.recipient, context), **shared},
        calendar=None if entry is None else build_calendar_file(entry, alert.recipient, context),
    )


def _describe_look_up(recipient: str, context: MailContext) -> str:
    """How the recipient learns what a reference stands for: by its link, or from whom to ask."""
    wording, owner = context.wording, context.landlord.alerts.data_owner
    if context.base_url is not None:
        return wording.page.behind_link
    command = f"due-regard finding show F-… --landlord {context.landlord.id}"
    if recipient.lower() == owner.lower():
        return wording.page.look_up.format(command=command)
    return wording.page.ask.format(post=wording.name_post("data_owner"), address=owner, command=command)


def _build_calendar_subject(entry: CalendarEntry, context: MailContext) -> str:
    wording = context.wording
    sentence = wording.subject.date_cancelled if entry.is_cancelled else wording.subject.date_entered
    asked = sentence.format(day=format_day(entry.due_on), ref=entry.register_ref)
    return wording.subject.alert.format(asked=asked, landlord=context.landlord.name)


def _build_subject(alert: AlertContent, landlord: str, wording: MailWording) -> str:
    """The subject line: what is asked first, because a phone shows its beginning; never what about."""
    return wording.subject.alert.format(asked=_describe_request(alert, wording), landlord=landlord)


def _describe_request(alert: AlertContent, wording: MailWording) -> str:
    if alert.kind == "restricted":
        if len(alert.yours) > 1:
            return wording.subject.several_restricted.format(n=len(alert.yours))
        return wording.subject.restricted.format(ref=alert.yours.lines[0].ref)
    if alert.drop_notice is not None:
        return wording.subject.no_export
    parts = _describe_counts(alert, wording)
    if alert.week is not None and alert.week.is_clear:
        parts.insert(0, wording.subject.week_clear)
    elif alert.week is not None:
        parts.insert(0, wording.subject.week_report.format_number(alert.week.to_mend))
    return ", ".join(parts)


def _describe_counts(alert: AlertContent, wording: MailWording) -> list[str]:
    states = Counter(alert.yours.states) + Counter(alert.raised.states)
    late, today, soon = (states[state] for state in _DATED)
    asked, done = states.total(), len(alert.done) + alert.done_left
    issues = len(alert.issues) + alert.issues_left if alert.week is None else 0
    counts = (
        (wording.subject.overdue, late),
        (wording.subject.due_today, today),
        (wording.subject.due_soon, soon),
        (wording.subject.to_put_right, asked - late - today - soon),
        (wording.subject.still_open, len(alert.still_open)),
        (wording.subject.backlog, len(alert.backlog)),
        (wording.subject.backlog_open, alert.backlog_open),
        (wording.subject.disputed, len(alert.disputed) + alert.disputed_left),
        (wording.subject.data_issues, issues),
        (wording.subject.done, done if not asked and not alert.still_open else 0),
    )
    return [sentence.format(n=n) for sentence, n in counts if n]
