"""Sentences computed from the table under them, from a governance officer's wording.

A wording names figures in braces and nothing is evaluated as code:
    {new}                         the figure of the reported quarter
    {new:restriction|restrictions}   the figure with its noun: "1 restriction", "no restrictions"
    {reviews_late.of}             what it is out of
    {reviews_late.percent}        its share in per cent
    {new.change} {new.year}       "3 more than", "2 fewer than", "the same as": the quarter before, the same a year ago
    {rows:duty is|duties are}     rows of a listing
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pandas as pd

from due_regard.packs.content.measure_tables import MeasureTable
from due_regard.packs.measures.quarter_snapshot import NO_DUTY, NOT_MEASURED, NOTHING_TO_MEASURE

HIDDEN = "hidden"
"""Why a figure of a publishable edition is not given (disclosure_control)."""

_PLACE = re.compile(r"\{([a-z][a-z0-9_]*)(?:\.(of|percent|change|year))?(?::([^|{}]+)\|([^|{}]+))?\}")
_SAID = {
    NOT_MEASURED: "{label}: not measured, as the export does not carry what it needs.",
    HIDDEN: "{label}: not shown, to protect people where numbers are small.",
    NO_DUTY: "",
    NOTHING_TO_MEASURE: "",
}


class _Missing(Exception):
    def __init__(self, sentence: str) -> None:
        super().__init__()
        self.sentence = sentence


def check_headline(wording: str) -> None:
    """Refuse a wording whose braces cannot be read.

    Raises:
        ValueError: says which form is allowed.
    """
    if set(_PLACE.sub("", wording)) & set("{}"):
        raise ValueError("braces hold a figure's name: {new}, {new:one|many}, {new.of}, .percent, .change or .year")


def compute_headline(wording: str, table: MeasureTable) -> str:
    """The sentence of `wording`, from `table`; empty where the policy asks for no such figure or there was no case.

    Raises:
        KeyError: the table has no figure of that name.
    """
    try:
        said = _PLACE.sub(_build_filler(table), wording)
    except _Missing as missing:
        return missing.sentence
    return said[:1].upper() + said[1:]


def _build_filler(table: MeasureTable) -> Callable[[re.Match[str]], str]:
    def fill_place(found: re.Match[str]) -> str:
        name, part, one, many = found.groups()
        if name == "rows" and table.listing is not None:
            if table.why:
                raise _Missing(_SAID[table.why].format(label=table.title))
            return _format_counted(len(table.listing), one, many)
        assert table.figures is not None  # noqa: S101 - a table is one of the two
        return _find_part(table.figures[table.figures["measure"] == name], name, part, one, many)

    return fill_place


def _find_part(rows: pd.DataFrame, name: str, part: str | None, one: str | None, many: str | None) -> str:
    if rows.empty:
        raise KeyError(name)
    now = rows.iloc[0]
    if pd.isna(now["numerator"]):
        raise _Missing(_SAID[str(now["why"])].format(label=now["label"]))
    if part in {"change", "year"}:
        return _describe_change(rows, 1 if part == "change" else 4)
    value = now["denominator"] if part in {"of", "percent"} else now["numerator"]
    if pd.isna(value):
        # A whole that the figure has, and that is not there, was hidden.
        raise _Missing(_SAID[HIDDEN if now["of"] else NOT_MEASURED].format(label=now["label"]))
    if part == "percent":
        if not value:
            raise _Missing("")
        return f"{float(now['numerator']) / float(value):.0%}".replace("%", " per cent")
    return _format_counted(float(value), one, many)


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
