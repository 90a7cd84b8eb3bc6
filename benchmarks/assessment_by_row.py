"""The duties of a policy file judged row by row with `DataFrame.apply(axis=1)`: the obvious way, for comparison.

Not made slow on purpose: a policy's words become plain functions once, linked records are joined on and related ones
looked up in dictionaries, working days are NumPy's. Like the engine it goes from records to one sorted frame; like the
SQL side it reads records that carry every column.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel

from benchmarks.assessment_data import AS_AT, Case
from due_regard.calendars.working_days import WorkingCalendar
from due_regard.policy import CheckDuty, DeadlineDuty, Duty, Policy, ReviewDuty
from due_regard.policy import conditions as words
from due_regard.policy.field_checks import resolve_field
from due_regard.records.canonical import ENTITY, ENTITY_OF_SUBJECT, CanonicalColumn, ColumnKind, Entity, Records

Row = Any  # a Series: the record's own columns by name, linked ones by path
Judged = tuple[int, str, Any, Any, int, str]  # occurrence, state, due_on, done_on, days_overdue, severity


def masked(records: Records, as_at: date) -> Records:
    """Records as they were on `as_at`."""
    return {name: _masked(ENTITY[name], frame, pd.Timestamp(as_at)) for name, frame in records.items()}


def _masked(entity: Entity, frame: pd.DataFrame, as_at: pd.Timestamp) -> pd.DataFrame:
    if entity.opened_on:
        frame = frame[frame[entity.opened_on] <= as_at]
    later = {c.name: frame[c.known_once] > as_at for c in entity.columns if c.known_once}
    later |= {c.name: frame[c.name] > as_at for c in entity.columns if c.kind is ColumnKind.DATE and not c.planned}
    return frame.assign(**{name: frame[name].mask(gone) for name, gone in later.items()})


class RowJudge:
    """Judges one landlord's duties, a row at a time."""

    def __init__(self, records: Records, policy: Policy, calendar: WorkingCalendar, as_at: date) -> None:
        self.records, self.policy, self.calendar = records, policy, calendar
        self.as_at = pd.Timestamp(as_at)
        self.holidays = np.busdaycalendar(holidays=sorted(calendar.holidays))
        self.judges = {duty.rule: self._judge(duty) for duty in self._duties()}
        self.frames = {duty.rule: self._frame(duty) for duty in self._duties()}

    def assess(self) -> dict[str, pd.Series]:
        """Rule -> for each subject (by its reference) its list of judged rows."""
        return {
            rule: frame.apply(self.judges[rule], axis=1) if len(frame) else pd.Series([], dtype=object)
            for rule, frame in self.frames.items()
        }

    def _duties(self) -> list[Duty]:
        return [duty for duty in self.policy.duties if duty.kind != "document"]

    def _frame(self, duty: Duty) -> pd.DataFrame:
        entity = ENTITY_OF_SUBJECT[duty.subject]
        required = (f"{link}.{ENTITY_OF_SUBJECT[link].key}" for link in duty.requires)
        paths = {*entity.by_name, *_paths(duty, entity), *required}
        columns = {path: self._column(entity, path) for path in sorted(paths)}
        return pd.DataFrame(columns).set_index(entity.key, drop=False)

    def _column(self, entity: Entity, path: str) -> pd.Series:
        link, _, rest = path.partition(".")
        frame = self.records[entity.name]
        if not rest:
            return frame[path]
        target = ENTITY_OF_SUBJECT[link]
        there = self._column(target, rest).set_axis(self.records[target.name][target.key])
        return frame[target.key].map(there).astype(there.dtype)

    def _judge(self, duty: Duty) -> Callable[[Row], list[Judged]]:
        wanted = [_present(f"{link}.{ENTITY_OF_SUBJECT[link].key}") for link in duty.requires]
        if duty.when is not None:
            wanted.append(self._holds(duty.when))
        levels = [(level, self._holds(condition)) for level, condition in duty.severity_where.items()]
        answer = self._answer(duty)

        def judge(row: Row) -> list[Judged]:
            if not all(holds(row) for holds in wanted):
                return []
            severity = next((level for level, holds in levels if holds(row)), duty.severity)
            return [(*judged, severity) for judged in answer(row)]

        return judge

    def _answer(self, duty: Duty) -> Callable[[Row], Iterator[tuple[Any, ...]]]:
        if isinstance(duty, CheckDuty):
            return self._check(duty)
        return self._deadline(duty) if isinstance(duty, DeadlineDuty) else self._review(duty)

    def _check(self, duty: CheckDuty) -> Callable[[Row], Iterator[tuple[Any, ...]]]:
        holds = self._holds(duty.require)

        def answer(row: Row) -> Iterator[tuple[Any, ...]]:
            yield 1, "met" if holds(row) else "breach", pd.NaT, pd.NaT, 0

        return answer

    def _deadline(self, duty: DeadlineDuty) -> Callable[[Row], Iterator[tuple[Any, ...]]]:
        start, done = duty.start or duty.due, self._day(duty.done)
        due_after = self._due(duty)

        def answer(row: Row) -> Iterator[tuple[Any, ...]]:
            if not pd.isna(row[start]):
                yield 1, *self._dated(duty, due_after(row[start]), done(row))

        return answer

    def _due(self, duty: DeadlineDuty) -> Callable[[pd.Timestamp], pd.Timestamp]:
        within = duty.within
        if within is None:
            return lambda start: start
        if within.working_days is not None:
            roll = {"day0": "backward", "day1": "backward", "roll_then_add": "forward"}[self.policy.counting]
            n, back = within.working_days, timedelta(1 if self.policy.counting == "day1" else 0)
            return lambda start: self._working(start - back, n, roll)
        if within.months is not None:
            month = pd.DateOffset(months=within.months)
            return lambda start: self._working(start + month, 0, "forward") if duty.roll else start + month
        if within.quarters is not None:
            return lambda start: (pd.Period(start, "Q") + within.quarters).end_time.normalize()
        return lambda start: start + pd.Timedelta(days=within.days)

    def _working(self, start: pd.Timestamp, n: int, roll: str) -> pd.Timestamp:
        return pd.Timestamp(np.busday_offset(start.date(), n, roll=roll, busdaycal=self.holidays))

    def _dated(self, duty: DeadlineDuty | ReviewDuty, due: Any, done: Any) -> tuple[Any, ...]:
        if pd.isna(done):
            soon = due <= self._soon(duty)
            state = "overdue" if due < self.as_at else "due_soon" if soon else "pending"
        else:
            state = "met" if done <= due else "late"
        until = self.as_at if pd.isna(done) else done
        return state, due, done, self._late(duty, due, until) if until > due else 0

    def _soon(self, duty: DeadlineDuty | ReviewDuty) -> pd.Timestamp:
        if duty.notice.working_days is not None:
            return self._working(self.as_at, duty.notice.working_days, "backward")
        return self.as_at + pd.Timedelta(days=duty.notice.days or 0)

    def _late(self, duty: DeadlineDuty | ReviewDuty, due: pd.Timestamp, until: pd.Timestamp) -> int:
        if duty.notice.working_days is None:
            return (until - due).days
        day = timedelta(1)
        return int(np.busday_count(due.date() + day, until.date() + day, busdaycal=self.holidays))

    def _review(self, duty: ReviewDuty) -> Callable[[Row], Iterator[tuple[Any, ...]]]:
        key, held = ENTITY_OF_SUBJECT[duty.subject].key, self._held(duty)
        cycle = pd.DateOffset(months=duty.cycle.in_months) if duty.cycle else None

        def answer(row: Row) -> Iterator[tuple[Any, ...]]:
            base = next((row[path] for path in duty.base if not pd.isna(row[path])), pd.NaT)
            agreed, ended, number = row[duty.agreed], row[duty.ended], 0
            reviews = [one for one in held[row[key]] if pd.isna(ended) or one[0] <= ended]
            for on, following, closes in [*reviews, (ended, pd.NaT, True)]:
                dates = [day for day in (base + cycle if cycle else pd.NaT, agreed) if not pd.isna(day)]
                if dates:
                    number += 1
                    yield number, *self._dated(duty, min(dates), on)
                if closes:
                    return
                base, agreed = on, following

        return answer

    def _held(self, duty: ReviewDuty) -> dict[str, list[Any]]:
        frame, key = self.records[duty.reviews], ENTITY_OF_SUBJECT[duty.subject].key
        closes = self._holds(duty.closes)
        held: dict[str, list[Any]] = defaultdict(list)
        for _, row in frame.sort_values([duty.reviewed, ENTITY[duty.reviews].key]).iterrows():
            held[row[key]].append((row[duty.reviewed], row[duty.next_agreed], closes(row)))
        return held

    def _day(self, value: Any) -> Callable[[Row], Any]:
        match value:
            case str():
                return lambda row: row[value]
            case words.Shifted():
                offset = pd.DateOffset(months=value.months)
                return lambda row: row[value.field] + offset
            case words.First():
                return self._first(value.first)
            case words.EarliestOf():
                parts = [self._day(part) for part in value.earliest_of]
                return lambda row: min((day for part in parts if not pd.isna(day := part(row))), default=pd.NaT)
        raise TypeError(type(value).__name__)

    def _first(self, word: words.Related) -> Callable[[Row], Any]:
        related = self._related(word)
        after, not_before, before, not_after = (
            None if bound is None else self._day(bound)
            for bound in (word.after, word.not_before, word.before, word.not_after)
        )

        def first(row: Row) -> Any:
            low, lowest = after and after(row), not_before and not_before(row)
            high, highest = before and before(row), not_after and not_after(row)
            for day, until in related.get(row[word.same], ()):
                if word.standing_until is not None and day < lowest and (pd.isna(until) or until > lowest):
                    return lowest
                if (low is None or day > low) and (lowest is None or day >= lowest):
                    return day if (high is None or day < high) and (highest is None or day <= highest) else pd.NaT
            return pd.NaT

        return first

    def _related(self, word: words.Related) -> dict[str, list[tuple[Any, Any]]]:
        """Dates of the related records of each shared reference, earliest first."""
        frame, dated = self.records[word.of], word.date or ENTITY[word.of].opened_on
        if word.where is not None:
            frame = frame[frame.apply(self._holds(word.where), axis=1)]
        until = frame[word.standing_until] if word.standing_until else frame[dated]
        found: dict[str, list[tuple[Any, Any]]] = defaultdict(list)
        for shared, day, end in sorted(zip(frame[word.same.split(".")[-1]], frame[dated], until, strict=True)):
            found[shared].append((day, end))
        return dict(found)

    def _holds(self, condition: Any) -> Callable[[Row], bool]:
        match condition:
            case words.AnyOf():
                parts = [self._holds(part) for part in condition.any_of]
                return lambda row: any(part(row) for part in parts)
            case words.AllOf():
                parts = [self._holds(part) for part in condition.all_of]
                return lambda row: all(part(row) for part in parts)
            case words.Not():
                inner = self._holds(condition.not_)
                return lambda row: not inner(row)
            case words.Exists():
                first = self._first(condition.exists)
                return lambda row: not pd.isna(first(row))
            case words.Present():
                return _present(condition.present)
            case words.IsYes():
                return lambda row: row[condition.is_yes] is True
        return _compared(condition)


