"""Create a login of PostgreSQL in the register, or in each landlord's own."""

from __future__ import annotations

from due_regard.config.settings import Settings
from due_regard.errors import SettingsError
from due_regard.services.landlord_context import list_landlords_to_run, open_landlord_register
from due_regard.services.result import Result

_SHORTEST = 12


def create_logins(settings: Settings, name: str, *, role: str, landlord: str | None, password: str) -> Result:
    """Make a login of one of the register's roles; one that is there keeps what it may do, and gets this too.

    Args:
        settings: the installation; its register's URL is the owner's.
        name: of the login.
        role: loader, reporter, auditor or pages.
        landlord: whom alone the login may see; default every landlord.
        password: of the login.

    Returns:
        login, role, and the places of the registers.

    Raises:
        SettingsError: the password is too short.
        RegisterError: a register is no PostgreSQL, or its owner may not make logins.
    """
    from due_regard.register.logins import create_login
    from due_regard.register.register_urls import name_place

    if len(password) < _SHORTEST:
        raise SettingsError(f"give a password of at least {_SHORTEST} characters on standard input")
    places = []
    asked = list_landlords_to_run(settings, None if landlord is None else [landlord])
    for names in settings.registers(asked).values():
        with open_landlord_register(settings, names[0]) as engine:
            create_login(engine, name, role=role, landlords=[landlord or "*"], password=password)
            places.append(name_place(engine.url))
    return {"login": name, "role": role, "registers": places}
