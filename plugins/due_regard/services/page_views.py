"""Keep that a person was shown a named record: the pages do, before they answer."""

from __future__ import annotations

from datetime import datetime

from due_regard.config.settings import Settings
from due_regard.services.landlord_context import open_landlord_register


def record_page_view(
    settings: Settings, landlord: str, *, actor: str, used_right: str, kind: str, ref: str, now: datetime
) -> None:
    """Add one row to `record_views`: who saw which record of `landlord`, by which right.

    A page that has the register open already calls `register.record_view` with its engine.

    Raises:
        RegisterError: it could not be kept; the page must not be shown then.
    """
    from due_regard import register

    with open_landlord_register(settings, landlord) as engine:
        register.record_view(engine, landlord, actor=actor, used_right=used_right, kind=kind, ref=ref, now=now)