def _present(path: str) -> Callable[[Row], bool]:
    return lambda row: not pd.isna(row[path])


def _compared(condition: Any) -> Callable[[Row], bool]:
    ((path, value),) = next(iter(dict(condition).values())).items()
    match condition:
        case words.Equals():
            return lambda row: row[path] == value
        case words.In():
            return lambda row: row[path] in value
        case words.Includes():
            return lambda row: value in str(row[path]).split(";")
        case words.IncludesAll():
            return lambda row: set(value) <= set(str(row[path]).split(";"))
        case words.NoLaterThan():
            offset = pd.DateOffset(months=value.months)
            return lambda row: row[path] <= row[value.after] + offset
        case words.Differs():
            return lambda row: not pd.isna(row[path]) and not pd.isna(row[value]) and row[path] != row[value]
    raise TypeError(type(condition).__name__)


def _paths(word: Any, entity: Entity) -> set[str]:
    """Every field of the subject that a duty or a word in it names."""
    if isinstance(word, words.Related):
        inner = [word.same, word.after, word.before, word.not_before, word.not_after]
    elif isinstance(word, ReviewDuty):
        inner = [*word.base, word.agreed, word.ended, word.when, *word.severity_where.values()]
    elif isinstance(word, BaseModel):
        inner = [value for _, value in word]
    elif isinstance(word, dict):
        inner = [*word.keys(), *word.values()]
    else:
        inner = list(word) if isinstance(word, tuple) else []
    own = {word} if isinstance(word, str) and isinstance(resolve_field(entity, word), CanonicalColumn) else set()
    return own.union(*(_paths(part, entity) for part in inner)) if inner else own


def assess_by_row(case: Case) -> pd.DataFrame:
    """One landlord's assessments in the engine's order, the document's own review aside: it has no row to apply to."""
    judge = RowJudge(masked(case.records, AS_AT), case.history.find_version(AS_AT), case.calendar, AS_AT)
    found = [
        (rule, ref, *row) for rule, answers in judge.assess().items() for ref, rows in answers.items() for row in rows
    ]
    names = ["rule", "subject_ref", "occurrence", "state", "due_on", "done_on", "days_overdue", "severity"]
    frame = pd.DataFrame(found, columns=names).sort_values(["rule", "subject_ref", "occurrence"], ignore_index=True)
    return frame.astype({"due_on": "datetime64[s]", "done_on": "datetime64[s]"})
