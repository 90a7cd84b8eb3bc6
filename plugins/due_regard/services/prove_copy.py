"""Prove a register that lies where the settings do not say: one restored as a drill, or one that was moved."""

from __future__ import annotations

from due_regard.config.settings import Settings
from due_regard.errors import AuditError
from due_regard.services.verify_register import verify_register


def check_copy(settings: Settings, url: str) -> None:
    """Prove the register at `url` deep, each landlord's newest run judged again.

    Raises:
        AuditError: something does not hold; names table and row.
    """
    there = settings.model_copy(update={"register_url": url})
    found = verify_register(there, runs=1)["faults"]
    if found:
        first = " ".join(filter(None, (found[0]["landlord"], found[0]["table"], found[0]["key"])))
        raise AuditError(
            f"{len(found)} things in it do not hold, the first: {first}: {found[0]['why']}; "
            "`due-regard audit verify --deep` of the register itself names all"
        )
