"""One case out of many: only its rows, of each the version known, and the dates that are coming."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import Engine, event

from due_regard.records.canonical import UNKNOWN_CELLS
from due_regard.register import EVER, load_drop, read_records, reading, record_assessment, upgrade_register
from due_regard.register.findings.coming_duties import count_dates_between, list_coming_about, list_dates_between
from due_regard.register.restriction_cases import (
    count_restrictions_in_force,
    list_appeals_of,
    list_findings_about,
    list_restrictions_in_force,
    read_restriction_cases,
)
from tests.register.drops import LANDLORD, OTHER, accepted, appeal, assessments, at, drop, restriction
from tests.register.test_unknown_cells_kept import restrictions

FIRST, LATER = at("2026-06-01 07:00"), at("2026-06-08 07:00")
DAY = date(2026, 6, 10)
HOSTILE = "R/1 %2F#?é'\"; DROP TABLE restrictions--"


def load_cases(register: Engine, landlord: str = LANDLORD) -> None:
    reviews = [{"review_ref": "V1", "restriction_ref": HOSTILE, "reviewed_on": "2026-05-20", "outcome": "retain"}]
    files = (
        accepted("restrictions", [restriction(HOSTILE, customer_ref="C1"), restriction("R2", customer_ref="C2")]),
        accepted("appeals", [appeal("A1", restriction_ref=HOSTILE), appeal("A2", restriction_ref="R2")]),
        accepted("reviews", reviews),
    )
    load_drop(register, drop(*files, landlord=landlord), now=FIRST)


def test_a_case_holds_its_own_rows_alone(register: Engine) -> None:
    load_cases(register)
    load_cases(register, OTHER)
    with reading(register, LANDLORD) as connection:
        found = read_restriction_cases(connection, LANDLORD, [HOSTILE], known_at=EVER)
    assert {name: len(frame) for name, frame in found.items()} == {"restrictions": 1, "appeals": 1, "reviews": 1}
    whole = read_records(register, LANDLORD)
    for name, frame in found.items():
        expected = whole[name][whole[name].iloc[:, 0].isin(frame.iloc[:, 0])].reset_index(drop=True)
        pd.testing.assert_frame_equal(frame, expected)


def test_a_case_is_as_it_was_known(register: Engine) -> None:
    load_cases(register)
    changed = restriction(HOSTILE, customer_ref="C1", ended_on="2026-06-05")
    rows = [changed, restriction("R2", customer_ref="C2")]
    load_drop(register, drop(accepted("restrictions", rows), name="second"), now=LATER)
    with reading(register, LANDLORD) as connection:
        before = read_restriction_cases(connection, LANDLORD, [HOSTILE], known_at=FIRST)["restrictions"]
        after = read_restriction_cases(connection, LANDLORD, [HOSTILE], known_at=EVER)["restrictions"]
        assert count_restrictions_in_force(connection, LANDLORD, as_at=DAY, known_at=FIRST) == 2
        assert count_restrictions_in_force(connection, LANDLORD, as_at=DAY, known_at=EVER) == 1
        listed = list_restrictions_in_force(connection, LANDLORD, as_at=DAY, known_at=EVER, limit=50, offset=0)
    assert before["ended_on"].isna().all() and after["ended_on"].notna().all()
    assert [row["restriction_ref"] for row in listed] == ["R2"]


def test_a_word_that_is_not_known_stays_so(register: Engine) -> None:
    part = restrictions(restriction("R1", unknown="emergency_route"), restriction("R2"))
    load_drop(register, drop(part), now=FIRST)
    with reading(register, LANDLORD) as connection:
        (cell,) = read_restriction_cases(connection, LANDLORD, ["R1"], known_at=EVER)["restrictions"][UNKNOWN_CELLS]
        clear = read_restriction_cases(connection, LANDLORD, ["R2"], known_at=EVER)["restrictions"]
    assert cell == "emergency_route" and UNKNOWN_CELLS not in clear


def test_of_staff_no_more_is_read_than_the_roles_of_who_decided(register: Engine) -> None:
    staff = [{"staff_ref": ref, "role": "manager", "email": "a@b.example", "team": "north"} for ref in ("S1", "S2")]
    load_drop(register, drop(accepted("restrictions", [restriction("R1")]), accepted("staff", staff)), now=FIRST)
    with reading(register, LANDLORD) as connection:
        found = read_restriction_cases(connection, LANDLORD, ["R1"], known_at=EVER)["staff"]
    assert found.to_dict("records") == [{"staff_ref": "S1", "role": "manager"}]


@pytest.mark.parametrize("ref", ["", "no such", "R2' OR '1'='1"])
def test_an_unknown_reference_finds_nothing(register: Engine, ref: str) -> None:
    load_cases(register)
    with reading(register, LANDLORD) as connection:
        found = read_restriction_cases(connection, LANDLORD, [ref], known_at=EVER)
        assert not any(map(len, found.values())) and set(found) == {"restrictions", "appeals", "reviews"}
        assert read_restriction_cases(connection, "nobody", [ref], known_at=EVER) == {}


def test_a_case_takes_the_same_number_of_statements_whatever_its_size(register: Engine) -> None:
    load_cases(register)
    counted: list[int] = []
    for refs in ([HOSTILE], [HOSTILE, "R2"]):
        said: list[str] = []

        def note(_c: object, _u: object, statement: str, *_: object, into: list[str] = said) -> None:
            into.append(statement)

        event.listen(register, "before_cursor_execute", note)
        with reading(register, LANDLORD) as connection:
            read_restriction_cases(connection, LANDLORD, refs, known_at=EVER)
        event.remove(register, "before_cursor_execute", note)
        counted.append(len(said))
    assert counted[0] == counted[1] > 0


def test_sqlite_reads_a_case_by_its_indexes_alone(tmp_path: Path) -> None:
    """Where it walks a landlord's records, a page of a large register takes seconds."""
    register = upgrade_register(f"sqlite:///{tmp_path / 'register.db'}")
    load_cases(register)
    said: list[tuple[str, object]] = []
    refs = [HOSTILE, *(f"R{n}" for n in range(100))]
    event.listen(register, "before_cursor_execute", lambda _c, _u, text, values, *_: said.append((text, values)))
    with reading(register, LANDLORD) as connection:
        read_restriction_cases(connection, LANDLORD, refs, known_at=EVER)
        list_appeals_of(connection, LANDLORD, refs, known_at=EVER)
        list_findings_about(connection, LANDLORD, refs)
        list_coming_about(connection, LANDLORD, refs)
        asked = [each for each in said if each[0].startswith("SELECT") and "carried_columns" not in each[0]]
        assert len(asked) == 8
        for statement, values in asked:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
            searched = [row[3] for row in plan if re.match(r"SEARCH|SCAN (?!CONSTANT|\(sub)", row[3])]
            assert searched and not any(re.search(r"\(landlord=\?\)|SCAN", step) for step in searched), searched
    register.dispose()


