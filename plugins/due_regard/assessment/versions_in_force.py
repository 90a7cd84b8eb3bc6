"""Which version of a policy a row rests on, where a landlord has several: the one in force on the day it arose.

Duties answer for every subject in every version; here the rows that stand are chosen and numbered. Keep assessing out.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from due_regard.assessment.assessment_rows import STATE, AssessmentRows
from due_regard.assessment.column_cells import Bools, Ints
from due_regard.calendars.working_days import Days

Versions: TypeAlias = npt.NDArray[np.int16]
"""For each row the position of a policy version in its history."""


def select_standing_rows(rows: AssessmentRows, version: Versions, starts: Days) -> tuple[AssessmentRows, Versions]:
    """The rows that stand, one a subject and occurrence, numbered through.

    Versions may say differently when a duty arose: from another start, or of a column the source lacks. Where no
    version claims a row for its own time, the version in force on the day that another one names answers; where two
    claim it, the older. So no subject is lost or assessed twice.

    Args:
        rows: every version's answers; `occurrence` is the place in the chain, the same in each version.
        version: position in `starts` of the version that gave each row.
        starts: the days the versions came into force, ascending; the first also holds for everything older.
    """
    if len(rows.subject) == 0:
        return rows, version
    slot = rows.subject * (int(rows.occurrence.max()) + 1) + rows.occurrence
    in_force = np.where(np.isnat(rows.arose), 0, np.maximum(np.searchsorted(starts, rows.arose, side="right") - 1, 0))
    own = in_force == version
    asked = (slot * len(starts) + in_force)[~own]
    named = ~np.isin(slot, slot[own]) & np.isin(slot * len(starts) + version, asked)
    keep = np.flatnonzero(own | named)
    keep = keep[np.lexsort((version[keep], slot[keep]))]
    keep = keep[_mark_firsts(slot[keep])]
    return _merge_unmeasured(rows.select_rows(keep), version[keep])


def _merge_unmeasured(rows: AssessmentRows, version: Versions) -> tuple[AssessmentRows, Versions]:
    """A subject unmeasured in one version is unmeasured whole."""
    unmeasured = rows.state == STATE["not_measured"]
    keep = unmeasured | ~np.isin(rows.subject, rows.subject[unmeasured])
    return number_occurrences(rows.select_rows(keep)), version[keep]


def _mark_firsts(values: Ints) -> Bools:
    """Whether each of the sorted values is the first of its kind."""
    found: Bools = np.r_[True, values[1:] != values[:-1]][: len(values)]
    return found


def number_occurrences(rows: AssessmentRows) -> AssessmentRows:
    """The rows with each subject's occurrences numbered 1, 2, 3 in their order."""
    return replace(rows, occurrence=number_within_runs(rows.subject))


def number_within_runs(subject: Ints) -> Ints:
    """1, 2, 3 … within each run of the same subject."""
    place = np.arange(len(subject))
    return place - np.maximum.accumulate(np.where(_mark_firsts(subject), place, 0)) + 1 if len(subject) else place
