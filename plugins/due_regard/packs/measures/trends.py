"""Series over time behind the charts: restrictions in force over twelve quarters."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from due_regard.calendars.reporting_years import Period
from due_regard.packs.measures.figure import Figure, count_cases
from due_regard.packs.measures.quarter_snapshot import QuarterSnapshot, select_in_force
from due_regard.packs.measures.restrictions import MEASURE_LABELS, is_measured

_ALL = "all"


def count_in_force_over_time(snapshot: QuarterSnapshot, quarters: int = 12) -> pd.DataFrame:
    """Restrictions in force at each quarter's end: columns Quarter, All restrictions, one a measure in words.

    A restriction may carry several measures, so the columns add up to more than all.
    """
    names = list(MEASURE_LABELS.values())
    if not is_measured(snapshot):
        return pd.DataFrame(columns=["Quarter", "All restrictions", *names])
    rows = [[quarter.months, *(len(refs) for refs in held.values())] for quarter, held in _hold(snapshot, quarters)]
    return pd.DataFrame(rows, columns=["Quarter", "All restrictions", *names])


def list_in_force_figures(snapshot: QuarterSnapshot, quarters: int = 12) -> list[Figure]:
    """The numbers of `count_in_force_over_time`, each with the restrictions it counts."""
    labels = {_ALL: "All restrictions", **MEASURE_LABELS}
    return [
        count_cases(f"{code}_{quarter}".lower().replace("-", "_"), f"{labels[code]}, {quarter.months}", refs)
        for quarter, held in (_hold(snapshot, quarters) if is_measured(snapshot) else ())
        for code, refs in held.items()
    ]


def _hold(snapshot: QuarterSnapshot, quarters: int) -> Iterator[tuple[Period, dict[str, pd.Series]]]:
    """Quarter, the oldest first, and references of the restrictions in force at its end: all, and by measure."""
    found = snapshot.spans
    carried = found["measure"].str.split(";")
    marks = {code: carried.map(lambda codes, code=code: code in codes).astype(bool) for code in MEASURE_LABELS}
    for back in range(quarters - 1, -1, -1):
        quarter = snapshot.quarter.shift(-back)
        current = select_in_force(found, pd.Timestamp(quarter.ends_on))["restriction_ref"]
        yield quarter, {_ALL: current, **{code: current[mark.loc[current.index]] for code, mark in marks.items()}}
