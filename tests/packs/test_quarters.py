"""Quarters: their days, their names in a reporting year, the instant they close."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from due_regard.calendars.quarters import Quarter, find_last_closed_quarter
from due_regard.errors import SettingsError


@pytest.mark.parametrize(
    ("text", "starts", "ends"),
    [
        ("2026-Q1", date(2026, 1, 1), date(2026, 3, 31)),
        ("2026-q2", date(2026, 4, 1), date(2026, 6, 30)),
        ("2026-Q3", date(2026, 7, 1), date(2026, 9, 30)),
        (" 2026-Q4 ", date(2026, 10, 1), date(2026, 12, 31)),
    ],
)
def test_a_quarter_has_its_days(text: str, starts: date, ends: date) -> None:
    quarter = Quarter.parse(text)
    assert (quarter.starts_on, quarter.ends_on) == (starts, ends)
    assert Quarter.of(starts) == Quarter.of(ends) == quarter


@pytest.mark.parametrize("text", ["2026", "2026-Q5", "2026-Q0", "Q2 2026", "26-Q2", ""])
def test_what_is_no_quarter_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="2026-Q2"):
        Quarter.parse(text)


@pytest.mark.parametrize(
    ("quarter", "year_starts", "label"),
    [
        (Quarter(2026, 2), 4, "Quarter 1 of 2026/27"),
        (Quarter(2026, 1), 4, "Quarter 4 of 2025/26"),
        (Quarter(2026, 1), 1, "Quarter 1 of 2026"),
        (Quarter(1999, 4), 4, "Quarter 3 of 1999/00"),
        (Quarter(2026, 4), 10, "Quarter 1 of 2026/27"),
        (Quarter(2026, 3), 10, "Quarter 4 of 2025/26"),
    ],
)
def test_the_label_follows_the_reporting_year(quarter: Quarter, year_starts: int, label: str) -> None:
    assert quarter.label(year_starts) == label


def test_shifting_crosses_years_both_ways() -> None:
    assert Quarter(2026, 1).shift(-1) == Quarter(2025, 4)
    assert Quarter(2025, 4).shift(5) == Quarter(2027, 1)
    assert all(Quarter(2026, 2).shift(n).shift(-n) == Quarter(2026, 2) for n in range(-9, 10))


def test_a_quarter_closes_at_midnight_in_london() -> None:
    assert Quarter(2026, 2).closes_at == datetime(2026, 6, 30, 23, tzinfo=UTC)
    assert Quarter(2026, 4).closes_at == datetime(2027, 1, 1, tzinfo=UTC)


def test_the_last_closed_quarter() -> None:
    assert find_last_closed_quarter(date(2026, 7, 1)) == Quarter(2026, 2)
    assert find_last_closed_quarter(date(2026, 6, 30)) == Quarter(2026, 1)
