"""The canvas every chart is drawn on: the Analysis Function's style and colours, one size, the same bytes each time.

Colour is never the only signal: every fill has its own hatch, every mark its own number or label beside it.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.resources import as_file, files
from textwrap import wrap
from typing import Literal

import matplotlib as mpl
from afcharts.af_colours import get_af_colours
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

WIDTH, HEIGHT = 9.0, 4.8
"""Inches, as placed in a workbook and on half a slide."""
DPI = 120
"""On paper, where a chart is made smaller, that is some 160 dots an inch."""

_COLOURS_KEPT = 32
"""Colours of a picture, edges of letters included: a third of the bytes, so that paper and workbook fit one mail."""

GREY = "#595959"
COLOURS: tuple[str, ...] = tuple(get_af_colours("categorical"))
HATCHES = ("", "//", "..", "xx", "")
_STYLE = {
    # Shipped with matplotlib, so the same picture on every machine.
    "font.family": ["DejaVu Sans"],
    "font.size": 10,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "hatch.linewidth": 0.6,
    "svg.hashsalt": "due-regard",
}


@dataclass(frozen=True)
class DrawnChart:
    """One chart drawn: PNG bytes, its title (the finding), and the text for who cannot see it."""

    name: str
    title: str
    alt: str
    png: bytes = field(repr=False)


@contextmanager
def make_canvas(height: float = HEIGHT) -> Iterator[Figure]:
    """A figure in the Analysis Function's style."""
    with as_file(files("afcharts") / "afcharts.mplstyle") as style, mpl.rc_context(fname=style), mpl.rc_context(_STYLE):
        yield Figure(figsize=(WIDTH, height), dpi=DPI, layout="constrained")


def finish_chart(figure: Figure, name: str, title: str, alt: str) -> DrawnChart:
    """Give the figure its title, and draw it; the same data gives the same bytes."""
    figure.suptitle("\n".join(wrap(title, 96)), x=0.01, ha="left", fontsize=10.5, fontweight="bold")
    drawn, out = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png", metadata={"Software": None})
    with Image.open(drawn) as picture:
        few = picture.convert("RGB").quantize(_COLOURS_KEPT, dither=Image.Dither.NONE)
        few.save(out, format="png", optimize=True, dpi=(DPI, DPI))
    return DrawnChart(name, title, alt, out.getvalue())


def remove_grid(axes: Axes, *, grid: Literal["x", "y"] | None = None) -> None:
    """Take away the grid (or leave it along one axis) and the tick marks."""
    axes.grid(visible=False)
    if grid is not None:
        axes.grid(visible=True, axis=grid)
    axes.tick_params(length=0)
