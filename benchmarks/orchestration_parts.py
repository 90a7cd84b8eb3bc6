"""What every task pays beside its work: settings, files, the register opened; and what Great Expectations takes.

In this process, in seconds of processor.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from due_regard import register
from due_regard.config.settings import Settings
from due_regard.intake.drop_reading import read_drop
from due_regard.intake.source_mapping import load_source_mapping
from due_regard.services.landlord_context import load_landlord_context, open_landlord_register

ROUNDS = 5
NOW = datetime(2026, 7, 1, 6, tzinfo=UTC)


def time_parts(settings: Settings, landlord: str) -> dict[str, float]:
    """Part -> seconds of processor each time, after a first time that imports."""
    with open_landlord_register(settings, landlord, upgrade=True) as engine:
        known = partial(register.read_known_refs, engine, landlord)
        context = load_landlord_context(settings, landlord)
        source = load_source_mapping(settings.sources_dir, context.landlord.source)
        drop = settings.drops / context.landlord.drop_folder
        read = partial(read_drop, drop, landlord, source, on=NOW.date(), known=known)
        return {
            "settings": _time(Settings),
            "a landlord's files": _time(lambda: load_landlord_context(settings, landlord)),
            "the register opened": _time(lambda: _open_register(settings, landlord)),
            "a drop read, without Great Expectations": _time(lambda: read(great_expectations=False)),
            "a drop read, with it": _time(read),
        }


def _open_register(settings: Settings, landlord: str) -> None:
    with open_landlord_register(settings, landlord, upgrade=True) as engine, engine.connect():
        pass


def _time(part: Callable[[], object]) -> float:
    part()
    began = time.process_time()
    for _ in range(ROUNDS):
        part()
    return (time.process_time() - began) / ROUNDS
