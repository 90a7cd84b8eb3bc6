"""Overdue reviews by age, as labelled bars."""

from __future__ import annotations

import pandas as pd

from due_regard.packs.charts.canvas import COLOURS, DrawnChart, finish_chart, make_canvas, remove_grid


def draw_ageing(data: pd.DataFrame) -> DrawnChart | None:
    """Chart of overdue reviews: columns Age, Reviews, oldest last; None where none is overdue."""
    if data.empty or not data["Reviews"].any():
        return None
    with make_canvas(3.2) as figure:
        axes = figure.subplots()
        bars = axes.barh(range(len(data)), data["Reviews"], height=0.66, color=COLOURS[0])
        axes.bar_label(bars, [str(value) for value in data["Reviews"]], padding=4, fontsize=10)
        axes.set_yticks(range(len(data)), [f"{age} overdue" for age in data["Age"]])
        axes.set(xticks=[], xlim=(0, int(data["Reviews"].max()) * 1.12))
        axes.invert_yaxis()
        axes.spines["bottom"].set_visible(False)
        remove_grid(axes)
        return finish_chart(figure, "overdue_reviews", _make_title(data), _make_alt_text(data))


def _make_title(data: pd.DataFrame) -> str:
    total, oldest = int(data["Reviews"].sum()), data[data["Reviews"] > 0].iloc[-1]
    age = str(oldest["Age"])
    if total == 1:
        return f"1 review is overdue, by {age[0].lower()}{age[1:]}"
    return f"{total:,} reviews are overdue, {oldest['Reviews']:,} of them by {age[0].lower()}{age[1:]}"


def _make_alt_text(data: pd.DataFrame) -> str:
    return (
        f"Bar chart. {_make_title(data)}. " + "; ".join(f"{row.Age}: {row.Reviews}" for row in data.itertuples()) + "."
    )
