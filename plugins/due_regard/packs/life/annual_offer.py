"""The annual edition that stands in where too little of a quarter can be published."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from due_regard.calendars.quarters import Quarter
from due_regard.calendars.reporting_years import ReportingYear, parse_period
from due_regard.config.landlord import Landlord
from due_regard.errors import SettingsError


@dataclass(frozen=True)
class AnnualOffer:
    """The year that holds a quarter: its name, what it is called, from which day it can be built, and how.

    Attributes:
        is_switched_on: whether the landlord's settings build it by themselves.
    """

    year: str
    label: str
    from_on: date
    command: str
    is_switched_on: bool

    @property
    def day(self) -> str:
        """The day it can be built from, in words."""
        return f"{self.from_on:%-d %B %Y}"

    def describe(self) -> dict[str, Any]:
        """All of it as a result carries it, the day in ISO form."""
        return asdict(self) | {"from_on": self.from_on.isoformat()}


def find_annual_offer(landlord: Landlord, pack: str, period: str) -> AnnualOffer | None:
    """What is offered in the place of a quarter's edition; None for a year's own, or with no such year."""
    quarter = parse_period(period)
    if not isinstance(quarter, Quarter):
        return None
    try:
        year = ReportingYear.of(quarter, landlord.reporting_year_starts)
    except SettingsError:
        return None
    switch = landlord.find_switch(pack)
    command = f"due-regard pack --landlord {landlord.id} --year {year} --pack {pack} --out DIR"
    is_on = switch is not None and "year" in switch.publishes
    return AnnualOffer(str(year), year.label(), year.shift(1).starts_on, command, is_on)
