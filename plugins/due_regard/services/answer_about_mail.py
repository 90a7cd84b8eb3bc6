"""Answers about one mail: why it was sent, and that it came back."""

from __future__ import annotations

from datetime import datetime

from due_regard.config.settings import Settings
from due_regard.policy import load_policies
from due_regard.services.landlord_context import open_landlord_register
from due_regard.services.result import Result


def explain_mail(settings: Settings, message_id: str, *, landlord: str | None = None) -> Result:
    """Why the mail with this Message-ID was sent and what became of it.

    Returns:
        message_id, explanation (lines of text).

    Raises:
        RegisterError: no such mail.
    """
    from due_regard import alerts

    with open_landlord_register(settings, landlord) as engine:
        text = alerts.explain_mail(
            engine, message_id, lambda name: load_policies(settings.policies_dir, name), landlord
        )
    return {"message_id": message_id, "explanation": text}


def report_bounce(settings: Settings, message_id: str, *, landlord: str | None = None, now: datetime) -> Result:
    """Note that a mail came back: its address is treated as refused from the next alerts on.

    Returns:
        message_id, status (`bounced`), was_known (whether it was noted before).

    Raises:
        RegisterError: no such mail, or it was never handed over.
    """
    from due_regard import alerts

    with open_landlord_register(settings, landlord) as engine:
        is_new = alerts.record_bounce(engine, message_id, landlord=landlord, now=now)
    return {"message_id": message_id, "status": "bounced", "was_known": not is_new}
