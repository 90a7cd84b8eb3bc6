"""What changed since figures were issued: each figure as its audience was last given it, and as it is known now.

A late or corrected export changes the past, and so do a withdrawal, an edited policy and another version of the
program; the sheet says which figure, from what, to what, and by which of these.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import pandas as pd

from due_regard.packs.content.table_forms import MeasureTable

_Values: TypeAlias = Sequence[float | None]
_Figures: TypeAlias = Mapping[str, _Values]
_COLUMNS = ("table", "measure", "label", "quarter", "issued", "now")


def compare_figures(
    issued: Mapping[str, Sequence[float | None]], now: Mapping[str, MeasureTable], *, numbers_alone: bool = False
) -> pd.DataFrame:
    """Every figure that differs from the one issued, in the tables' order; one never issued is none of them.

    Args:
        issued: `table/measure/quarter` -> number and out of how many.
        now: tables as they are shown.
        numbers_alone: compare numbers that are shown now, and not what they are out of: a publishable edition's.

    Returns:
        Columns table, and of the figure measure, label, quarter, issued and now, as they are printed.
    """
    found = [row for name, table in now.items() for row in _list_changes(name, table, issued, numbers_alone)]
    return pd.DataFrame(found, columns=list(_COLUMNS))


def _list_changes(
    name: str, table: MeasureTable, issued: Mapping[str, Sequence[float | None]], numbers_alone: bool
) -> Iterator[tuple[Any, ...]]:
    if table.figures is None or not issued:
        return
    for row in table.figures.to_dict("records"):
        before = issued.get(f"{name}/{row['measure']}/{row['quarter']}")
        number, whole = (None if pd.isna(value) else float(value) for value in (row["numerator"], row["denominator"]))
        if before is None or (numbers_alone and number is None):
            continue
        if number != before[0] or (whole != before[1] and not numbers_alone):
            with_whole = whole != before[1] and not numbers_alone
            said = [_format_figure(*both, with_whole=with_whole) for both in (before, (number, whole))]
            yield (name, row["measure"], row["label"], row["quarter"], *said)


@dataclass(frozen=True)
class ChangeGrounds:
    """What may have changed the figures that one build issued. Figures go by `table/measure/quarter`.

    Attributes:
        rules: what they are counted by that is another now, in sentences.
        has_data_moved: whether anything was taken in, withdrawn or stands again since.
        then: by the rules of now, from what was known when issued; None: not needed, as rules or data are the same.
        kept: as known now, had nothing been withdrawn nor taken back since; None: nothing was.
        is_other_quarter: whether the pack of now reports another quarter.
    """

    rules: tuple[str, ...] = ()
    has_data_moved: bool = True
    then: _Figures | None = field(default=None, repr=False)
    kept: _Figures | None = field(default=None, repr=False)
    is_other_quarter: bool = False


def explain_changes(changes: pd.DataFrame, issued: _Figures, now: _Figures, grounds: ChangeGrounds) -> pd.DataFrame:
    """`changes` with `cause`: data that moved, rules that did, or both."""
    causes = [_name_cause(name, issued, now, grounds) for name in list_figure_names(changes)]
    return changes.assign(cause=causes)


def _name_cause(name: str, issued: _Figures, now: _Figures, grounds: ChangeGrounds) -> str:
    if grounds.is_other_quarter and _is_of_reported(name):
        return _NO_LONGER_REPORTED
    if not grounds.has_data_moved:
        return "; ".join(grounds.rules) or _OTHERWISE
    then = grounds.then or {}
    base = then.get(name, issued[name])
    by_rules, by_data = not _is_same(base, issued[name]), not _is_same(base, now[name])
    if by_rules and not by_data:
        return "; ".join(grounds.rules)
    data = _name_data_cause(name, base, now, grounds.kept)
    return "; ".join((*grounds.rules, data)) if by_rules else data


def _name_data_cause(name: str, base: _Values, now: _Figures, kept: _Figures | None) -> str:
    """An export, a withdrawal or both; what `kept` cannot give is not told apart, and counts as an export's."""
    if kept is None or name not in kept or _is_same(kept[name], now[name]):
        return _EXPORT
    return _WITHDRAWAL if _is_same(base, kept[name]) else _BOTH


def _is_of_reported(name: str) -> bool:
    """Whether a figure is counted otherwise once its quarter is no longer the one reported."""
    table, measure, _ = name.split("/")
    return (table == "data_quality" and not measure.startswith("withdrawn_")) or measure in {"staff", "per_100_staff"}


def list_figure_names(changes: pd.DataFrame) -> list[str]:
    """`table/measure/quarter` of each change."""
    return [f"{row.table}/{row.measure}/{row.quarter}" for row in changes.itertuples()]


def _is_same(one: _Values, other: _Values) -> bool:
    return tuple(one) == tuple(other)


_EXPORT = "A late or corrected export"
_WITHDRAWAL = "A record was withdrawn as entered by mistake, or stands again"
_BOTH = "Both: an export, and a record withdrawn or standing again"
_NO_LONGER_REPORTED = "Its quarter is no longer the one reported: later files, and staff, are not of it"
_OTHERWISE = "No data came since: the program counts it otherwise"


def build_changes_table(changes: pd.DataFrame, now: Mapping[str, MeasureTable]) -> MeasureTable:
    """A listing of what `explain_changes` found."""
    listing = pd.DataFrame({
        "Table": [now[name].title for name in changes["table"]],
        "Measure": changes["label"].to_list(),
        "Quarter": changes["quarter"].to_list(),
        "As issued": changes["issued"].to_list(),
        "As known now": changes["now"].to_list(),
        "Why": changes["cause"].to_list(),
    })
    return MeasureTable(
        "what_changed", "What changed since the figures were issued", (_NOTE,), (), False, listing=listing
    )


_NOTE = "As issued is what this report's audience was last given; a changed figure is marked [r] in its table."


def _format_figure(number: float | None, whole: float | None, *, with_whole: bool) -> float | int | str:
    if number is None or not with_whole or whole is None:
        return _format_value(number)
    return f"{_format_value(number)} of {_format_value(whole)}"


def _format_value(value: float | None) -> float | int | str:
    if value is None:
        return "[x]"
    return int(value) if value.is_integer() else value
