"""Series over time behind the charts: restrictions in force over twelve quarters."""

from __future__ import annotations

import pandas as pd

from due_regard.packs.measures.quarter_snapshot import QuarterSnapshot
from due_regard.packs.measures.restrictions import MEASURE_LABELS, is_measured, select_in_force


def count_in_force_over_time(snapshot: QuarterSnapshot, quarters: int = 12) -> pd.DataFrame:
    """Restrictions in force at each quarter's end: columns Quarter, All restrictions, one a measure in words.

    A restriction may carry several measures, so the columns add up to more than all.
    """
    names = list(MEASURE_LABELS.values())
    if not is_measured(snapshot):
        return pd.DataFrame(columns=["Quarter", "All restrictions", *names])
    found = snapshot.spans
    carried = found["measure"].str.split(";")
    held = {label: carried.map(lambda codes, code=code: code in codes) for code, label in MEASURE_LABELS.items()}
    rows = []
    for back in range(quarters - 1, -1, -1):
        quarter = snapshot.quarter.shift(-back)
        current = select_in_force(found, pd.Timestamp(quarter.ends_on)).index
        rows.append([quarter.months, len(current), *(int(held[name].loc[current].sum()) for name in names)])
    return pd.DataFrame(rows, columns=["Quarter", "All restrictions", *names])
