"""Duties that fell due, as bars of shares by lateness."""

from __future__ import annotations

from textwrap import fill

import pandas as pd

from due_regard.packs.charts.canvas import GREY, DrawnChart, finish_chart, make_canvas, remove_grid
from due_regard.packs.measures.timeliness import LATENESS

FILLS = ("#FFFFFF", "#D3E5F7", "#9DBBE0", "#6F8FBF", "#12263F")
"""From on time to not done, each darker than the last: what was not done is seen first, in black and white too."""
INK = ("black", "black", "black", "black", "white")
_HATCHES = ("", "//", "..", "xx", "")


def draw_timeliness(data: pd.DataFrame) -> DrawnChart | None:
    """Chart of `measures.timeliness.count_lateness`; None where nothing fell due."""
    if data.empty:
        return None
    with make_canvas(1.7 + 0.42 * len(data)) as figure:
        axes = figure.subplots()
        shares = data[list(LATENESS)].div(data["Due in the quarter"], axis=0) * 100
        left = pd.Series(0.0, index=data.index)
        for place, name in enumerate(LATENESS):
            bars = axes.barh(
                range(len(data)), shares[name], left=left, height=0.72, label=name,
                color=FILLS[place], hatch=_HATCHES[place], edgecolor=GREY, linewidth=0.6,
            )  # fmt: skip
            left += shares[name]
            labels = [f"{n:,}" if share >= 3 else "" for n, share in zip(data[name], shares[name], strict=True)]
            for text in axes.bar_label(bars, labels, label_type="center", color=INK[place], fontsize=9):
                if _HATCHES[place]:
                    text.set_bbox({"facecolor": FILLS[place], "edgecolor": "none", "pad": 1.2})
        axes.set_yticks(range(len(data)), [fill(label, 44) for label in _list_labels(data)], fontsize=9)
        for row, due in enumerate(data["Due in the quarter"]):
            axes.text(101, row, f"{due:,} due", va="center", fontsize=9, color=GREY)
        axes.set(xlim=(0, 100), xticks=[])
        axes.invert_yaxis()
        axes.spines[["left", "bottom"]].set_visible(False)
        remove_grid(axes)
        figure.legend(loc="outside lower left", ncols=len(LATENESS), fontsize=8.5, handlelength=1.6, columnspacing=1.2)
        return finish_chart(figure, "timeliness", _make_title(data), _make_alt_text(data))


def _list_labels(data: pd.DataFrame) -> list[str]:
    """Each duty with what its days are counted in: five days late are a week of working days."""
    return [f"{duty} ({unit})" for duty, unit in zip(data["Duty"], data["Counted in"], strict=True)]


def _make_title(data: pd.DataFrame) -> str:
    due, on_time = int(data["Due in the quarter"].sum()), int(data[LATENESS[0]].sum())
    undone = int(data[LATENESS[-1]].sum())
    return f"Done on time: {on_time:,} of {due:,} duties that fell due; not done by the quarter's end: {undone:,}"


def _make_alt_text(data: pd.DataFrame) -> str:
    worst = data.iloc[int((data[LATENESS[-1]] / data["Due in the quarter"]).argmax())]
    rows = "; ".join(
        f"{label}: " + ", ".join(f"{row[name]} {name.lower()}" for name in LATENESS if row[name])
        for label, (_, row) in zip(_list_labels(data), data.iterrows(), strict=True)
    )
    most = (
        f" Most often undone: {worst['Duty']}, {worst[LATENESS[-1]]} of {worst['Due in the quarter']}."
        if worst[LATENESS[-1]]
        else ""
    )
    return f"Bar chart. {_make_title(data)}.{most} {rows}."
