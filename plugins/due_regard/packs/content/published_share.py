"""Whether what disclosure control leaves of an edition is worth publishing.

A page of [c] tells a reader nothing but that something is hidden: then nothing is published, and the outcome says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from due_regard.calendars.reporting_years import Period
from due_regard.errors import MissingFigure
from due_regard.packs.content.headlines import fill_sentence, list_measures_named
from due_regard.packs.content.pack_definition import PackDefinition
from due_regard.packs.content.paper_parts import PaperContent
from due_regard.packs.content.table_forms import MeasureTable

if TYPE_CHECKING:
    from due_regard.packs.content.disclosure_control import ProtectedTables

LEAST_SHARE = 0.1
"""Share of the counts of people and cases that must be left to read: with nine of ten hidden, no table has two figures
to compare. Noughts count neither way: they are always shown, and a page of noughts and [c] would pass for full."""


@dataclass(frozen=True)
class ShownShare:
    """How many counts of the reported period an edition shows, of how many; whether any sentence has a figure left."""

    shown: int
    of: int
    has_headline: bool

    @property
    def is_enough(self) -> bool:
        """Whether it is worth publishing. Where nothing is hidden, nothing was lost."""
        return self.shown == self.of or (self.shown >= LEAST_SHARE * self.of and self.has_headline)

    def describe(self, period: Period) -> str:
        """Why nothing is published, in a sentence."""
        left = f"Of the {self.of} counts of people and cases of the {period.word}, {self.shown} could be shown"
        if self.shown >= LEAST_SHARE * self.of:
            left += ", and no sentence has one of them to say"
        return f"{left}; the others are hidden, as small numbers would tell of people. That is too little to publish."


def measure_share(
    true: Mapping[str, MeasureTable],
    protected: ProtectedTables,
    definition: PackDefinition,
    paper: PaperContent,
    period: Period,
) -> ShownShare:
    """What `protected` leaves of the `true` tables' counts of people and cases that are not nought."""
    names = [name for table in true.values() if table.is_publishable for name in _list_counts(table, str(period))]
    counts = [name for name in names if name not in protected.nobodys]
    shown = sum(1 for name in counts if protected.published.get(name) is not None)
    is_said = any(
        _is_said(text, protected, one.table, str(period)) for one in definition.sections for text in one.headlines
    )
    return ShownShare(shown, len(counts), bool(paper.key_figure or paper.points) or is_said)


def _is_said(wording: str, protected: ProtectedTables, name: str, period: str) -> bool:
    """Whether a sentence says a figure of people or cases."""
    table, measures = protected.tables.get(name), list_measures_named(wording)
    if table is None or table.figures is None or {f"{name}/{one}/{period}" for one in measures} <= protected.nobodys:
        return False
    try:
        return bool(fill_sentence(wording, {"": table}))
    except MissingFigure:
        return False


def _list_counts(table: MeasureTable, period: str) -> list[str]:
    if table.figures is None:
        return []
    own: pd.DataFrame = table.figures[(table.figures["quarter"] == period) & (table.figures["unit"] == "count")]
    return [f"{table.name}/{measure}/{period}" for measure in own.loc[own["numerator"] > 0, "measure"]]
