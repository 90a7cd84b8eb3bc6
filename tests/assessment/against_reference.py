"""Both readings of the contract side by side: the engine's rows and the reference's, in the same plain form.

Policies and calendars are read once a process. Rows are compared in order, on every value that the contract settles.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from due_regard.assessment import assess_records
from due_regard.calendars.working_days import Convention, WorkingCalendar, load_calendar
from due_regard.policy import PolicyHistory, load_policies
from due_regard.records.canonical import ASSESSMENT_COLUMNS, Records
from tests.reference.drops import Drop
from tests.reference.judge import judge

INCLUDE = Path(__file__).parents[2] / "include"
IS_LONG = os.environ.get("DUE_REGARD_LONG_TESTS") == "1"
VALUES = ("state", "due_on", "done_on", "days_overdue")
Key = tuple[str, str, str, str, int]


@lru_cache
def policies(landlord: str) -> PolicyHistory:
    """The landlord's policy files as shipped."""
    return load_policies(INCLUDE / "policies", landlord)


@lru_cache
def calendar(landlord: str, closures: frozenset[date] = frozenset()) -> WorkingCalendar:
    """The landlord's calendar as shipped, less `closures`."""
    division = "england_and_wales" if landlord == "united_welsh" else "scotland"
    return load_calendar(division, closures, folder=INCLUDE / "calendars")


def counted_by(history: PolicyHistory, convention: Convention) -> PolicyHistory:
    """The same policy counting working days another way."""
    versions = (replace(v, file=v.file.model_copy(update={"counting": convention})) for v in history.versions)
    return PolicyHistory(tuple(versions))


def engine_rows(
    records: Records,
    landlord: str,
    as_at: date,
    *,
    convention: Convention = "day0",
    closures: frozenset[date] = frozenset(),
) -> list[dict[str, Any]]:
    """The engine's rows as plain values; None for a blank date."""
    history = counted_by(policies(landlord), convention)
    return plain_rows(assess_records(records, history, calendar(landlord, closures), as_at))


def plain_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of the engine's frame as plain values."""
    assert tuple(frame.columns[: len(ASSESSMENT_COLUMNS)]) == ASSESSMENT_COLUMNS
    return [_plain(row) for row in frame.to_dict("records")]


def _plain(row: dict[Any, Any]) -> dict[str, Any]:
    return {str(name): _day(value) if str(name).endswith("_on") else value for name, value in row.items()}


def _day(value: Any) -> date | None:
    return None if pd.isna(value) else value.date()


def disagreements(
    drop: Drop,
    landlord: str,
    as_at: date,
    *,
    convention: Convention = "day0",
    closures: frozenset[date] = frozenset(),
) -> list[str]:
    """One line for each row on which engine and reference differ; empty if they agree, order included."""
    expected = _by_key(judge(drop.tables(), landlord, as_at, convention=convention, closures=closures))
    actual = _by_key(engine_rows(drop.frames(), landlord, as_at, convention=convention, closures=closures))
    keys = [*expected, *(key for key in actual if key not in expected)]
    lines = [f"{key}: expected {expected.get(key)}, got {actual.get(key)}" for key in keys]
    wrong = [line for key, line in zip(keys, lines, strict=True) if expected.get(key) != actual.get(key)]
    if not wrong and list(expected) != list(actual):
        wrong = ["same rows in another order"]
    return [f"{landlord} as at {as_at} without {drop.left_out}: {line}" for line in wrong]


def _by_key(rows: Iterable[dict[str, Any]]) -> dict[Key, tuple[Any, ...]]:
    rows = list(rows)
    found = {_key(row): _value(row) for row in rows}
    assert len(found) == len(rows), "two rows for one subject and occurrence"
    return found


def _key(row: dict[str, Any]) -> Key:
    return row["landlord"], row["rule"], row["subject_type"], row["subject_ref"], row["occurrence"]


def _value(row: dict[str, Any]) -> tuple[Any, ...]:
    # How grave a row is that cannot be measured, the contract does not say.
    severity = None if row["state"] == "not_measured" else row["severity"]
    return (*(row[name] for name in VALUES), severity)
