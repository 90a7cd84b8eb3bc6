"""Incidents a month as a run chart, with limits of usual variation where there are enough points and counts."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from due_regard.packs.charts.canvas import COLOURS, GREY, DrawnChart, finish_chart, make_canvas, remove_grid

FEWEST_POINTS, FEWEST_MEAN = 12, 5
"""With a mean of 1 a month, limits raise a false alarm in a quarter of 12-month charts: below these, none are drawn."""


@dataclass(frozen=True)
class VariationLimits:
    """Mean and limits of usual variation (XmR: mean ± 2.66 times the mean step from month to month)."""

    mean: float
    lower: float
    upper: float


def compute_limits(counts: pd.Series) -> VariationLimits | None:
    """Limits of `counts`; None where points or counts are too few for them to mean anything."""
    if len(counts) < FEWEST_POINTS or counts.mean() < FEWEST_MEAN:
        return None
    step = 2.66 * float(counts.diff().abs().mean())
    mean = float(counts.mean())
    return VariationLimits(mean, max(0.0, mean - step), mean + step)


def draw_incident_run(data: pd.DataFrame) -> DrawnChart | None:
    """Chart of `measures.incidents.count_by_month`; None where there was none in any month."""
    counts = data["Incidents"]
    if data.empty or not counts.any():
        return None
    found = compute_limits(counts)
    with make_canvas(4.2) as figure:
        axes = figure.subplots()
        axes.plot(range(len(data)), counts, color=COLOURS[0], linewidth=1.2, zorder=2)
        for place, value in enumerate(counts):
            beyond = found is not None and not found.lower <= value <= found.upper
            axes.plot(place, value, "D" if beyond else "o", color=COLOURS[3] if beyond else COLOURS[0], zorder=3,
                      markersize=8 if beyond else 5)  # fmt: skip
            if beyond or place == len(data) - 1:
                axes.annotate(str(value), (place, value), xytext=(0, 8), textcoords="offset points",
                              ha="center", fontsize=9, fontweight="bold")  # fmt: skip
        if found is not None:
            _draw_limits(axes, found, len(data))
        every = max(1, len(data) // 8)
        ticks = range(len(data) - 1, -1, -every)
        axes.set_xticks(list(ticks), [f"{data['Month'].iloc[i]:%b %Y}" for i in ticks], fontsize=8.5)
        top = max(int(counts.max()), found.upper if found else 0)
        axes.set(ylim=(0, top * 1.2 + 1), xlim=(-0.5, len(data) + (1.6 if found else -0.3)))
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        remove_grid(axes, grid="y")
        return finish_chart(figure, "incident_run", _make_title(data, found), _make_alt_text(data, found))


def _draw_limits(axes: Axes, found: VariationLimits, points: int) -> None:
    for value, words, style in ((found.mean, "mean", "-"), (found.upper, "upper", "--"), (found.lower, "lower", "--")):
        axes.hlines(value, -0.5, points - 0.5, color=GREY, linewidth=1, linestyle=style)
        axes.text(points - 0.3, value, f"{words} {value:.1f}", fontsize=8.5, va="center", color=GREY)


def _list_months_beyond(data: pd.DataFrame, found: VariationLimits) -> pd.DataFrame:
    return data[(data["Incidents"] > found.upper) | (data["Incidents"] < found.lower)]


def _make_title(data: pd.DataFrame, found: VariationLimits | None) -> str:
    total, last = int(data["Incidents"].sum()), int(data["Incidents"].iloc[-1])
    start = f"{total:,} incidents in {len(data)} months" if total != 1 else f"1 incident in {len(data)} months"
    if found is None:
        return f"{start}, {last} in the last; too few to say what is usual"
    odd = len(_list_months_beyond(data, found))
    if not odd:
        return f"{start}; every month lies within the usual range"
    return f"{start}; {odd} {'month lies' if odd == 1 else 'months lie'} outside the usual range"


def _make_alt_text(data: pd.DataFrame, found: VariationLimits | None) -> str:
    most = data.iloc[int(data["Incidents"].argmax())]
    end = (
        f"The most were {most['Incidents']}, in {most['Month']:%B %Y}; the last month had {data['Incidents'].iloc[-1]}."
    )
    if found is None:
        return f"Line chart by month. {_make_title(data, found)}. {end}"
    odd = ", ".join(f"{row.Month:%B %Y} ({row.Incidents})" for row in _list_months_beyond(data, found).itertuples())
    usual = f"The usual range is {found.lower:.1f} to {found.upper:.1f} about a mean of {found.mean:.1f}."
    return f"Line chart by month. {_make_title(data, found)}{': ' + odd if odd else ''}. {usual} {end}"
