"""Charts of a pack: each draws one table and nothing else, so the data behind it stand beside it.

Add a chart as a module with `draw_<what>(frame) -> DrawnChart | None` and name its table in `CHARTS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import pandas as pd

from due_regard.calendars.reporting_years import parse_period
from due_regard.packs.charts import (
    ageing_chart,
    appeal_days_chart,
    in_force_chart,
    incident_run_chart,
    kept_chart,
    timeliness_chart,
)
from due_regard.packs.charts.canvas import DrawnChart
from due_regard.packs.content.table_forms import MeasureTable
from due_regard.packs.measures.figure import fill_period
from due_regard.packs.measures.timeliness import OVERDUE_BANDS

CHARTS: Mapping[str, Callable[[pd.DataFrame], DrawnChart | None]] = {
    "duties_kept": kept_chart.draw_kept,
    "lateness": timeliness_chart.draw_timeliness,
    "in_force_over_time": in_force_chart.draw_in_force,
    "days_to_decide": appeal_days_chart.draw_appeal_days,
    "incidents_by_month": incident_run_chart.draw_incident_run,
    "overdue_reviews": ageing_chart.draw_ageing,
}
"""Table -> what draws it."""


@dataclass(frozen=True)
class _ChartData:
    """What one chart is drawn of; `text` is the same in words, by which two are compared."""

    table: str
    text: str
    frame: pd.DataFrame = field(compare=False, repr=False)


def draw_table_chart(table: MeasureTable) -> DrawnChart | None:
    """The chart of `table`; None where it has none, holds nothing to draw, or hides a figure."""
    if table.name not in CHARTS:
        return None
    data = table.listing if table.listing is not None else _SERIES[table.name](table)
    if data is None or data.astype("str").isin(["[c]"]).any(axis=None):
        return None
    return draw_once(_ChartData(table.name, data.to_csv(), data))


@lru_cache(maxsize=len(CHARTS))
def draw_once(data: _ChartData) -> DrawnChart | None:
    """The packs of a quarter share their charts, and drawing one takes as long as counting five tables."""
    return CHARTS[data.table](data.frame)


def _list_ages(table: MeasureTable) -> pd.DataFrame | None:
    assert table.figures is not None  # noqa: S101 - a table is one of the two
    now = table.figures.drop_duplicates("measure").set_index("measure")
    bands = now.loc[[name for name, _, _ in OVERDUE_BANDS]]
    if bands["numerator"].isna().any():
        return None
    return pd.DataFrame({"Age": bands["label"].to_list(), "Reviews": bands["numerator"].astype("int64").to_list()})


def _list_kept(table: MeasureTable) -> pd.DataFrame | None:
    """Quarters, newest first; None where a figure of one is hidden or not measured."""
    assert table.figures is not None  # noqa: S101 - a table is one of the two
    wide = table.figures.pivot(index="quarter", columns="measure", values="numerator")
    wide = wide.reindex(list(dict.fromkeys(table.figures["quarter"])))[["due", "on_time", "late", "lapsed"]]
    if wide.isna().any(axis=None):
        return None
    shown = [parse_period(str(name)) for name in wide.index]
    parts = [fill_period(part, shown[0].word) for part in kept_chart.PARTS]
    counts = wide.astype("int64").set_axis(["Due", *parts], axis="columns")
    return counts.reset_index(drop=True).assign(Quarter=[one.months for one in shown])


_SERIES: Mapping[str, Callable[[MeasureTable], pd.DataFrame | None]] = {
    "overdue_reviews": _list_ages,
    "duties_kept": _list_kept,
}
"""Table of figures -> what its chart is drawn of."""

__all__ = ["CHARTS", "DrawnChart", "draw_table_chart"]
