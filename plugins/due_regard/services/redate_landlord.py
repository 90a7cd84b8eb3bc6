"""Put right what a clock that ran ahead has dated in a landlord's register, for a person who says why."""

from __future__ import annotations

from datetime import datetime

from due_regard.config.settings import Settings
from due_regard.services.landlord_context import open_landlord_register
from due_regard.services.result import Result


def redate_landlord(settings: Settings, landlord: str, *, actor: str, why: str, now: datetime) -> Result:
    """Move what is dated in the future to just before `now`, in the order it has.

    Returns:
        landlord, moved (old instant -> new one), batches, runs and packs that bear them, runs_to_come (runs as at a day
        to come, which move no finding any more).

    Raises:
        SettingsError: no name or reason is given.
        RegisterError: nothing is dated in the future; nothing was changed.
    """
    from due_regard.register.redating import redate_register

    with open_landlord_register(settings, landlord) as engine:
        report = redate_register(engine, landlord, actor=actor, why=why, now=now)
    moved = {old.isoformat(): new.isoformat() for old, new in report.moved.items()}
    named = {name: list(getattr(report, name)) for name in ("batches", "runs", "packs", "runs_to_come")}
    return {"landlord": landlord, "moved": moved, **named}
