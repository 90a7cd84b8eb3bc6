"""One figure of a measure: its numerator, its denominator and, where there is none, why.

Values only. Which figures there are is said in the sibling modules; how a figure is printed, in workbook and paper.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd

FIGURE_COLUMNS = ("measure", "label", "quarter", "numerator", "denominator", "of", "unit", "why")
"""Columns of a tidy frame of figures, one row a measure and quarter (quarter as `2026-Q2`)."""

PERIOD = "{period}"
"""Stands in labels and notes for the word of what a table's columns are: `quarter` or `year`."""

Cases: TypeAlias = pd.Series | tuple[pd.Series, ...]
"""References of cases, named as the column they come from; several where cases of several kinds are counted."""

Bands: TypeAlias = Sequence[tuple[str, str, float]]
"""Bands of days, shortest first: name, label, longest number of days in it."""


@dataclass(frozen=True)
class Figure:
    """One figure of one quarter.

    Attributes:
        measure: short name, unique in its table.
        label: what is counted, in plain words.
        numerator: the figure; None where it cannot be given.
        denominator: out of how many (for days: how many cases stand behind it); None where it is a plain count.
        of: name of the measure that the denominator is, so both are hidden together.
        unit: what the numerator counts.
        why: why there is no numerator.
        is_of_people: whether people or their cases are counted, and not files, rows or teams.
        cases: references of the cases counted, named as the column they come from: what the publishable edition is
            protected by.
        whole: references of the cases that the denominator counts.
        days: for a figure in days, those of each case, by its reference.
        is_judged: whether the cases are rows of assessments, by whose index each one's clause is found.
        counted: what is counted where these are no cases of people: `batch_files` (rows of the files), teams, or cases
            that a publishable edition must not be protected by; only for whoever opens the figure.
        counted_whole: the same of what it is out of.
    """

    measure: str
    label: str
    numerator: float | int | None
    denominator: int | None = None
    of: str = ""
    unit: Literal["count", "days", "working days", "per 100 staff", "incidents a month"] = "count"
    why: str = ""
    is_of_people: bool = True
    cases: Cases | None = field(default=None, repr=False, compare=False)
    whole: Cases | None = field(default=None, repr=False, compare=False)
    days: pd.Series | None = field(default=None, repr=False, compare=False)
    is_judged: bool = False
    counted: pd.Series | None = field(default=None, repr=False, compare=False)
    counted_whole: pd.Series | None = field(default=None, repr=False, compare=False)


def count_cases(
    measure: str,
    label: str,
    cases: Cases,
    whole: Cases | None = None,
    of: str = "",
    *,
    is_judged: bool = False,
) -> Figure:
    """The number of `cases`, out of `whole`, which is the measure `of`; `is_judged`: they are rows of assessments."""
    size = None if whole is None else _count_all(whole)
    return Figure(measure, label, _count_all(cases), size, of, cases=cases, whole=whole, is_judged=is_judged)


def _count_all(cases: Cases) -> int:
    return sum(len(part) for part in cases) if isinstance(cases, tuple) else len(cases)


def make_missing_figure(measure: str, label: str, why: str) -> Figure:
    """A figure that cannot be given."""
    return Figure(measure, label, None, why=why)


def make_missing_figures(labels: Mapping[str, str], why: str) -> list[Figure]:
    """Figures that cannot be given, from their names and labels."""
    return [make_missing_figure(measure, label, why) for measure, label in labels.items()]


def list_band_labels(bands: Bands) -> dict[str, str]:
    """Name -> label of each band."""
    return {name: label for name, label, _ in bands}


def count_bands(days: pd.Series, bands: Bands, of: str, cases: pd.Series, *, is_judged: bool = False) -> list[Figure]:
    """How many `cases` have their `days` in each band, out of all of them, which are the measure `of`."""
    place = pd.cut(days, [-np.inf, *(longest for _, _, longest in bands)], labels=False).to_numpy()
    return [
        count_cases(name, label, cases[place == number], cases, of, is_judged=is_judged)
        for number, (name, label, _) in enumerate(bands)
    ]


def fill_period(text: str, word: str) -> str:
    """A label or note with its `PERIOD` filled in. Teams and duties have labels of the landlord's own: no format."""
    return text.replace(PERIOD, word)


def tidy_figures(figures: Iterable[Figure], quarter: str, word: str = "quarter") -> pd.DataFrame:
    """`FIGURE_COLUMNS` of the figures of one quarter, or one year; numerator Float64, denominator Int64."""
    rows = [
        (f.measure, fill_period(f.label, word), quarter, f.numerator, f.denominator, f.of, f.unit, f.why)
        for f in figures
    ]
    frame = pd.DataFrame(rows, columns=list(FIGURE_COLUMNS))
    return frame.astype({"numerator": "Float64", "denominator": "Int64", **dict.fromkeys(("of", "unit", "why"), "str")})
