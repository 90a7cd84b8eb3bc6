"""Incidents a month as a run chart: a fixed baseline, and a rule by which a change is told from chance.

The baseline is the median month of the first four whole quarters on record, and stays where it is. The rule is that of
NHS England's Making Data Count: seven or more months in a row on one side of it. A month on the line itself is passed
over. Limits about a mean that moves with each month, as were drawn before, hide a slow change: it moves them along.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from due_regard.packs.charts.canvas import COLOURS, GREY, DrawnChart, finish_chart, make_canvas, remove_grid

SHORTEST_RUN = 7
BASELINE = "Baseline"
"""The column that holds the baseline; [z] where there is none."""
LOWEST_BASELINE = 1
"""Below a median of 1 a month no month can lie far enough below it to be a sign of anything."""


@dataclass(frozen=True)
class MonthRun:
    """Months in a row on one side of the baseline, from the place `first` to `last`."""

    first: int
    last: int
    months: int
    is_above: bool


def find_baseline(data: pd.DataFrame) -> float | None:
    """The baseline, where there is one and it is not too low to tell anything by."""
    value = data[BASELINE].iloc[-1] if len(data) else "[z]"
    return None if isinstance(value, str) or value < LOWEST_BASELINE else float(value)


def find_last_run(counts: pd.Series, baseline: float) -> MonthRun | None:
    """The last run of `SHORTEST_RUN` or more months on one side of `baseline`."""
    found, current = None, None
    for place, value in enumerate(counts):
        if value == baseline:
            continue
        is_above = bool(value > baseline)
        if current is None or current.is_above != is_above:
            current = MonthRun(place, place, 1, is_above)
        else:
            current = MonthRun(current.first, place, current.months + 1, is_above)
        found = current if current.months >= SHORTEST_RUN else found
    return found


def draw_incident_run(data: pd.DataFrame) -> DrawnChart | None:
    """Chart of `measures.incident_months.count_by_month`; None where there was none in any month."""
    counts = data["Incidents"]
    if data.empty or not counts.any():
        return None
    baseline = find_baseline(data)
    run = None if baseline is None else find_last_run(counts, baseline)
    with make_canvas(4.2) as figure:
        axes = figure.subplots()
        axes.plot(range(len(data)), counts, color=COLOURS[0], linewidth=1.2, zorder=2)
        for place, value in enumerate(counts):
            is_in_run = run is not None and run.first <= place <= run.last and value != baseline
            axes.plot(place, value, "D" if is_in_run else "o", color=COLOURS[3] if is_in_run else COLOURS[0], zorder=3,
                      markersize=7 if is_in_run else 5)  # fmt: skip
            if place == len(data) - 1:
                axes.annotate(str(value), (place, value), xytext=(0, 8), textcoords="offset points",
                              ha="center", fontsize=9, fontweight="bold")  # fmt: skip
        if baseline is not None:
            axes.hlines(baseline, -0.5, len(data) - 0.5, color=GREY, linewidth=1.2, linestyle="--")
            axes.text(len(data) - 0.3, baseline, f"baseline {baseline:g}", fontsize=8.5, va="center", color=GREY)
        _draw_frame(axes, data, max(float(counts.max()), baseline or 0), has_baseline=baseline is not None)
        return finish_chart(figure, "incident_run", _make_title(data), _make_alt_text(data))


def _draw_frame(axes: Axes, data: pd.DataFrame, top: float, *, has_baseline: bool) -> None:
    every = max(1, len(data) // 8)
    ticks = range(len(data) - 1, -1, -every)
    axes.set_xticks(list(ticks), [f"{data['Month'].iloc[i]:%b %Y}" for i in ticks], fontsize=8.5)
    axes.set(ylim=(0, top * 1.2 + 1), xlim=(-0.5, len(data) + (1.9 if has_baseline else -0.3)))
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    remove_grid(axes, grid="y")


def _make_title(data: pd.DataFrame) -> str:
    total, last = int(data["Incidents"].sum()), int(data["Incidents"].iloc[-1])
    start = f"{total:,} incidents in {len(data)} months" if total != 1 else f"1 incident in {len(data)} months"
    baseline = find_baseline(data)
    if baseline is None:
        return f"{start}, {last} in the last; too few to say whether that changed"
    run = find_last_run(data["Incidents"], baseline)
    if run is None:
        return f"{start}; no run of {SHORTEST_RUN} months on one side of the baseline of {baseline:g}, so no change"
    months, side = data["Month"], "above" if run.is_above else "below"
    span = f"{months.iloc[run.first]:%B %Y} to {months.iloc[run.last]:%B %Y}"
    return f"{start}; {run.months} in a row {side} the baseline of {baseline:g}, {span}: a change, not chance"


def _make_alt_text(data: pd.DataFrame) -> str:
    most = data.iloc[int(data["Incidents"].argmax())]
    end = (
        f"The most were {most['Incidents']}, in {most['Month']:%B %Y}; the last month had {data['Incidents'].iloc[-1]}."
    )
    rule = (
        f" A run of {SHORTEST_RUN} or more months on one side of the baseline counts as a change "
        "(NHS England, Making Data Count)."
    )
    return f"Line chart by month. {_make_title(data)}. {end}{rule if find_baseline(data) is not None else ''}"
