"""The tables of a pack filled with the figures of its quarters or years, one column each.

Which tables there are, and what fills them, is measure_tables'.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import pandas as pd

from due_regard.calendars.reporting_years import Period, ReportingYear
from due_regard.packs.content.measure_tables import SPECS
from due_regard.packs.content.table_forms import MeasureTable, TableSpec, TableSum
from due_regard.packs.measures import FIGURE_COLUMNS, QuarterSnapshot, tidy_figures
from due_regard.packs.measures.figure import fill_period

COLUMNS_SHOWN = 5
"""Quarters a table of figures shows: the reported one and the four before, the last being the same a year ago."""
YEARS_SHOWN = 2
"""Years that an annual edition shows: the reported one and the one before."""


def list_shown_periods(reported: Period) -> tuple[Period, ...]:
    """The columns of a table of figures: the reported quarter or year, and those before it."""
    shown = YEARS_SHOWN if isinstance(reported, ReportingYear) else COLUMNS_SHOWN
    return tuple(reported.shift(-back) for back in range(shown))


def build_measure_table(name: str, snapshots: tuple[QuarterSnapshot, ...], title: str = "") -> MeasureTable:
    """Table `name`, filled from `snapshots`, the reported quarter or year first."""
    spec, word = SPECS[name], snapshots[0].quarter.word
    notes = tuple(fill_period(note, word) for note in spec.notes)
    make = partial(MeasureTable, name, title or spec.title, notes, is_publishable=spec.is_publishable)
    if spec.listing is not None:
        why = spec.absence(snapshots[0]) if spec.absence else ""
        counted = _tidy_all(spec, snapshots if spec.is_by_quarter else snapshots[:1])
        return make(listing=spec.listing(snapshots), counted=counted, sums=spec.sums, why=why)
    figures = _tidy_all(spec, snapshots)
    return make(figures=figures, sums=tuple(_keep_counted(each, set(figures["measure"])) for each in spec.sums))


def _tidy_all(spec: TableSpec, snapshots: Sequence[QuarterSnapshot]) -> pd.DataFrame:
    parts = [tidy_figures(spec.list_figures(one), str(one.quarter), one.quarter.word) for one in snapshots]
    return pd.concat(parts, ignore_index=True)[list(FIGURE_COLUMNS)]


def _keep_counted(total: TableSum, counted: set[str]) -> TableSum:
    """The sum without parts that have no line here: words of the landlord's own, or not known, where there are none."""
    return replace(total, plus=tuple(part for part in total.plus if part in counted))
