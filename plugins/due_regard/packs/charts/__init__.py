"""Charts of a pack: each draws one table and nothing else, so the data behind it stand beside it.

Add a chart as a module with `draw(frame) -> Chart | None` and name its table in `CHARTS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd

from due_regard.packs.charts import ageing, appeal_days, in_force, incident_run, timeliness
from due_regard.packs.charts.canvas import Chart
from due_regard.packs.measures.timeliness import OVERDUE_BANDS
from due_regard.packs.tables import Table

CHARTS: Mapping[str, Callable[[pd.DataFrame], Chart | None]] = {
    "lateness": timeliness.draw,
    "in_force_over_time": in_force.draw,
    "days_to_decide": appeal_days.draw,
    "incidents_by_month": incident_run.draw,
    "overdue_reviews": ageing.draw,
}
"""Table -> what draws it."""


def draw(table: Table) -> Chart | None:
    """The chart of `table`; None where it has none, holds nothing to draw, or hides a figure."""
    if table.name not in CHARTS:
        return None
    data = table.listing if table.listing is not None else _ages(table)
    if data is None or data.astype("str").isin(["[c]"]).any(axis=None):
        return None
    return CHARTS[table.name](data)


def _ages(table: Table) -> pd.DataFrame | None:
    assert table.figures is not None  # noqa: S101 - a table is one of the two
    now = table.figures.drop_duplicates("measure").set_index("measure")
    bands = now.loc[[name for name, _, _ in OVERDUE_BANDS]]
    if bands["numerator"].isna().any():
        return None
    return pd.DataFrame({"Age": bands["label"].to_list(), "Reviews": bands["numerator"].astype("int64").to_list()})


__all__ = ["CHARTS", "Chart", "draw"]
