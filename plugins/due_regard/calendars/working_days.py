"""Working days: calendars of a nation and a landlord, and date arithmetic on whole columns.

A calendar is a stored, dated snapshot (`include/calendars/<division>.yaml`) refreshed from the `holidays` library, so a
report can be rebuilt with the calendar it was made with. Counting conventions live here; which one applies is the
policy's word. Keep duties and states out.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import yaml
from pydantic import BaseModel, ConfigDict, Field

from due_regard.config.layered_folders import Folder, find_file
from due_regard.config.yaml_files import read_yaml
from due_regard.errors import CalendarError, CalendarFileError, SettingsError

Days: TypeAlias = npt.NDArray[np.datetime64]
"""Array of datetime64[D]; NaT is blank."""
Convention = Literal["day0", "day1", "roll_then_add"]

SUBDIVISIONS = {"scotland": ("SCT",), "england_and_wales": ("ENG", "WLS"), "northern_ireland": ("NIR",)}
"""Division -> subdivisions of `holidays.UnitedKingdom` that share its bank holidays (gov.uk/bank-holidays)."""


class _PlainDumper(yaml.SafeDumper):
    """SafeDumper without anchors: each year of a snapshot reads by itself."""

    def ignore_aliases(self, data: object) -> bool:
        return True


class BankHolidayYear(BaseModel):
    """Bank holidays of one year, and when and from where they were taken."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    taken_on: date
    source: str
    days: tuple[date, ...]


