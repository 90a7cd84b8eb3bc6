"""What is recorded of one subject, as far as a duty asks: fields, linked and related records, conditions, clocks.

For explanations alone. Add a line here when a duty learns to ask for something new; never spell out a reference.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from due_regard.assessment.dates import date_of
from due_regard.assessment.kinds import view_of
from due_regard.assessment.reviews import chain_of
from due_regard.assessment.truth import NO, UNKNOWN, YES, View, truth
from due_regard.assessment.world import NO_RECORD, UNTOLD, World
from due_regard.contract import ENTITY_OF_SUBJECT, Kind
from due_regard.policy import Check, Deadline, Review
from due_regard.policy import conditions as words
from due_regard.policy.fields import resolve
from due_regard.policy.wording import say_code, say_condition, say_field, say_related

_ANSWER = {YES: "yes", NO: "no", UNKNOWN: "cannot be told"}


def say_day(day: date | pd.Timestamp | np.datetime64[Any]) -> str:
    """A day with its weekday: what a reader counts by."""
    return f"{pd.Timestamp(day):%a %-d %b %Y}"


def facts(world: World, duty: Deadline | Check | Review, row: int) -> Iterator[str]:
    """Lines on what is recorded of the subject in `row` and how the duty's conditions answer."""
    view = view_of(world, duty)
    for path in dict.fromkeys(_fields(duty)):
        column = resolve(ENTITY_OF_SUBJECT[duty.subject], path)
        if not isinstance(column, str):
            yield f"  {say_field(path)}: {_value(view, path, column.kind, row)}"
    for link in duty.requires:
        there = {NO_RECORD: "not on record", UNTOLD: "cannot be told"}
        yield f"  the {say_code(link)}: {there.get(int(world.link(view.entity, link)[row]), 'on record')}"
    yield from dict.fromkeys(
        f"  {say_related(related, article='the first')}: {_first(view, related, row)}" for related in _related(duty)
    )
    yield from _conditions(world, duty, row)
    if isinstance(duty, Review) and world.delivered(duty.reviews):
        yield from _clocks(world, duty, row)


def _value(view: View, path: str, kind: Kind, row: int) -> str:
    cells = view.cells(path)
    if cells.unknown[row]:
        return "not carried by the source"
    if cells.blank[row]:
        return "blank"
    if kind is Kind.DATE:
        return say_day(cells.days[row])
    if kind is Kind.YN:
        return "yes" if cells.values[row] == 1 else "no"
    word = str(cells.words[cells.codes[row]])
    return ", ".join(say_code(code) for code in word.split(";")) if kind in {Kind.CODE, Kind.LIST} else "recorded"


def _first(view: View, related: words.Related, row: int) -> str:
    found = date_of(view, words.First(first=related))
    if found.unknown[row]:
        return f"cannot be told: no file of {related.of} was delivered, or a column is lacking"
    return "none" if np.isnat(found.values[row]) else say_day(found.values[row])


def _conditions(world: World, duty: Deadline | Check | Review, row: int) -> Iterator[str]:
    for asked, condition in (("applies where", duty.when), ("asks that", getattr(duty, "require", None))):
        view = view_of(world, duty, strict=asked == "asks that")
        for part in getattr(condition, "all_of", (condition,)):
            if part is not None:
                yield f"  {asked} {say_condition(part)}: {_ANSWER[truth(view, part)[row]]}"


def _clocks(world: World, duty: Review, row: int) -> Iterator[str]:
    chain = chain_of(world, duty)
    for at in np.flatnonzero(chain.subject == row):
        said = [f"clock {chain.place[at]}"]
        for word, days in (("from", chain.base), ("agreed for", chain.agreed), ("stopped on", chain.done)):
            said += [] if np.isnat(days[at]) else [f"{word} {say_day(days[at])}"]
        yield f"  {', '.join(said)}"


def _fields(duty: Any) -> Iterator[str]:
    """Every field of the subject that the duty names, with what bounds related records."""
    for name in ("start", "due", "base", "agreed", "done", "ended", "when", "require", "needs"):
        yield from _named(getattr(duty, name, None))


def _named(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case tuple():
            for part in value:
                yield from _named(part)
        case words.First(first=related) | words.Exists(exists=related):
            for bound in ("after", "before", "not_before", "not_after"):
                yield from _named(getattr(related, bound))
        case None:
            return
        case words.Differs():
            yield from (path for pair in value.differs.items() for path in pair)
        case words.NoLaterThan():
            yield from (path for field, limit in value.no_later_than.items() for path in (field, limit.after))
        case words.Present() | words.IsYes() | words.Not() | words.AnyOf() | words.AllOf() | words.EarliestOf():
            yield from _named(next(iter(value.__dict__.values())))
        case words.Shifted():
            yield value.field
        case words.Word():
            yield from (path for pairs in value.__dict__.values() for path in pairs)


def _related(word: Any) -> Iterator[words.Related]:
    """Every related record the duty names, the bounds of one before it."""
    match word:
        case tuple():
            for part in word:
                yield from _related(part)
        case words.Word():
            for name in type(word).model_fields:
                yield from _related(getattr(word, name))
            if isinstance(word, words.Related):
                yield word
