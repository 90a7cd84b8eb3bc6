"""Mails to the data owner, and handing over what waits: shared by the services that post a mail.

Every mail goes through the one outbox: at least once, always with the same Message-ID.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from due_regard.calendars.quarters import find_london_day
from due_regard.calendars.working_days import WorkingCalendar
from due_regard.config.landlord import Landlord
from due_regard.config.settings import Settings
from due_regard.config.storage import StoredPath
from due_regard.policy import LandlordContext

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from due_regard.alerts import LateDay
    from due_regard.mail.builder import MailContext
    from due_regard.records.validated_drop import ValidatedDrop
    from due_regard.register.task_runs import OverdueRun


def open_mail_context(settings: Settings, context: LandlordContext, *, now: datetime) -> MailContext:
    """What the mails of one landlord share at `now`.

    Raises:
        WordingError: the wording of mails is wrong; names file and line.
    """
    return make_mail_context(settings, context.landlord, context.calendar, now=now)


def make_mail_context(
    settings: Settings, landlord: Landlord, calendar: WorkingCalendar, *, now: datetime
) -> MailContext:
    """As `open_mail_context`, for a mail that no policy is asked for.

    Raises:
        WordingError: the wording of mails is wrong; names file and line.
    """
    from due_regard.mail.builder import MailContext
    from due_regard.mail.mail_mode import choose_mail_mode
    from due_regard.mail.wording import load_mail_wording

    folder = settings.reports_dir / "mail"
    wording = load_mail_wording(folder)
    mode, base_url = choose_mail_mode(settings), settings.base_url
    return MailContext(landlord, calendar, settings.mail_from, folder, now, wording, mode, base_url)


def post_rows_to_mend(
    connection: Connection, context: MailContext, validated: ValidatedDrop, batch_id: int, folder: StoredPath
) -> None:
    """Tell the data owner, in the transaction that loads a drop, what of it was not taken and lies in `folder`.

    The next `alerts` run hands the mail over.
    """
    from due_regard.intake.rejections import summarise_rejections

    summary = summarise_rejections(validated).rstrip()
    text = context.wording.data_owner.rows_to_mend.format(summary=summary, folder=folder, batch=batch_id)
    title = context.wording.data_owner.rows_title.format(batch=batch_id)
    link = context.pages.link_drop(batch_id)
    _put_to_data_owner(connection, context, "handback", f"{batch_id}", title, text, link=link)


def post_overdue_run(engine: Engine, context: MailContext, run: OverdueRun) -> bool:
    """Tell the data owner, and nobody else, of a run that failed or never ended; once a run, work and day it began.

    Returns:
        False where they were told before.
    """
    from due_regard.mail.wording import format_day
    from due_regard.register.task_runs import BACKUP_DAG, PROOF_DAG

    wording, key, day = context.wording, run.key, find_london_day(run.started_at)
    sentence, title = wording.data_owner.unended, wording.data_owner.unended_title
    if run.has_failed:
        sentence, title = wording.data_owner.failure, wording.data_owner.failure_title
    if key.dag_id == BACKUP_DAG:
        sentence, title = wording.data_owner.backup_failure, wording.data_owner.backup_failure_title
    if key.dag_id == PROOF_DAG:
        sentence, title = wording.data_owner.proof_failure, wording.data_owner.proof_failure_title
    text = sentence.format(task=key.verb, dag=key.dag_id, run=key.run_id, day=format_day(day))
    topic = f"{key.dag_id} {key.verb} {key.run_id} {day}"
    return _post_to_data_owner(
        engine, context, "failure", topic, title.format(dag=key.dag_id, day=format_day(day)), text
    )


def post_late_assessment(engine: Engine, context: MailContext, days: Sequence[LateDay], *, why: str) -> bool:
    """Tell the data owner on which days the landlord was not assessed in time; once for the latest of `days`.

    Returns:
        False where they were told before.
    """
    from due_regard.mail.wording import format_day, format_moment

    wording, by, latest = context.wording, f"{context.landlord.alerts.assessed_by:%H:%M}", days[-1].day
    lines = [
        wording.data_owner.day_not_assessed.format(day=format_day(late.day))
        if late.assessed_at is None
        else wording.data_owner.day_assessed_late.format(day=format_day(late.day), at=format_moment(late.assessed_at))
        for late in days
    ]
    text = wording.data_owner.unassessed.format(days="\n".join(lines), by=by, why=why)
    title = wording.data_owner.unassessed_title.format(by=by, day=format_day(latest))
    return _post_to_data_owner(engine, context, "failure", f"unassessed {latest}", title, text)


def post_silent_watch(engine: Engine, context: MailContext, watch: str, seen: datetime, *, text: str) -> bool:
    """Tell the data owner that a watch was last there when it was `seen`; once a silence.

    Returns:
        False where they were told before.
    """
    from due_regard.mail.wording import format_day

    title = context.wording.data_owner.silent_watch_title.format(day=format_day(find_london_day(seen)))
    return _post_to_data_owner(engine, context, "failure", f"silent {watch} {seen.isoformat()}", title, text)


def post_register_faults(engine: Engine, context: MailContext, tables: Mapping[str, int]) -> bool:
    """Tell the data owner how much in which table of the register does not hold; once a day.

    Returns:
        False where they were told before.
    """
    from due_regard.mail.wording import format_day

    wording = context.wording
    counts = ", ".join(f"{table} ({number})" for table, number in sorted(tables.items()))
    text = wording.data_owner.unproved.format(tables=counts, landlord=context.landlord.id)
    title = wording.data_owner.unproved_title.format(day=format_day(context.today))
    return _post_to_data_owner(engine, context, "failure", f"unproved {context.today}", title, text)


def _post_to_data_owner(engine: Engine, context: MailContext, kind: str, topic: str, title: str, text: str) -> bool:
    """`_put_to_data_owner` in a transaction of its own."""
    from due_regard.register import writing

    with writing(engine, context.landlord.id) as connection:
        return _put_to_data_owner(connection, context, kind, topic, title, text)


def _put_to_data_owner(
    connection: Connection, context: MailContext, kind: str, topic: str, title: str, text: str, *, link: str = ""
) -> bool:
    """One mail a kind and topic; it carries counts and names of files, columns and tasks, and no cell's value.

    `link` is the page that shows the same, where there is one.

    Returns:
        False where there is such a mail already.
    """
    from due_regard.mail import outbox
    from due_regard.mail.builder import MailContent, build_mail

    landlord = context.landlord
    content = MailContent(
        kind=kind,
        recipient=landlord.alerts.data_owner,
        subject=context.wording.subject.data_owner.format(landlord=landlord.name, title=title),
        identity=(kind, landlord.id, topic),
        view={"lines": text.splitlines(), "link": link, "open_link": context.wording.page.open_drop},
    )
    leaves_on = context.calendar.next_working(context.today)
    mail = build_mail(content, context, mail_on=leaves_on, leaves_on=leaves_on)
    is_new = not outbox.has_mail(connection, landlord.id, mail.message_id)
    if is_new:
        outbox.put_mail(connection, landlord.id, mail, now=context.now)
        outbox.audit_new_mail(connection, landlord.id, mail, now=context.now)
    return is_new


def send_landlord_mail(engine: Engine, settings: Settings, landlord: str, *, now: datetime) -> int:
    """Hand over what of the landlord's mail may leave now; how many left.

    Raises:
        MailError: nothing, or not all, could be handed over; what is left waits for the next call.
    """
    from due_regard.errors import MailError
    from due_regard.mail.login import open_transport
    from due_regard.mail.sending import send_waiting_mails

    report = send_waiting_mails(engine, open_transport(settings), now=now, landlords=[landlord])
    if report.trouble:
        raise MailError(f"{landlord}: {report.trouble}")
    return report.sent
