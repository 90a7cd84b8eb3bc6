"""What is recorded of one subject, as far as a duty asks: fields, linked and related records, conditions, clocks.

For explanations alone. Add a line here when a duty learns to ask for something new; never spell out a reference.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from due_regard.assessment.column_cells import NO_RECORD, UNKNOWN_RECORD
from due_regard.assessment.condition_truth import NO, UNKNOWN, YES, evaluate_condition, find_dates
from due_regard.assessment.duty_kinds import build_duty_view
from due_regard.assessment.duty_view import DutyView
from due_regard.assessment.records_as_at import RecordsAsAt
from due_regard.assessment.recurring_reviews import build_chain
from due_regard.policy import ReviewDuty, conditions
from due_regard.policy.duties import SubjectDuty
from due_regard.policy.duty_wording import describe_code, describe_condition, describe_field, describe_related
from due_regard.policy.field_checks import list_field_uses, resolve_field
from due_regard.records.canonical import ENTITY_OF_SUBJECT, ColumnKind

_ANSWER = {YES: "yes", NO: "no", UNKNOWN: "cannot be told"}
_BLANK, _NO_LINK, _NO_RECORD_YET = "blank", "not on record", "none"
_NOTHING = frozenset({_BLANK, _NO_LINK, _NO_RECORD_YET})

AFTER_THE_DATE = "recorded, but dated after the date asked about"
"""Said of what the register has and the date asked about hides: it is not blank."""


def format_weekday(day: date | pd.Timestamp | np.datetime64[Any]) -> str:
    """A day with its weekday: what a reader counts by."""
    return f"{pd.Timestamp(day):%a %-d %b %Y}"


@dataclass(frozen=True)
class LaterFacts:
    """The same subject with everything recorded, whatever its date: what the date asked about hides."""

    records: RecordsAsAt
    row: int


def list_facts(records: RecordsAsAt, duty: SubjectDuty, row: int, later: LaterFacts | None = None) -> Iterator[str]:
    """Lines on what is recorded of the subject in `row` and how the duty's conditions answer.

    What is blank, what the source does not carry and, by `later`, what is dated after the date asked about are told
    apart.
    """
    for fact, value in find_facts(records, duty, row, later).items():
        yield f"  {fact}: {value}"
    yield from _describe_conditions(records, duty, row, later)
    if isinstance(duty, ReviewDuty) and records.is_delivered(duty.reviews):
        yield from _describe_clocks(records, duty, row)


def find_facts(records: RecordsAsAt, duty: SubjectDuty, row: int, later: LaterFacts | None = None) -> dict[str, str]:
    """What the duty asks for of the subject in `row` -> what is recorded of it."""
    facts = _describe_facts(records, duty, row)
    hidden = dict.fromkeys(facts, "") if later is None else _describe_facts(later.records, duty, later.row)
    return {
        fact: AFTER_THE_DATE if value in _NOTHING and hidden[fact] not in {value, ""} else value
        for fact, value in facts.items()
    }


def _describe_facts(records: RecordsAsAt, duty: SubjectDuty, row: int) -> dict[str, str]:
    """Fields, linked and related records that the duty asks for, each with what is recorded of it."""
    view, facts = build_duty_view(records, duty), {}
    for path in dict.fromkeys(_list_fields(duty)):
        column = resolve_field(ENTITY_OF_SUBJECT[duty.subject], path)
        if not isinstance(column, str):
            facts[describe_field(path)] = _describe_value(view, path, column.kind, row)
    for link in duty.requires:
        at = int(records.find_linked_rows(view.entity, link)[row])
        there = {NO_RECORD: _NO_LINK, UNKNOWN_RECORD: "cannot be told"}.get(at, "on record")
        facts[f"the {describe_code(link)}"] = there
    for related in _list_related_words(duty):
        name = describe_related(related, article="the first")
        facts[name] = _describe_first_record(view, related, row)
    return facts


def _describe_value(view: DutyView, path: str, kind: ColumnKind, row: int) -> str:
    cells = view.find_cells(path)
    if cells.unread is not None and cells.unread[row]:
        return "a word that is not known"
    if cells.unknown[row]:
        return "not carried by the source"
    if cells.blank[row]:
        return _BLANK
    if kind is ColumnKind.DATE:
        return format_weekday(cells.days[row])
    if kind is ColumnKind.YN:
        return "yes" if cells.values[row] == 1 else "no"
    word = str(cells.words[cells.codes[row]])
    return (
        ", ".join(describe_code(code) for code in word.split(";"))
        if kind in {ColumnKind.CODE, ColumnKind.LIST}
        else "recorded"
    )


def _describe_first_record(view: DutyView, related: conditions.Related, row: int) -> str:
    found = find_dates(view, conditions.First(first=related))
    if found.unknown[row]:
        unread = ", or a word is not known" if view.records.has_unread else ""
        return f"cannot be told: no file of {related.of} was delivered, or a column is lacking{unread}"
    return _NO_RECORD_YET if np.isnat(found.values[row]) else format_weekday(found.values[row])


def _describe_conditions(records: RecordsAsAt, duty: SubjectDuty, row: int, later: LaterFacts | None) -> Iterator[str]:
    for asked, condition in (("applies where", duty.when), ("asks that", getattr(duty, "require", None))):
        is_strict = asked == "asks that"
        view = build_duty_view(records, duty, strict=is_strict)
        after = None if later is None else build_duty_view(later.records, duty, strict=is_strict)
        for part in getattr(condition, "all_of", (condition,)):
            if part is None:
                continue
            answer = _ANSWER[evaluate_condition(view, part)[row]]
            if later is not None and after is not None:
                then = _ANSWER[evaluate_condition(after, part)[later.row]]
                answer += "" if then == answer else f" on the date asked about; {then} by what is dated after it"
            yield f"  {asked} {describe_condition(part)}: {answer}"


def _describe_clocks(records: RecordsAsAt, duty: ReviewDuty, row: int) -> Iterator[str]:
    chain = build_chain(records, duty)
    for at in np.flatnonzero(chain.subject == row):
        said = [f"clock {chain.place[at]}"]
        for word, days in (("from", chain.base), ("agreed for", chain.agreed), ("stopped on", chain.done)):
            said += [] if np.isnat(days[at]) else [f"{word} {format_weekday(days[at])}"]
        yield f"  {', '.join(said)}"


def _list_fields(duty: SubjectDuty) -> Iterator[str]:
    """Every field of the subject that the duty names, with what bounds related records."""
    entity = ENTITY_OF_SUBJECT[duty.subject]
    for name in ("start", "due", "base", "agreed", "done", "ended", "when", "require", "needs"):
        value = getattr(duty, name, None) or ()
        for word in value if isinstance(value, tuple) else (value,):
            yield from (use.path for use in list_field_uses(entity, word) if not use.is_related)


def _list_related_words(word: Any) -> Iterator[conditions.Related]:
    """Every related record the duty names, the bounds of one before it."""
    match word:
        case tuple():
            for part in word:
                yield from _list_related_words(part)
        case conditions.Word():
            for name in type(word).model_fields:
                yield from _list_related_words(getattr(word, name))
            if isinstance(word, conditions.Related):
                yield word
