"""Sentences computed from the table under them, from a governance officer's wording.

A wording names figures in braces and nothing is evaluated as code:
    {new}                         the figure of the reported quarter
    {new:restriction|restrictions}   the figure with its noun: "1 restriction", "no restrictions"
    {reviews_late.of}             what it is out of
    {reviews_late.percent}        its share in per cent; .percent_before, .percent_year: the quarter before, a year ago,
                                  with what it is of: "139 of 143 (97 per cent)"
    {overdue.parts}               its parts but noughts: " (31 to 90 calendar days: 1, over 365 calendar days: 2)"
    {new.change} {new.year}       "3 more than", "2 fewer than", "the same as": the quarter before, the same a year ago
    {rows:duty is|duties are}     rows of a listing
    {reviews/reviews_late}        a figure of another table, where a wording speaks of several (the paper's)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import pandas as pd

from due_regard.errors import MissingFigure
from due_regard.packs.content.table_forms import MeasureTable
from due_regard.packs.measures.quarter_snapshot import NO_DUTY, NOT_MEASURED, NOTHING_TO_MEASURE

HIDDEN = "hidden"
"""Why a figure of a publishable edition is not given (disclosure_control)."""

_PLACE = re.compile(
    r"\{(?:([a-z_]+)/)?([a-z][a-z0-9_]*)(?:\.(of|parts|percent|percent_before|percent_year|change|year))?(?::([^|{}]+)\|([^|{}]+))?\}"
)
_BACK = {"change": 1, "year": 4, "percent": 0, "percent_before": 1, "percent_year": 4}
"""Quarters back that a part of a figure looks at."""
_NO_SHARE = "not known"
_SAID = {
    NOT_MEASURED: "{label}: not measured, as the export does not carry what it needs.",
    HIDDEN: "{label}: not shown, to protect people where numbers are small.",
    NO_DUTY: "",
    NOTHING_TO_MEASURE: "",
}


def check_headline(wording: str) -> None:
    """Refuse a wording whose braces cannot be read.

    Raises:
        ValueError: says which form is allowed.
    """
    if set(_PLACE.sub("", wording)) & set("{}"):
        raise ValueError("braces hold a figure's name: {new}, {new:one|many}, {new.of}, .percent, .change or .year")


def list_measures_named(wording: str) -> set[str]:
    """The measures whose figures a wording says."""
    return {found[2] for found in _PLACE.finditer(wording)}


def compute_headline(wording: str, table: MeasureTable) -> str:
    """The sentence of `wording`, from `table`; empty where the policy asks for no such figure or there was no case.

    Raises:
        KeyError: the table has no figure of that name.
    """
    try:
        said = fill_sentence(wording, {"": table})
    except MissingFigure as missing:
        return _SAID[missing.why].format(label=missing.label)
    return said[:1].upper() + said[1:]


def fill_sentence(wording: str, tables: Mapping[str, MeasureTable]) -> str:
    """The sentence of `wording`, whose figures stand in `tables` by the name before the stroke.

    Raises:
        KeyError: there is no such table, or no figure of that name in it.
        MissingFigure: a figure is not measured, hidden, not promised, or there was no case.
    """
    return _PLACE.sub(_build_filler(tables), wording)


def _build_filler(tables: Mapping[str, MeasureTable]) -> Callable[[re.Match[str]], str]:
    def fill_place(found: re.Match[str]) -> str:
        place, name, part, one, many = found.groups()
        table = tables[place or ""]
        if name == "rows" and table.listing is not None:
            if table.why:
                raise MissingFigure(table.why, table.title)
            return _format_counted(len(table.listing), one, many)
        if table.figures is None:
            raise KeyError(name)
        if part == "parts":
            return _list_parts(table.figures, name)
        return _find_part(table.figures[table.figures["measure"] == name], name, part, one, many)

    return fill_place


def _list_parts(figures: pd.DataFrame, name: str) -> str:
    now = figures[figures["of"] == name].drop_duplicates("measure")
    for row in now[now["numerator"].isna()].itertuples():
        raise MissingFigure(str(row.why), str(row.label))
    some = now[now["numerator"] > 0]
    counts = zip(some["label"], some["numerator"].astype("float64"), strict=True)
    said = [f"{_lower_first(str(label))}: {_format_headline_number(number)}" for label, number in counts]
    return f" ({', '.join(said)})" if said else ""


def _lower_first(label: str) -> str:
    return label[:1].lower() + label[1:]


def _find_part(rows: pd.DataFrame, name: str, part: str | None, one: str | None, many: str | None) -> str:
    if rows.empty:
        raise KeyError(name)
    now = rows.iloc[0]
    if pd.isna(now["numerator"]):
        raise MissingFigure(str(now["why"]), str(now["label"]))
    if part in {"change", "year"}:
        return _describe_change(rows, _BACK[part])
    if part is not None and part.startswith("percent"):
        return _describe_share(rows.iloc[_BACK[part]], part != "percent") if len(rows) > _BACK[part] else _NO_SHARE
    value = now["denominator"] if part == "of" else now["numerator"]
    _check_whole(now, value)
    if part == "of" and not value:
        raise MissingFigure(NOTHING_TO_MEASURE, str(now["label"]))
    return _format_counted(float(value), one, many)


def _check_whole(figure: pd.Series, value: object) -> None:
    """A whole that the figure has, and that is not there, was hidden."""
    if pd.isna(value):  # type: ignore[call-overload]
        raise MissingFigure(HIDDEN if figure["of"] else NOT_MEASURED, str(figure["label"]))


def _describe_share(figure: pd.Series, is_earlier: bool) -> str:
    """In per cent; of an earlier quarter, which the sentence says nothing else of, with its numbers."""
    if pd.isna(figure["numerator"]):
        raise MissingFigure(str(figure["why"]), str(figure["label"]))
    _check_whole(figure, figure["denominator"])
    if not figure["denominator"]:
        raise MissingFigure(NOTHING_TO_MEASURE, str(figure["label"]))
    part, whole = float(figure["numerator"]), float(figure["denominator"])
    share = f"{_find_rounded_percent(part, whole)} per cent"
    if not is_earlier:
        return share
    return f"{_format_headline_number(part)} of {_format_headline_number(whole)} ({share})"


def _find_rounded_percent(part: float, whole: float) -> int:
    """Whole per cent; 100 and 0 only where it is all or none."""
    percent = round(100 * part / whole)
    return min(max(percent, 1 if part else 0), 99 if part < whole else 100)


def _describe_change(rows: pd.DataFrame, back: int) -> str:
    if len(rows) <= back or pd.isna(rows.iloc[back]["numerator"]):
        return "not comparable with"
    difference = float(rows.iloc[0]["numerator"]) - float(rows.iloc[back]["numerator"])
    if not difference:
        return "the same as"
    return f"{_format_headline_number(abs(difference))} {'more' if difference > 0 else 'fewer'} than"


def _format_counted(value: float, one: str | None, many: str | None) -> str:
    if one is None or many is None:
        return _format_headline_number(value)
    if value == 0:
        return f"no {many}"
    return f"{_format_headline_number(value)} {one if value == 1 else many}"


def _format_headline_number(value: float) -> str:
    return f"{value:,.1f}" if value % 1 else f"{value:,.0f}"
