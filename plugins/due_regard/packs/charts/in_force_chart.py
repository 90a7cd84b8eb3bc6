"""Restrictions in force over twelve quarters, one small panel for all and one for each thing limited."""

from __future__ import annotations

from textwrap import fill

import pandas as pd
from matplotlib.axes import Axes

from due_regard.packs.charts.canvas import COLOURS, GREY, DrawnChart, finish_chart, make_canvas, remove_grid

_ACROSS = 5


def draw_in_force(data: pd.DataFrame) -> DrawnChart | None:
    """Chart of `measures.trends.count_in_force_over_time`; None where none was in force in any of the quarters."""
    if data.empty or not data["All restrictions"].any():
        return None
    shown = [name for name in data.columns[1:] if data[name].any()]
    down = -(-len(shown) // _ACROSS)
    with make_canvas(1.3 + 1.75 * down) as figure:
        grid = figure.subplots(down, _ACROSS, squeeze=False)
        tops = [float(data[shown[0]].max()), float(data[shown[1:]].to_numpy().max())]
        for place, axes in enumerate(grid.flat):
            if place < len(shown):
                _draw_panel(axes, data, shown[place], COLOURS[0] if place == 0 else COLOURS[2], tops[min(place, 1)])
            else:
                axes.set_visible(False)
        figure.supxlabel("Left: all restrictions. The other panels share one scale of their own.", fontsize=8.5, x=0.3)
        return finish_chart(figure, "in_force", _make_title(data), _make_alt_text(data, shown))


def _draw_panel(axes: Axes, data: pd.DataFrame, name: str, colour: str, top: float) -> None:
    values = data[name].to_list()
    last = len(values) - 1
    axes.plot(range(len(values)), values, color=colour, linewidth=1.8, drawstyle="steps-mid")
    axes.plot([last], values[-1:], "o", color=colour, markersize=4)
    for place, side, weight in ((0, "left", "normal"), (last, "right", "bold")):
        axes.annotate(
            f"{values[place]:,}", (place, values[place]), xytext=(0, 6), textcoords="offset points", ha=side,
            fontsize=9.5, fontweight=weight, color=GREY if place == 0 else colour,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5, "alpha": 0.8},
        )  # fmt: skip
    axes.set_title(fill(name, 22), fontsize=9, fontweight="normal", loc="left")
    axes.set_ylim(0, top * 1.35)
    axes.set_yticks([])
    ends = [_parse_quarter_end(str(data["Quarter"].iloc[place])) for place in (0, last)]
    axes.set_xticks([0, last], ends, fontsize=8)
    start, end = axes.get_xticklabels()
    start.set_horizontalalignment("left")
    end.set_horizontalalignment("right")
    remove_grid(axes)


def _parse_quarter_end(quarter: str) -> str:
    return quarter.split(" to ")[1]


def _make_title(data: pd.DataFrame) -> str:
    first, last = data.iloc[0], data.iloc[-1]
    now, then = int(last["All restrictions"]), int(first["All restrictions"])
    word = "the same as" if now == then else f"{abs(now - then):,} {'more' if now > then else 'fewer'} than"
    noun = "restriction was" if now == 1 else "restrictions were"
    opened, closed = _parse_quarter_end(str(first["Quarter"])), _parse_quarter_end(str(last["Quarter"]))
    return f"{now:,} {noun} in force at the end of {closed}, {word} at the end of {opened}"


def _make_alt_text(data: pd.DataFrame, shown: list[str]) -> str:
    last, first = data.iloc[-1], data.iloc[0]
    peak = data.iloc[int(data["All restrictions"].argmax())]
    parts = "; ".join(f"{name} {first[name]} to {last[name]}" for name in shown)
    return (
        f"{len(shown)} small line charts over {len(data)} quarters. {_make_title(data)}. "
        f"The most was {peak['All restrictions']}, at the end of {_parse_quarter_end(str(peak['Quarter']))}. "
        f"First to last: {parts}."
    )
