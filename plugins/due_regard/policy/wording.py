"""A policy in plain words, for a governance officer and for docs/rules.md.

Words in, sentences out; every word of policy/conditions has its sentence here. Keep layout (Markdown, terminal) with
whoever prints.
"""

from __future__ import annotations

from typing import Any

from due_regard.policy import conditions as words
from due_regard.policy.duties import Check, Deadline, Document, Duty, Review, Within
from due_regard.policy.versions import Policy

_COUNTING = {
    "day0": "the day itself is day 0",
    "day1": "the day itself, or the next working day, is day 1",
    "roll_then_add": "a start on a day that is no working day is moved to the next one first",
}


def say_field(path: str) -> str:
    """A field as a person would name it: `restriction.decided_by` is "the restriction's decided by"."""
    *links, name = path.split(".")
    owner = "".join(f"the {link.replace('_', ' ')}'s " for link in links)
    return f'{owner}"{name.replace("_", " ")}"'


def say_code(code: str) -> str:
    """A code in words."""
    return code.replace("_", " ")


def _list(parts: list[str], last: str) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} {last} {parts[-1]}"


def say_condition(condition: Any) -> str:
    """A condition as a clause of a sentence."""
    match condition:
        case words.Present():
            return f"{say_field(condition.present)} is recorded"
        case words.IsYes():
            return f"{say_field(condition.is_yes)} is yes"
        case words.Exists():
            return f"there is {say_related(condition.exists)}"
        case words.Not():
            return f"it is not so that {say_condition(condition.not_)}"
        case words.AnyOf():
            return _list([_nested(part) for part in condition.any_of], "or")
        case words.AllOf():
            return _list([_nested(part) for part in condition.all_of], "and")
        case _:
            return _say_pair(condition)


def _nested(condition: Any) -> str:
    said = say_condition(condition)
    return f"({said})" if isinstance(condition, words.AnyOf | words.AllOf) else said


def _say_pair(condition: Any) -> str:
    (value,) = (getattr(condition, name) for name in type(condition).model_fields)
    ((path, what),) = value.items()
    field = say_field(path)
    match condition:
        case words.Equals():
            return f"{field} is {say_code(what)}"
        case words.In():
            return f"{field} is {_list([say_code(code) for code in what], 'or')}"
        case words.Includes():
            return f"{field} includes {say_code(what)}"
        case words.IncludesAll():
            return f"{field} includes all of {_list([say_code(code) for code in what], 'and')}"
        case words.Differs():
            return f"{field} is not {say_field(what)}"
        case _:
            return f"{field} is at most {_many(what.months, 'month')} after {say_field(what.after)}"


def say_related(related: words.Related) -> str:
    """Related records, with what bounds them."""
    said = f"a record in {related.of.replace('_', ' ')} with the same {related.same.split('.')[-1].replace('_', ' ')}"
    if related.where is not None:
        said += f" where {say_condition(related.where)}"
    for name, bound in (
        ("after", "after"),
        ("before", "before"),
        ("not_before", "on or after"),
        ("not_after", "on or before"),
    ):
        value = getattr(related, name)
        if value is not None:
            said += f", {bound} {say_date(value)}"
    if related.standing_until is not None:
        said += f" (one that already stood then, until {say_field(related.standing_until)}, counts)"
    return said


def say_date(value: Any) -> str:
    """A date as a noun."""
    match value:
        case str():
            return say_field(value)
        case words.Shifted():
            side = "after" if value.months >= 0 else "before"
            return f"{_many(abs(value.months), 'month')} {side} {say_field(value.field)}"
        case words.First():
            return f"the first of {say_related(value.first)}"
        case _:
            return "the earliest of: " + "; ".join(say_date(part) for part in value.earliest_of)


def _many(count: int, unit: str) -> str:
    return f"{count} {unit}{'' if count == 1 else 's'}"


def say_within(within: Within) -> str:
    """How long a duty may take."""
    for name, unit in (("working_days", "working day"), ("days", "day"), ("months", "month")):
        count = getattr(within, name)
        if count is not None:
            return f"within {_many(count, unit)} of"
    return f"by the end of the {'next' if within.quarters == 1 else f'{within.quarters}th'} calendar quarter after"


def say_duty(duty: Duty) -> str:
    """What a duty asks, in one sentence or two."""
    match duty:
        case Deadline():
            asked = _say_deadline(duty)
        case Check():
            asked = f"Asks that {say_condition(duty.require)}."
        case Review():
            asked = _say_review(duty)
        case Document():
            asked = _say_document(duty)
    if duty.when is not None:
        asked += f" For a case where {say_condition(duty.when)}."
    if duty.requires:
        asked += f" Only where the {_list(list(duty.requires), 'and')} exists."
    return asked


def _say_deadline(duty: Deadline) -> str:
    due = f"Due {say_field(duty.due)}" if duty.due else f"Due {say_within(duty.within)} {say_field(str(duty.start))}"  # type: ignore[arg-type]
    rolled = ", moved to the next working day" if duty.roll else ""
    return f"{due}{rolled}; done on {say_date(duty.done)}."


def _say_review(duty: Review) -> str:
    base = " or else ".join(say_field(path) for path in duty.base)
    clocks = [f"every {_many(duty.cycle.in_months, 'month')} from {base} and from each review"] if duty.cycle else []
    clocks += [f"on the agreed date ({say_field(duty.agreed)}, then each review's next date)"] if duty.agreed else []
    return f"Reviewed {' or '.join(clocks)}, whichever is earlier, until {say_field(duty.ended)}."


def _say_document(duty: Document) -> str:
    if duty.due is not None:
        return f"The document itself is to be reviewed by {duty.due:%-d %B %Y}."
    years = duty.cycle.in_months // 12 if duty.cycle else 0
    return f"The document itself is to be reviewed every {_many(years, 'year')} after its approval."


def say_policy(policy: Policy, confirmed: dict[str, str]) -> list[str]:
    """A whole policy, line by line; `confirmed` maps a rule to who confirmed our reading and when."""
    approved = f", approved on {policy.approved_on:%-d %B %Y}" if policy.approved_on else ", day of approval not given"
    lines = [f"{policy.title} ({policy.landlord}), in force from {policy.effective_from:%-d %B %Y}{approved}"]
    lines.append(f"Working days: {_COUNTING[policy.counting]}.")
    for duty in policy.duties:
        lines += ["", f"Clause {duty.clause}: {duty.label} [{duty.rule}]"]
        lines += [f'  The policy says: "{duty.promise}"'] if duty.promise else []
        lines.append(f"  {say_duty(duty)}")
        lines.append(f"  Who acts: {say_code(duty.owner_role)}. A failure is: {say_code(duty.severity)}.")
        if duty.severity_where:
            soft = "; ".join(f"{level} where {say_condition(c)}" for level, c in duty.severity_where.items())
            lines.append(f"  But {soft}.")
        lines += [f"  {say_reading(duty, confirmed)}"] if duty.reading else []
    return lines


def say_reading(duty: Duty, confirmed: dict[str, str]) -> str:
    """Our reading of a gap in the text, marked until somebody at the landlord confirmed it."""
    who = confirmed.get(duty.rule)
    return f"Reading confirmed by {who}: {duty.reading}" if who else f"Unconfirmed reading: {duty.reading}"
