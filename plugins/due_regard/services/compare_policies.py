"""What a changed policy file would change in today's findings: the landlord's history judged with and without it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from due_regard.config.settings import Settings
from due_regard.errors import PolicyError, RegisterError
from due_regard.policy import Policy, PolicyFile, PolicyHistory, read_policy
from due_regard.policy.policy_versions import find_effective_from
from due_regard.services.landlord_context import load_landlord_context
from due_regard.services.read_assessments import FROM_REGISTER, RecordChoice, read_chosen_records

if TYPE_CHECKING:
    import pandas as pd

    from due_regard.records.validated_drop import ValidatedDrop


@dataclass(frozen=True)
class PolicyComparison:
    """What would change, and how the two files stand in the landlord's history.

    Attributes:
        changes: findings added, removed or moved (policy/policy_diff.py).
        replaces: the version that the new file takes the place of; None where it is one more version.
        starts_on: the day from which the new file holds.
        ends_before: the day from which a later version holds; None where there is none.
        drop: the validated drop, where one was chosen.
    """

    changes: pd.DataFrame
    replaces: date | None
    starts_on: date
    ends_before: date | None
    drop: ValidatedDrop | None


def compare_policy_files(
    settings: Settings, old: Path, new: Path, choice: RecordChoice = FROM_REGISTER, *, as_at: date
) -> PolicyComparison:
    """Findings that putting policy file `new` into the landlord's history would add, remove or move on `as_at`.

    A file counts from the day its name says. A new file of another name takes the place of the old one; an old one of
    another name stands for the version that the new one replaces, else for the one in force on `as_at`.

    Raises:
        PolicyError: a file is wrong, or they are two landlords'.
        RegisterError: the register holds nothing of the landlord.
    """
    from due_regard.assessment import assess_records
    from due_regard.policy.policy_diff import compare_findings

    files = (read_policy(old), read_policy(new))
    landlord = files[0].landlord
    if files[1].landlord != landlord:
        raise PolicyError(f"is {files[1].landlord}'s, not {landlord}'s", file=new)
    context = load_landlord_context(settings, landlord)
    old_start, new_start = _find_starts(context.history, old, new, as_at)
    before = _put_version(context.history, old_start, files[0])
    after = _put_version(before, new_start, files[1])
    if new_start != old_start:
        before = _remove_version(before, new_start)
    records, drop = read_chosen_records(settings, landlord, choice, as_at)
    if not records:
        raise RegisterError(f"nothing had been taken in for {landlord}: there is no finding that could change")
    found = (assess_records(records, history, context.calendar, as_at) for history in (before, after))
    later = [version.effective_from for version in after.versions if version.effective_from > new_start]
    replaces = new_start if any(version.effective_from == new_start for version in before.versions) else None
    return PolicyComparison(compare_findings(*found), replaces, new_start, min(later, default=None), drop)


def _find_starts(history: PolicyHistory, old: Path, new: Path, as_at: date) -> tuple[date, date]:
    """The days from which the two files count."""
    old_start, new_start = find_effective_from(old), find_effective_from(new)
    known = {version.effective_from for version in history.versions}
    if old_start is None:
        replaced = new_start in known
        old_start = new_start if replaced and new_start else history.find_version(as_at).effective_from
    return old_start, new_start or old_start


def _put_version(history: PolicyHistory, start: date, file: PolicyFile) -> PolicyHistory:
    others = _remove_version(history, start).versions
    return PolicyHistory(tuple(sorted((*others, Policy(start, file)), key=lambda version: version.effective_from)))


def _remove_version(history: PolicyHistory, start: date) -> PolicyHistory:
    return PolicyHistory(tuple(version for version in history.versions if version.effective_from != start))
