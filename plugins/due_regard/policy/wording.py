"""Conditions, dates and duties of a policy as sentences a governance officer reads.

Words in, sentences out: every word of policy/conditions has its sentence here. A whole policy as a page is
policy/page.py's and policy/rules_page.py's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from due_regard.contract import ENTITY
from due_regard.policy import conditions as words
from due_regard.policy.duties import Check, Deadline, Document, Duty, Review, Within

_IN_CAPITALS = {"spso", "psow"}
_BOUNDS = {"after": "after", "before": "before", "not_before": "on or after", "not_after": "on or before"}
_FAILURE = {"breach": "a breach", "explain": "to be explained", "warning": "a warning", "info": "for information"}


def say_field(path: str) -> str:
    """A field as a person would name it: `restriction.decided_by` is `the restriction's "decided by"`."""
    *links, name = path.split(".")
    owner = "".join(f"{say_code(link)}'s " for link in links)
    return f'{"the " if owner else ""}{owner}"{say_code(name)}"'


def say_code(code: str) -> str:
    """A code in words."""
    return code.upper() if code in _IN_CAPITALS else code.replace("_", " ")


def listed(parts: Sequence[str], last: str) -> str:
    """`a, b and c`."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} {last} {parts[-1]}"


def many(count: int, unit: str) -> str:
    """`1 month`, `2 months`."""
    return f"{count} {unit}{'' if count == 1 else 's'}"


def say_condition(condition: Any, *, holds: bool = True) -> str:
    """A condition as a clause of a sentence; with `holds` False, that it does not hold."""
    no = "" if holds else "not "
    match condition:
        case words.Present():
            return f"{say_field(condition.present)} is {no}recorded"
        case words.IsYes():
            return f"{say_field(condition.is_yes)} is {no}yes"
        case words.Exists():
            return f"there is {say_related(condition.exists, article='a' if holds else 'no')}"
        case words.Not():
            return say_condition(condition.not_, holds=not holds)
        case words.AnyOf() | words.AllOf() if not holds:
            return f"it is not so that {_nested(condition)}"
        case words.AnyOf():
            return listed([_nested(part) for part in condition.any_of], "or")
        case words.AllOf():
            return listed([_nested(part) for part in condition.all_of], "and")
        case _:
            return _say_pair(condition, holds)


def _nested(condition: Any) -> str:
    said = say_condition(condition)
    parts = condition.any_of if isinstance(condition, words.AnyOf) else getattr(condition, "all_of", ())
    return f"({said})" if len(parts) > 1 else said


def _say_pair(condition: Any, holds: bool) -> str:
    (value,) = (getattr(condition, name) for name in type(condition).model_fields)
    ((path, what),) = value.items()
    field, no, does_no = say_field(path), "" if holds else "not ", "" if holds else "does not "
    include = "includes" if holds else "include"
    match condition:
        case words.Equals():
            return f"{field} is {no}{say_code(what)}"
        case words.In():
            return f"{field} is {no}{'' if holds else 'one of '}{listed([say_code(code) for code in what], 'or')}"
        case words.Includes():
            return f"{field} {does_no}{include} {say_code(what)}"
        case words.IncludesAll():
            return f"{field} {does_no}{include} all of {listed([say_code(code) for code in what], 'and')}"
        case words.Differs():
            return f"{field} {'differs from' if holds else 'is the same as'} {say_field(what)}"
        case _:
            return f"{field} is {no}at most {many(what.months, 'month')} after {say_field(what.after)}"


def say_related(related: words.Related, *, article: str = "a") -> str:
    """Related records with what bounds them: `a warning of the same customer, dated before "decided on"`."""
    noun = say_code(ENTITY[related.of].subject)
    one = "an" if article == "a" and noun[0] in "aeiou" else article
    said = f"{one} {noun} of the same {say_code(related.same.split('.')[-1].removesuffix('_ref'))}"
    if related.where is not None:
        said += f" where {say_condition(related.where)}"
    bounds = [f"{bound} {_bound(getattr(related, name))}" for name, bound in _BOUNDS.items() if getattr(related, name)]
    dated = "dated" if related.date is None else f"with {say_field(related.date)}"
    said += f", {dated} {listed(bounds, 'and')}" if bounds else ""
    if related.standing_until is not None:
        said += f" (an earlier one counts as of that day unless {say_field(related.standing_until)} had come by then)"
    return said


