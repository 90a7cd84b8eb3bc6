"""Related records in order of the reference they share and of their date, searched for the first within bounds.

Arrays in, arrays out. Which records are related, and what bounds them, is condition_truth.py's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from due_regard.assessment.column_cells import NAT, Bools, ColumnCells, Ints, find_places
from due_regard.calendars.working_days import Days

_SPAN = 1 << 22  # more days than any date here has since year 0: one composite key of record and day
EARLIEST, LATEST = 0, _SPAN - 1
"""The first and the last day, counted from year 0: no bound at all."""
_BEYOND = 1 << 62  # after every record
_EPOCH = np.datetime64("0000-01-01", "D")


@dataclass(frozen=True)
class RelatedIndex:
    """Related records in order of shared reference (in the subject's numbering) and date, both in one number.

    Days count from year 0. `until` is the latest end among a record and the earlier ones of the same reference.
    """

    order: Ints
    until: Ints | None


def build_related_index(references: Ints, days: Days, until: Days | None, keep: Bools) -> RelatedIndex:
    """The records that `keep` marks, less those without a reference or a date."""
    rows = np.flatnonzero(keep & (references >= 0) & ~np.isnat(days))
    order = references[rows] * _SPAN + number_days(days[rows])
    if until is None:
        return RelatedIndex(np.sort(order), None)
    place = np.argsort(order, kind="stable")
    ends = np.where(np.isnat(until), LATEST, number_days(until))[rows]
    # Keys ascend, so the running maximum of (key, end) never reaches into the next key.
    latest = np.maximum.accumulate((references[rows] * _SPAN + ends)[place]) % _SPAN
    return RelatedIndex(order[place], latest)


def find_first_days(index: RelatedIndex, references: Ints, low: Ints, high: Ints) -> Days:
    """Day of the first record of each reference from `low` to `high`; NaT where there is none.

    Where the index says until when a record stood, one dated earlier that still stood on `low` counts as of that day.
    """
    start = references * _SPAN
    place = np.searchsorted(index.order, start + low)
    order = np.append(index.order, _BEYOND)[place]
    found = np.where(order <= start + high, _name_days(order - start), NAT)
    if index.until is None or len(index.until) == 0:
        return found
    before = np.maximum(place - 1, 0)
    stood = (place > 0) & (index.order[before] >= start) & (index.until[before] > low)
    return np.where(stood, _name_days(low), found)


def number_days(days: Days) -> Ints:
    """Days since year 0, kept inside the composite key."""
    number: Ints = np.clip((days - _EPOCH).astype(np.int64), EARLIEST, LATEST)
    return number


def _name_days(number: Ints) -> Days:
    """The day that is so many days after year 0."""
    return _EPOCH + number.astype("timedelta64[D]")


def recode_words(cells: ColumnCells, other: ColumnCells) -> Ints:
    """For each word of `cells` its number in `other` (-2 where it has none); the last entry, -1, is for blanks."""
    found = find_places(cells.words, other.words)
    return np.append(np.where(found < 0, -2, found), -1)
