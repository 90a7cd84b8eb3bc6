"""Engine, SQL and row-by-row side of the assessment benchmark agree on a small drop. Its times are never tested."""

from __future__ import annotations

import pytest

from benchmarks.__main__ import known, main
from benchmarks.assessment_by_row import assess_by_row
from benchmarks.assessment_data import AS_AT, Case, cases, hold_equal
from benchmarks.assessment_sql import assessment_sql

CASES = cases(1500)


@pytest.fixture(params=CASES, ids=lambda case: case.landlord)
def case(request: pytest.FixtureRequest) -> Case:
    return request.param


def test_data_takes_every_branch_of_a_duty() -> None:
    states = {state for case in CASES for state in case.by_engine()["state"]}
    assert states == {"met", "late", "overdue", "due_soon", "pending", "breach", "not_measured"}


def test_data_is_the_same_for_the_same_seed() -> None:
    again = cases(1500)
    for one, other in zip(CASES, again, strict=True):
        assert all(frame.equals(other.records[name]) for name, frame in one.records.items())


def test_row_by_row_side_gives_the_engines_rows(case: Case) -> None:
    ours = case.by_engine()
    hold_equal(ours[ours["rule"] != "policy.review"].reset_index(drop=True), assess_by_row(case))


def test_sql_side_states_every_duty(case: Case) -> None:
    policy = case.history.find_version(AS_AT)
    sql = assessment_sql(policy, case.calendar, AS_AT)
    assert all(f"'{duty.rule}' AS rule" in sql for duty in policy.duties)


def test_sql_side_gives_the_engines_rows(case: Case) -> None:
    pytest.importorskip("duckdb", reason="duckdb is the benchmarks' own dependency: make bench installs it")
    from benchmarks.assessment_duckdb import DuckSide

    hold_equal(case.by_engine(), DuckSide(case).frame())


def test_benchmarks_are_found_by_listing_the_folder() -> None:
    assert "assessment" in known()
    assert not [name for name in known() if "_" in name]


def test_unknown_benchmark_is_refused_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["no such"]) == 2
    assert "known: " in capsys.readouterr().err
