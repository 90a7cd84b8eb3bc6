"""What a changed policy would change: two sets of assessments compared as findings.

Pure; pipeline.py has both policies judged.
"""

from __future__ import annotations

import pandas as pd

from due_regard.contract import OPEN_STATES

KEY = ["rule", "subject_type", "subject_ref", "occurrence"]


def findings_of(assessments: pd.DataFrame) -> pd.DataFrame:
    """The assessments that are findings: due soon, overdue or in breach, and more than information."""
    open_ones = assessments["state"].isin(OPEN_STATES) & (assessments["severity"] != "info")
    return assessments[open_ones].set_index(KEY)


def changes(old: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """Findings that a change from `old` to `new` assessments would add, remove or move.

    Returns:
        One row a changed finding, sorted by rule, subject and occurrence: `KEY`, `change` (added, removed, moved),
        `old_state`, `new_state`, `old_due_on`, `new_due_on`. Moved: its state or due date would differ.
    """
    both = findings_of(old)[["state", "due_on"]].join(
        findings_of(new)[["state", "due_on"]], how="outer", lsuffix="_old", rsuffix="_new"
    )
    both["change"] = "moved"
    both.loc[both["state_old"].isna(), "change"] = "added"
    both.loc[both["state_new"].isna(), "change"] = "removed"
    same_due = (both["due_on_old"] == both["due_on_new"]) | (both["due_on_old"].isna() & both["due_on_new"].isna())
    same = (both["change"] == "moved") & (both["state_old"] == both["state_new"]) & same_due
    both = both[~same].rename(
        columns={f"{name}_{side}": f"{side}_{name}" for name in ("state", "due_on") for side in ("old", "new")}
    )
    return both.sort_index().reset_index()[[*KEY, "change", "old_state", "new_state", "old_due_on", "new_due_on"]]
