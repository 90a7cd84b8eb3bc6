"""What a verb needs before it starts: a landlord's settings, policy and calendar, and the register.

Shared by pipeline.py (verbs that change something) and questions.py (verbs that only ask).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from due_regard.landlords import Landlord, landlord_ids, load_landlord
from due_regard.policy import PolicyHistory, load_policies
from due_regard.settings import Settings
from due_regard.working_days import WorkingCalendar, load_calendar

if TYPE_CHECKING:
    from sqlalchemy import Engine


@dataclass(frozen=True)
class Terms:
    """What one landlord is judged by: its settings, its policy's versions, its calendar."""

    landlord: Landlord
    history: PolicyHistory
    calendar: WorkingCalendar


def terms(settings: Settings, landlord: str) -> Terms:
    """Settings, policy and calendar of `landlord`.

    Raises:
        SettingsError: one of the files is missing or wrong; names file and line.
    """
    found = load_landlord(settings.landlords_dir, landlord)
    history = load_policies(settings.policies_dir, landlord)
    calendar = load_calendar(found.division, found.closure_days, folder=settings.include_dir / "calendars")
    return Terms(found, history, calendar)


def run_here(settings: Settings, asked: Sequence[str] | None = None) -> tuple[str, ...]:
    """The landlords to run: those asked for, else the installation's, else every settings file."""
    return tuple(asked or settings.landlords or landlord_ids(settings.landlords_dir))


@contextmanager
def register_of(settings: Settings, landlord: str | None = None) -> Iterator[Engine]:
    """The installation's register (that of `landlord`, where each has its own), upgraded; closed at the end."""
    from due_regard.register import open_register

    engine = open_register(settings.register(landlord))
    try:
        yield engine
    finally:
        engine.dispose()
