"""How one assessment came about: the dates used, the working days counted, the clause, the outcome.

Reads the same world as the engine; it judges nothing anew. References are shown as recorded or blank, never spelt out.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from due_regard.assessment.dates import date_of
from due_regard.assessment.engine import assess
from due_regard.assessment.kinds import view_of
from due_regard.assessment.roles import with_derived_roles
from due_regard.assessment.truth import View
from due_regard.assessment.world import World
from due_regard.contract import ENTITY_OF_SUBJECT, Kind, Records
from due_regard.errors import SettingsError
from due_regard.policy import Deadline, Document, Duty, PolicyHistory
from due_regard.policy import conditions as words
from due_regard.policy.fields import resolve
from due_regard.policy.wording import say_duty, say_related
from due_regard.working_days import WorkingCalendar

_MOST_DAYS = 30


def explain(
    records: Records, history: PolicyHistory, calendar: WorkingCalendar, as_at: date, rule: str, subject: str
) -> list[str]:
    """Lines that explain every occurrence of `rule` for `subject` on `as_at`.

    Raises:
        PolicyError: the policy has no such rule.
        SettingsError: no such subject exists on that date.
    """
    found = assess(records, history, calendar, as_at)
    mine = found[(found["rule"] == rule) & (found["subject_ref"] == subject)]
    duty = history.duty(rule)
    lines = [f"{rule} of one {duty.subject.replace('_', ' ')} at {history.landlord}, as at {as_at}", *_basis(duty)]
    world = World(with_derived_roles(records), as_at)
    entity = ENTITY_OF_SUBJECT.get(duty.subject)
    if entity is not None and world.delivered(entity.name) and not isinstance(duty, Document):
        lines += _fields(world, duty, _row(world, entity.name, subject))
    if mine.empty:
        return [*lines, "outcome: the duty does not apply, so there is no row"]
    for row in mine.itertuples(index=False):
        lines += _outcome(duty, row, history, calendar, as_at)
    return lines


def _basis(duty: Duty) -> Iterator[str]:
    yield f"clause {duty.clause}: {duty.label}" + (f' ("{duty.promise}")' if duty.promise else "")
    yield say_duty(duty)
    if duty.reading:
        yield f"our reading: {duty.reading}"


def _row(world: World, entity: str, subject: str) -> int:
    place: int = world.keys(entity).index(subject).as_py()
    if place < 0:
        raise SettingsError(f"no such record in {entity} on that date; it may be later, rejected or misspelt")
    return place


def _fields(world: World, duty: Any, row: int) -> Iterator[str]:
    view, entity = view_of(world, duty), ENTITY_OF_SUBJECT[duty.subject]
    for path in dict.fromkeys(_paths(duty)):
        column = resolve(entity, path)
        if not isinstance(column, str):
            yield f"  {path}: {_value(view, path, column.kind, row)}"
    for related in _related(duty):
        day = date_of(view, words.First(first=related)).values[row]
        yield f"  {say_related(related)}: {'none' if np.isnat(day) else f'first on {day}'}"


def _value(view: View, path: str, kind: Kind, row: int) -> str:
    cells = view.cells(path)
    if cells.unknown[row]:
        return "not carried by the source"
    if cells.blank[row]:
        return "blank"
    if kind is Kind.DATE:
        return str(cells.days[row])
    if kind is Kind.YN:
        return "yes" if cells.values[row] == 1 else "no"
    return str(cells.words[cells.codes[row]]) if kind in {Kind.CODE, Kind.LIST} else "recorded"


def _paths(word: Any) -> Iterator[str]:
    """Every field that a duty names, outside related records."""
    names = {"start", "due", "done", "base", "agreed", "ended", "when", "require", "needs"}
    for name in type(word).model_fields:
        if name in names and not isinstance(word, Document):
            yield from _in(getattr(word, name))


def _in(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case tuple():
            for part in value:
                yield from _in(part)
        case words.First() | words.Exists() | None:
            return
        case words.Differs():
            yield from (path for pair in value.differs.items() for path in pair)
        case words.NoLaterThan():
            yield from (path for field, limit in value.no_later_than.items() for path in (field, limit.after))
        case words.Present() | words.IsYes() | words.Not() | words.AnyOf() | words.AllOf() | words.EarliestOf():
            yield from _in(next(iter(value.__dict__.values())))
        case words.Shifted():
            yield value.field
        case words.Word() if hasattr(value, "__dict__"):
            yield from (path for pairs in value.__dict__.values() if isinstance(pairs, dict) for path in pairs)


def _related(word: Any) -> Iterator[words.Related]:
    match word:
        case words.Related():
            yield word
        case tuple():
            for part in word:
                yield from _related(part)
        case words.Word():
            for name in type(word).model_fields:
                yield from _related(getattr(word, name))


def _outcome(duty: Duty, row: Any, history: PolicyHistory, calendar: WorkingCalendar, as_at: date) -> Iterator[str]:
    dates = [f"{name} {getattr(row, name).date()}" for name in ("due_on", "done_on") if not pd.isna(getattr(row, name))]
    late = f", {row.days_overdue} {_unit(duty)} late" if row.days_overdue else ""
    told = f" ({', '.join(dates)}{late})" if dates else ""
    yield f"outcome, occurrence {row.occurrence}: {row.state}{told}; severity {row.severity}"
    yield f"judged by the version in force from {row.policy_version.date()}"
    if isinstance(duty, Deadline) and duty.within and duty.within.working_days and not pd.isna(row.due_on):
        counting = history.in_force(row.policy_version.date()).counting
        yield from _counted(calendar, row.due_on.date(), duty.within.working_days, counting)
    if row.days_overdue and _unit(duty) == "working days":
        end = as_at if pd.isna(row.done_on) else row.done_on.date()
        yield _skipped(calendar, row.due_on.date(), end, "counting the days late")


def _counted(calendar: WorkingCalendar, due: date, count: int, counting: str) -> Iterator[str]:
    days = [calendar.shift(due, -back) for back in range(min(count, _MOST_DAYS) - 1, 0, -1)] + [due]
    first = count - len(days) + 1
    listed = ", ".join(f"{day:%a %-d %b %Y} ({number})" for number, day in enumerate(days, first))
    yield f"working days counted ({counting}): {listed}"
    yield _skipped(calendar, calendar.shift(days[0], -1), due, "counting to the due date")


def _skipped(calendar: WorkingCalendar, after: date, to: date, what: str) -> str:
    days = ", ".join(f"{day:%a %-d %b %Y}" for day in calendar.skipped(after, to))
    return f"holidays and closure days skipped {what}: {days or 'none'}"


def _unit(duty: Duty) -> str:
    notice = getattr(duty, "notice", None)
    return "working days" if notice is not None and notice.working_days is not None else "days"
