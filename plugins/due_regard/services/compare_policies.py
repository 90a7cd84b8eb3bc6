"""What a changed policy file would change in today's findings."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from due_regard.config.settings import Settings
from due_regard.errors import PolicyError
from due_regard.policy import PolicyHistory
from due_regard.services.landlord_context import load_landlord_context
from due_regard.services.read_assessments import read_chosen_records

if TYPE_CHECKING:
    import pandas as pd


def compare_policy_files(
    settings: Settings, old: Path, new: Path, *, as_at: date, drop: Path | None = None, source: str = "canonical"
) -> pd.DataFrame:
    """Findings that a change from policy file `old` to `new` would add, remove or move (policy/diff.changes).

    Raises:
        PolicyError: a file is wrong, or they are two landlords'.
    """
    from due_regard.assessment import assess_records
    from due_regard.policy.policy_diff import compare_findings
    from due_regard.policy.policy_versions import Policy, read_policy

    files = [read_policy(old), read_policy(new)]
    landlord = files[0].landlord
    if files[1].landlord != landlord:
        raise PolicyError(f"is {files[1].landlord}'s, not {landlord}'s", file=new)
    context = load_landlord_context(settings, landlord)
    records, _ = read_chosen_records(settings, landlord, as_at, None, drop, source)
    alone = [PolicyHistory((Policy(date.min, file),)) for file in files]
    assessed = [assess_records(records, history, context.calendar, as_at) for history in alone]
    return compare_findings(*assessed)
