"""Restrictions in force over twelve quarters, one small panel for all and one for each thing limited."""

from __future__ import annotations

from textwrap import fill

import pandas as pd
from matplotlib.axes import Axes

from due_regard.packs.charts.canvas import COLOURS, GREY, Chart, canvas, finish, quiet

_ACROSS = 5


def draw(data: pd.DataFrame) -> Chart | None:
    """Chart of `measures.trends.in_force_over_time`; None where none was in force in any of the quarters."""
    if data.empty or not data["All restrictions"].any():
        return None
    shown = [name for name in data.columns[1:] if data[name].any()]
    down = -(-len(shown) // _ACROSS)
    with canvas(1.1 + 1.75 * down) as figure:
        grid = figure.subplots(down, _ACROSS, sharey=True, squeeze=False)
        for place, axes in enumerate(grid.flat):
            if place < len(shown):
                _panel(axes, data, shown[place], COLOURS[0] if place == 0 else COLOURS[2])
            else:
                axes.set_visible(False)
        return finish(figure, "in_force", _title(data), _alt(data, shown))


def _panel(axes: Axes, data: pd.DataFrame, name: str, colour: str) -> None:
    values = data[name].to_list()
    top = max(int(data["All restrictions"].max()), int(data.iloc[:, 1:].to_numpy().max()))
    axes.plot(range(len(values)), values, color=colour, linewidth=1.8, drawstyle="steps-mid")
    axes.plot([len(values) - 1], values[-1:], "o", color=colour, markersize=4)
    axes.annotate(str(values[-1]), (len(values) - 1, values[-1]), xytext=(0, 6), textcoords="offset points",
                  ha="right", fontsize=10, fontweight="bold", color=colour)  # fmt: skip
    axes.annotate(str(values[0]), (0, values[0]), xytext=(0, 6), textcoords="offset points", fontsize=9, color=GREY)
    axes.set_title(fill(name, 20), fontsize=9, fontweight="normal", loc="left")
    axes.set_ylim(0, top * 1.3)
    axes.set_yticks([])
    first, last = str(data["Quarter"].iloc[0]), str(data["Quarter"].iloc[-1])
    axes.set_xticks([0, len(values) - 1], [_end(first), _end(last)], fontsize=8)
    start, end = axes.get_xticklabels()
    start.set_horizontalalignment("left")
    end.set_horizontalalignment("right")
    quiet(axes)


def _end(quarter: str) -> str:
    return quarter.split(" to ")[1]


def _title(data: pd.DataFrame) -> str:
    first, last = data.iloc[0], data.iloc[-1]
    now, then = int(last["All restrictions"]), int(first["All restrictions"])
    word = "the same as" if now == then else f"{abs(now - then)} {'more' if now > then else 'fewer'} than"
    noun = "restriction was" if now == 1 else "restrictions were"
    opened, closed = _end(str(first["Quarter"])), _end(str(last["Quarter"]))
    return f"{now} {noun} in force at the end of {closed}, {word} at the end of {opened}"


def _alt(data: pd.DataFrame, shown: list[str]) -> str:
    last, first = data.iloc[-1], data.iloc[0]
    peak = data.iloc[int(data["All restrictions"].argmax())]
    parts = "; ".join(f"{name} {first[name]} to {last[name]}" for name in shown)
    return (
        f"{len(shown)} small line charts over {len(data)} quarters. {_title(data)}. "
        f"The most was {peak['All restrictions']}, at the end of {_end(str(peak['Quarter']))}. First to last: {parts}."
    )
