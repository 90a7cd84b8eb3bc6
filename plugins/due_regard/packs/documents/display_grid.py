"""A table as it is printed: headings, and cells that are a number, a date, words or a shorthand in brackets.

Both workbook and paper print this. Shorthand is the Analysis Function's: [z] not applicable, [x] not available,
[c] hidden to protect people, [r] revised.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, TypeAlias

import pandas as pd

from due_regard.calendars.reporting_years import Period, parse_period
from due_regard.packs.content.headlines import HIDDEN
from due_regard.packs.content.table_forms import MeasureTable
from due_regard.packs.measures.quarter_snapshot import NO_DUTY, NOT_MEASURED, NOTHING_TO_MEASURE

Cell: TypeAlias = str | int | float | date
Form = Literal["text", "number", "percent", "date", "month"]

SHORTHAND = {
    "[z]": "not applicable: a plain count is part of no whole, the policy makes no such promise, or there was no case",
    "[x]": "not available: the landlord's export does not carry what is needed",
    "[c]": "hidden, to protect people where numbers are small",
    "[r]": "revised: differs from the figure last issued for that time",
}
_WHY = {NO_DUTY: "[z]", NOTHING_TO_MEASURE: "[z]", NOT_MEASURED: "[x]", HIDDEN: "[c]"}
_NONE, _ABSENT = "None", "Not measured: the export does not carry it"


@dataclass(frozen=True)
class DisplayGrid:
    """Headings, the form of each column, and rows of cells; never without a row."""

    headings: tuple[str, ...]
    forms: tuple[Form, ...]
    rows: tuple[tuple[Cell, ...], ...]


def build_grid(table: MeasureTable, revised: frozenset[str] = frozenset()) -> DisplayGrid:
    """`table` as it is printed: one without rows says `None`, or that it is not measured.

    A row that no promise stands behind is left out.
    """
    found = (
        _build_listing_grid(table.listing) if table.listing is not None else _build_figures_grid(table.figures, revised)
    )
    if found.rows:
        return found
    sign = _WHY.get(table.why, "[z]")
    return DisplayGrid(
        found.headings, found.forms, ((_ABSENT if table.why else _NONE, *[sign] * (len(found.headings) - 1)),)
    )


def _build_listing_grid(frame: pd.DataFrame) -> DisplayGrid:
    forms: list[Form] = [_choose_form(name, frame[name]) for name in frame.columns]
    rows = tuple(tuple(_as_native(value) for value in row) for row in frame.itertuples(index=False))
    return DisplayGrid(tuple(str(name) for name in frame.columns), tuple(forms), rows)


def _choose_form(name: str, values: pd.Series) -> Form:
    if str(values.dtype).startswith("datetime64"):
        return "month" if name == "Month" else "date"
    if len(values) and all(isinstance(value, date | str) for value in values):
        return "date" if any(isinstance(value, date) for value in values) else "text"
    return "number" if len(values) else "text"


def _as_native(value: object) -> Cell:
    if isinstance(value, pd.Timestamp):
        return value.date()
    return value.item() if hasattr(value, "item") else value  # type: ignore[return-value]


def _build_figures_grid(figures: pd.DataFrame | None, revised: frozenset[str]) -> DisplayGrid:
    assert figures is not None  # noqa: S101 - a table is one of the two
    quarters = list(dict.fromkeys(figures["quarter"]))
    has_share = bool(figures["denominator"].notna().any() | (figures["of"] != "").any())
    headings, forms = ["Measure"], ["text"]
    for place, text in enumerate(quarters):
        heads = _list_headings(parse_period(text), place, has_share)
        headings += [head for head, _ in heads]
        forms += [form for _, form in heads]
    by_name: dict[str, dict[str, Any]] = {}
    for figure in figures.itertuples(index=False):
        by_name.setdefault(str(figure.measure), {})[str(figure.quarter)] = figure
    rows = [
        _build_row([of_name.get(quarter) for quarter in quarters], has_share, name in revised)
        for name, of_name in by_name.items()
        if len(of_name) < len(quarters) or any(figure.why != NO_DUTY for figure in of_name.values())
    ]
    return DisplayGrid(tuple(headings), tuple(forms), tuple(rows))  # type: ignore[arg-type]


def _list_headings(quarter: Period, place: int, has_share: bool) -> list[tuple[str, Form]]:
    name = quarter.months + (" (a year ago)" if place == 4 else "")
    if not has_share:
        return [(name, "number")]
    share: list[tuple[str, Form]] = [(f"{name}, per cent", "percent")] if place == 0 else []
    return [(f"{name}, number", "number"), (f"{name}, out of", "number"), *share]


def _build_row(figures: Sequence[Any], has_share: bool, is_revised: bool) -> tuple[Cell, ...]:
    """A measure's figures, one a quarter (None: it had none) as a row."""
    known = next(figure for figure in figures if figure is not None)
    unit = str(known.unit)
    label = str(known.label) + ("" if unit == "count" else f" ({unit})") + (" [r]" if is_revised else "")
    cells: list[Cell] = [label]
    for place, figure in enumerate(figures):
        number: Cell = "[z]"
        out_of: Cell = "[z]"
        if figure is not None:
            number, out_of = _format_number(figure.numerator, figure.why), _format_out_of(figure)
        cells.append(number)
        if has_share:
            cells.append(out_of)
        if has_share and place == 0:
            cells.append(_format_share(number, out_of, unit))
    return tuple(cells)


def _format_number(value: object, why: object) -> Cell:
    if pd.isna(value):  # type: ignore[call-overload]
        return _WHY.get(str(why), "[z]")
    number = float(value)  # type: ignore[arg-type]
    return int(number) if number.is_integer() else number


def _format_out_of(figure: Any) -> Cell:
    value, why = figure.denominator, figure.why
    if pd.notna(value):
        return int(value)
    # A whole that was there and is not shown was hidden, whether or not its part is.
    is_hidden = figure.of and (why == HIDDEN or pd.notna(figure.numerator))
    return "[c]" if is_hidden else _WHY.get(str(why), "[z]")


def _format_share(number: Cell, out_of: Cell, unit: str) -> Cell:
    if isinstance(number, str):
        return number
    if unit != "count" or isinstance(out_of, str) or out_of == 0 or not isinstance(out_of, int):
        return "[c]" if out_of == "[c]" else "[z]"
    return float(number) / out_of  # type: ignore[arg-type]
