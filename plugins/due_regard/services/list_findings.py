"""The open findings of one landlord or of all, from every register of the installation."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from due_regard.config.settings import Settings
from due_regard.services.landlord_context import list_landlords_to_run, open_landlord_register

if TYPE_CHECKING:
    import pandas as pd


def list_findings(settings: Settings, *, as_at: date, landlord: str | None = None) -> pd.DataFrame:
    """Open findings, oldest due first (columns: register.open_findings)."""
    import pandas as pd

    from due_regard import register

    held = settings.registers([landlord] if landlord else list_landlords_to_run(settings))
    frames = []
    for names in held.values():
        with open_landlord_register(settings, names[0]) as engine:
            frames.append(register.read_open_findings(engine, landlord, as_at=as_at))
    if len(frames) == 1:
        return frames[0]
    return pd.concat(frames).sort_values(["due_on", "register_ref"], na_position="last", ignore_index=True)
