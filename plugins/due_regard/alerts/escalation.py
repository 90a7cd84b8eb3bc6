"""Which stage a finding has reached on a day, and when it moves up to the next one.

Pure arithmetic on dates. The landlord's settings (`ladder:`) say how far apart the stages are; routing.py says who is
told at which stage, cases.py what is left out of a mail.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum

from due_regard.calendars.working_days import WorkingCalendar
from due_regard.config.landlord import AlertSettings, EscalationStep
from due_regard.policy import CheckDuty, Duty


class EscalationStage(IntEnum):
    """Stages, lowest first; the register keeps their names in lower case."""

    NONE = 0
    AHEAD = 1
    DUE = 2
    OVERDUE = 3
    LINE_MANAGER = 4
    DIRECTOR = 5
    COMMITTEE = 6

    word: str
    """The name the register keeps; made once a stage, for it is asked several times a finding."""

    def __init__(self, _: int) -> None:
        self.word = self._name_.lower()


RISING = (EscalationStage.LINE_MANAGER, EscalationStage.DIRECTOR, EscalationStage.COMMITTEE)
"""Stages at which somebody besides the owner is told."""


@dataclass(frozen=True)
class EscalationClock:
    """What the stages of one finding are counted from.

    Attributes:
        anchor: the due date; of a check, the end of its grace.
        is_check: a check has no due date: it starts at the stage `overdue`.
        in_working_days: unit of its notice and lateness.
        notice: the duty's own notice in that unit; the landlord's settings may shorten it.
        curable: False stops at `overdue`: nothing is gained by telling more people.
    """

    anchor: date
    is_check: bool
    in_working_days: bool
    notice: int
    curable: bool


def find_clock(
    duty: Duty, *, due_on: date | None, opened_on: date, calendar: WorkingCalendar, alerts: AlertSettings
) -> EscalationClock | None:
    """The clock of a finding of `duty`; None where a dated duty has no due date."""
    if isinstance(duty, CheckDuty):
        grace = alerts.check_grace_working_days
        anchor = calendar.shift(opened_on, grace)
        return EscalationClock(anchor, is_check=True, in_working_days=True, notice=0, curable=duty.curable)
    if due_on is None:
        return None
    in_working_days = duty.notice.working_days is not None
    notice = (duty.notice.working_days if in_working_days else duty.notice.days) or 0
    return EscalationClock(due_on, is_check=False, in_working_days=in_working_days, notice=notice, curable=duty.curable)


def find_stage(
    clock: EscalationClock, as_at: date, *, calendar: WorkingCalendar, alerts: AlertSettings
) -> EscalationStage:
    """The highest stage reached on `as_at`."""
    if as_at < clock.anchor:
        return (
            EscalationStage.NONE
            if clock.is_check or not _is_near(clock, as_at, calendar, alerts)
            else EscalationStage.AHEAD
        )
    if clock.is_check and not clock.curable:
        return EscalationStage.OVERDUE
    lowest = EscalationStage.OVERDUE if clock.is_check else EscalationStage.DUE
    reached = [stage for stage, step in _list_steps(alerts) if _is_past(clock, step, as_at, calendar)]
    highest = max([lowest, *reached])
    return highest if clock.curable else min(highest, EscalationStage.OVERDUE)


def find_next_stage(
    clock: EscalationClock,
    stage: EscalationStage,
    as_at: date,
    *,
    calendar: WorkingCalendar,
    alerts: AlertSettings,
    not_before: date = date.min,
) -> tuple[EscalationStage, date] | None:
    """The next stage at which somebody else is told, and the working day it is reached; None if there is none.

    `not_before` is where the stage below holds it back.
    """
    if not clock.curable:
        return None
    for step in RISING:
        if step > stage:
            day = _find_step_day(clock, dict(_list_steps(alerts))[step], calendar)
            return step, calendar.next_working(max(day, calendar.shift(as_at, 1), not_before))
    return None


def add_stage_distance(
    clock: EscalationClock,
    lower: EscalationStage,
    upper: EscalationStage,
    day: date,
    *,
    calendar: WorkingCalendar,
    alerts: AlertSettings,
) -> date:
    """The first day `upper` may be told where `lower` was told on `day`: as far apart as the settings put the two."""
    below, above = (dict(_list_steps(alerts))[stage] for stage in (lower, upper))
    if below.unit == above.unit == "days":
        return day + timedelta(days=above.n - below.n)
    # Of two units: as far apart as they are of this finding's own due date.
    days = _find_step_day(clock, below, calendar), _find_step_day(clock, above, calendar)
    apart = above.n - below.n if below.unit == above.unit else _count_working_days(calendar, *days)
    return calendar.shift(day, apart) if apart > 0 else day


def count_days_late(clock: EscalationClock, as_at: date, calendar: WorkingCalendar) -> int:
    """How late on `as_at`, in the duty's own unit; 0 when it is not."""
    if as_at <= clock.anchor:
        return 0
    return _count_working_days(calendar, clock.anchor, as_at) if clock.in_working_days else (as_at - clock.anchor).days


def count_days_left(clock: EscalationClock, as_at: date, calendar: WorkingCalendar) -> int:
    """How long until it is due, in the duty's own unit; 0 when it is due or past."""
    if as_at >= clock.anchor:
        return 0
    return _count_working_days(calendar, as_at, clock.anchor) if clock.in_working_days else (clock.anchor - as_at).days


def _list_steps(alerts: AlertSettings) -> tuple[tuple[EscalationStage, EscalationStep], ...]:
    ladder = alerts.ladder
    return (
        (EscalationStage.OVERDUE, ladder.overdue),
        (EscalationStage.LINE_MANAGER, ladder.line_manager),
        (EscalationStage.DIRECTOR, ladder.director),
        (EscalationStage.COMMITTEE, ladder.committee),
    )


def _is_near(clock: EscalationClock, as_at: date, calendar: WorkingCalendar, alerts: AlertSettings) -> bool:
    ladder = alerts.ladder
    own = ladder.ahead_working_days if clock.in_working_days else ladder.ahead_days
    return count_days_left(clock, as_at, calendar) <= min(own, clock.notice)


def _is_past(clock: EscalationClock, step: EscalationStep, as_at: date, calendar: WorkingCalendar) -> bool:
    if as_at == clock.anchor:
        return clock.is_check and step.n == 0
    if step.unit == "days":
        return (as_at - clock.anchor).days >= step.n
    return _count_working_days(calendar, clock.anchor, as_at) >= step.n


def _find_step_day(clock: EscalationClock, step: EscalationStep, calendar: WorkingCalendar) -> date:
    anchor = max(clock.anchor, date(calendar.first_year, 1, 1))
    if step.unit == "days" or step.n == 0:
        return calendar.next_working(anchor + timedelta(days=step.n))
    return calendar.shift(anchor, step.n)


def _count_working_days(calendar: WorkingCalendar, after: date, to: date) -> int:
    """Working days d with after < d <= to; a date before the calendar's years counts as its first day."""
    first = date(calendar.first_year, 1, 1)
    return calendar.count_between(max(after, first), max(to, first))