class CalendarSnapshot(BaseModel):
    """The stored calendar of one division; `published_to` is the last year the government had published."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    division: str
    published_to: int
    years: Annotated[dict[int, BankHolidayYear], Field(min_length=1)]


class WorkingCalendar:
    """Monday to Friday less bank holidays less the landlord's closure days, for whole years without a gap.

    Every method takes and gives calendar days (datetime64[D]) and raises `CalendarError` when it would need a day
    outside the calendar's years; NaT passes through.
    """

    def __init__(self, holidays: Iterable[date], first_year: int, last_year: int, *, name: str = "calendar") -> None:
        self.name, self.first_year, self.last_year = name, first_year, last_year
        self._first_day = date(first_year, 1, 1)
        self._first = np.datetime64(self._first_day, "D")
        days = np.arange(self._first, np.datetime64(f"{last_year + 1}-01-01", "D"))
        self.holidays = frozenset(holidays)
        working = np.is_busday(days) & ~np.isin(days, np.array(sorted(self.holidays), dtype="datetime64[D]"))
        self._working = working
        self._elapsed: npt.NDArray[np.int64] = np.cumsum(
            working, dtype=np.int64
        )  # working days up to and including each day
        self._nth = days[working]  # the k-th working day, from 0

    def add(self, starts: Days, n: int, convention: Convention = "day0") -> Days:
        """The day by which something due within `n` working days (n >= 1) of each start must be done.

        day0: the nth working day strictly after the start. day1: the start, or the first working day after it, is
        day 1. roll_then_add: the start is moved to a working day first, then day0 (contract: Assessment, Time).
        """
        position, blank = self._find_positions(starts)
        upto = self._elapsed[position]  # working days up to and including the start
        before = upto - self._working[position]
        wanted = n - 1 + {"day0": upto, "day1": before, "roll_then_add": before + 1}[convention]
        self._check_range(bool((wanted[~blank] < len(self._nth)).all()))
        due = self._nth[np.where(blank, 0, wanted)]
        due[blank] = np.datetime64("NaT")
        return due

    def count(self, after: Days, to: Days) -> npt.NDArray[np.int64]:
        """Number of working days d with `after` < d <= `to`; 0 where `to` is not later or either is NaT."""
        blank = np.isnat(after) | np.isnat(to)
        start, _ = self._find_positions(np.where(blank, self._first, after))
        end, _ = self._find_positions(np.where(blank, self._first, to))
        return np.where(blank, 0, np.maximum(self._elapsed[end] - self._elapsed[start], 0)).astype(np.int64)

    def roll(self, days: Days) -> Days:
        """Each day, or the next working day where it is none."""
        return self.add(days, 1, "day1")

    def is_working(self, day: date) -> bool:
        """Whether `day` is a working day."""
        return bool(self._working[self._find_position(day)])

    def next_working(self, day: date) -> date:
        """`day` itself if it is a working day, else the next one."""
        return day if self.is_working(day) else self.shift(day, 1)

    def shift(self, day: date, n: int) -> date:
        """The nth working day strictly after `day`; before it where `n` is negative; `day` itself for 0."""
        if n == 0:
            return day
        at = self._find_position(day)
        wanted = int(self._elapsed[at]) + (n - 1 if n > 0 else n - int(self._working[at]))
        self._check_range(0 <= wanted < len(self._nth))
        found: date = self._nth[wanted].item()
        return found

    def count_between(self, after: date, to: date) -> int:
        """`count` of one pair of days."""
        return max(int(self._elapsed[self._find_position(to)] - self._elapsed[self._find_position(after)]), 0)

    def skipped(self, after: date, to: date) -> tuple[date, ...]:
        """Weekdays d with `after` < d <= `to` that are no working days: what an explanation must name."""
        span = np.arange(_as_one_day(after)[0] + 1, _as_one_day(to)[0] + 1)
        return tuple(day for day in span[np.is_busday(span)].tolist() if day in self.holidays)

    def _find_position(self, day: date) -> int:
        """`_find_positions` of one day: an array of one costs twenty times as much."""
        position = (day - self._first_day).days
        self._check_range(0 <= position < len(self._working))
        return position

    def _find_positions(self, days: Days) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
        blank = np.isnat(days)
        position = np.where(blank, 0, (days - self._first).astype(np.int64))
        self._check_range(bool(((position >= 0) & (position < len(self._working))).all()))
        return position, blank

    def _check_range(self, inside: bool) -> None:
        if not inside:
            raise CalendarError(
                f"{self.name} holds the years {self.first_year} to {self.last_year}; a working day outside them is "
                "needed. Refresh it with `due-regard calendar refresh`, or correct the date."
            )


def load_calendar(division: str, closure_days: Iterable[date] = (), *, folder: Folder) -> WorkingCalendar:
    """The stored calendar of `division`, less the landlord's own `closure_days`.

    Raises:
        CalendarFileError: no snapshot, or it has a gap between its years.
    """
    snapshot = read_calendar_snapshot(folder, division)
    years = sorted(snapshot.years)
    if years != list(range(years[0], years[-1] + 1)):
        raise CalendarFileError("has a gap between its years", file=_snapshot_file(folder, division))
    days = {day for year in snapshot.years.values() for day in year.days}
    return WorkingCalendar(days | set(closure_days), years[0], years[-1], name=f"the {division} calendar")


def read_calendar_snapshot(folder: Folder, division: str) -> CalendarSnapshot:
    """The stored snapshot of `division`."""
    return read_yaml(_snapshot_file(folder, division), CalendarSnapshot, CalendarFileError)


def merge_snapshots(stored: CalendarSnapshot, published: CalendarSnapshot) -> CalendarSnapshot:
    """`stored` with every year that `published` has replaced by it; no year is ever lost.

    A year of which the same source says the same days stays as it was taken, so a refresh that learns nothing changes
    nothing.
    """
    learnt = {
        year: new
        for year, new in published.years.items()
        if (old := stored.years.get(year)) is None or (old.source, old.days) != (new.source, new.days)
    }
    years = {**stored.years, **learnt}
    last = max(stored.published_to, published.published_to)
    return CalendarSnapshot(division=stored.division, published_to=last, years=dict(sorted(years.items())))


def compute_calendar_snapshot(
    division: str, first: int, last: int, *, taken_on: date, published_to: int
) -> CalendarSnapshot:
    """Bank holidays of `division` from the installed `holidays` library, for the years `first` to `last`."""
    import holidays

    if division not in SUBDIVISIONS:
        raise SettingsError(f"no division {division!r}; allowed: {', '.join(SUBDIVISIONS)}")
    source = f"holidays {holidays.__version__}"
    years = {}
    for year in range(first, last + 1):
        found: set[date] = set()
        for subdivision in SUBDIVISIONS[division]:
            found |= set(holidays.country_holidays("GB", subdiv=subdivision, years=year))
        years[year] = BankHolidayYear(taken_on=taken_on, source=source, days=tuple(sorted(found)))
    return CalendarSnapshot(division=division, published_to=published_to, years=years)


def write_calendar_snapshot(folder: Path, snapshot: CalendarSnapshot) -> Path:
    """Write `snapshot` to its file; the same snapshot gives the same bytes."""
    file = _snapshot_file(folder, snapshot.division)
    folder.mkdir(parents=True, exist_ok=True)
    head = "# Bank holidays as taken on the day named. `due-regard calendar refresh` replaces years, never drops one.\n"
    body = yaml.dump(snapshot.model_dump(), Dumper=_PlainDumper, sort_keys=False, default_flow_style=None, width=120)
    file.write_text(head + body, encoding="utf-8")
    return file


def _snapshot_file(folder: Folder, division: str) -> Path:
    return find_file(folder, f"{division}.yaml")


def _as_one_day(day: date) -> Days:
    return np.array([day], dtype="datetime64[D]")
