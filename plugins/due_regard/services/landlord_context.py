"""What a service needs before it starts: a landlord's settings, policy and calendar, and its register.

Every service opens them here, once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from due_regard.calendars.working_days import load_calendar
from due_regard.config.landlord import list_landlord_ids, load_landlord
from due_regard.config.settings import Settings
from due_regard.config.yaml_files import keep_read_texts
from due_regard.errors import SettingsError
from due_regard.policy import LandlordContext, load_policies
from due_regard.services.used_files import name_texts

if TYPE_CHECKING:
    from sqlalchemy import Engine


def load_landlord_context(settings: Settings, landlord: str) -> LandlordContext:
    """Settings, policy and calendar of `landlord`.

    Raises:
        SettingsError: one of the files is missing or wrong; names file and line.
    """
    with keep_read_texts() as read:
        found = load_landlord(settings.landlords_dir, landlord)
        history = load_policies(settings.policies_dir, landlord)
        calendar = load_calendar(found.division, found.closure_days, folder=settings.calendars_dir)
    return LandlordContext(found, history, calendar, name_texts(settings, read))


def list_landlords_to_run(settings: Settings, asked: Sequence[str] | None = None) -> tuple[str, ...]:
    """The landlords to run: those asked for, else the installation's, else every settings file."""
    return tuple(asked or settings.landlords or list_landlord_ids(settings.landlords_dir))


def is_drops_folder_read(settings: Settings) -> bool:
    """Whether a landlord's drop is read where it lies: not where the exports of all of them are fetched."""
    names = list_landlords_to_run(settings)
    return not names or any(_has_drop_folder(settings, name) for name in names)


def _has_drop_folder(settings: Settings, landlord: str) -> bool:
    """A landlord whose settings cannot be read may have one."""
    try:
        return load_landlord(settings.landlords_dir, landlord).fetch is None
    except SettingsError:
        return True


def find_register_url(settings: Settings, landlord: str | None = None) -> str:
    """URL of the installation's register (that of `landlord`, where each has its own).

    Raises:
        SettingsError: the landlord is unknown, or none is named where each has a register of its own.
    """
    if landlord not in {None, *list_landlord_ids(settings.landlords_dir)}:
        load_landlord(settings.landlords_dir, str(landlord))  # raises, and names those that are known
    return settings.register(landlord)


def find_head_file(settings: Settings, landlord: str | None = None) -> Path:
    """The file outside the register in which this machine notes its audit heads."""
    from due_regard.register.head_log import name_head_file

    return name_head_file(settings.heads, find_register_url(settings, landlord), settings.machine)


@contextmanager
def open_landlord_register(
    settings: Settings, landlord: str | None = None, *, upgrade: bool = False
) -> Iterator[Engine]:
    """The installation's register (that of `landlord`, where each has its own); closed at the end.

    What is written in it is noted in its file of audit heads.

    Args:
        settings: the installation.
        landlord: whose register; may be left out where one register holds all.
        upgrade: create and migrate it first: for intake, restore and the DAGs alone, never for a question.

    Raises:
        SettingsError: the landlord is unknown, or none is named where each has a register of its own.
        RegisterError: it is missing or of another version, and `upgrade` is not asked for.
    """
    from due_regard.register import open_register, upgrade_register
    from due_regard.register.head_log import HEAD_FILE

    url = find_register_url(settings, landlord)
    engine = upgrade_register(url) if upgrade else open_register(url)
    engine.update_execution_options(**{HEAD_FILE: find_head_file(settings, landlord)})
    try:
        yield engine
    finally:
        engine.dispose()
