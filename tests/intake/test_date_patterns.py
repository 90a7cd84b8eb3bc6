"""The patterns by which a date as delivered is judged say the same as the reading of dates, by other means."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import product
from types import SimpleNamespace
from typing import Any

import pytest

from due_regard.intake.cell_values import _choose_date_reader
from due_regard.intake.date_patterns import make_date_pattern

YEARS = ("2023", "2024", "1900", "2000", "2100", "0000", "0004", "26")
NAMES = ("Jan", "january", "Feb", "MARCH", "Mar.", "Sept", "Sep", "september", "Sepember", "may", "Dec", "Juni", "jul")


def texts() -> Iterator[str]:
    for year, month, day in product(YEARS, range(14), range(33)):
        yield from (f"{year}-{month:02}-{day:02}", f"{year}-{month}-{day}", f"{year}-{month:02}-{day:02}T10:30:00.123")
        yield from (f"{day:02}/{month:02}/{year}", f"{day}/{month}/{year}", f"{day}.{month:02}-{year} 10:30")
    for year, name, day in product(YEARS, NAMES, range(33)):
        yield from (f"{day} {name} {year}", f"{day:02}-{name}/{year} 1:30")


@pytest.mark.parametrize("order", ["iso", "dmy", "mdy"])
@pytest.mark.parametrize("in_workbook", [False, True])
def test_a_text_matches_if_it_is_read_and_only_with_the_day_it_says(order: Any, in_workbook: bool) -> None:
    matches = re.compile(make_date_pattern(order, also_iso=in_workbook)).search
    read = _choose_date_reader(SimpleNamespace(date_order=order, stored_as_numbers=in_workbook, epoch_1904=False))  # type: ignore[arg-type]
    good = 0
    for text in texts():
        day = read(text)
        assert bool(matches(text)) is (day is not None), text
        assert not matches(f"{text}="), text
        if day is None:
            assert not matches(f"{text}=2026-01-01"), text
            continue
        good += 1
        assert matches(f"{text}={day}"), text
        for other in (day + timedelta(days=1), day + timedelta(days=365), date(day.year, 1, 1), swap_day(day)):
            assert bool(matches(f"{text}={other}")) is (other == day), text
    assert good > 2000


def swap_day(day: date) -> date:
    return day.replace(month=day.day, day=day.month) if day.day <= 12 else day
