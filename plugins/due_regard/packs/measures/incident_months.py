"""Incidents month by month, and the fixed baseline of the run chart.

The baseline is taken from the first whole quarters on record and never moves: a later month is compared with it.
"""

from __future__ import annotations

import pandas as pd

from due_regard.calendars.quarters import Quarter
from due_regard.packs.measures.figure import Figure, count_cases
from due_regard.packs.measures.quarter_snapshot import QuarterSnapshot

BASELINE_QUARTERS = 4
"""Whole quarters, the first on record, that the run chart's baseline is taken from."""


def count_by_month(snapshot: QuarterSnapshot, months: int = 24) -> pd.DataFrame:
    """Incidents in each of the months up to the quarter's end: columns Month (its first day), Incidents, Baseline.

    The baseline is the middle (median) month of the first four whole quarters on record, the same in every later pack;
    [z] where there were not so many by the quarter's end.
    """
    every = _list_months(snapshot, months)
    if not snapshot.has_columns("incidents"):
        return pd.DataFrame({"Month": pd.Series(dtype="datetime64[s]"), "Incidents": pd.Series(dtype="int64"),
                             "Baseline": pd.Series(dtype="str")})  # fmt: skip
    dates = snapshot.records["incidents"]["occurred_on"]
    dates = dates[dates <= snapshot.end]
    counts, baseline = _count_months(dates[dates >= every[0]], every), _find_baseline(dates)
    value = "[z]" if baseline is None else _find_middle_month(dates, baseline)
    return pd.DataFrame({"Month": every, "Incidents": counts.to_numpy("int64"), "Baseline": value})


def list_month_figures(snapshot: QuarterSnapshot, months: int = 24) -> list[Figure]:
    """The numbers of `count_by_month`, each with the incidents it counts; the baseline's are those of its months."""
    frame = snapshot.records["incidents"]
    frame = frame[frame["occurred_on"] <= snapshot.end]
    of_month, refs = frame["occurred_on"].dt.to_period("M"), frame["incident_ref"]
    figures = [
        count_cases(f"month_{month:%Y_%m}", f"Incidents in {month:%B %Y}", refs[of_month == month.to_period("M")])
        for month in _list_months(snapshot, months)
    ]
    baseline = _find_baseline(frame["occurred_on"])
    if baseline is None:
        return figures
    value, label = _find_middle_month(frame["occurred_on"], baseline), "Baseline: the middle (median) month"
    counted = refs[frame["occurred_on"].between(baseline[0], baseline[-1] + pd.offsets.MonthEnd())]
    return [*figures, Figure("baseline", label, value, unit="incidents a month", counted=counted)]


def _list_months(snapshot: QuarterSnapshot, months: int) -> pd.DatetimeIndex:
    """The first days of the months up to the end of the snapshot's quarter, the oldest first."""
    first = pd.Timestamp(Quarter.of(snapshot.end.date()).ends_on.replace(day=1)) - pd.DateOffset(months=months - 1)
    return pd.date_range(first, periods=months, freq="MS")


def _count_months(dates: pd.Series, months: pd.DatetimeIndex) -> pd.Series:
    counts: pd.Series = dates.dt.to_period("M").dt.to_timestamp().value_counts()
    return counts.reindex(months, fill_value=0)


def _find_middle_month(dates: pd.Series, months: pd.DatetimeIndex) -> float:
    return float(_count_months(dates[dates >= months[0]], months).median())


def _find_baseline(dates: pd.Series) -> pd.DatetimeIndex | None:
    """The months of the baseline; None where there were not so many."""
    if dates.empty:
        return None
    oldest = Quarter.of(dates.min().date())
    first = oldest if dates.min().date() == oldest.starts_on else oldest.shift(1)
    last = first.shift(BASELINE_QUARTERS - 1)
    if pd.Timestamp(last.ends_on) > dates.max() + pd.DateOffset(months=1):
        return None
    return pd.date_range(first.starts_on, last.ends_on, freq="MS")
