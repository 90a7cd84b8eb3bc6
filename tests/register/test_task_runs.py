"""Rows of task runs: opened before the work, closed after it; what is left open past its time is found."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, event, insert, text

from due_regard.register import reading, verify_audit
from due_regard.register.schema.run_tables import TaskRun
from due_regard.register.task_runs import (
    RunKey,
    close_run,
    fail_run,
    find_first_sign,
    find_newest_work,
    list_overdue_runs,
    note_watch,
    open_run,
    read_watches,
)
from tests.register.drops import LANDLORD, OTHER, at

NOW, HOUR = at("2026-06-01 06:00"), timedelta(hours=1)
KEY = RunKey(LANDLORD, f"{LANDLORD}.daily", "load", "scheduled__1")


def begin(register: Engine, key: RunKey = KEY, *, hours_ago: int = 0) -> None:
    open_run(register, key, now=NOW - hours_ago * HOUR, must_end_by=NOW - hours_ago * HOUR + HOUR)


def overdue(register: Engine, *, unmended: bool = False) -> list[tuple[RunKey, bool]]:
    return [(run.key, run.has_failed) for run in list_overdue_runs(register, now=NOW, unmended=unmended)]


def test_a_run_that_was_killed_is_overdue_once_its_time_is_over(register: Engine) -> None:
    begin(register)
    begin(register, replace(KEY, landlord=OTHER), hours_ago=2)
    assert overdue(register) == [(replace(KEY, landlord=OTHER), False)]


def test_a_run_that_ended_is_not(register: Engine) -> None:
    begin(register, hours_ago=2)
    close_run(register, KEY, now=NOW - HOUR)
    assert overdue(register) == []


def test_a_failed_run_is_overdue_once_its_retry_should_have_begun(register: Engine) -> None:
    begin(register, hours_ago=2)
    fail_run(register, KEY, now=NOW - HOUR, must_end_by=NOW + HOUR)
    assert overdue(register) == []
    fail_run(register, KEY, now=NOW - HOUR, must_end_by=NOW - HOUR)
    assert overdue(register) == [(KEY, True)]


def test_a_retry_goes_on_in_the_same_row(register: Engine) -> None:
    begin(register, hours_ago=2)
    begin(register)
    assert overdue(register) == []
    close_run(register, KEY, now=NOW)
    with register.connect() as connection:
        assert connection.execute(text("SELECT outcome FROM runs")).scalars().all() == ["succeeded"]


def test_a_later_success_of_the_same_work_mends_what_was_left_open(register: Engine) -> None:
    begin(register, hours_ago=26)
    begin(register, replace(KEY, run_id="scheduled__2"), hours_ago=2)
    close_run(register, replace(KEY, run_id="scheduled__2"), now=NOW - HOUR)
    assert overdue(register) == [(KEY, False)]
    assert overdue(register, unmended=True) == []
    begin(register, replace(KEY, run_id="scheduled__3", verb="assess"), hours_ago=2)
    assert [key.verb for key, _ in overdue(register, unmended=True)] == ["assess"]


def test_the_first_sign_of_a_landlord_is_its_own(register: Engine) -> None:
    begin(register, hours_ago=3)
    begin(register, replace(KEY, run_id="scheduled__2"))
    note_watch(register, LANDLORD, "airflow", now=NOW - 9 * HOUR)
    with reading(register) as connection:
        assert find_first_sign(connection, LANDLORD) == NOW - 3 * HOUR
        assert find_first_sign(connection, OTHER) is None


def test_a_watch_leaves_its_last_sign_alone_and_is_never_overdue(register: Engine) -> None:
    for watch, hours in (("airflow", 3), ("airflow", 2), ("outside", 1)):
        note_watch(register, LANDLORD, watch, now=NOW - hours * HOUR)
    with reading(register) as connection:
        assert read_watches(connection, LANDLORD) == {"airflow": NOW - 2 * HOUR, "outside": NOW - HOUR}
        assert read_watches(connection, OTHER) == {}
    assert overdue(register) == []


def test_the_newest_work_is_that_of_the_landlords_own_days(register: Engine) -> None:
    begin(register, hours_ago=3)
    begin(register, replace(KEY, verb="assess"), hours_ago=2)
    begin(register, replace(KEY, dag_id=f"{LANDLORD}.committee_packs"), hours_ago=1)
    with reading(register) as connection:
        found = find_newest_work(connection, LANDLORD, since=NOW - 4 * HOUR)
        assert found is not None
        assert (found.verb, found.started_at, found.outcome) == ("assess", NOW - 2 * HOUR, "running")
        assert find_newest_work(connection, LANDLORD, since=NOW - HOUR) is None
        assert find_newest_work(connection, OTHER, since=NOW - 4 * HOUR) is None


def test_rows_of_runs_leave_the_audit_as_it_was(register: Engine) -> None:
    before = verify_audit(register).rows
    begin(register)
    close_run(register, KEY, now=NOW)
    assert verify_audit(register).rows == before


def test_asking_what_is_overdue_does_not_walk_all_work_ever_done(register: Engine) -> None:
    """Every task asks; of a few years of many landlords the register holds millions of rows."""
    times = {"started_at": NOW - HOUR, "must_end_by": NOW - HOUR}
    ends = [(f"scheduled__{number}", "succeeded") for number in range(3_000)] + [("scheduled__x", "failed")]
    rows = [{**vars(KEY), **times, "run_id": run, "outcome": outcome} for run, outcome in ends]
    with register.begin() as connection:
        connection.execute(insert(TaskRun), rows)
        if register.dialect.name == "postgresql":
            connection.exec_driver_sql("ANALYZE runs")
    asked: list[tuple[str, Any]] = []
    event.listen(register, "before_cursor_execute", lambda *said: asked.append((said[2], said[3])))
    assert overdue(register) == [(replace(KEY, run_id="scheduled__x"), True)]
    statement, values = next(one for one in asked if "FROM runs" in one[0])
    explain = {"sqlite": "EXPLAIN QUERY PLAN", "postgresql": "EXPLAIN"}[register.dialect.name]
    with register.connect() as connection:
        plan = str(connection.exec_driver_sql(f"{explain} {statement}", values).all())
    assert "ix_runs_outcome_must_end_by" in plan
