"""Open findings and silences of one landlord or of all, from every register of the installation."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from due_regard.config.settings import Settings
from due_regard.services.landlord_context import list_landlords_to_run, open_landlord_register

if TYPE_CHECKING:
    import pandas as pd
    from sqlalchemy import Engine


def list_findings(settings: Settings, *, as_at: date, landlord: str | None = None) -> pd.DataFrame:
    """Open findings, oldest due first (columns: register.read_open_findings)."""
    from due_regard import register

    return _join_registers(settings, landlord, partial(register.read_open_findings, as_at=as_at), "due_on")


def list_silences(settings: Settings, *, on: date, landlord: str | None = None) -> pd.DataFrame:
    """Silences that hold on a day, the first to end first (columns: register.list_silences)."""
    from due_regard import register

    return _join_registers(settings, landlord, partial(register.list_silences, on=on), "silenced_until")


def _join_registers(
    settings: Settings, landlord: str | None, read: Callable[[Engine, str | None], pd.DataFrame], order: str
) -> pd.DataFrame:
    """What `read` gives of each register, in one order."""
    import pandas as pd

    held = settings.registers([landlord] if landlord else list_landlords_to_run(settings))
    frames = []
    for names in held.values():
        with open_landlord_register(settings, names[0]) as engine:
            frames.append(read(engine, landlord))
    if len(frames) == 1:
        return frames[0]
    return pd.concat(frames).sort_values([order, "register_ref"], na_position="last", ignore_index=True)
