"""Working days taken to decide appeals, one dot an appeal (or a number of them), with the policy's limit."""

from __future__ import annotations

from math import inf, sqrt

import pandas as pd
from matplotlib.axes import Axes

from due_regard.packs.charts.canvas import COLOURS, GREY, DrawnChart, finish_chart, make_canvas, remove_grid


def draw_appeal_days(data: pd.DataFrame) -> DrawnChart | None:
    """Chart of `measures.appeals.count_days_to_decide`; None where no appeal was decided in any of the quarters."""
    if data.empty:
        return None
    quarters = list(dict.fromkeys(data["Quarter"]))
    data = data[data["Appeals"] > 0].astype({"Working days to decide": "int64"})
    limit = _find_limit(data)
    with make_canvas(1.5 + 0.55 * len(quarters)) as figure:
        axes = figure.subplots()
        data = data.assign(place=data["Quarter"].map(quarters.index))
        over = data["Working days to decide"] > (inf if limit is None else limit)
        _draw_dots(axes, data[~over], COLOURS[0], "o")
        _draw_dots(axes, data[over], COLOURS[3], "D")
        _draw_frame(axes, quarters, limit, int(data["Working days to decide"].max()))
        return finish_chart(figure, "days_to_decide", _make_title(data, limit), _make_alt_text(data, limit))


def _draw_dots(axes: Axes, rows: pd.DataFrame, colour: str, marker: str) -> None:
    """A dot for each number of days; the more appeals it stands for, the larger, and with their number above."""
    days, places, counts = (rows[name] for name in ("Working days to decide", "place", "Appeals"))
    sizes = 70 + 22 * (counts - 1).clip(upper=20)
    axes.scatter(days, places, s=sizes, zorder=3, color=colour, marker=marker)
    for day, place, count, size in zip(days, places, counts, sizes, strict=True):
        if count > 1:
            # A size is points squared; a diamond stands out of its square.
            above = sqrt(size) * (0.5 if marker == "o" else 0.75) + 1
            label = axes.annotate(
                f"x{count}", (day, place), xytext=(0, above), textcoords="offset points", ha="center", fontsize=8
            )
            # It stands inside the axes: nothing need make room for it.
            label.set_in_layout(False)


def _draw_frame(axes: Axes, quarters: list[str], limit: int | None, longest: int) -> None:
    if limit is not None:
        axes.axvline(limit, color=GREY, linewidth=1.2, linestyle="--")
        axes.text(limit, -0.75, f" limit {limit}", fontsize=9, color=GREY)
    axes.set_yticks(range(len(quarters)), quarters, fontsize=9)
    width = max(longest, limit or 0) * 1.08 + 1
    # Room for a whole dot on day 0.
    axes.set(ylim=(len(quarters) - 0.5, -0.95), xlim=(-0.025 * width, width),
             xlabel="Working days from receipt to decision")  # fmt: skip
    remove_grid(axes, grid="x")


def _find_limit(data: pd.DataFrame) -> int | None:
    value = data["Limit in working days"].iloc[0]
    return None if isinstance(value, str) else int(value)


def _make_title(data: pd.DataFrame, limit: int | None) -> str:
    total = int(data["Appeals"].sum())
    noun = "appeal" if total == 1 else "appeals"
    if limit is None:
        longest = int(data["Working days to decide"].max())
        return (
            f"{total} {noun} decided in five quarters, the slowest in {longest} working days; the policy sets no limit"
        )
    within = int(data.loc[data["Working days to decide"] <= limit, "Appeals"].sum())
    return f"{within} of {total} {noun} decided in five quarters took no more than {limit} working days"


def _make_alt_text(data: pd.DataFrame, limit: int | None) -> str:
    parts = []
    for quarter, rows in data.groupby("Quarter", sort=False):
        days = rows["Working days to decide"]
        span = f"{days.min()} to {days.max()}" if days.min() != days.max() else f"{days.min()}"
        parts.append(f"{quarter}: {rows['Appeals'].sum()} decided in {span} working days")
    return f"Dot chart. {_make_title(data, limit)}. {'; '.join(parts)}."
