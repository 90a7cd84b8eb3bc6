"""Which rules somebody may see: duties that a policy restricts to certain roles stay hidden from all others."""

from __future__ import annotations

from due_regard.policy import PolicyHistory


def list_visible_rules(history: PolicyHistory, *, sees_restricted: bool) -> tuple[str, ...] | None:
    """The rules that may be seen and counted; None for every one, also those that the policy no longer has.

    A rule is restricted if any version of it is. `history` must include the duty to report.
    """
    if sees_restricted:
        return None
    every = {duty.rule for policy in history.versions for duty in policy.duties}
    return tuple(sorted(every.difference(list_restricted_rules(history))))


def list_restricted_rules(history: PolicyHistory) -> tuple[str, ...]:
    """Rules that only certain roles may hear of, in any version of the policy."""
    rules = {duty.rule for policy in history.versions for duty in policy.duties if duty.restricted_to}
    return tuple(sorted(rules))
