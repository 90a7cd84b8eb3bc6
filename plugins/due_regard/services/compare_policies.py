"""What a changed policy file would change in today's findings."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from due_regard.config.settings import Settings
from due_regard.errors import PolicyError
from due_regard.policy import PolicyHistory
from due_regard.services.landlord_context import load_landlord_context
from due_regard.services.read_assessments import FROM_REGISTER, RecordChoice, read_chosen_records

if TYPE_CHECKING:
    import pandas as pd


def compare_policy_files(
    settings: Settings, old: Path, new: Path, choice: RecordChoice = FROM_REGISTER, *, as_at: date
) -> pd.DataFrame:
    """Findings that a change from policy file `old` to `new` would add, remove or move (policy/policy_diff.py).

    Raises:
        PolicyError: a file is wrong, or they are two landlords'.
    """
    from due_regard.assessment import assess_records
    from due_regard.codes.code_files import load_code_lists
    from due_regard.policy.policy_diff import compare_findings
    from due_regard.policy.policy_versions import Policy, read_policy

    lists = load_code_lists(settings.codes_dir)
    files = [read_policy(old, code_lists=lists), read_policy(new, code_lists=lists)]
    landlord = files[0].landlord
    if files[1].landlord != landlord:
        raise PolicyError(f"is {files[1].landlord}'s, not {landlord}'s", file=new)
    context = load_landlord_context(settings, landlord)
    records, _ = read_chosen_records(settings, landlord, choice, as_at)
    alone = [PolicyHistory((Policy(date.min, file),)) for file in files]
    old_findings, new_findings = (assess_records(records, one, context.calendar, as_at) for one in alone)
    return compare_findings(old_findings, new_findings)
