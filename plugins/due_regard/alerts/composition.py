"""Composing one landlord's mails of a day: letters and what they tell, written in one transaction.

Composing again, for the same day or an earlier one, writes nothing: what was told is remembered beside the letter that
told it. Sending is send's.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import Engine

from due_regard.alerts import sent_history
from due_regard.alerts.digest import DigestContext
from due_regard.alerts.finding_wording import format_day
from due_regard.alerts.mail_plan import MailPlan, is_summary_day, plan_mails
from due_regard.alerts.mail_writer import MailWriter
from due_regard.calendars.working_days import WorkingCalendar
from due_regard.config.landlord import Landlord
from due_regard.policy import PolicyHistory
from due_regard.register.engines import reading, writing

SENDER = "due-regard@landlord.example"
TEMPLATES = Path(__file__).resolve().parents[3] / "include" / "reports" / "mail"


@dataclass(frozen=True)
class ComposeReport:
    """What one composition wrote.

    Attributes:
        composed: mails written to the outbox (or to the dry run's folder).
        told: findings told, by stage. unroutable: restricted duties nobody could be told of.
        superseded: earlier mails that never left and whose place today's take.
        held_back: findings not mailed because no fresh export has come.
        skipped: why nothing was composed, where that is so.
    """

    landlord: str
    as_at: date
    composed: int = 0
    told: tuple[tuple[str, int], ...] = ()
    unroutable: int = 0
    superseded: int = 0
    held_back: int = 0
    skipped: str = ""


def compose_alerts(
    engine: Engine,
    landlord: Landlord,
    history: PolicyHistory,
    calendar: WorkingCalendar,
    *,
    as_at: date,
    now: datetime,
    sender: str = SENDER,
    templates: Path = TEMPLATES,
    dry_run: Path | None = None,
) -> ComposeReport:
    """Write the mails of `as_at` into the outbox, each with what it tells, in one transaction.

    Args:
        engine: the register.
        landlord: whose alerts.
        history: its policy, for labels, clauses and who may hear of what.
        calendar: its working days; on any other day nothing is composed.
        as_at: the day the mails are about; a day before the last one composed writes nothing.
        now: when they are composed.
        sender: address they are sent from.
        templates: folder of the mail templates.
        dry_run: write .eml files here instead; the register stays as it is.
    """
    if not calendar.is_working(as_at):
        return ComposeReport(landlord.id, as_at, skipped="no working day: it rolls forward to the next one")
    with reading(engine, landlord.id) if dry_run else writing(engine, landlord.id) as conn:
        remembered = sent_history.read_sent_history(conn, landlord.id, as_at=as_at, now=now)
        if remembered.last_as_at is not None and as_at < remembered.last_as_at:
            return ComposeReport(
                landlord.id, as_at, skipped=f"{format_day(remembered.last_as_at)} was composed already"
            )
        is_summary = is_summary_day(as_at, remembered.last_as_at, landlord, calendar)
        context = DigestContext(landlord, calendar, remembered, as_at, is_summary)
        plan = plan_mails(conn, context, history, now=now)
        writer = MailWriter(
            landlord, history.find_version(as_at).title, plan.drop, sender, templates, as_at, now, calendar
        )
        superseded = 0
        if dry_run is None:
            superseded = sent_history.supersede_unsent_mails(conn, landlord.id, as_at=as_at)
            writer.post(conn, plan)
        else:
            writer.show(dry_run, plan)
    return _summarise_plan(landlord.id, as_at, plan, superseded)


def _summarise_plan(landlord: str, as_at: date, plan: MailPlan, superseded: int) -> ComposeReport:
    stages = Counter(told.stage for draft in plan.drafts for told in draft.told)
    return ComposeReport(
        landlord=landlord,
        as_at=as_at,
        composed=len(plan.drafts),
        told=tuple(sorted(stages.items())),
        unroutable=plan.unroutable,
        superseded=superseded,
        held_back=plan.held_back,
    )
