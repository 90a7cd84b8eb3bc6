"""Duties kept over five quarters, or two years, as bars of shares: the one chart of the paper."""

from __future__ import annotations

import pandas as pd

from due_regard.packs.charts.canvas import GREY, DrawnChart, finish_chart, make_canvas, remove_grid
from due_regard.packs.charts.timeliness_chart import FILLS, INK
from due_regard.packs.measures.figure import fill_period

PARTS = ("On time", "Late", "Not done by the {period}'s end")
"""The parts of what fell due; the last one names what the bars are of."""
_BARS = {2: "two", 5: "five"}
STEPS = (0, 2, 4)
"""Which of the shades of lateness the three parts have."""


def draw_kept(data: pd.DataFrame) -> DrawnChart | None:
    """Chart of columns Quarter (or year; newest first), Due and `PARTS` filled in; None where nothing fell due."""
    parts = _list_parts(data)
    if data.empty or not data["Due"].any():
        return None
    with make_canvas(2.5) as figure:
        axes = figure.subplots()
        shares = data[parts].div(data["Due"].where(data["Due"] > 0), axis=0).fillna(0) * 100
        left = pd.Series(0.0, index=data.index)
        for name, step in zip(parts, STEPS, strict=True):
            bars = axes.barh(range(len(data)), shares[name], left=left, height=0.74, label=name, color=FILLS[step],
                             hatch=".." if step == 2 else "", edgecolor=GREY, linewidth=0.6)  # fmt: skip
            left += shares[name]
            labels = [f"{n:,}" if share >= 2 else "" for n, share in zip(data[name], shares[name], strict=True)]
            for text in axes.bar_label(bars, labels, label_type="center", color=INK[step], fontsize=9):
                if step == 2:
                    text.set_bbox({"facecolor": FILLS[step], "edgecolor": "none", "pad": 0.8})
        axes.set_yticks(range(len(data)), data["Quarter"], fontsize=9)
        for row, due in enumerate(data["Due"]):
            axes.text(101, row, f"{due:,} due", va="center", fontsize=9, color=GREY)
        axes.set(xlim=(0, 100), xticks=[])
        axes.invert_yaxis()
        axes.spines[["left", "bottom"]].set_visible(False)
        remove_grid(axes)
        figure.legend(loc="outside lower left", ncols=len(parts), fontsize=8.5, handlelength=1.6, columnspacing=1.2)
        return finish_chart(figure, "duties_kept", _make_title(data), _make_alt_text(data))


def _list_parts(data: pd.DataFrame) -> list[str]:
    return [str(name) for name in data.columns if name not in {"Quarter", "Due"}]


def _make_title(data: pd.DataFrame) -> str:
    now, then = data.iloc[0], data.iloc[-1]
    return (
        f"Duties kept on time: {now[PARTS[0]]:,} of {now['Due']:,} in {now['Quarter']}, "
        f"{then[PARTS[0]]:,} of {then['Due']:,} a year before"
    )


def _make_alt_text(data: pd.DataFrame) -> str:
    parts = _list_parts(data)
    rows = "; ".join(
        f"{row['Quarter']}: {row['Due']} due, " + ", ".join(f"{row[name]} {name.lower()}" for name in parts)
        for _, row in data.iterrows()
    )
    word = "years" if parts[-1] == fill_period(PARTS[-1], "year") else "quarters"
    return f"Bar chart of {_BARS.get(len(data), len(data))} {word}. {_make_title(data)}. {rows}."
