"""Seeded records of every landlord at any size: canonical dtypes, in order of reference, as the register gives them.

Every column of the contract is carried, one cell in several is blank, and some dates lie after the day of judgement, so
that every branch of a duty is taken. Values are drawn whole columns at a time: a million incidents take about a second.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from due_regard.assessment import assess_records
from due_regard.calendars.working_days import WorkingCalendar, load_calendar
from due_regard.codes.code_files import load_code_lists
from due_regard.config.landlord import list_landlord_ids, load_landlord
from due_regard.policy import PolicyHistory, load_policies
from due_regard.records.canonical import ENTITY, CanonicalColumn, ColumnKind, Records

INCLUDE = Path(__file__).parents[1] / "include"

AS_AT = date(2026, 9, 30)
_FIRST, _LAST = np.datetime64("2021-01-01"), np.datetime64("2026-11-15")
_BLANK = 0.15  # share of blank cells in a column that may be blank

SHARES = {
    "customers": 0.25,
    "staff": 0.002,
    "incidents": 1.0,
    "warnings": 0.1,
    "restrictions": 0.1,
    "reviews": 0.15,
    "appeals": 0.05,
    "markers": 0.05,
    "access_requests": 0.02,
}
"""Records of each entity for one incident."""


@dataclass(frozen=True)
class Case:
    """One landlord: its records, policy and calendar."""

    landlord: str
    records: Records
    history: PolicyHistory
    calendar: WorkingCalendar

    def by_engine(self) -> pd.DataFrame:
        """The product's own answer."""
        return assess_records(self.records, self.history, self.calendar, AS_AT)


def cases(incidents: int) -> list[Case]:
    """Every landlord of include/, with an equal share of the incidents."""
    ids = list_landlord_ids(INCLUDE / "landlords")
    return [_case(name, incidents // len(ids), seed) for seed, name in enumerate(ids)]


def _case(name: str, incidents: int, seed: int) -> Case:
    landlord = load_landlord(INCLUDE / "landlords", name)
    calendar = load_calendar(landlord.division, landlord.closure_days, folder=INCLUDE / "calendars")
    return Case(name, records(incidents, seed=seed), load_policies(INCLUDE / "policies", name), calendar)


def hold_equal(ours: pd.DataFrame, theirs: pd.DataFrame) -> None:
    """Both sides give the same rows.

    Raises:
        AssertionError: they do not.
    """
    pd.testing.assert_frame_equal(ours[theirs.columns], theirs, check_dtype=False)


def records(incidents: int, *, seed: int, shares: Mapping[str, float] = SHARES) -> Records:
    """One landlord's records: `incidents` of them and the other entities in proportion."""
    rng = np.random.default_rng(seed)
    sizes = {name: max(int(incidents * share), 5) for name, share in shares.items()}
    return {name: _entity(rng, name, sizes) for name in SHARES}


def _entity(rng: np.random.Generator, name: str, sizes: dict[str, int]) -> pd.DataFrame:
    entity, size = ENTITY[name], sizes[name]
    opened = _days(rng, size)
    return pd.DataFrame({
        column.name: _column(rng, column, entity.name, size, sizes, opened) for column in entity.columns
    })


def _column(
    rng: np.random.Generator, column: CanonicalColumn, entity: str, size: int, sizes: dict[str, int], opened: np.ndarray
) -> pd.Series:
    if column.name == ENTITY[entity].key:
        return _text(_refs(entity, np.arange(size)))
    if column.kind is ColumnKind.DATE:
        return _dates(rng, column, entity, opened)
    if column.kind is ColumnKind.YN:
        drawn = rng.random(size)
        return pd.Series(pd.array(drawn < 0.7, dtype="boolean")).mask(drawn > 1 - _BLANK)
    if column.kind is ColumnKind.REF:
        target = _target(column.name)
        return _text(_refs(target, rng.integers(0, sizes[target], size)), _gaps(rng, column, size))
    words = _words(column)
    return _text(pa.array(words).take(pa.array(rng.integers(0, len(words), size))), _gaps(rng, column, size))


def _target(column: str) -> str:
    """Entity that a reference points to; people of every kind are staff."""
    return next((name for name, entity in ENTITY.items() if entity.key == column), "staff")


def _words(column: CanonicalColumn) -> list[str]:
    if column.kind is ColumnKind.TEXT:
        return ["recorded", "see file"]
    lists = load_code_lists()
    # The sides that are compared with know no word that counts as another.
    codes = [code for code in lists.list_codes(column) if lists.levels.get(code, code) == code]
    if column.kind is not ColumnKind.LIST:
        return codes
    pairs = [f"{one};{other}" for one, other in pairwise(codes)]
    return [*codes, *pairs, ";".join(codes)]


def _days(rng: np.random.Generator, size: int) -> np.ndarray:
    return _FIRST + rng.integers(0, int((_LAST - _FIRST).astype(int)), size)


def _dates(rng: np.random.Generator, column: CanonicalColumn, entity: str, opened: np.ndarray) -> pd.Series:
    """The opening date itself; planned dates months after it; other events days after it."""
    days = opened.astype("datetime64[s]")
    if column.name != ENTITY[entity].opened_on:
        longest = 500 if column.planned or column.name == "ended_on" else 40
        days = days + rng.integers(0, longest, len(opened)).astype("timedelta64[D]")
        days[_gaps(rng, column, len(opened))] = np.datetime64("NaT")
    return pd.Series(days)


def _gaps(rng: np.random.Generator, column: CanonicalColumn, size: int) -> np.ndarray:
    return rng.random(size) < (0.0 if column.required else _BLANK)


def _refs(entity: str, numbers: np.ndarray) -> pa.Array:
    digits = pc.utf8_lpad(pa.array(numbers).cast(pa.string()), 8, "0")
    return pc.binary_join_element_wise(entity[:2].upper(), digits, "-")


def _text(values: pa.Array, gaps: np.ndarray | None = None) -> pd.Series:
    if gaps is not None:
        values = pc.if_else(pa.array(gaps), None, values)
    return pd.Series(pd.array(values.cast(pa.large_string()), dtype="str"))
