"""Conditions, dates and duties of a policy as sentences a governance officer reads.

Words in, sentences out: every word of policy/conditions has its sentence here. A whole policy as a page is
policy_page.py's and rules_page.py's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from due_regard.policy import conditions
from due_regard.policy.duties import CheckDuty, DeadlineDuty, DocumentDuty, Duty, ReviewDuty, Within
from due_regard.records.canonical import ENTITY

_IN_CAPITALS = {"spso", "psow", "nipso", "cqc", "rqia"}
_BOUNDS = {"after": "after", "before": "before", "not_before": "on or after", "not_after": "on or before"}
_FAILURE = {"breach": "a breach", "explain": "to be explained", "warning": "a warning", "info": "for information"}


def describe_field(path: str) -> str:
    """A field as a person would name it: `restriction.decided_by` is `the restriction's "decided by"`."""
    *links, name = path.split(".")
    owner = "".join(f"{describe_code(link)}'s " for link in links)
    return f'{"the " if owner else ""}{owner}"{describe_code(name)}"'


def describe_code(code: str) -> str:
    """A code in words."""
    return code.upper() if code in _IN_CAPITALS else code.replace("_", " ")


def join_listed(parts: Sequence[str], last: str) -> str:
    """`a, b and c`."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} {last} {parts[-1]}"


def format_many(count: int, unit: str) -> str:
    """`1 month`, `2 months`."""
    return f"{count} {unit}{'' if count == 1 else 's'}"


def describe_condition(condition: Any, *, holds: bool = True) -> str:
    """A condition as a clause of a sentence; with `holds` False, that it does not hold."""
    no = "" if holds else "not "
    match condition:
        case conditions.Present():
            return f"{describe_field(condition.present)} is {no}recorded"
        case conditions.IsYes():
            return f"{describe_field(condition.is_yes)} is {no}yes"
        case conditions.Exists():
            return f"there is {describe_related(condition.exists, article='a' if holds else 'no')}"
        case conditions.Not():
            return describe_condition(condition.not_, holds=not holds)
        case conditions.AnyOf() | conditions.AllOf() if not holds:
            return f"it is not so that {_describe_nested(condition)}"
        case conditions.AnyOf():
            return join_listed([_describe_nested(part) for part in condition.any_of], "or")
        case conditions.AllOf():
            return join_listed([_describe_nested(part) for part in condition.all_of], "and")
        case _:
            return _describe_pair(condition, holds)


def _describe_nested(condition: Any) -> str:
    said = describe_condition(condition)
    parts = condition.any_of if isinstance(condition, conditions.AnyOf) else getattr(condition, "all_of", ())
    return f"({said})" if len(parts) > 1 else said


def _describe_pair(condition: Any, holds: bool) -> str:
    (value,) = (getattr(condition, name) for name in type(condition).model_fields)
    if not isinstance(value, dict):
        raise TypeError(f"no sentence for {type(condition).__name__}")
    ((path, what),) = value.items()
    field, no, does_no = describe_field(path), "" if holds else "not ", "" if holds else "does not "
    include = "includes" if holds else "include"
    match condition:
        case conditions.Equals():
            return f"{field} is {no}{describe_code(what)}"
        case conditions.In():
            codes = join_listed([describe_code(code) for code in what], "or")
            return f"{field} is {no}{'' if holds else 'one of '}{codes}"
        case conditions.Includes():
            return f"{field} {does_no}{include} {describe_code(what)}"
        case conditions.IncludesAll():
            return f"{field} {does_no}{include} all of {join_listed([describe_code(code) for code in what], 'and')}"
        case conditions.Differs():
            return f"{field} {'differs from' if holds else 'is the same as'} {describe_field(what)}"
        case conditions.NoLaterThan():
            return f"{field} is {no}at most {format_many(what.months, 'month')} after {describe_field(what.after)}"
        case _:
            raise TypeError(f"no sentence for {type(condition).__name__}")


def describe_related(related: conditions.Related, *, article: str = "a") -> str:
    """Related records with what bounds them: `a warning of the same customer, dated before "decided on"`."""
    noun = describe_code(ENTITY[related.of].subject)
    one = "an" if article == "a" and noun[0] in "aeiou" else article
    said = f"{one} {noun} of the same {describe_code(related.same.split('.')[-1].removesuffix('_ref'))}"
    if related.where is not None:
        said += f" where {describe_condition(related.where)}"
    bounds = [
        f"{bound} {_describe_bound(getattr(related, name))}"
        for name, bound in _BOUNDS.items()
        if getattr(related, name)
    ]
    dated = "dated" if related.date is None else f"with {describe_field(related.date)}"
    said += f", {dated} {join_listed(bounds, 'and')}" if bounds else ""
    if related.standing_until is not None:
        said += (
            f" (an earlier one counts as of that day unless {describe_field(related.standing_until)} had come by then)"
        )
    return said


