"""How rows stand to other rows, counted a second time for Great Expectations: versions of a reference, links, orders.

row_checks.py names the rows; nothing of what it found is used here but which rows it took out, and each count is made
by other means. Rules of a single cell are judged by delivered_values.py.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from due_regard.intake.delivered_values import CheckProfile
from due_regard.intake.row_checks import CheckedCandidate
from due_regard.records.canonical import ENTITY
from due_regard.records.validated_drop import ROW_NUMBER

_BETWEEN_ROWS = frozenset({"conflicting_duplicate", "orphan"})
"""Reasons that concern rows which are valid by themselves."""


def count_versions(checked: CheckedCandidate, tables: Sequence[CheckedCandidate]) -> CheckProfile:
    """For each valid row of a table, how many different rows of its entity's `tables` have its reference."""
    key = ENTITY[checked.candidate.entity].key
    valid = {id(item): _take_valid_rows(item) for item in tables}
    every = pd.concat(valid.values(), ignore_index=True)
    repeated = every[every[key].duplicated(keep=False)].drop(columns=ROW_NUMBER)
    versions = pd.util.hash_pandas_object(repeated, index=False).groupby(repeated[key].to_numpy()).nunique()
    return _count_numbers(valid[id(checked)][key].map(versions).fillna(1))


def _take_valid_rows(checked: CheckedCandidate) -> pd.DataFrame:
    valid = np.ones(len(checked.rows), dtype=bool)
    valid[[fault.row for fault in checked.faults if fault.reason not in _BETWEEN_ROWS]] = False
    return checked.rows[valid]


def find_target_refs(
    target: str, tables: Sequence[CheckedCandidate], known: frozenset[str] | None
) -> frozenset[str] | None:
    """The references that a link may name; None where neither the drop nor the register has the entity.

    Args:
        target: the entity pointed to.
        tables: the drop's tables, judged.
        known: its references in the register, None where it was never delivered.
    """
    key = ENTITY[target].key
    brought = [(item.rows[key], item.standing) for item in tables if item.candidate.entity == target]
    if not brought:
        return known
    rejected = {ref for refs, standing in brought for ref in refs[~standing]}
    return ((known or frozenset()) - rejected).union(*(refs[standing] for refs, standing in brought))


def count_links(checked: CheckedCandidate, column: str, there: frozenset[str]) -> CheckProfile:
    """1 for each accepted row whose `column` points to a record, 0 for each that does not; orphans are counted too.

    Args:
        checked: the table that points.
        column: the pointing column.
        there: the references that it may name.
    """
    judged = checked.standing.copy()
    judged[[fault.row for fault in checked.faults if fault.reason == "orphan" and fault.column == column]] = True
    refs = checked.rows.loc[judged, column]
    return _count_numbers(refs.map({ref: int(ref in there) for ref in refs.unique()}))


def count_days_between(earlier: pd.Series, later: pd.Series) -> CheckProfile:
    """Days from one date to the other, for each row that has both."""
    return _count_numbers((later - earlier).dt.days.dropna())


def _count_numbers(numbers: pd.Series) -> CheckProfile:
    values, counts = np.unique(numbers.to_numpy(dtype=np.int64), return_counts=True)
    return CheckProfile(pd.Series(values), counts.astype(np.int64))