def _bound(value: Any) -> str:
    return say_date(value) if isinstance(value, str | words.Shifted) else f"({say_date(value)})"


def say_date(value: Any) -> str:
    """A date as a noun."""
    match value:
        case str():
            return say_field(value)
        case words.Shifted():
            side = "after" if value.months >= 0 else "before"
            return f"{many(abs(value.months), 'month')} {side} {say_field(value.field)}"
        case words.First():
            return say_related(value.first, article="the first")
        case _:
            return f"the earliest of {listed([_bound(part) for part in value.earliest_of], 'and')}"


def say_within(within: Within) -> str:
    """How long a duty may take, up to the word before its start."""
    for name, unit in (("working_days", "working day"), ("days", "day"), ("months", "month")):
        count = getattr(within, name)
        if count is not None:
            return f"within {many(count, unit)} of"
    after = "the next calendar quarter" if within.quarters == 1 else f"{within.quarters} calendar quarters"
    return f"by the end of {after} after"


def say_duty(duty: Duty) -> str:
    """What a duty asks, and of which cases."""
    match duty:
        case Deadline():
            said = _say_deadline(duty)
        case Check():
            said = f"Asks that {say_condition(duty.require)}."
        case Review():
            said = _say_review(duty)
        case Document():
            return _say_document(duty)
    if duty.when is not None:
        said += f" Applies where {say_condition(duty.when)}."
    for link in duty.requires:
        said += f" Needs the {say_code(link)} to be on record."
    return said


def _say_deadline(duty: Deadline) -> str:
    due = f"{say_within(duty.within)} {_bound(duty.start)}" if duty.within else f"on {_bound(duty.due)}"
    rolled = ", or on the next working day if that is none" if duty.roll else ""
    return f"Due {due}{rolled}. Done on {say_date(duty.done)}."


def _say_review(duty: Review) -> str:
    base = " (or, where it is not recorded, ".join(say_field(path) for path in duty.base) + ")" * (len(duty.base) - 1)
    clocks = [f"{many(duty.cycle.in_months, 'month')} after {base} and after each review"] if duty.cycle else []
    following = f", then each review's {say_field(duty.next_agreed)}" if duty.next_agreed else ""
    clocks += [f"on the agreed date ({say_field(duty.agreed)}{following})"] if duty.agreed else []
    earlier = ", whichever is earlier" if len(clocks) > 1 else ""
    until = f"until {say_field(duty.ended)} or a review where {say_condition(duty.closes)}"
    return f"Due {' or '.join(clocks)}{earlier}, {until}. Done on the day of the review."


def _say_document(duty: Document) -> str:
    if duty.due is not None:
        return f"The document itself is to be reviewed by {duty.due:%-d %B %Y}."
    months = duty.cycle.in_months if duty.cycle else 0
    cycle = many(months, "month") if months % 12 else many(months // 12, "year")
    return f"The document itself is to be reviewed {cycle} after its approval."


def say_failure(duty: Duty) -> str:
    """How grave a failure is, and where it is taken more lightly."""
    softer = [f"{_FAILURE[level]} where {say_condition(c)}" for level, c in duty.severity_where.items()]
    return f"A failure is {_FAILURE[duty.severity]}{''.join(f', but {part}' for part in softer)}."


def say_reading(duty: Duty, confirmed: dict[str, str]) -> str:
    """Our reading of a gap in the text, marked until somebody at the landlord confirmed it."""
    who = confirmed.get(duty.rule)
    return f"Reading confirmed by {who}: {duty.reading}" if who else f"Unconfirmed reading: {duty.reading}"
