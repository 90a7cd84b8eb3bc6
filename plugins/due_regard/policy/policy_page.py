"""One version of a policy, line by line in plain words, for `policy show`.

The sentences are duty_wording's; here is only their order on the page.
"""

from __future__ import annotations

from collections.abc import Iterator

from due_regard.policy.duties import Duty
from due_regard.policy.duty_wording import (
    describe_code,
    describe_duty,
    describe_failure,
    describe_field,
    describe_reading,
    join_listed,
)
from due_regard.policy.policy_versions import Policy

_COUNTING = {
    "day0": "the day itself is day 0",
    "day1": "the day itself, or the next working day, is day 1",
    "roll_then_add": "a start on a day that is no working day is moved to the next one first",
}


def describe_counting(policy: Policy) -> str:
    """From when the policy counts working days."""
    return _COUNTING[policy.counting]


def describe_policy(policy: Policy, confirmed: dict[str, str]) -> list[str]:
    """A whole policy, line by line; `confirmed` maps a rule to who confirmed our reading and when."""
    approved = f", approved on {policy.approved_on:%-d %B %Y}" if policy.approved_on else ", day of approval not given"
    lines = [f"{policy.title} ({policy.landlord}), in force from {policy.effective_from:%-d %B %Y}{approved}"]
    lines.append(f"Working days: {describe_counting(policy)}.")
    for duty in policy.duties:
        lines += [
            "",
            f"Clause {duty.clause}: {duty.label} [{duty.rule}]",
            *(f"  {line}" for line in _describe_one_duty(duty)),
        ]
        lines += [f"  {describe_reading(duty, confirmed)}"] if duty.reading else []
    return lines


def _describe_one_duty(duty: Duty) -> Iterator[str]:
    if duty.promise:
        yield f'The policy says: "{duty.promise}"'
    yield describe_duty(duty)
    yield f"Who acts: {describe_code(duty.owner_role)}. {describe_failure(duty)}"
    yield f"To put it right: {duty.remedy}"
    if duty.statutory:
        yield "A clock set by law, not by the landlord."
    if not duty.curable:
        yield "Nothing done afterwards makes it good; it stays on record."
    if duty.restricted_to:
        yield f"Heard of by {join_listed([describe_code(role) for role in duty.restricted_to], 'and')} alone."
    if duty.absent_as_blank:
        fields = join_listed([describe_field(path) for path in duty.absent_as_blank], "or")
        yield f"Where the export has no column {fields}, that counts as not recorded."
