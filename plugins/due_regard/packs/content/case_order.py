"""The order in which an opened figure's rows stand: what has waited longest comes first.

One rule for every figure, by what its rows have: days, the day a duty fell due, the day of the record. Rows that are
equal in these stand by kind and reference, so that two readers see the same rows on the same page.
"""

from __future__ import annotations

import pandas as pd

from due_regard.records.canonical import ENTITY, Records

BY_DAYS = "The longest first."
BY_DAY = "The oldest first: by the day a duty fell due, or where it has none, by the day of the record."
BY_FILE = "The file that was taken in first stands first."
BY_REFERENCE = "By reference."


def order_cases(cases: pd.DataFrame, records: Records) -> tuple[pd.DataFrame, str]:
    """The cases in their order, numbered from 0, and that order in words.

    Args:
        cases: `OpenedFigure.cases`.
        records: as the figure's snapshot has them.
    """
    dated = cases.reset_index(drop=True).assign(day=_find_days(cases, records))
    by = [name for name in ("days", "day", "kind", "ref", "rule", "occurrence") if name in dated]
    found = dated.sort_values(by, ascending=[name != "days" for name in by], kind="stable", ignore_index=True)
    return found.drop(columns="day"), _describe_order(dated)


def _find_days(cases: pd.DataFrame, records: Records) -> pd.Series:
    """The day each fell due; else the day of its record; blank where it has neither."""
    begun = pd.Series(pd.NaT, index=range(len(cases)), dtype="datetime64[s]")
    kinds = cases["kind"].reset_index(drop=True)
    for kind in kinds.unique():
        entity, frame = ENTITY.get(str(kind)), records.get(str(kind))
        if entity is None or entity.opened_on is None or frame is None or entity.opened_on not in frame:
            continue
        days = frame.drop_duplicates(entity.key).set_index(entity.key)[entity.opened_on]
        mine = (kinds == kind).to_numpy()
        begun[mine] = days.reindex(cases["ref"].to_numpy()[mine]).to_numpy()
    if "due_on" not in cases:
        return begun
    return cases["due_on"].reset_index(drop=True).fillna(begun)


def _describe_order(dated: pd.DataFrame) -> str:
    if "days" in dated:
        return BY_DAYS
    if (dated["kind"] == "files").any():
        return BY_FILE
    return BY_DAY if dated["day"].notna().any() else BY_REFERENCE
