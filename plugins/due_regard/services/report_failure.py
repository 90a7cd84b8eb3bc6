"""Tell a landlord's data owner that a task failed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from due_regard.config.settings import Settings
from due_regard.errors import MailError
from due_regard.services.landlord_context import list_landlords_to_run, load_landlord_context, open_landlord_register
from due_regard.services.post_mail import post_failure, send_landlord_mail
from due_regard.services.result import Result


def report_failure(
    settings: Settings, *, dag: str, task: str, run_id: str, now: datetime, landlords: Sequence[str] | None = None
) -> Result:
    """Mail the data owners of `landlords` (all by default), and nobody else, that a task failed; once a run and task.

    Returns:
        landlords told, mails handed over.

    Raises:
        MailError: a mail could not be handed over; all are in the outbox.
    """
    asked = list_landlords_to_run(settings, landlords)
    mails, troubles = 0, []
    for name in asked:
        with open_landlord_register(settings, name, upgrade=True) as engine:
            post_failure(
                engine, settings, load_landlord_context(settings, name), dag=dag, task=task, run_id=run_id, now=now
            )
            try:
                mails += send_landlord_mail(engine, settings, name, now=now)
            except MailError as reason:
                troubles.append(str(reason))
    if troubles:
        raise MailError("; ".join(troubles))
    return {"landlords": list(asked), "mails": mails}