def _describe_bound(value: Any) -> str:
    return describe_date(value) if isinstance(value, str | conditions.Shifted) else f"({describe_date(value)})"


def describe_date(value: Any) -> str:
    """A date as a noun."""
    match value:
        case str():
            return describe_field(value)
        case conditions.Shifted():
            side = "after" if value.months >= 0 else "before"
            return f"{format_many(abs(value.months), 'month')} {side} {describe_field(value.field)}"
        case conditions.First():
            return describe_related(value.first, article="the first")
        case conditions.EarliestOf():
            return f"the earliest of {join_listed([_describe_bound(part) for part in value.earliest_of], 'and')}"
        case _:
            raise TypeError(f"no sentence for {type(value).__name__}")


def describe_within(within: Within) -> str:
    """How long a duty may take, up to the word before its start."""
    for name, unit in (("working_days", "working day"), ("days", "day"), ("months", "month")):
        count = getattr(within, name)
        if count is not None:
            return f"within {format_many(count, unit)} of"
    after = "the next calendar quarter" if within.quarters == 1 else f"{within.quarters} calendar quarters"
    return f"by the end of {after} after"


def describe_duty(duty: Duty) -> str:
    """What a duty asks, and of which cases."""
    match duty:
        case DeadlineDuty():
            said = _describe_deadline(duty)
        case CheckDuty():
            said = f"Asks that {describe_condition(duty.require)}."
        case ReviewDuty():
            said = _describe_review(duty)
        case DocumentDuty():
            return _describe_document(duty)
    if duty.when is not None:
        said += f" Applies where {describe_condition(duty.when)}."
    for link in duty.requires:
        said += f" Needs the {describe_code(link)} to be on record."
    return said


def _describe_deadline(duty: DeadlineDuty) -> str:
    due = (
        f"{describe_within(duty.within)} {_describe_bound(duty.start)}"
        if duty.within
        else f"on {_describe_bound(duty.due)}"
    )
    rolled = ", or on the next working day if that is none" if duty.roll else ""
    return f"Due {due}{rolled}. Done on {describe_date(duty.done)}."


def _describe_review(duty: ReviewDuty) -> str:
    base = " (or, where it is not recorded, ".join(describe_field(path) for path in duty.base) + ")" * (
        len(duty.base) - 1
    )
    clocks = [f"{format_many(duty.cycle.in_months, 'month')} after {base} and after each review"] if duty.cycle else []
    following = f", then each review's {describe_field(duty.next_agreed)}" if duty.next_agreed else ""
    clocks += [f"on the agreed date ({describe_field(duty.agreed)}{following})"] if duty.agreed else []
    earlier = ", whichever is earlier" if len(clocks) > 1 else ""
    until = f"until {describe_field(duty.ended)} or a review where {describe_condition(duty.closes)}"
    return f"Due {' or '.join(clocks)}{earlier}, {until}. Done on the day of the review."


def _describe_document(duty: DocumentDuty) -> str:
    if duty.due is not None:
        return f"The document itself is to be reviewed by {duty.due:%-d %B %Y}."
    months = duty.cycle.in_months if duty.cycle else 0
    cycle = format_many(months, "month") if months % 12 else format_many(months // 12, "year")
    return f"The document itself is to be reviewed {cycle} after its approval."


def describe_failure(duty: Duty) -> str:
    """How grave a failure is, and where it is taken more lightly."""
    softer = [f"{_FAILURE[level]} where {describe_condition(c)}" for level, c in duty.severity_where.items()]
    return f"A failure is {_FAILURE[duty.severity]}{''.join(f', but {part}' for part in softer)}."


def describe_reading(duty: Duty, confirmed: dict[str, str]) -> str:
    """Our reading of a gap in the text, marked until somebody at the landlord confirmed it."""
    who = confirmed.get(duty.rule)
    return f"Reading confirmed by {who}: {duty.reading}" if who else f"Unconfirmed reading: {duty.reading}"
