"""How each kind of duty but the recurring review is judged: deadline, check, document.

One function a kind, from a duty and the world to rows; the review of a restriction is in reviews.py.
"""

from __future__ import annotations

import numpy as np

from due_regard.assessment.dates import add_months, date_of, end_of_quarter_after
from due_regard.assessment.rows import Clock, Rows, check_states, dated, not_measured, undated
from due_regard.assessment.truth import NO, UNKNOWN, YES, Truth, View, both, settle, truth
from due_regard.assessment.world import NAT, NO_RECORD, UNTOLD, Ints, World
from due_regard.contract import ENTITY_OF_SUBJECT
from due_regard.policy import Check, Deadline, Document, Policy, Review
from due_regard.policy.duties import Within
from due_regard.working_days import Convention, Days


def view_of(world: World, duty: Deadline | Check | Review, *, strict: bool = False) -> View:
    """The duty's subjects, with the fields it counts as blank where they are absent."""
    return View(world, ENTITY_OF_SUBJECT[duty.subject].name, frozenset(duty.absent_as_blank), strict)


def applies(world: World, duty: Deadline | Check | Review) -> Truth:
    """Which subjects the duty is for: its condition holds and the records it requires exist."""
    view = view_of(world, duty)
    found = np.full(view.size, YES)
    for link in duty.requires:
        rows = world.link(view.entity, link)
        found = both(found, settle(rows != NO_RECORD, rows == UNTOLD))
    return found if duty.when is None else both(found, truth(view, duty.when))


def lacking(world: World, duty: Deadline | Check | Review) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Where a field is absent without which nothing can be said, whatever the others say."""
    view = view_of(world, duty)
    missing = np.zeros(view.size, bool)
    for path in duty.needs:
        missing |= view.cells(path).unknown
    return missing


def judge_check(world: World, duty: Check) -> Rows:
    """A check: met, breach or not_measured for each subject it is for."""
    view = view_of(world, duty, strict=True)
    wanted, required = applies(world, duty), truth(view, duty.require)
    required = np.where((wanted == UNKNOWN) | lacking(world, duty), UNKNOWN, required).astype(np.int8)
    rows = np.flatnonzero(wanted != NO)
    return undated(rows, check_states(required[rows]), world.opened(view.entity)[rows])


def judge_deadline(world: World, duty: Deadline, counting: Convention, clock: Clock) -> Rows:
    """A deadline: one row for each subject that has a start (or a due date)."""
    view = view_of(world, duty)
    opened = world.opened(view.entity)
    start, done = date_of(view, duty.start or duty.due), date_of(view, duty.done)
    wanted = both(applies(world, duty), settle(~np.isnat(start.values), start.unknown))
    untold = (wanted != NO) & ((wanted == UNKNOWN) | done.unknown | lacking(world, duty))
    rows = np.flatnonzero((wanted != NO) & ~untold)
    due = _due(duty, start.values[rows], counting, clock)
    arose = np.where(np.isnat(start.values), opened, start.values) if duty.start else opened
    told = dated(duty, clock, subject=rows, due=due, done=done.values[rows], arose=arose[rows])
    return Rows.joined([told, not_measured(np.flatnonzero(untold), arose[untold])]).by_subject()


def _due(duty: Deadline, starts: Days, counting: Convention, clock: Clock) -> Days:
    due = starts if duty.within is None else _within(duty.within, starts, counting, clock)
    return clock.calendar.roll(due) if duty.roll else due


def _within(within: Within, starts: Days, counting: Convention, clock: Clock) -> Days:
    if within.working_days is not None:
        return clock.calendar.add(starts, within.working_days, counting)
    if within.months is not None:
        return add_months(starts, within.months)
    if within.quarters is not None:
        return end_of_quarter_after(starts, within.quarters)
    return starts + np.timedelta64(within.days or 0, "D")


def judge_document(duty: Document, policy: Policy, clock: Clock) -> Rows:
    """The document's own review: one row for the landlord; not measured while nobody says when it was approved."""
    subject: Ints = np.array([-1])
    arose = np.array([policy.effective_from], dtype="datetime64[D]")
    if duty.due is not None:
        due = np.array([duty.due], dtype="datetime64[D]")
    elif policy.approved_on is not None and duty.cycle is not None:
        due = add_months(np.array([policy.approved_on], dtype="datetime64[D]"), duty.cycle.in_months)
    else:
        return not_measured(subject, arose)
    return dated(duty, clock, subject=subject, due=due, done=np.full(1, NAT), arose=arose)
