"""What a register says of itself that a person must know before they trust its figures: a drop of which half came.

Add a check when something that loads or records could leave what nobody sees.
"""

from __future__ import annotations

from collections.abc import Iterator
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
    for names in settings.registers(list_landlords_to_run(settings)).values():
        try:
            with open_landlord_register(settings, names[0]) as engine:
                yield from filter(None, [describe_half_drop(engine, name) for name in names])
        except RegisterError:
            continue  # said by the check of the register itself
