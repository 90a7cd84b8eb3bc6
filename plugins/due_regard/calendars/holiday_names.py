"""What a day without work is called: for a reader who counts the days again."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any

from due_regard.calendars.working_days import SUBDIVISIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

CLOSURE = "closed by the landlord"
BANK_HOLIDAY = "bank holiday"
"""Of a stored day for which the installed calendar has no name."""


def name_holiday(division: str, day: date, closure_days: Iterable[date] = ()) -> str:
    """The name of a weekday on which nobody works in the division, or at the landlord."""
    if day in set(closure_days):
        return CLOSURE
    return str(_load_names(division, day.year).get(day, BANK_HOLIDAY))


@cache
def _load_names(division: str, year: int) -> Mapping[Any, str]:
    import holidays

    names: dict[Any, str] = {}
    for subdivision in SUBDIVISIONS.get(division, ()):
        names |= dict(holidays.country_holidays("GB", subdiv=subdivision, years=year))
    return names
