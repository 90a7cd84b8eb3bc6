"""What changed since figures were issued: each figure as its audience was last given it, and as it is known now.

A late or corrected export changes the past, and so does a withdrawal; the sheet says which figure, from what, to what,
and by which of the two.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from due_regard.packs.content.measure_tables import MeasureTable

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


def explain_changes(
    changes: pd.DataFrame,
    issued: Mapping[str, Sequence[float | None]],
    kept: Mapping[str, Sequence[float | None]] | None,
    now: Mapping[str, MeasureTable],
) -> pd.DataFrame:
    """`changes` with `cause`: an export, a withdrawal, or both.

    `kept` are the figures as they would be had nothing been withdrawn, nor taken back, since `issued` were known; None
    where nothing was. A figure that `kept` cannot give is not told apart, and counts as an export's.
    """
    if kept is None:
        return changes.assign(cause=_EXPORT)
    by_withdrawal = set(list_figure_names(compare_figures(kept, now)))
    causes = [
        _EXPORT if name not in by_withdrawal else _WITHDRAWAL if _is_same(issued[name], kept[name]) else _BOTH
        for name in list_figure_names(changes)
    ]
    return changes.assign(cause=causes)


def list_figure_names(changes: pd.DataFrame) -> list[str]:
    """`table/measure/quarter` of each change."""
    return [f"{row.table}/{row.measure}/{row.quarter}" for row in changes.itertuples()]


def _is_same(one: Sequence[float | None], other: Sequence[float | None]) -> bool:
    return tuple(one) == tuple(other)


_EXPORT = "A late or corrected export"
_WITHDRAWAL = "A record was withdrawn as entered by mistake, or stands again"
_BOTH = "Both: an export, and a record withdrawn or standing again"


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
