"""What a table of a pack is: how one is made, which of its figures add up, and one filled.

Which tables there are is in measure_tables.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import pandas as pd

from due_regard.packs.measures import Figure, QuarterSnapshot


@dataclass(frozen=True)
class TableSum:
    """Figures that add up: `total` = sum of `plus` less sum of `minus`, in every quarter."""

    total: str
    plus: tuple[str, ...]
    minus: tuple[str, ...] = ()


QuarterLink: TypeAlias = tuple[tuple[str, int, int], ...]
"""Figures of several quarters that add up to nought: (measure or whole, quarters back, sign)."""


@dataclass(frozen=True)
class TableSpec:
    """How one table is made: from figures a quarter at a time, or as one listing of the reported quarter.

    `absence` says why a listing cannot be made, or nothing: one without rows would say that there are none.
    `links` are sums over quarters: within one, disclosure control sees what each figure counts (counted_cases).
    `is_publishable` is False for a listing of single cases, or one that repeats counts of other tables by which a
    hidden one could be worked out.
    """

    title: str
    figures: Callable[[QuarterSnapshot], list[Figure]] | None = None
    listing: Callable[[tuple[QuarterSnapshot, ...]], pd.DataFrame] | None = None
    absence: Callable[[QuarterSnapshot], str] | None = None
    sums: tuple[TableSum, ...] = ()
    links: tuple[QuarterLink, ...] = ()
    notes: tuple[str, ...] = ()
    is_publishable: bool = True


@dataclass(frozen=True)
class MeasureTable:
    """One table filled: tidy `figures` (`FIGURE_COLUMNS`) or a `listing` whose columns are its headings.

    `why` is why a listing could not be made (a word of quarter_snapshot.py); empty where its rows are all there are.
    """

    name: str
    title: str
    notes: tuple[str, ...] = ()
    sums: tuple[TableSum, ...] = ()
    is_publishable: bool = True
    figures: pd.DataFrame | None = field(default=None, repr=False)
    listing: pd.DataFrame | None = field(default=None, repr=False)
    why: str = ""
