"""What a changed policy would change: two sets of assessments compared as findings.

Pure; services/compare_policies assesses by both policies.
"""

from __future__ import annotations

import pandas as pd

from due_regard.records.canonical import find_open_rows

KEY = ["rule", "subject_type", "subject_ref", "occurrence"]


def compare_findings(old: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """Findings that a change from `old` to `new` assessments would add, remove or move.

    Returns:
        One row a changed finding, sorted by rule, subject and occurrence: `KEY`, `change` (added, removed, moved),
        `old_state`, `new_state`, `old_due_on`, `new_due_on`. Moved: its state or due date would differ.
    """
    # A finding is due soon, overdue or in breach, and more than information.
    was, would_be = (found[find_open_rows(found)].set_index(KEY)[["state", "due_on"]] for found in (old, new))
    both = was.add_prefix("old_").join(would_be.add_prefix("new_"), how="outer")
    both["change"] = "moved"
    both.loc[both["old_state"].isna(), "change"] = "added"
    both.loc[both["new_state"].isna(), "change"] = "removed"
    same_due = (both["old_due_on"] == both["new_due_on"]) | (both["old_due_on"].isna() & both["new_due_on"].isna())
    same = (both["change"] == "moved") & (both["old_state"] == both["new_state"]) & same_due
    return (
        both[~same].sort_index().reset_index()[[*KEY, "change", "old_state", "new_state", "old_due_on", "new_due_on"]]
    )
