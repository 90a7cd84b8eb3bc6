"""What a register says of itself that a person must know before they trust it: half a drop, a clock that ran ahead.

Add a check when something that loads or records could leave what nobody sees.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from due_regard.config.settings import Settings
from due_regard.errors import RegisterError
from due_regard.services.landlord_context import list_landlords_to_run, open_landlord_register

if TYPE_CHECKING:
    from sqlalchemy import Engine


def describe_half_drop(engine: Engine, landlord: str) -> str:
    """That findings and figures rest on part of a drop, and what to do; nothing where they do not."""
    from due_regard.register.loading.half_drops import find_half_drop

    batch = find_half_drop(engine, landlord)
    if batch is None:
        return ""
    return (
        f"{landlord}: a part alone of batch {batch} is in the register, for a run was killed while an earlier version "
        "loaded it: what is judged rests on half a drop until that drop, or the next whole one, is taken in"
    )


def list_half_drops(settings: Settings) -> Iterator[str]:
    """`describe_half_drop` of every landlord of this installation of whom there is something to say."""
    return _ask_registers(settings, describe_half_drop)


def list_future_acts(settings: Settings, *, now: datetime) -> Iterator[str]:
    """`describe_future_acts` of every landlord of this installation of whom there is something to say."""
    return _ask_registers(settings, lambda engine, name: describe_future_acts(engine, name, now=now))


def describe_future_acts(engine: Engine, landlord: str, *, now: datetime) -> str:
    """That loads, runs, packs or decisions are dated after `now`, and what to do; nothing where none is."""
    from due_regard.register import reading
    from due_regard.register.clocks import TOLERANCE, format_instant
    from due_regard.register.redating import count_future_decisions, list_future_instants

    with reading(engine, landlord) as connection:
        instants = list_future_instants(connection, landlord, after=now + TOLERANCE)
        decisions = count_future_decisions(connection, landlord, after=now + TOLERANCE)
    if instants:
        return (
            f"{landlord}: loads, runs or packs are dated in the future, up to {format_instant(instants[-1])}, and hide "
            f"what comes before: see to the clock, then `due-regard register redate --landlord {landlord}`"
        )
    told = f"{landlord}: {decisions} events of findings are dated in the future; they stay so, and hide nothing"
    return told if decisions else ""


def _ask_registers(settings: Settings, ask: Callable[[Engine, str], str]) -> Iterator[str]:
    for names in settings.registers(list_landlords_to_run(settings)).values():
        try:
            with open_landlord_register(settings, names[0]) as engine:
                yield from filter(None, [ask(engine, name) for name in names])
        except RegisterError:
            continue  # said by the check of the register itself
