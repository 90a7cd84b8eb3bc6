"""Registers as different from one another as the canonical columns allow, seeded: what disclosure is attacked with."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from due_regard.calendars.quarters import Quarter
from due_regard.records.canonical import ENTITIES, CanonicalColumn, ColumnKind, Entity, Records, find_dtype
from tests.code_words import list_codes

FIRST, LAST = date(2024, 3, 1), date(2026, 6, 30)
TEAMS = ("Housing", "Repairs", "Money", "Sheltered")
_OPEN = {"markers": "placed_on", "access_requests": "received_on"}
Chance: TypeAlias = np.random.Generator


def make_varied_records(seed: int, *, most: int = 60) -> Records:
    """Every entity with every column; sizes, shares of each code and of blanks differ from register to register."""
    chance = np.random.default_rng(seed)
    sizes = {entity.name: int(chance.integers(0, most + 1)) for entity in ENTITIES}
    sizes |= {"staff": 8, "incidents": int(chance.integers(0, most * 4 + 1))}
    sizes["customers"] = int(chance.integers(1, most * 3))
    found: dict[str, pd.DataFrame] = {}
    for entity in ENTITIES:
        if "restriction_ref" in dict(entity.links) and not sizes["restrictions"]:
            sizes[entity.name] = 0
        found[entity.name] = _make_frame(chance, entity, sizes)
    return found


def _make_frame(chance: Chance, entity: Entity, sizes: dict[str, int]) -> pd.DataFrame:
    size = sizes[entity.name]
    opened_on = entity.opened_on or _OPEN.get(entity.name)
    opened = [_pick_day(chance) for _ in range(size)]
    columns = {}
    for column in entity.columns:
        if column.name == entity.key:
            values: list[Any] = [f"{entity.name[:2].upper()}{number}" for number in range(size)]
        elif column.name == opened_on:
            values = [day.isoformat() for day in opened]
        else:
            values = _fill_column(chance, column, opened, sizes)
        if not column.required and entity.name != "staff":
            blank = chance.random() * 0.7
            values = [None if chance.random() < blank else value for value in values]
        columns[column.name] = pd.Series(values, dtype=find_dtype(column))
    return pd.DataFrame(columns)


def _pick_day(chance: Chance) -> date:
    day = FIRST + timedelta(days=int(chance.integers(0, (LAST - FIRST).days + 1)))
    quarter = Quarter.of(day)
    edge = chance.random()
    return quarter.ends_on if edge < 0.06 else quarter.starts_on if edge < 0.12 else day


def _fill_column(chance: Chance, column: CanonicalColumn, opened: list[date], sizes: dict[str, int]) -> list[Any]:
    size = len(opened)
    if column.kind is ColumnKind.DATE:
        spread = int(chance.choice((3, 30, 200, 500)))
        days = [day + timedelta(days=int(chance.integers(0, spread + 1))) for day in opened]
        return [(Quarter.of(day).ends_on if chance.random() < 0.06 else day).isoformat() for day in days]
    if column.kind is ColumnKind.YN:
        return list(chance.random(size) < chance.random())
    if column.kind is ColumnKind.CODE:
        codes = list_codes(column)
        return list(chance.choice(codes, size, p=chance.dirichlet([0.6] * len(codes))))
    if column.kind is ColumnKind.LIST:
        codes = list_codes(column)
        share = chance.dirichlet([0.6] * len(codes))
        return [_pick_codes(chance, codes, share) for _ in range(size)]
    return [_pick_text(chance, column.name, sizes, place) for place in range(size)]


def _pick_codes(chance: Chance, codes: tuple[str, ...], share: np.ndarray) -> str:
    first = chance.choice(codes, p=share)
    more = chance.choice(codes) if chance.random() < 0.3 else first
    return ";".join(dict.fromkeys((str(first), str(more))))


def _pick_text(chance: Chance, name: str, sizes: dict[str, int], place: int) -> str:
    if name == "team":
        return TEAMS[place % 4] if chance.random() < 0.3 else TEAMS[int(chance.integers(0, 4))]
    pool = {"customer_ref": "customers", "restriction_ref": "restrictions", "incident_ref": "incidents"}
    entity = pool.get(name, "staff")
    return f"{entity[:2].upper()}{int(chance.integers(0, max(sizes[entity], 1)))}"
