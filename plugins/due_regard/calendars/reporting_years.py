"""Reporting years of four whole quarters, and the name of any period a pack is about: a quarter or such a year.

Values only. A year's name says by itself which quarters it has, so that it means the same whatever the settings say
later: `2025` is January to December, `2025-26` April 2025 to March 2026, `2025-26-Jul` July to June, `2025-26-Oct`
October to September.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar, TypeAlias

from due_regard.calendars.quarters import Quarter
from due_regard.errors import SettingsError

_FORM = re.compile(r"([0-9]{4})(?:[-/]([0-9]{2}))?(?:-(jul|oct))?", re.IGNORECASE)
_ENDINGS = {1: "", 2: "", 3: "-Jul", 4: "-Oct"}
"""Number of the quarter that a year begins with -> how its name ends."""


@dataclass(frozen=True, order=True)
class ReportingYear:
    """Four quarters in a row, e.g. `ReportingYear(Quarter(2025, 2))` is April 2025 to March 2026."""

    first: Quarter
    word: ClassVar[str] = "year"

    @classmethod
    def of(cls, quarter: Quarter, starts: int) -> ReportingYear:
        """The year that holds `quarter`, where years begin with month `starts`.

        Raises:
            SettingsError: no quarter begins with that month.
        """
        if starts % 3 != 1:
            raise SettingsError(
                "reporting_year_starts is not the first month of a quarter (1, 4, 7 or 10): such a year is not made of "
                "whole quarters, and has no annual edition"
            )
        return cls(quarter.shift(-((quarter.number - 1 - starts // 3) % 4)))

    @classmethod
    def parse(cls, text: str) -> ReportingYear:
        """Year written as `2025-26` (or `2025/26`), or, of January to December, as `2025`.

        Raises:
            SettingsError: `text` is not of that form.
        """
        found = _FORM.fullmatch(text.strip())
        year, end, month = (found[1], found[2], (found[3] or "").capitalize()) if found else ("", None, "")
        if not found or (end is None and month) or (end is not None and int(end) != (int(year) + 1) % 100):
            raise SettingsError(
                "a quarter is written year-Qn, as in 2026-Q2 for April to June 2026; a year 2025-26, for April 2025 to "
                "March 2026, or 2025, for January to December (2025-26-Jul, 2025-26-Oct: from July, from October)"
            )
        number = 1 if end is None else next(n for n, ending in _ENDINGS.items() if n > 1 and ending[1:] == month)
        return cls(Quarter(int(year), number))

    @property
    def last(self) -> Quarter:
        """Its last quarter."""
        return self.first.shift(3)

    @property
    def quarters(self) -> tuple[Quarter, ...]:
        """Its quarters, the first first."""
        return tuple(self.first.shift(ahead) for ahead in range(4))

    def shift(self, years: int) -> ReportingYear:
        """The year so many after (before, if negative) this one."""
        return ReportingYear(self.first.shift(4 * years))

    @property
    def starts_on(self) -> date:
        """First day."""
        return self.first.starts_on

    @property
    def ends_on(self) -> date:
        """Last day: the as-at date of every figure of the year."""
        return self.last.ends_on

    @property
    def closes_at(self) -> datetime:
        """The instant the year ends in London, in UTC."""
        return self.last.closes_at

    @property
    def months(self) -> str:
        """Short name in months, e.g. `Apr 2025 to Mar 2026`."""
        begins = self.first.months.split(" ")[0]
        return f"{begins} {self.first.year} to {self.last.months.split(' to ')[1]}"

    def label(self, year_starts: int = 4) -> str:
        """Name in words, e.g. `Year 2025/26`."""
        return f"Year {str(self.first.year) if self.first.number == 1 else self._name_both_years('/')}"

    def _name_both_years(self, mark: str) -> str:
        return f"{self.first.year}{mark}{(self.first.year + 1) % 100:02d}"

    def __str__(self) -> str:
        if self.first.number == 1:
            return str(self.first.year)
        return self._name_both_years("-") + _ENDINGS[self.first.number]


Period: TypeAlias = Quarter | ReportingYear
"""What a pack is about."""


def parse_period(text: str) -> Period:
    """A quarter or a year by its name.

    Raises:
        SettingsError: it names neither.
    """
    return Quarter.parse(text) if "Q" in text.upper() else ReportingYear.parse(text)
