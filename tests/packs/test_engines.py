"""The same drop makes the same pack, byte for byte, on SQLite and on PostgreSQL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from due_regard.register import EVER, load_drop, reading, sql_files
from tests.packs.known import QUARTER, SQL, TAKEN_IN, example_drop
from tests.packs.registers import NAME, build

DAYS = {"starts_on": QUARTER.starts_on, "ends_on": QUARTER.ends_on}
FLOW = {"customers_restricted": 14, "opening": 9, "new": 14, "ended": 1, "in_force": 22}


def test_the_pack_is_the_same_on_both_engines(
    register: Engine,
    loaded: Engine,
    small: dict[str, Any],
    tmp_path: Path,
) -> None:
    load_drop(register, example_drop(NAME), now=TAKEN_IN)
    report = build(register, tmp_path / "one", **small)
    again = build(register, tmp_path / "two", **small)
    assert (report.status, again.status) == ("built", "unchanged")
    with reading(register, NAME) as conn:
        flow = sql_files.read_statement(
            conn, "restrictions_of_quarter", SQL, landlord=NAME, known_at=EVER, **DAYS,
            eve=QUARTER.shift(-1).ends_on,
        )  # fmt: skip
        met = sql_files.read_statement(conn, "incidents_of_quarter", SQL, landlord=NAME, known_at=EVER, **DAYS)
    assert flow.iloc[0].to_dict() == FLOW
    assert met["incidents"].sum() == 21
    embedded = build(loaded, tmp_path / "embedded", **small)
    assert report.sha256 == embedded.sha256
