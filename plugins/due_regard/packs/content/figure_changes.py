"""What changed since a quarter's figures were filed: the same tables as known at its close and as known now.

A late or corrected export changes the past, and so does a withdrawal; the sheet says which figure, from what, to what,
and by which of the two.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from due_regard.packs.content.measure_tables import MeasureTable


def compare_figures(filed: Mapping[str, MeasureTable], now: Mapping[str, MeasureTable], quarter: str) -> pd.DataFrame:
    """Every figure of `quarter` that differs from the one filed, in the tables' order.

    Columns: table, and of the figure measure, label, quarter, numerator and numerator_filed.
    """
    parts = [
        _join_figures(name, filed[name].figures, table.figures, quarter)
        for name, table in now.items()
        if table.figures is not None and name in filed and filed[name].figures is not None
    ]
    empty = pd.DataFrame(columns=["table", "measure", "label", "quarter", "numerator", "numerator_filed"])
    return pd.concat(parts, ignore_index=True) if parts else empty


def explain_changes(
    changes: pd.DataFrame,
    filed: Mapping[str, MeasureTable],
    kept: Mapping[str, MeasureTable] | None,
    now: Mapping[str, MeasureTable],
    quarter: str,
) -> pd.DataFrame:
    """`changes` with `cause`: an export, a withdrawal, or both.

    `kept` are the tables as they would be had nothing been withdrawn, nor taken back, since; None where nothing was.
    """
    if kept is None:
        return changes.assign(cause=_EXPORT)
    by_export = _name_figures(compare_figures(filed, kept, quarter))
    by_withdrawal = _name_figures(compare_figures(kept, now, quarter))
    causes = [
        _BOTH if name in by_export and name in by_withdrawal else _WITHDRAWAL if name in by_withdrawal else _EXPORT
        for name in zip(changes["table"], changes["measure"], strict=True)
    ]
    return changes.assign(cause=causes)


def _name_figures(changes: pd.DataFrame) -> set[tuple[str, str]]:
    return set(zip(changes["table"], changes["measure"], strict=True))


_EXPORT = "A late or corrected export"
_WITHDRAWAL = "A record was withdrawn as entered by mistake, or stands again"
_BOTH = "Both: an export, and a record withdrawn or standing again"


def build_changes_table(changes: pd.DataFrame, now: Mapping[str, MeasureTable]) -> MeasureTable:
    """A listing of what `explain_changes` found."""
    listing = pd.DataFrame({
        "Table": [now[name].title for name in changes["table"]],
        "Measure": changes["label"].to_list(),
        "Quarter": changes["quarter"].to_list(),
        "As filed": [_format_value(value) for value in changes["numerator_filed"]],
        "As known now": [_format_value(value) for value in changes["numerator"]],
        "Why": changes["cause"].to_list(),
    })
    return MeasureTable(
        "what_changed", "What changed since the figures were filed", (_NOTE,), (), False, listing=listing
    )


_NOTE = "As filed is what was known at the end of the quarter's last day; a changed figure is marked [r] in its table."


def _join_figures(name: str, filed: pd.DataFrame | None, now: pd.DataFrame | None, quarter: str) -> pd.DataFrame:
    assert filed is not None and now is not None  # noqa: S101 - the caller asked
    key = ["measure", "quarter"]
    both = now[now["quarter"] == quarter].merge(
        filed[[*key, "numerator", "denominator"]], on=key, how="left", suffixes=("", "_filed")
    )
    differs = pd.Series(False, index=both.index)
    for column in ("numerator", "denominator"):
        same = (both[column] == both[f"{column}_filed"]).fillna(False)
        differs |= ~(same | (both[column].isna() & both[f"{column}_filed"].isna())).astype(bool)
    return both.loc[differs].assign(table=name)


def _format_value(value: float) -> float | int | str:
    if pd.isna(value):
        return "[x]"
    return int(value) if float(value).is_integer() else float(value)
