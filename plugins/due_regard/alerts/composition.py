"""Composes one landlord's alerts of a day: mails and what the sent history keeps of them, in one transaction.

Composing the same day or an earlier one again writes nothing. Sending is mail/sending.py's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd
from sqlalchemy import Connection, Engine

from due_regard.alerts import sent_history
from due_regard.alerts.alert_content import AlertDraft
from due_regard.alerts.alert_context import AlertContext
from due_regard.alerts.alert_mail import build_alert_mails
from due_regard.alerts.lost_mails import supersede_unsent_mails
from due_regard.alerts.mail_plan import is_summary_day, plan_mails
from due_regard.config.storage import make_folder, write_file
from due_regard.mail import outbox
from due_regard.mail.builder import ComposedMail, MailContext
from due_regard.mail.lost_notices import hand_over_notices_again
from due_regard.mail.transport import name_eml_file
from due_regard.mail.wording import format_day
from due_regard.policy import PolicyHistory
from due_regard.register import append_audit
from due_regard.register.engines import reading, writing
from due_regard.register.sealing.seals import leave_out_empty_groups, seal_groups


@dataclass(frozen=True)
class ComposeReport:
    """What one composition wrote.

    Attributes:
        composed: mails written to the outbox (or to the dry run's folder).
        stage_counts: findings in them, by stage. unroutable: restricted duties that nobody could be mailed.
        superseded: earlier mails that never left and whose place today's take.
        held_back: findings not mailed because no fresh export has come.
        skipped: why nothing was composed, where that is so.
    """

    landlord: str
    as_at: date
    composed: int = 0
    stage_counts: tuple[tuple[str, int], ...] = ()
    unroutable: int = 0
    superseded: int = 0
    held_back: int = 0
    skipped: str = ""


def compose_alerts(
    engine: Engine,
    mail_context: MailContext,
    history: PolicyHistory,
    *,
    as_at: date,
    dry_run: Path | None = None,
    foreseen: pd.DataFrame | None = None,
) -> ComposeReport:
    """Write the alerts of `as_at` into the outbox, each with what the sent history keeps of it, in one transaction.

    Args:
        engine: the register.
        mail_context: whose alerts, when they are composed, and what its mails share; on a day that is no working day
            of the landlord's nothing is composed.
        history: the landlord's policy, for labels, clauses and who may be told of what.
        as_at: the day the alerts are about; a day before the last one composed writes nothing.
        dry_run: write .eml files here instead; the register stays as it is.
        foreseen: in a dry run of a day that was not assessed: its assessments, recorded nowhere.
    """
    landlord, calendar = mail_context.landlord, mail_context.calendar
    if not calendar.is_working(as_at):
        return ComposeReport(landlord.id, as_at, skipped="no working day: it rolls forward to the next one")
    with reading(engine, landlord.id) if dry_run else writing(engine, landlord.id) as conn:
        mode, now = mail_context.mode, mail_context.now
        earlier = sent_history.read_sent_history(conn, landlord.id, mode, as_at=as_at, now=now)
        if earlier.last_as_at is not None and as_at < earlier.last_as_at:
            return ComposeReport(landlord.id, as_at, skipped=f"{format_day(earlier.last_as_at)} was composed already")
        is_summary = is_summary_day(as_at, earlier.last_as_at, landlord, calendar)
        context = AlertContext(landlord, history, calendar, mail_context.wording, earlier, as_at, is_summary, mode)
        plan = plan_mails(conn, context, now=now, foreseen=foreseen)
        title = history.find_version(as_at).title
        built = build_alert_mails(plan.drafts, context, mail_context, freshness=plan.freshness, policy_title=title)
        # One of the same name failed today: what this one says waits for the next day.
        pairs = zip(plan.drafts, built, strict=True)
        written = [(draft, mail) for draft, mail in pairs if not outbox.has_mail(conn, landlord.id, mail.message_id)]
        superseded = 0
        if dry_run is None:
            superseded = supersede_unsent_mails(conn, landlord.id, as_at=as_at, now=now)
            hand_over_notices_again(conn, mail_context)
            _record_mails(conn, plan.held_back, written, mail_context, as_at)
        else:
            _write_eml_files(dry_run, landlord.id, [mail for _, mail in written])
    stages = Counter(notice.stage for draft, _ in written for notice in draft.sent_notices)
    return ComposeReport(
        landlord.id,
        as_at,
        composed=len(written),
        stage_counts=tuple(sorted(stages.items())),
        unroutable=plan.unroutable,
        superseded=superseded,
        held_back=plan.held_back,
    )


def _record_mails(
    conn: Connection,
    held_back: int,
    written: Sequence[tuple[AlertDraft, ComposedMail]],
    context: MailContext,
    as_at: date,
) -> None:
    """Put every mail into the outbox, beside what it says and the day."""
    landlord, now = context.landlord.id, context.now
    sent_history.record_composed_day(conn, landlord, context.mode, as_at=as_at, now=now)
    for draft, mail in written:
        outbox.put_mail(conn, landlord, mail, now=now)
        sent_history.record_sent_notices(conn, landlord, draft, mail.message_id)
    details = {"as_at": as_at.isoformat(), "mails": len(written), "held_back": held_back}
    names = ("alert_messages", "alert_told", "alert_dates", "alert_notices")
    ids = [mail.message_id for _, mail in written]
    groups = {"alert_days": None} | {name: ids for name in names}
    seals = leave_out_empty_groups(seal_groups(conn, landlord, groups))
    subject = as_at.isoformat()
    append_audit(conn, landlord=landlord, action="mail_compose", subject=subject, details=details, at=now, seals=seals)


def _write_eml_files(folder: Path, landlord: str, mails: Sequence[ComposedMail]) -> None:
    make_folder(folder)
    for mail in mails:
        write_file(folder, name_eml_file(landlord, mail.message_id), mail.body)
