"""How each kind of duty but the recurring review is assessed: deadline, check, document.

One function a kind, from a duty and the records to rows; the review of a restriction is in recurring_reviews.py.
"""

from __future__ import annotations

import numpy as np

from due_regard.assessment.assessment_rows import (
    AssessmentClock,
    AssessmentRows,
    make_dated_rows,
    make_undated_rows,
    make_unmeasured_rows,
    name_check_states,
)
from due_regard.assessment.column_cells import NAT, NO_RECORD, UNKNOWN_RECORD, Bools, Ints
from due_regard.assessment.condition_truth import (
    NO,
    UNKNOWN,
    YES,
    Truth,
    combine_truths,
    evaluate_condition,
    find_dates,
    settle_truth,
)
from due_regard.assessment.date_arithmetic import add_months, find_quarter_end_after
from due_regard.assessment.duty_view import DutyView
from due_regard.assessment.records_as_at import RecordsAsAt
from due_regard.calendars.working_days import Convention, Days
from due_regard.policy import CheckDuty, DeadlineDuty, DocumentDuty, Policy
from due_regard.policy.duties import SubjectDuty, Within
from due_regard.records.canonical import ASSESSED_ENTITY_OF_SUBJECT


def build_duty_view(records: RecordsAsAt, duty: SubjectDuty, *, strict: bool = False) -> DutyView:
    """The duty's subjects, with the fields it counts as blank where they are absent."""
    return DutyView(records, ASSESSED_ENTITY_OF_SUBJECT[duty.subject].name, frozenset(duty.absent_as_blank), strict)


def find_subjects(records: RecordsAsAt, duty: SubjectDuty) -> Truth:
    """Which subjects the duty is for: its condition holds and the records it requires exist."""
    view = build_duty_view(records, duty)
    found = np.full(view.size, YES)
    for link in duty.requires:
        rows = records.find_linked_rows(view.entity, link)
        found = combine_truths(found, settle_truth(rows != NO_RECORD, rows == UNKNOWN_RECORD))
    return found if duty.when is None else combine_truths(found, evaluate_condition(view, duty.when))


def find_lacking_fields(records: RecordsAsAt, duty: SubjectDuty) -> Bools:
    """Where a field is absent without which nothing can be said, whatever the others say."""
    view = build_duty_view(records, duty)
    missing = np.zeros(view.size, bool)
    for path in duty.needs:
        missing |= view.find_cells(path).unknown
    return missing


def assess_check(records: RecordsAsAt, duty: CheckDuty) -> AssessmentRows:
    """A check: met, breach or not_measured for each subject it is for."""
    view = build_duty_view(records, duty, strict=True)
    wanted, required = find_subjects(records, duty), evaluate_condition(view, duty.require)
    required = np.where((wanted == UNKNOWN) | find_lacking_fields(records, duty), UNKNOWN, required).astype(np.int8)
    rows = np.flatnonzero(wanted != NO)
    return make_undated_rows(rows, name_check_states(required[rows]), records.find_opening_days(view.entity)[rows])


def assess_deadline(
    records: RecordsAsAt, duty: DeadlineDuty, counting: Convention, clock: AssessmentClock
) -> AssessmentRows:
    """A deadline: one row for each subject that has a start (or a due date)."""
    view = build_duty_view(records, duty)
    opened = records.find_opening_days(view.entity)
    start, done = find_dates(view, duty.start or duty.due), find_dates(view, duty.done)
    wanted = combine_truths(find_subjects(records, duty), settle_truth(~np.isnat(start.values), start.unknown))
    unmeasured = (wanted != NO) & ((wanted == UNKNOWN) | done.unknown | find_lacking_fields(records, duty))
    rows = np.flatnonzero((wanted != NO) & ~unmeasured)
    due = find_due_dates(duty, start.values[rows], counting, clock)
    arose = np.where(np.isnat(start.values), opened, start.values) if duty.start else opened
    measured = make_dated_rows(duty, clock, subject=rows, due=due, done=done.values[rows], arose=arose[rows])
    return AssessmentRows.join_rows([
        measured,
        make_unmeasured_rows(np.flatnonzero(unmeasured), arose[unmeasured]),
    ]).sort_by_subject()


def find_due_dates(duty: DeadlineDuty, starts: Days, counting: Convention, clock: AssessmentClock) -> Days:
    """When a deadline that starts on each of these days is due, by the policy's way of counting."""
    due = starts if duty.within is None else _add_term(duty.within, starts, counting, clock)
    return clock.calendar.roll(due) if duty.roll else due


def _add_term(within: Within, starts: Days, counting: Convention, clock: AssessmentClock) -> Days:
    if within.working_days is not None:
        return clock.calendar.add(starts, within.working_days, counting)
    if within.months is not None:
        return add_months(starts, within.months)
    if within.quarters is not None:
        return find_quarter_end_after(starts, within.quarters)
    return starts + np.timedelta64(within.days or 0, "D")


def assess_document(duty: DocumentDuty, policy: Policy, clock: AssessmentClock) -> AssessmentRows:
    """The document's own review: one row for the landlord; not measured while nobody says when it was approved."""
    subject: Ints = np.array([-1])
    arose = np.array([policy.effective_from], dtype="datetime64[D]")
    if duty.due is not None:
        due = np.array([duty.due], dtype="datetime64[D]")
    elif policy.approved_on is not None and duty.cycle is not None:
        due = add_months(np.array([policy.approved_on], dtype="datetime64[D]"), duty.cycle.in_months)
    else:
        return make_unmeasured_rows(subject, arose)
    return make_dated_rows(duty, clock, subject=subject, due=due, done=np.full(1, NAT), arose=arose)
