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
"""Figures of a quarter and the one before that add up to nought: (measure or whole, quarters back: 0 or 1, sign)."""


@dataclass(frozen=True)
class TableSpec:
    """How one table is made: from figures a quarter at a time, or as one listing of the reported quarter.

    `counted` are the numbers of a listing as figures, so that each can be opened: of the reported quarter, or with
    `is_by_quarter` of each one.
    `absence` says why a listing cannot be made, or nothing: one without rows would say that there are none.
    `links` are sums over quarters: within one, disclosure control sees what each figure counts (counted_cases).
    `is_publishable` is False for a listing of single cases, or one that repeats counts of other tables by which a
    hidden one could be worked out.
    """

    title: str
    figures: Callable[[QuarterSnapshot], list[Figure]] | None = None
    listing: Callable[[tuple[QuarterSnapshot, ...]], pd.DataFrame] | None = None
    counted: Callable[[QuarterSnapshot], list[Figure]] | None = None
    is_by_quarter: bool = False
    absence: Callable[[QuarterSnapshot], str] | None = None
    sums: tuple[TableSum, ...] = ()
    links: tuple[QuarterLink, ...] = ()
    notes: tuple[str, ...] = ()
    is_publishable: bool = True

    def list_figures(self, snapshot: QuarterSnapshot) -> list[Figure]:
        """The figures of one quarter: the table's own, or a listing's numbers where it can be made."""
        if self.figures is not None:
            return self.figures(snapshot)
        if self.counted is None or (self.absence is not None and self.absence(snapshot)):
            return []
        return self.counted(snapshot)


@dataclass(frozen=True)
class MeasureTable:
    """One table filled: tidy `figures` (`FIGURE_COLUMNS`) or a `listing` whose columns are its headings.

    `counted` are a listing's numbers as tidy figures.

    `why` is why a listing could not be made (a word of quarter_snapshot.py); empty where its rows are all there are.
    """

    name: str
    title: str
    notes: tuple[str, ...] = ()
    sums: tuple[TableSum, ...] = ()
    is_publishable: bool = True
    figures: pd.DataFrame | None = field(default=None, repr=False)
    listing: pd.DataFrame | None = field(default=None, repr=False)
    counted: pd.DataFrame | None = field(default=None, repr=False)
    why: str = ""
