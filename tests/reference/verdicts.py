"""From conditions and dates to a verdict: yes, no and cannot tell; states; days overdue.

An answer is True, False or None, where None says that the source does not carry what would tell. A rule function
returns a list of `Verdict`: empty where the rule does not apply.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from tests.reference.records import ABSENT, World

Answer = bool | None
LEVELS = {"assistant_director": "head_of_service"}
"""Role -> the role it counts as (include/codes/roles.yaml)."""
WORKING_DAY_WINDOW = 2


@dataclass(frozen=True)
class Verdict:
    """One row's outcome; `severity` is what the contract says where the row is measured."""

    state: str
    due_on: date | None = None
    done_on: date | None = None
    days_overdue: int = 0
    severity: str = "breach"


NOT_MEASURED = Verdict("not_measured")


def known(value: Any) -> Answer:
    """Is something recorded?"""
    return None if value is ABSENT else value is not None


def is_yes(value: Any) -> Answer:
    """Is it a recorded yes? A blank is no."""
    return None if value is ABSENT else value is True


def is_in(value: Any, codes: Collection[str]) -> Answer:
    """Is it one of `codes`, or a role that counts as one? A blank is not."""
    return None if value is ABSENT else value in codes or LEVELS.get(value) in codes


def negated(answer: Answer) -> Answer:
    """The opposite; what cannot be told still cannot."""
    return None if answer is None else not answer


def any_of(*answers: Answer) -> Answer:
    """Yes if one is yes; cannot tell if none is and one cannot be told."""
    return True if True in answers else None if None in answers else False


def all_of(*answers: Answer) -> Answer:
    """No if one is no; cannot tell if none is and one cannot be told."""
    return False if False in answers else None if None in answers else True


def needs_all(*answers: Answer) -> Answer:
    """Cannot tell as soon as one cannot be told, even beside a no (contract: "a and b" needs both columns)."""
    return None if None in answers else all(answers)


def check(holds: Answer, *, where: Answer = True, severity: str = "breach") -> list[Verdict]:
    """The verdict of a check that applies `where` it says."""
    if where is False:
        return []
    if where is None or holds is None:
        return [NOT_MEASURED]
    return [Verdict("met" if holds else "breach", severity=severity)]


def deadline(
    world: World, due: Any, done: Any, *, where: Answer = True, window: int | None = None, severity: str = "breach"
) -> list[Verdict]:
    """The verdict of a deadline; `window` in calendar days, or None for a duty counted in working days."""
    if where is False:
        return []
    if where is None or due is ABSENT or done is ABSENT:
        return [NOT_MEASURED]
    return [dated(world, due, done, window, severity)]


def dated(world: World, due: date, done: date | None, window: int | None, severity: str = "breach") -> Verdict:
    """State and days overdue of one due date."""
    until = done or world.as_at
    days = days_after(world, due, until, window) if until > due else 0
    if done is not None:
        return Verdict("late" if done > due else "met", due, done, days, severity)
    if world.as_at > due:
        return Verdict("overdue", due, None, days, severity)
    return Verdict("due_soon" if due <= notice_until(world, window) else "pending", due, None, 0, severity)


def days_after(world: World, due: date, until: date, window: int | None) -> int:
    """Working days, or calendar days, from `due` to `until`."""
    return (until - due).days if window is not None else world.days.between(due, until)


def notice_until(world: World, window: int | None) -> date:
    """Last due date that notice is given of today."""
    if window is None:
        return world.days.nth_after(world.as_at, WORKING_DAY_WINDOW)
    return world.as_at + timedelta(days=window)


def add_wd(world: World, start: Any, count: int) -> Any:
    """The day due within `count` working days of `start`; what is blank or absent stays so."""
    return start if start is None or start is ABSENT else world.days.due(start, count)


def earliest(*dates: Any) -> Any:
    """The earliest recorded date, None if there is none; ABSENT if one is not carried."""
    if ABSENT in dates:
        return ABSENT
    return min((day for day in dates if day is not None), default=None)
