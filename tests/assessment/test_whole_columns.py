"""What the engine does to be fast on long columns changes nothing: repeated days, and records in any order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from benchmarks.assessment_data import AS_AT, Case, cases
from due_regard.assessment import assess_records
from due_regard.assessment.date_arithmetic import add_months, find_quarter_end_after
from due_regard.policy import PolicyHistory

DAYS = np.arange("2023-11-01", "2026-02-01", dtype="datetime64[D]")
LONG = np.r_[DAYS, np.datetime64("NaT"), DAYS[::-1]]


@pytest.mark.parametrize("months", [-1, 1, 3, 6, 12])
def test_months_of_a_long_column_are_those_of_each_day(months: int) -> None:
    expected = [(pd.Timestamp(day) + pd.DateOffset(months=months)).to_datetime64() for day in LONG]
    np.testing.assert_array_equal(add_months(LONG, months), np.array(expected, dtype="datetime64[D]"))
    np.testing.assert_array_equal(add_months(DAYS[:1], months), add_months(LONG, months)[:1])


@pytest.mark.parametrize("quarters", [1, 4])
def test_quarters_of_a_long_column_are_those_of_each_day(quarters: int) -> None:
    recorded = LONG[~np.isnat(LONG)]
    expected = [(pd.Period(day, "Q") + quarters).end_time.date() for day in recorded]
    found = find_quarter_end_after(LONG, quarters)
    np.testing.assert_array_equal(found[~np.isnat(LONG)], np.array(expected, dtype="datetime64[D]"))
    assert np.isnat(found[np.isnat(LONG)]).all()


@pytest.mark.parametrize("case", cases(2000), ids=lambda case: case.landlord)
def test_records_in_any_order_give_the_same_assessments(case: Case) -> None:
    shuffled = {name: frame.sample(frac=1, random_state=1) for name, frame in case.records.items()}
    pd.testing.assert_frame_equal(assess_records(shuffled, case.history, case.calendar, AS_AT), case.by_engine())


def test_no_duty_that_answers_gives_an_empty_frame_of_the_same_columns() -> None:
    (case, *_) = cases(200)
    policy = case.history.versions[-1]
    bare = PolicyHistory((replace(policy, file=policy.file.model_copy(update={"duties": ()})),))
    found = assess_records(case.records, bare, case.calendar, AS_AT)
    pd.testing.assert_frame_equal(found, case.by_engine().iloc[:0].reset_index(drop=True))
