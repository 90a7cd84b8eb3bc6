"""Mails to the data owner, and handing over what waits: shared by the services that post a mail.

Every mail goes through the one outbox: at least once, always with the same Message-ID.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from due_regard.config.settings import Settings
from due_regard.services.landlord_context import LandlordContext

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from due_regard.records.validated_drop import ValidatedDrop


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

    batch = result["batch_id"]
    where = result["rejections"] or result["quarantine"]
    lines = [
        *summarise_rejections(validated).rstrip().splitlines(),
        "",
        f"The files to mend are in {where}",
        f"`due-regard drop list` shows batch {batch}.",
    ]
    _post_data_owner_mail(
        engine, settings, context, "handback", f"{batch}", f"rows to mend in batch {batch}", lines, now
    )


def post_failure(
    engine: Engine, settings: Settings, context: LandlordContext, *, dag: str, task: str, run_id: str, now: datetime
) -> None:
    """Tell the data owner, and nobody else, that a task failed; once a run and task."""
    lines = [
        f"The task {task} of {dag} failed, after every retry.",
        "",
        f"Run: {run_id}",
        "",
        "Its log in Airflow says why. Mend the cause and clear the task: every task may be run again, and nothing is",
        "loaded, judged or mailed twice. Until then this landlord's figures and mails are those of the last run.",
    ]
    _post_data_owner_mail(engine, settings, context, "failure", f"{dag} {task} {run_id}", f"{dag} failed", lines, now)


def _post_data_owner_mail(
    engine: Engine,
    settings: Settings,
    context: LandlordContext,
    kind: str,
    topic: str,
    title: str,
    lines: Sequence[str],
    now: datetime,
) -> None:
    from due_regard.alerts.data_owner_mail import build_data_owner_mail
    from due_regard.mail import outbox
    from due_regard.register import writing

    templates = settings.reports_dir / "mail"
    mail = build_data_owner_mail(
        context.landlord, context.calendar, kind=kind, topic=topic, title=title, lines=lines, sender=settings.mail_from,
        templates=templates, now=now,
    )  # fmt: skip
    with writing(engine, context.landlord.id) as connection:
        if not outbox.has_mail(connection, context.landlord.id, mail.message_id):
            outbox.put_mail(connection, context.landlord.id, mail, now=now)


def send_landlord_mail(engine: Engine, settings: Settings, landlord: str, *, now: datetime) -> int:
    """Hand over what of the landlord's mail may leave now; how many left."""
    from due_regard.mail.login import open_transport
    from due_regard.mail.sending import send_waiting_mails

    return send_waiting_mails(engine, open_transport(settings), now=now, landlords=[landlord]).sent
