"""Whether an instant that is given in place of the clock can be the next one of a register's history."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from due_regard.config.settings import Settings
from due_regard.errors import ClockError, RegisterError
from due_regard.services.landlord_context import list_landlords_to_run, open_landlord_register


def check_given_clock(settings: Settings, landlords: Sequence[str] | None, *, now: datetime) -> None:
    """Refuse an instant behind what was recorded of any of the landlords (all of them where None).

    Raises:
        ClockError: something was recorded after it; says when.
    """
    from due_regard.register.clocks import check_follows_audit

    for name in list_landlords_to_run(settings, landlords):
        try:
            with open_landlord_register(settings, name) as engine:
                check_follows_audit(engine, name, now)
        except ClockError:
            raise
        except RegisterError:
            continue  # none yet, or an older one: the command itself makes it, or says so
