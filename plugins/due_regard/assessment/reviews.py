"""The recurring review: each review starts the clock of the next, until one closes the chain or the subject ends.

Contract: Assessment, "The review of a restriction". Kept apart from the other kinds because it alone has occurrences.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from due_regard.assessment.dates import add_months, date_of
from due_regard.assessment.kinds import applies, lacking, view_of
from due_regard.assessment.rows import Clock, Rows, dated, not_measured
from due_regard.assessment.truth import NO, UNKNOWN, YES, View, truth
from due_regard.assessment.versions import numbered
from due_regard.assessment.world import NAT, Bools, Ints, World
from due_regard.policy import Review
from due_regard.working_days import Days


@dataclass(frozen=True)
class Chain:
    """Every occurrence, due or not, in order of subject and time.

    Attributes:
        subject: row of the restriction.
        base: the day the occurrence's clock started.
        agreed: the date agreed for it; NaT where none.
        done: the day of its review, or the end of the restriction; NaT while outstanding.
        place: from 1, due or not.
    """

    subject: Ints
    base: Days
    agreed: Days
    done: Days
    place: Ints


@dataclass(frozen=True)
class _Kept:
    """Reviews that count, in order of subject and date, up to the one that closes the chain."""

    subject: Ints
    on: Days
    next_agreed: Days
    closes: Bools


def chain_of(world: World, duty: Review) -> Chain:
    """Every occurrence of the duty, due or not; for explanations. Its reviews must have been delivered."""
    view = view_of(world, duty)
    return _chain(view, duty, _kept(view, duty))


def judge_review(world: World, duty: Review, clock: Clock) -> Rows:
    """Rows of a recurring review: one an occurrence that has a due date, `occurrence` its place in the chain."""
    view = view_of(world, duty)
    wanted, opened = applies(world, duty), world.opened(view.entity)
    if not world.delivered(duty.reviews):
        untold = wanted != NO
        return not_measured(np.flatnonzero(untold), opened[untold])
    kept = _kept(view, duty)
    chain = _chain(view, duty, kept)
    untold = (wanted != NO) & _untold(view, duty, wanted == UNKNOWN, kept, chain)
    due = _due(duty, chain)
    rows = np.flatnonzero((wanted[chain.subject] == YES) & ~untold[chain.subject] & ~np.isnat(due))
    told = dated(
        duty,
        clock,
        subject=chain.subject[rows],
        due=due[rows],
        done=chain.done[rows],
        arose=chain.base[rows],
        occurrence=chain.place[rows],
    )
    return Rows.joined([told, not_measured(np.flatnonzero(untold), opened[untold])]).by_subject()


def _kept(view: View, duty: Review) -> _Kept:
    world, name = view.world, duty.reviews
    reviews = View(world, name, view.as_blank)
    subject = world.link(name, duty.subject)
    on = world.column(name, duty.reviewed).days
    ended = view.cells(duty.ended).days
    there = np.flatnonzero((subject >= 0) & ~np.isnat(on))
    there = there[~(on[there] > ended[subject[there]])]
    there = there[np.lexsort((on[there], subject[there]))]  # on one day, in order of reference: the world's own
    closes = truth(reviews, duty.closes)[there] == YES
    before = _closed_before(subject[there], closes)
    agreed = world.column(name, duty.next_agreed).days if duty.next_agreed else np.full(len(on), NAT)
    there, closes = there[~before], closes[~before]
    return _Kept(subject[there], on[there], agreed[there], closes)


def _closed_before(subject: Ints, closes: Bools) -> Bools:
    """Whether an earlier review of the same subject closed its chain."""
    closed: Ints = np.cumsum(closes, dtype=np.int64) - closes
    starts = np.maximum.accumulate(np.where(numbered(subject) == 1, np.arange(len(subject)), 0))
    return closed > closed[starts] if len(subject) else closes


def _chain(view: View, duty: Review, kept: _Kept) -> Chain:
    size = view.size
    every = np.arange(size)
    agreed = view.cells(duty.agreed).days if duty.agreed else np.full(size, NAT)
    # An occurrence starts at the subject itself and at every review; it is done by the review that follows it.
    follows = ~kept.closes
    subject = np.r_[every, kept.subject[follows]]
    base = np.r_[_base(view, duty), kept.on[follows]]
    order = np.r_[np.zeros(size, np.int64), numbered(kept.subject)[follows]]
    dates = np.r_[agreed, kept.next_agreed[follows]]
    place = np.lexsort((order, subject))
    done = _done(view, duty, kept, subject[place], order[place])
    return Chain(subject[place], base[place], dates[place], done, order[place] + 1)


def _base(view: View, duty: Review) -> Days:
    """The first recorded of the duty's base dates."""
    base = np.full(view.size, NAT)
    for path in duty.base:
        base = np.where(np.isnat(base), date_of(view, path).values, base)
    return base


def _done(view: View, duty: Review, kept: _Kept, subject: Ints, order: Ints) -> Days:
    """The review that follows each occurrence, else the end of the subject."""
    first = np.searchsorted(kept.subject, np.arange(view.size))
    count = np.bincount(kept.subject, minlength=view.size)
    ended = view.cells(duty.ended).days[subject]
    reviewed = order < count[subject]
    at = np.where(reviewed, first[subject] + order, 0)
    return np.where(reviewed, np.append(kept.on, NAT)[at], ended)


def _due(duty: Review, chain: Chain) -> Days:
    if duty.cycle is None:
        return chain.agreed
    return np.fmin(add_months(chain.base, duty.cycle.in_months), chain.agreed)


def _untold(view: View, duty: Review, unsure: Bools, kept: _Kept, chain: Chain) -> Bools:
    """Subjects of which nothing can be said, because a date the chain rests on is absent."""
    untold = unsure | lacking(view.world, duty)
    if duty.agreed is not None:
        untold = untold | view.cells(duty.agreed).unknown
    for path in duty.base:
        untold = untold | view.cells(path).unknown
    following = duty.next_agreed
    if following is not None and following not in view.as_blank and not view.world.carries(duty.reviews, following):
        untold = untold | _may_follow(view, duty, kept)
    has_row = np.zeros(view.size, bool)
    has_row[chain.subject[~np.isnat(_due(duty, chain))]] = True
    return untold | (view.cells(duty.ended).unknown & has_row)


def _may_follow(view: View, duty: Review, kept: _Kept) -> Bools:
    """Subjects with an agreed date, or whose first review leaves the chain open: a next date may have been agreed."""
    agreed = view.cells(duty.agreed).days if duty.agreed else np.full(view.size, NAT)
    found: Bools = ~np.isnat(agreed)
    found[kept.subject[(numbered(kept.subject) == 1) & ~kept.closes]] = True
    return found
