"""Mails to the data owner, and handing over what waits: shared by the services that post a mail.

Every mail goes through the one outbox: at least once, always with the same Message-ID.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from due_regard.config.settings import Settings
from due_regard.policy import LandlordContext

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from due_regard.mail.builder import MailContext
    from due_regard.records.validated_drop import ValidatedDrop


def open_mail_context(settings: Settings, context: LandlordContext, *, now: datetime) -> MailContext:
    """What the mails of one landlord share at `now`.

    Raises:
        WordingError: the wording of mails is wrong; names file and line.
    """
    from due_regard.mail.builder import MailContext
    from due_regard.mail.mail_mode import choose_mail_mode
    from due_regard.mail.wording import load_mail_wording

    folder = settings.reports_dir / "mail"
    wording = load_mail_wording(folder)
    mode = choose_mail_mode(settings)
    return MailContext(context.landlord, context.calendar, settings.mail_from, folder, now, wording, mode)


def post_rows_to_mend(
    engine: Engine,
    settings: Settings,
    context: LandlordContext,
    validated: ValidatedDrop,
    result: dict[str, Any],
    *,
    now: datetime,
) -> None:
    """Tell the data owner what of a drop was not taken; the next `alerts` run hands the mail over."""
    from due_regard.intake import summarise_rejections

    mail_context = open_mail_context(settings, context, now=now)
    batch, wording = result["batch_id"], mail_context.wording
    summary, folder = summarise_rejections(validated).rstrip(), result["rejections"] or result["quarantine"]
    text = wording.data_owner.rows_to_mend.format(summary=summary, folder=folder, batch=batch)
    title = wording.data_owner.rows_title.format(batch=batch)
    _post_to_data_owner(engine, mail_context, "handback", f"{batch}", title, text)


def post_failure(
    engine: Engine, settings: Settings, context: LandlordContext, *, dag: str, task: str, run_id: str, now: datetime
) -> None:
    """Tell the data owner, and nobody else, that a task failed; once a run and task."""
    mail_context = open_mail_context(settings, context, now=now)
    wording = mail_context.wording
    text = wording.data_owner.failure.format(task=task, dag=dag, run=run_id)
    topic, title = f"{dag} {task} {run_id}", wording.data_owner.failure_title.format(dag=dag)
    _post_to_data_owner(engine, mail_context, "failure", topic, title, text)


def _post_to_data_owner(engine: Engine, context: MailContext, kind: str, topic: str, title: str, text: str) -> None:
    """One mail a kind and topic; it carries counts and names of files, columns and tasks, and no cell's value."""
    from due_regard.mail import outbox
    from due_regard.mail.builder import MailContent, build_mail
    from due_regard.register import writing

    landlord = context.landlord
    content = MailContent(
        kind=kind,
        recipient=landlord.alerts.data_owner,
        subject=context.wording.subject.data_owner.format(landlord=landlord.name, title=title),
        identity=(kind, landlord.id, topic),
        view={"lines": text.splitlines()},
    )
    leaves_on = context.calendar.next_working(context.today)
    mail = build_mail(content, context, mail_on=leaves_on, leaves_on=leaves_on)
    with writing(engine, landlord.id) as connection:
        if not outbox.has_mail(connection, landlord.id, mail.message_id):
            outbox.put_mail(connection, landlord.id, mail, now=context.now)


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
