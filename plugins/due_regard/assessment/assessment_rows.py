"""What a duty answers, as columns: which subjects, which occurrence, which state. No strings until the end.

States are numbers here (positions in STATES); engine.py turns them into the contract's frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from due_regard.assessment.column_cells import NAT, Bools, Ints
from due_regard.assessment.condition_truth import NO, UNKNOWN, YES, Truth
from due_regard.calendars.working_days import Days, WorkingCalendar
from due_regard.policy.duties import DatedDuty
from due_regard.records.canonical import STATES

STATE = {name: np.int8(number) for number, name in enumerate(STATES)}
_OF_TRUTH = {NO: "breach", UNKNOWN: "not_measured", YES: "met"}
_STATE_OF = np.array([STATE[_OF_TRUTH[truth]] for truth in sorted(_OF_TRUTH)])


@dataclass(frozen=True)
class AssessmentRows:
    """Assessments of one duty.

    Attributes:
        subject: row of the subject in its entity, ascending (-1: the landlord itself).
        occurrence: from 1.
        state: position in STATES.
        due, done: datetime64[D]; NaT blank.
        late: days overdue, in the duty's unit.
        arose: the day that says which policy version the row rests on.
    """

    subject: Ints
    occurrence: Ints
    state: npt.NDArray[np.int8]
    due: Days
    done: Days
    late: Ints
    arose: Days

    def select_rows(self, keep: Bools | Ints) -> AssessmentRows:
        """The rows that `keep` marks or numbers."""
        return AssessmentRows(*(getattr(self, name)[keep] for name in self.__dataclass_fields__))

    @staticmethod
    def join_rows(parts: list[AssessmentRows]) -> AssessmentRows:
        """Several answers as one, one after the other."""
        filled = [part for part in parts if len(part.subject)] or parts[:1]
        if len(filled) == 1:
            return filled[0]
        return AssessmentRows(
            *(np.concatenate([getattr(part, name) for part in filled]) for name in AssessmentRows.__dataclass_fields__)
        )

    def sort_by_subject(self) -> AssessmentRows:
        """The rows in order of their subjects; rows of one subject stay in their order."""
        if (self.subject[:-1] <= self.subject[1:]).all():
            return self
        return self.select_rows(np.argsort(self.subject, kind="stable"))


@dataclass(frozen=True)
class AssessmentClock:
    """The date of the assessment, and how long before its due date a duty is due soon."""

    day: date
    calendar: WorkingCalendar

    @property
    def as_at(self) -> np.datetime64[date]:
        """The day as NumPy counts it."""
        return np.datetime64(self.day, "D")


def make_undated_rows(subject: Ints, state: npt.NDArray[np.int8], arose: Days) -> AssessmentRows:
    """Rows without dates: checks, and what cannot be measured."""
    blank: Days = np.broadcast_to(NAT, len(subject))  # one cell shown to every row
    one, none = np.broadcast_to(np.int64(1), len(subject)), np.broadcast_to(np.int64(0), len(subject))
    return AssessmentRows(subject, one, state, blank, blank, none, arose)


def make_unmeasured_rows(subject: Ints, arose: Days) -> AssessmentRows:
    """One row a subject: the source cannot tell."""
    return make_undated_rows(subject, np.full(len(subject), STATE["not_measured"]), arose)


def name_check_states(required: Truth) -> npt.NDArray[np.int8]:
    """met, breach or not_measured."""
    return _STATE_OF[required]


def make_dated_rows(
    duty: DatedDuty,
    clock: AssessmentClock,
    *,
    subject: Ints,
    due: Days,
    done: Days,
    arose: Days,
    occurrence: Ints | None = None,
) -> AssessmentRows:
    """Rows of a deadline that is due: states and lateness (contract: Assessment, States)."""
    undone = np.isnat(done)
    near = undone & (due >= clock.as_at)
    state = np.where(near, STATE["pending"], STATE["overdue"])
    if near.any():
        state[near & (due <= _find_window_end(duty, clock))] = STATE["due_soon"]
    state[~undone & (done <= due)] = STATE["met"]
    state[~undone & (done > due)] = STATE["late"]
    late = _count_late_days(duty, clock, due, np.where(undone, clock.as_at, done))
    numbers = np.ones(len(subject), np.int64) if occurrence is None else occurrence
    return AssessmentRows(subject, numbers, state, due, done, late, arose)


def _find_window_end(duty: DatedDuty, clock: AssessmentClock) -> np.datetime64[date]:
    notice = duty.notice
    if notice.working_days is not None:
        return np.datetime64(clock.calendar.shift(clock.day, notice.working_days), "D")
    return np.datetime64(clock.day + timedelta(notice.days or 0), "D")


def _count_late_days(duty: DatedDuty, clock: AssessmentClock, due: Days, until: Days) -> Ints:
    """Days of the duty's unit d with due < d <= until; 0 where it was or still can be in time."""
    late = until > due
    if duty.notice.working_days is None:
        return np.where(late, (until - due).astype(np.int64), 0)
    counted = np.zeros(len(due), np.int64)
    if late.any():
        counted[late] = clock.calendar.count(due[late], until[late])
    return counted
