"""Reporting years: their names, their quarters, and what is refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import yaml

from due_regard.calendars.quarters import Quarter
from due_regard.calendars.reporting_years import ReportingYear, parse_period
from due_regard.config.landlord import Landlord
from due_regard.errors import SettingsError


@pytest.mark.parametrize(
    ("starts", "name", "label", "months", "first", "ends_on"),
    [
        (1, "2026", "Year 2026", "Jan 2026 to Dec 2026", Quarter(2026, 1), date(2026, 12, 31)),
        (4, "2026-27", "Year 2026/27", "Apr 2026 to Mar 2027", Quarter(2026, 2), date(2027, 3, 31)),
        (7, "2025-26-Jul", "Year 2025/26", "Jul 2025 to Jun 2026", Quarter(2025, 3), date(2026, 6, 30)),
        (10, "2025-26-Oct", "Year 2025/26", "Oct 2025 to Sep 2026", Quarter(2025, 4), date(2026, 9, 30)),
    ],
)
def test_a_year_is_told_by_its_name_alone(
    starts: int, name: str, label: str, months: str, first: Quarter, ends_on: date
) -> None:
    year = ReportingYear.of(Quarter(2026, 2), starts)
    assert (str(year), year.label(starts), year.months) == (name, label, months)
    assert (year.first, year.ends_on, year.starts_on) == (first, ends_on, first.starts_on)
    assert parse_period(name) == parse_period(name.lower()) == year
    assert all(ReportingYear.of(quarter, starts) == year for quarter in year.quarters)
    assert year.shift(-1).ends_on.toordinal() + 1 == year.starts_on.toordinal()
    assert year.closes_at == year.last.closes_at


def test_a_stroke_is_read_too() -> None:
    assert parse_period("2025/26") == parse_period(" 2025-26 ") == ReportingYear(Quarter(2025, 2))
    assert parse_period("1999-00") == ReportingYear(Quarter(1999, 2))
    assert parse_period("2026-q2") == Quarter(2026, 2)


@pytest.mark.parametrize("text", ["2025-27", "2025-Q5", "25-26", "", "2025-26-Apr", "2025-Jul", "2025-26-Q2", "٢٠٢٥"])
def test_what_names_no_period_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="written"):
        parse_period(text)


def test_a_year_that_begins_inside_a_quarter_has_no_edition() -> None:
    with pytest.raises(SettingsError, match="whole quarters"):
        ReportingYear.of(Quarter(2026, 2), 9)


def test_settings_that_publish_such_a_year_are_refused() -> None:
    text = yaml.safe_load((Path("include/landlords") / "queens_cross.yaml").read_text(encoding="utf-8"))
    text["packs"][0]["publishes"] = ["year"]
    assert Landlord.model_validate(text).packs[0].publishes == ("year",)
    text["reporting_year_starts"] = 9
    with pytest.raises(ValueError, match="four whole quarters"):
        Landlord.model_validate(text)
