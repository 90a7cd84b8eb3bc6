"""How a deadline in working days was counted: its start, each day that counts, each weekday that was skipped.

For explanations and pages; the counting itself is the calendar's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from due_regard.assessment.condition_truth import find_dates
from due_regard.assessment.derived_roles import add_derived_roles
from due_regard.assessment.duty_kinds import build_duty_view
from due_regard.assessment.records_as_at import RecordsAsAt
from due_regard.calendars.working_days import WorkingCalendar
from due_regard.policy import DeadlineDuty, Duty, PolicyHistory
from due_regard.policy.duty_wording import describe_date
from due_regard.records.canonical import ENTITY_OF_SUBJECT, Records


@dataclass(frozen=True)
class CountedDay:
    """One weekday on the way to a due date; `number` is None where it is no working day."""

    on: date
    number: int | None


@dataclass(frozen=True)
class DayCount:
    """From a start to a due date: `working_days` of them count. `start` says which date it is, in words."""

    start: str
    start_on: date
    working_days: int
    days: tuple[CountedDay, ...]
    due_on: date


def find_day_count(
    records: Records,
    history: PolicyHistory,
    duty: Duty,
    calendar: WorkingCalendar,
    *,
    subject: str,
    due_on: date,
    as_at: date,
) -> DayCount | None:
    """How a due date was counted; None where the duty counts no working days or its start can no longer be told."""
    if not isinstance(duty, DeadlineDuty) or duty.within is None or duty.within.working_days is None:
        return None
    start_on = _find_start(records, history, duty, subject, as_at)
    if start_on is None or start_on > due_on:
        return None
    count = duty.within.working_days
    numbered = {calendar.shift(due_on, 1 - back): count + 1 - back for back in range(2, count + 1)} | {due_on: count}
    skipped = {day: None for day in calendar.skipped(start_on, due_on)}
    days = sorted({**skipped, **numbered}.items())
    return DayCount(describe_date(duty.start), start_on, count, tuple(CountedDay(*day) for day in days), due_on)


def _find_start(records: Records, history: PolicyHistory, duty: DeadlineDuty, subject: str, as_at: date) -> date | None:
    entity = ENTITY_OF_SUBJECT.get(duty.subject)
    if entity is None or entity.name not in records or duty.start is None:
        return None
    known = RecordsAsAt(add_derived_roles(records), as_at, history.role_levels)
    row = int(known.list_keys(entity.name).index(subject).as_py())
    found = find_dates(build_duty_view(known, duty), duty.start).values
    return None if row < 0 or np.isnat(found[row]) else found[row].item()
