"""Working days: three counting conventions, closure days, stored calendars, and what lies outside them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from due_regard.__main__ import main
from due_regard.assessment import assess_records
from due_regard.calendars.working_days import (
    SUBDIVISIONS,
    BankHolidayYear,
    CalendarSnapshot,
    Convention,
    WorkingCalendar,
    compute_calendar_snapshot,
    load_calendar,
    merge_snapshots,
    read_calendar_snapshot,
    write_calendar_snapshot,
)
from due_regard.errors import CalendarError, CalendarFileError
from due_regard.policy import load_policies
from tests.policies.case_tables import INCLUDE, records

CALENDARS = INCLUDE / "calendars"
PUBLISHED = Path(__file__).parents[2] / "shared" / "data" / "bank-holidays.json"
ONE_DAY = timedelta(days=1)
SCOTLAND = load_calendar("scotland", folder=CALENDARS)
WALES = load_calendar("england_and_wales", folder=CALENDARS)


def _due(calendar: WorkingCalendar, start: date, n: int, convention: Convention = "day0") -> date:
    return calendar.add(np.array([start], dtype="datetime64[D]"), n, convention)[0].item()


def _count(calendar: WorkingCalendar, after: date, to: date) -> int:
    return int(calendar.count(np.array([after], dtype="datetime64[D]"), np.array([to], dtype="datetime64[D]"))[0])


@pytest.mark.parametrize(
    ("start", "n", "day0", "day1", "roll_then_add"),
    [
        # A Thursday; Monday 15 June 2026 was a bank holiday in Scotland.
        (date(2026, 6, 11), 3, date(2026, 6, 17), date(2026, 6, 16), date(2026, 6, 17)),
        (date(2026, 6, 11), 10, date(2026, 6, 26), date(2026, 6, 25), date(2026, 6, 26)),
        (date(2026, 6, 12), 1, date(2026, 6, 16), date(2026, 6, 12), date(2026, 6, 16)),
        # A Saturday, a Sunday and the bank holiday itself: the first working day after them is Tuesday.
        (date(2026, 6, 13), 3, date(2026, 6, 18), date(2026, 6, 18), date(2026, 6, 19)),
        (date(2026, 6, 14), 1, date(2026, 6, 16), date(2026, 6, 16), date(2026, 6, 17)),
        (date(2026, 6, 15), 3, date(2026, 6, 18), date(2026, 6, 18), date(2026, 6, 19)),
        # Easter Saturday: Easter Monday is no bank holiday in Scotland.
        (date(2026, 4, 4), 3, date(2026, 4, 8), date(2026, 4, 8), date(2026, 4, 9)),
        (date(2026, 4, 4), 10, date(2026, 4, 17), date(2026, 4, 17), date(2026, 4, 20)),
        # Christmas and the New Year: 25 and 28 December, 1 and 4 January.
        (date(2026, 12, 22), 3, date(2026, 12, 29), date(2026, 12, 24), date(2026, 12, 29)),
        (date(2026, 12, 22), 10, date(2027, 1, 11), date(2027, 1, 8), date(2027, 1, 11)),
        (date(2026, 12, 25), 1, date(2026, 12, 29), date(2026, 12, 29), date(2026, 12, 30)),
    ],
    ids=str,
)
def test_within_n_working_days_by_each_convention(
    start: date, n: int, day0: date, day1: date, roll_then_add: date
) -> None:
    assert _due(SCOTLAND, start, n) == day0
    assert _due(SCOTLAND, start, n, "day1") == day1
    assert _due(SCOTLAND, start, n, "roll_then_add") == roll_then_add


@pytest.mark.parametrize(
    ("start", "n", "due"),
    [
        (date(2026, 4, 4), 3, date(2026, 4, 9)),
        (date(2026, 4, 4), 10, date(2026, 4, 20)),
        (date(2026, 6, 11), 3, date(2026, 6, 16)),
        (date(2026, 12, 22), 10, date(2027, 1, 8)),
    ],
)
def test_another_nation_has_its_own_holidays(start: date, n: int, due: date) -> None:
    assert _due(WALES, start, n) == due


def test_closure_days_are_the_landlords_own() -> None:
    own = load_calendar("scotland", [date(2026, 6, 12), date(2026, 6, 13)], folder=CALENDARS)
    assert _due(own, date(2026, 6, 11), 3) == date(2026, 6, 18)
    assert not own.is_working(date(2026, 6, 12))
    assert own.skipped(date(2026, 6, 11), date(2026, 6, 18)) == (date(2026, 6, 12), date(2026, 6, 15))
    assert SCOTLAND.skipped(date(2026, 6, 11), date(2026, 6, 18)) == (date(2026, 6, 15),)


@pytest.mark.parametrize(
    ("after", "to", "days"),
    [
        (date(2026, 6, 12), date(2026, 6, 12), 0),
        (date(2026, 6, 12), date(2026, 6, 15), 0),
        (date(2026, 6, 12), date(2026, 6, 16), 1),
        (date(2026, 6, 13), date(2026, 6, 17), 2),
        (date(2026, 6, 17), date(2026, 6, 12), 0),
    ],
)
def test_counts_strictly_after_and_up_to(after: date, to: date, days: int) -> None:
    assert _count(SCOTLAND, after, to) == days


@pytest.mark.parametrize(
    ("day", "n", "there"),
    [
        (date(2026, 6, 12), 0, date(2026, 6, 12)),
        (date(2026, 6, 12), 1, date(2026, 6, 16)),
        (date(2026, 6, 13), 1, date(2026, 6, 16)),
        (date(2026, 6, 16), -1, date(2026, 6, 12)),
        (date(2026, 6, 14), -2, date(2026, 6, 11)),
    ],
)
def test_shifts_both_ways(day: date, n: int, there: date) -> None:
    assert SCOTLAND.shift(day, n) == there


def test_a_blank_stays_blank() -> None:
    blank = np.array(["NaT", "2026-06-11"], dtype="datetime64[D]")
    days = np.array(["2026-06-11", "2026-06-12"], dtype="datetime64[D]")
    assert np.isnat(SCOTLAND.add(blank, 3)).tolist() == [True, False]
    assert SCOTLAND.count(blank, days).tolist() == [0, 1]
    assert SCOTLAND.count(days, blank).tolist() == [0, 0]
    assert np.isnat(SCOTLAND.roll(blank)).tolist() == [True, False]


def test_no_starts_give_no_dues() -> None:
    none = np.array([], dtype="datetime64[D]")
    assert len(SCOTLAND.add(none, 3)) == 0
    assert len(SCOTLAND.count(none, none)) == 0


class _Walk:
    """Working days found by walking day by day."""

    def __init__(self, calendar: WorkingCalendar) -> None:
        self.holidays = calendar.holidays

    def is_working(self, day: date) -> bool:
        return day.weekday() < 5 and day not in self.holidays

    def step(self, day: date, n: int) -> date:
        way = ONE_DAY if n > 0 else -ONE_DAY
        while n:
            day += way
            n -= self.is_working(day) * (1 if n > 0 else -1)
        return day

    def due(self, start: date, n: int, convention: Convention) -> date:
        if convention == "day0":
            return self.step(start, n)
        first = start if self.is_working(start) else self.step(start, 1)
        return self.step(first, n if convention == "roll_then_add" else n - 1)


DAYS = st.dates(date(1995, 1, 1), date(2035, 12, 31))
CLOSURES = st.sets(st.dates(date(2026, 1, 1), date(2026, 12, 31)), max_size=20)


@settings(deadline=None, max_examples=150)
@given(
    day=DAYS, n=st.integers(1, 40), convention=st.sampled_from(["day0", "day1", "roll_then_add"]), wales=st.booleans()
)
def test_agrees_with_a_walk_day_by_day(day: date, n: int, convention: Convention, wales: bool) -> None:
    calendar = WALES if wales else SCOTLAND
    walk = _Walk(calendar)
    assert calendar.is_working(day) == walk.is_working(day)
    assert calendar.next_working(day) == walk.due(day, 1, "day1")
    assert _due(calendar, day, n, convention) == walk.due(day, n, convention)
    assert calendar.shift(day, n) == walk.step(day, n)
    assert calendar.shift(day, -n) == walk.step(day, -n)


@settings(deadline=None, max_examples=100)
@given(day=st.dates(date(2026, 1, 1), date(2026, 12, 31)), length=st.integers(-5, 60), closures=CLOSURES)
def test_counts_as_a_walk_does_with_closure_days(day: date, length: int, closures: set[date]) -> None:
    calendar = WorkingCalendar(SCOTLAND.holidays | closures, 2024, 2028)
    walk, end = _Walk(calendar), day + length * ONE_DAY
    between = [day + step * ONE_DAY for step in range(1, length + 1)]
    assert _count(calendar, day, end) == sum(map(walk.is_working, between))
    assert calendar.skipped(day, end) == tuple(
        each for each in between if each.weekday() < 5 and not walk.is_working(each)
    )


@pytest.mark.parametrize("division", SUBDIVISIONS)
def test_every_weekday_agrees_with_the_governments_list(division: str) -> None:
    if not PUBLISHED.is_file():
        pytest.skip("the government's published list is not beside this repository")
    listed = json.loads(PUBLISHED.read_text(encoding="utf-8"))[division.replace("_", "-")]["events"]
    published = {date.fromisoformat(event["date"]) for event in listed}
    calendar = load_calendar(division, folder=CALENDARS)
    days = [date(2019, 1, 1) + step * ONE_DAY for step in range((date(2029, 1, 1) - date(2019, 1, 1)).days)]
    weekdays = [day for day in days if day.weekday() < 5]
    assert len(weekdays) > 2600
    wrong = [day for day in weekdays if calendar.is_working(day) == (day in published)]
    assert wrong == []


SHORT = WorkingCalendar([date(2026, 12, 25), date(2026, 12, 28)], 2026, 2026, name="the short calendar")


@pytest.mark.parametrize(
    "ask",
    [
        lambda: _due(SHORT, date(2026, 12, 24), 4),
        lambda: _due(SHORT, date(2026, 12, 31), 1),
        lambda: _due(SHORT, date(2025, 12, 31), 1),
        lambda: _due(SHORT, date(2027, 1, 1), 1),
        lambda: _count(SHORT, date(2026, 12, 1), date(2027, 1, 1)),
        lambda: _count(SHORT, date(2025, 12, 31), date(2026, 1, 2)),
        lambda: SHORT.shift(date(2026, 12, 30), 2),
        lambda: SHORT.shift(date(2026, 1, 2), -2),
        lambda: SHORT.is_working(date(2027, 1, 1)),
    ],
    ids=[
        "due after",
        "due after the last day",
        "start before",
        "start after",
        "count to",
        "count from",
        "forward",
        "back",
        "is",
    ],
)
def test_what_lies_outside_the_years_is_an_error_that_says_so(ask: Callable[[], object]) -> None:
    with pytest.raises(CalendarError, match="the short calendar holds the years 2026 to 2026"):
        ask()


def test_the_last_days_inside_the_years_are_no_error() -> None:
    assert _due(SHORT, date(2026, 12, 24), 3) == date(2026, 12, 31)
    assert _count(SHORT, date(2026, 12, 24), date(2026, 12, 31)) == 3
    assert _due(SHORT, date(2026, 1, 1), 1) == date(2026, 1, 2)


def test_a_duty_due_beyond_the_calendar_stops_the_assessment() -> None:
    history = load_policies(INCLUDE / "policies", "queens_cross")
    given = {"appeal": [{"received_on": date(2026, 12, 24)}]}
    with pytest.raises(CalendarError, match="2026 to 2026; a working day outside them is needed"):
        assess_records(records(given), history, SHORT, date(2026, 12, 24))


def _year(*days: date, source: str = "a", taken: date = date(2026, 1, 1)) -> BankHolidayYear:
    return BankHolidayYear(taken_on=taken, source=source, days=days)


def _snapshot(years: dict[int, BankHolidayYear], to: int = 2027) -> CalendarSnapshot:
    return CalendarSnapshot(division="scotland", published_to=to, years=years)


def test_a_published_year_replaces_the_stored_and_none_is_lost() -> None:
    stored = _snapshot({2025: _year(), 2026: _year(date(2026, 1, 1)), 2027: _year(date(2027, 1, 1))}, to=2027)
    new = _year(date(2026, 1, 1), date(2026, 6, 15), taken=date(2026, 3, 1))
    merged = merge_snapshots(stored, _snapshot({2026: new, 2028: _year(date(2028, 1, 1))}, to=2026))
    assert list(merged.years) == [2025, 2026, 2027, 2028]
    assert merged.years[2026] == new
    assert merged.years[2025] == stored.years[2025]
    assert merged.years[2027] == stored.years[2027]
    assert merged.published_to == 2027


def test_a_year_that_says_the_same_stays_as_it_was_taken() -> None:
    stored = _snapshot({2026: _year(date(2026, 1, 1))})
    later = date(2026, 11, 1)
    same = merge_snapshots(stored, _snapshot({2026: _year(date(2026, 1, 1), taken=later)}))
    assert same == stored
    confirmed = merge_snapshots(stored, _snapshot({2026: _year(date(2026, 1, 1), source="b", taken=later)}))
    assert confirmed.years[2026].taken_on == later


YEARS = st.dictionaries(
    st.integers(2000, 2040), st.builds(_year, source=st.sampled_from("ab"), taken=st.dates()), min_size=1, max_size=6
)


@given(stored=YEARS, published=YEARS)
def test_merging_loses_no_year_and_is_idempotent(
    stored: dict[int, BankHolidayYear], published: dict[int, BankHolidayYear]
) -> None:
    first = merge_snapshots(_snapshot(stored), _snapshot(published))
    assert first.years.keys() == stored.keys() | published.keys()
    assert list(first.years) == sorted(first.years)
    assert merge_snapshots(first, _snapshot(published)) == first


def test_a_calendar_file_reads_back_as_written(tmp_path: Path) -> None:
    snapshot = compute_calendar_snapshot("scotland", 2025, 2027, taken_on=date(2026, 11, 20), published_to=2028)
    file = write_calendar_snapshot(tmp_path, snapshot)
    assert read_calendar_snapshot(tmp_path, "scotland") == snapshot
    assert date(2026, 6, 15) in snapshot.years[2026].days
    before = file.read_bytes()
    write_calendar_snapshot(tmp_path, read_calendar_snapshot(tmp_path, "scotland"))
    assert file.read_bytes() == before
    assert load_calendar("scotland", folder=tmp_path).last_year == 2027


def test_a_missing_year_between_two_is_refused(tmp_path: Path) -> None:
    write_calendar_snapshot(tmp_path, _snapshot({2025: _year(), 2027: _year()}))
    with pytest.raises(CalendarFileError, match="gap between its years"):
        load_calendar("scotland", folder=tmp_path)


def test_a_missing_calendar_is_named(tmp_path: Path) -> None:
    with pytest.raises(CalendarFileError, match=r"scotland\.yaml: cannot be read"):
        load_calendar("scotland", folder=tmp_path)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the shipped calendars that `calendar refresh` may write to."""
    shutil.copytree(CALENDARS, tmp_path / "calendars")
    monkeypatch.setenv("DUE_REGARD_INCLUDE_DIR", str(tmp_path))
    return tmp_path / "calendars"


def _contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


def test_refreshing_twice_changes_nothing_the_second_time(folder: Path) -> None:
    assert main(["calendar", "refresh"]) == 0
    once = _contents(folder)
    assert main(["calendar", "refresh"]) == 0
    assert _contents(folder) == once


def test_refreshing_mends_a_year_that_has_changed_and_says_so(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stored = read_calendar_snapshot(folder, "scotland")
    old = stored.years[2026].model_copy(update={"days": stored.years[2026].days[:-3]})
    write_calendar_snapshot(folder, stored.model_copy(update={"years": {**stored.years, 2026: old}}))
    assert main(["calendar", "refresh"]) == 0
    assert read_calendar_snapshot(folder, "scotland").years[2026].days == stored.years[2026].days
    assert "changed: 2026" in capsys.readouterr().out
    assert read_calendar_snapshot(folder, "scotland").years.keys() >= stored.years.keys()
