"""The recurring review: each review starts the clock of the next, until one closes the chain or the subject ends.

Contract: Assessment, "The review of a restriction". Kept apart from the other kinds because it alone has occurrences.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from due_regard.assessment.assessment_rows import AssessmentClock, AssessmentRows, make_dated_rows, make_unmeasured_rows
from due_regard.assessment.column_cells import NAT, Bools, Ints
from due_regard.assessment.condition_truth import NO, UNKNOWN, YES, evaluate_condition, find_dates
from due_regard.assessment.date_arithmetic import add_months
from due_regard.assessment.duty_kinds import build_duty_view, find_lacking_fields, find_subjects
from due_regard.assessment.duty_view import DutyView
from due_regard.assessment.records_as_at import RecordsAsAt
from due_regard.assessment.versions_in_force import number_within_runs
from due_regard.calendars.working_days import Days
from due_regard.policy import ReviewDuty


@dataclass(frozen=True)
class ReviewChain:
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
class _CountedReviews:
    """Reviews that count, in order of subject and date, up to the one that closes the chain.

    `unsettled` are the subjects of which a word that is not known leaves open whether a review closed the chain.
    """

    subject: Ints
    on: Days
    next_agreed: Days
    closes: Bools
    unsettled: Ints


def build_chain(records: RecordsAsAt, duty: ReviewDuty) -> ReviewChain:
    """Every occurrence of the duty, due or not; for explanations. Its reviews must have been delivered."""
    view = build_duty_view(records, duty)
    return _build_chain_rows(view, duty, _find_counted_reviews(view, duty))


def assess_review(records: RecordsAsAt, duty: ReviewDuty, clock: AssessmentClock) -> AssessmentRows:
    """Rows of a recurring review: one an occurrence that has a due date, `occurrence` its place in the chain."""
    view = build_duty_view(records, duty)
    wanted, opened = find_subjects(records, duty), records.find_opening_days(view.entity)
    if not records.is_delivered(duty.reviews):
        unmeasured = wanted != NO
        return make_unmeasured_rows(np.flatnonzero(unmeasured), opened[unmeasured])
    kept = _find_counted_reviews(view, duty)
    chain = _build_chain_rows(view, duty, kept)
    due = chain.agreed if duty.cycle is None else np.fmin(add_months(chain.base, duty.cycle.in_months), chain.agreed)
    has_row = np.zeros(view.size, bool)
    has_row[chain.subject[~np.isnat(due)]] = True
    unmeasured = (wanted != NO) & ((wanted == UNKNOWN) | _find_unmeasured(view, duty, kept, has_row))
    rows = np.flatnonzero((wanted[chain.subject] == YES) & ~unmeasured[chain.subject] & ~np.isnat(due))
    measured = make_dated_rows(
        duty,
        clock,
        subject=chain.subject[rows],
        due=due[rows],
        done=chain.done[rows],
        arose=chain.base[rows],
        occurrence=chain.place[rows],
    )
    return AssessmentRows.join_rows([
        measured,
        make_unmeasured_rows(np.flatnonzero(unmeasured), opened[unmeasured]),
    ]).sort_by_subject()


def _find_counted_reviews(view: DutyView, duty: ReviewDuty) -> _CountedReviews:
    records, name = view.records, duty.reviews
    reviews = DutyView(records, name, view.as_blank)
    subject = records.find_linked_rows(name, duty.subject)
    on = records.find_cells(name, duty.reviewed).days
    ended = view.find_cells(duty.ended).days
    there = np.flatnonzero((subject >= 0) & ~np.isnat(on))
    there = there[~(on[there] > ended[subject[there]])]
    there = there[np.lexsort((on[there], subject[there]))]  # on one day, in order of reference, as records stand
    closed = evaluate_condition(reviews, duty.closes)[there]
    closes = closed == YES
    before = _was_closed_before(subject[there], closes)
    agreed = records.find_cells(name, duty.next_agreed).days if duty.next_agreed else np.full(len(on), NAT)
    unsettled = subject[there][(closed == UNKNOWN) & ~before]
    there, closes = there[~before], closes[~before]
    return _CountedReviews(subject[there], on[there], agreed[there], closes, unsettled)


def _was_closed_before(subject: Ints, closes: Bools) -> Bools:
    """Whether an earlier review of the same subject closed its chain."""
    closed: Ints = np.cumsum(closes, dtype=np.int64) - closes
    starts = np.maximum.accumulate(np.where(number_within_runs(subject) == 1, np.arange(len(subject)), 0))
    return closed > closed[starts] if len(subject) else closes


def _build_chain_rows(view: DutyView, duty: ReviewDuty, kept: _CountedReviews) -> ReviewChain:
    size = view.size
    every = np.arange(size)
    agreed = view.find_cells(duty.agreed).days if duty.agreed else np.full(size, NAT)
    # An occurrence starts at the subject itself and at every review; it is done by the review that follows it.
    follows = ~kept.closes
    subject = np.r_[every, kept.subject[follows]]
    base = np.r_[_find_base_dates(view, duty), kept.on[follows]]
    order = np.r_[np.zeros(size, np.int64), number_within_runs(kept.subject)[follows]]
    dates = np.r_[agreed, kept.next_agreed[follows]]
    place = np.lexsort((order, subject))
    done = _find_done_dates(view, duty, kept, subject[place], order[place])
    return ReviewChain(subject[place], base[place], dates[place], done, order[place] + 1)


def _find_base_dates(view: DutyView, duty: ReviewDuty) -> Days:
    """The first recorded of the duty's base dates."""
    base = np.full(view.size, NAT)
    for path in duty.base:
        base = np.where(np.isnat(base), find_dates(view, path).values, base)
    return base


def _find_done_dates(view: DutyView, duty: ReviewDuty, kept: _CountedReviews, subject: Ints, order: Ints) -> Days:
    """The review that follows each occurrence, else the end of the subject."""
    first = np.searchsorted(kept.subject, np.arange(view.size))
    count = np.bincount(kept.subject, minlength=view.size)
    ended = view.find_cells(duty.ended).days[subject]
    reviewed = order < count[subject]
    at = np.where(reviewed, first[subject] + order, 0)
    return np.where(reviewed, np.append(kept.on, NAT)[at], ended)


def _find_unmeasured(view: DutyView, duty: ReviewDuty, kept: _CountedReviews, has_row: Bools) -> Bools:
    """Subjects of which nothing can be said, because a date the chain rests on is absent."""
    unmeasured = find_lacking_fields(view.records, duty) | (view.find_cells(duty.ended).unknown & has_row)
    unmeasured[kept.unsettled] = True
    for path in (*duty.base, *([duty.agreed] if duty.agreed else [])):
        unmeasured |= view.find_cells(path).unknown
    following = duty.next_agreed
    if following and following not in view.as_blank and not view.records.has_column(duty.reviews, following):
        unmeasured |= _find_possible_successors(view, duty, kept)
    return unmeasured


def _find_possible_successors(view: DutyView, duty: ReviewDuty, kept: _CountedReviews) -> Bools:
    """Subjects with an agreed date, or whose first review leaves the chain open: a next date may have been agreed."""
    agreed = view.find_cells(duty.agreed).days if duty.agreed else np.full(view.size, NAT)
    found: Bools = ~np.isnat(agreed)
    found[kept.subject[(number_within_runs(kept.subject) == 1) & ~kept.closes]] = True
    return found