def test_a_run_keeps_what_is_coming_and_forgets_what_was(register: Engine) -> None:
    load_cases(register)
    pending = {"rule": "restriction.review", "subject_ref": HOSTILE, "state": "pending", "due_on": "2026-11-01"}
    soon = {"rule": "restriction.review", "subject_ref": "R2", "state": "due_soon", "due_on": "2026-06-20"}
    quiet = {**pending, "rule": "appeal.in_time", "subject_ref": "A1", "severity": "info"}
    rows = assessments([pending, soon, quiet, {**pending, "rule": "incident.named", "subject_ref": "I1"}])
    record_assessment(register, LANDLORD, rows, as_at=DAY, now=at("2026-06-10 08:00"), policy_version="2022-01-01")
    whole_year = (date(2026, 1, 1), date(2026, 12, 31))
    with reading(register, LANDLORD) as connection:
        found = list_dates_between(connection, LANDLORD, *whole_year, hidden=["incident.named"], limit=50)
        assert [(row["subject_ref"], row["state"], row["due_on"]) for row in found] == [
            ("R2", "due_soon", date(2026, 6, 20)),
            (HOSTILE, "pending", date(2026, 11, 1)),
        ]
        assert found[0]["register_ref"].startswith("F-") and found[1]["register_ref"] is None
        assert count_dates_between(connection, LANDLORD, *whole_year, hidden=["incident.named"]) == 2
        assert count_dates_between(connection, LANDLORD, *whole_year) == 3
        assert count_dates_between(connection, OTHER, *whole_year) == 0
        (about,) = list_findings_about(connection, LANDLORD, ["R2"])
        assert (about["status"], about["state"]) == ("open", "due_soon")
        assert list_findings_about(connection, LANDLORD, ["R2"], hidden=["restriction.review"]) == []
    record_assessment(
        register, LANDLORD, rows.iloc[:0], as_at=date(2026, 6, 9), now=at("2026-06-11 08:00"), policy_version="x"
    )
    with reading(register, LANDLORD) as connection:
        assert count_dates_between(connection, LANDLORD, *whole_year) == 3, "a look back changes nothing"
    record_assessment(
        register, LANDLORD, rows.iloc[:0], as_at=DAY, now=at("2026-06-11 08:00"), policy_version="2022-01-01"
    )
    with reading(register, LANDLORD) as connection:
        assert count_dates_between(connection, LANDLORD, *whole_year) == 0
