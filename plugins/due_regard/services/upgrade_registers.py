"""Create and migrate registers: the one verb that does nothing else."""

from __future__ import annotations

from datetime import datetime

from due_regard.config.settings import Settings
from due_regard.services.landlord_context import list_landlords_to_run, open_landlord_register
from due_regard.services.landlord_failures import LandlordFailures
from due_regard.services.result import Result


def upgrade_registers(settings: Settings, landlord: str | None = None, *, now: datetime) -> Result:
    """Create or migrate the register; where each landlord has its own, that of `landlord`, or every one.

    Guards that are gone are put back.

    Returns:
        registers: place, landlords it is for, revision; failed (landlord -> why), where one could not be upgraded.
    """
    from due_regard.register.register_urls import name_place
    from due_regard.register.schema.revisions import HEAD
    from due_regard.register.write_guards import renew_guards

    registers, failures = [], LandlordFailures()
    asked = list_landlords_to_run(settings, None if landlord is None else [landlord])
    for names in settings.registers(failures.list_known(settings, asked)).values():
        with failures.hold_back(*names), open_landlord_register(settings, names[0], upgrade=True) as engine:
            renew_guards(engine, at=now)
            registers.append({"place": name_place(engine.url), "landlords": names, "revision": HEAD})
    failures.raise_if_all(asked)
    return {"registers": registers, **failures.summarise()}
