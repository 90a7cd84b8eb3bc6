"""Which cells are unknown is kept with each version: read back, mended, rebuilt as known then, and carried on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pandas as pd
from sqlalchemy import Engine

from due_regard.records.canonical import UNKNOWN_CELLS
from due_regard.records.validated_drop import AcceptedFile
from due_regard.register import load_drop, read_records, reading
from tests.register.drops import LANDLORD, accepted, at, drop, frame, restriction

NOW = at("2026-06-10 07:00")
LATER, LATEST = NOW + timedelta(days=1), NOW + timedelta(days=2)
NARROW = ("restriction_ref", "customer_ref", "measure", "decided_on", "decided_by", "starts_on", "notice_reasons")


def restrictions(*rows: dict[str, Any], columns: tuple[str, ...] | None = None) -> AcceptedFile:
    """A file of restrictions; `unknown` of a row names its unknown cells."""
    table = frame("restrictions", [dict(row) for row in rows], columns)
    carried = tuple(table.columns)
    named = [row.get("unknown") for row in rows]
    if any(named):
        table = table.assign(**{UNKNOWN_CELLS: pd.Series(named, dtype="str")})
    found = accepted("restrictions", table)
    return AcceptedFile(**{**vars(found), "columns": carried})


def unknown(register: Engine, **more: Any) -> list[str | None]:
    rows = read_records(register, LANDLORD, **more)["restrictions"]
    cells = rows[UNKNOWN_CELLS] if UNKNOWN_CELLS in rows else pd.Series([None] * len(rows))
    return [None if pd.isna(cell) else cell for cell in cells]


def test_they_are_read_back_and_say_nothing_new_the_second_time(register: Engine) -> None:
    part = restrictions(restriction("R1", unknown="decision_stage;emergency_route"), restriction("R2"))
    assert load_drop(register, drop(part), now=NOW).files[0].loaded == 2
    assert unknown(register) == ["decision_stage;emergency_route", None]
    again = load_drop(register, drop(part), now=LATER)
    assert (again.status, again.files[0].unchanged) == ("unchanged", 2)
    other = restrictions(
        restriction("R1", unknown="decision_stage;emergency_route"), restriction("R2"), restriction("R3")
    )
    assert load_drop(register, drop(other), now=LATEST).files[0].loaded == 1


def test_a_register_without_any_reads_as_it_always_did(register: Engine) -> None:
    load_drop(register, drop(restrictions(restriction("R1"))), now=NOW)
    assert UNKNOWN_CELLS not in read_records(register, LANDLORD)["restrictions"]


def test_a_later_delivery_mends_them_and_what_was_known_then_is_rebuilt(register: Engine) -> None:
    load_drop(register, drop(restrictions(restriction("R1", unknown="emergency_route"))), now=NOW)
    mended = load_drop(register, drop(restrictions(restriction("R1", emergency_route=True))), now=LATER)
    assert mended.files[0].loaded == 1
    assert unknown(register) == [None]
    assert unknown(register, known_at=NOW) == ["emergency_route"]
    load_drop(register, drop(restrictions(restriction("R1", unknown="emergency_route"))), now=LATEST)
    assert unknown(register) == ["emergency_route"]


def test_a_blank_is_another_thing_than_a_word_that_is_not_known(register: Engine) -> None:
    load_drop(register, drop(restrictions(restriction("R1", unknown="emergency_route"))), now=NOW)
    assert load_drop(register, drop(restrictions(restriction("R1"))), now=LATER).files[0].loaded == 1
    assert unknown(register) == [None]


def test_a_file_without_the_column_leaves_its_unknown_cell_as_it_was(register: Engine) -> None:
    first = [restriction("R1", unknown="emergency_route;notice_reasons"), restriction("R2"), restriction("R3")]
    load_drop(register, drop(restrictions(*first)), now=NOW)
    narrow = [restriction("R1", notice_reasons=True), restriction("R2", unknown="notice_reasons"), restriction("R3")]
    report = load_drop(register, drop(restrictions(*narrow, columns=NARROW)), now=LATER)
    assert report.files[0].loaded == 2
    assert unknown(register) == ["emergency_route", "notice_reasons", None]
    same = [restriction("R1", notice_reasons=True), restriction("R2", unknown="notice_reasons")]
    assert load_drop(register, drop(restrictions(*same, columns=NARROW)), now=LATEST).files[0].loaded == 0


def test_the_views_show_which_cells_are_unknown(register: Engine) -> None:
    load_drop(register, drop(restrictions(restriction("R1", unknown="emergency_route"))), now=NOW)
    with reading(register, LANDLORD) as connection:
        for view in ("current_restrictions", "report_restrictions"):
            assert connection.exec_driver_sql(f"SELECT unknown_cells FROM {view}").scalars().all() == [
                "emergency_route"
            ]
