"""The ladder: which stage a finding has reached on a day, and when it goes further.

Pure arithmetic on dates. How far apart the rungs are is the landlord's setting (landlords.Ladder); who stands on a rung
is recipients'; what is left out of a mail is selection's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum

import numpy as np

from due_regard.landlords import Alerts, Step
from due_regard.policy import Check, Duty
from due_regard.working_days import WorkingCalendar


class Stage(IntEnum):
    """Rungs, lowest first; their names in lower case are what the register keeps."""

    NONE = 0
    AHEAD = 1
    DUE = 2
    OVERDUE = 3
    LINE_MANAGER = 4
    DIRECTOR = 5
    COMMITTEE = 6

    @property
    def word(self) -> str:
        """The name the register keeps."""
        return self.name.lower()


RISING = (Stage.LINE_MANAGER, Stage.DIRECTOR, Stage.COMMITTEE)
"""Rungs on which somebody besides the owner stands."""


@dataclass(frozen=True)
class Clock:
    """What the ladder of one finding is counted from.

    Attributes:
        anchor: the due date; of a check, the end of its grace.
        is_check: a check has no due date: it starts on the rung `overdue`.
        in_working_days: unit of its notice and lateness.
        notice: the duty's own notice in that unit; the landlord's ladder may shorten it.
        curable: False stops at `overdue`: nothing is gained by telling more people.
    """

    anchor: date
    is_check: bool
    in_working_days: bool
    notice: int
    curable: bool


def clock_of(
    duty: Duty, *, due_on: date | None, opened_on: date, calendar: WorkingCalendar, alerts: Alerts
) -> Clock | None:
    """The clock of a finding of `duty`; None where a dated duty has no due date."""
    if isinstance(duty, Check):
        grace = alerts.check_grace_working_days
        anchor = calendar.shift(opened_on, grace)
        return Clock(anchor, is_check=True, in_working_days=True, notice=0, curable=duty.curable)
    if due_on is None:
        return None
    in_working_days = duty.notice.working_days is not None
    notice = (duty.notice.working_days if in_working_days else duty.notice.days) or 0
    return Clock(due_on, is_check=False, in_working_days=in_working_days, notice=notice, curable=duty.curable)


def stage_on(clock: Clock, as_at: date, *, calendar: WorkingCalendar, alerts: Alerts) -> Stage:
    """The highest rung reached on `as_at`."""
    if as_at < clock.anchor:
        return Stage.NONE if clock.is_check or not _is_near(clock, as_at, calendar, alerts) else Stage.AHEAD
    if clock.is_check and not clock.curable:
        return Stage.OVERDUE
    lowest = Stage.OVERDUE if clock.is_check else Stage.DUE
    reached = [stage for stage, step in _steps(alerts) if _is_past(clock, step, as_at, calendar)]
    highest = max([lowest, *reached])
    return highest if clock.curable else min(highest, Stage.OVERDUE)


def next_stage(
    clock: Clock, stage: Stage, as_at: date, *, calendar: WorkingCalendar, alerts: Alerts
) -> tuple[Stage, date] | None:
    """The next rung on which somebody else is told, and the working day it is reached; None if there is none."""
    if not clock.curable:
        return None
    for rung in RISING:
        if rung > stage:
            day = _day_of(clock, dict(_steps(alerts))[rung], calendar)
            return rung, max(day, calendar.shift(as_at, 1))
    return None


def days_late(clock: Clock, as_at: date, calendar: WorkingCalendar) -> int:
    """How late on `as_at`, in the duty's own unit; 0 when it is not."""
    if as_at <= clock.anchor:
        return 0
    return _working(calendar, clock.anchor, as_at) if clock.in_working_days else (as_at - clock.anchor).days


def days_left(clock: Clock, as_at: date, calendar: WorkingCalendar) -> int:
    """How long until it is due, in the duty's own unit; 0 when it is due or past."""
    if as_at >= clock.anchor:
        return 0
    return _working(calendar, as_at, clock.anchor) if clock.in_working_days else (clock.anchor - as_at).days


def _steps(alerts: Alerts) -> tuple[tuple[Stage, Step], ...]:
    ladder = alerts.ladder
    return (
        (Stage.OVERDUE, ladder.overdue),
        (Stage.LINE_MANAGER, ladder.line_manager),
        (Stage.DIRECTOR, ladder.director),
        (Stage.COMMITTEE, ladder.committee),
    )


def _is_near(clock: Clock, as_at: date, calendar: WorkingCalendar, alerts: Alerts) -> bool:
    ladder = alerts.ladder
    own = ladder.ahead_working_days if clock.in_working_days else ladder.ahead_days
    return days_left(clock, as_at, calendar) <= min(own, clock.notice)


def _is_past(clock: Clock, step: Step, as_at: date, calendar: WorkingCalendar) -> bool:
    if as_at == clock.anchor:
        return clock.is_check and step.n == 0
    if step.unit == "days":
        return (as_at - clock.anchor).days >= step.n
    return _working(calendar, clock.anchor, as_at) >= step.n


def _day_of(clock: Clock, step: Step, calendar: WorkingCalendar) -> date:
    anchor = max(clock.anchor, date(calendar.first_year, 1, 1))
    if step.unit == "days" or step.n == 0:
        return calendar.next_working(anchor + timedelta(days=step.n))
    return calendar.shift(anchor, step.n)


def _working(calendar: WorkingCalendar, after: date, to: date) -> int:
    """Working days d with after < d <= to; a date before the calendar's years counts as its first day."""
    first = date(calendar.first_year, 1, 1)
    pair = np.array([max(after, first), max(to, first)], dtype="datetime64[D]")
    return int(calendar.count(pair[:1], pair[1:])[0])
