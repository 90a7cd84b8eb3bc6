"""Statements kept as files: one a file, bound parameters, both engines, typed results."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import Engine

from due_regard.errors import RegisterError
from due_regard.register import EVER, load_drop, reading, sql_files
from tests.register.drops import LANDLORD, accepted, appeal, at, drop, restriction

TESTS = Path(__file__).resolve().parents[1]
FILES = sorted([*sql_files.FOLDER.rglob("*.sql"), *TESTS.rglob("*.sql")])
"""What the product reads, and what tests count a second way by."""
NOT_ON_BOTH = re.compile(r"::|\bILIKE\b|\bFULL\s+JOIN\b|\bINTERVAL\b|\bJULIANDAY\b|\bSTRFTIME\b|[{}%]", re.I)


def names(file: Path) -> str:
    return file.relative_to(TESTS.parent).with_suffix("").as_posix()


def test_every_statement_of_the_product_is_read_by_it() -> None:
    package = TESTS.parent / "plugins" / "due_regard"
    source = "\n".join(file.read_text(encoding="utf-8") for file in package.rglob("*.py"))
    statements = sorted(sql_files.FOLDER.rglob("*.sql"))
    assert statements
    read = [file.relative_to(sql_files.FOLDER).with_suffix("").as_posix() for file in statements]
    assert [name for name in read if f'"{name}"' not in source] == []


@pytest.mark.parametrize("file", FILES, ids=names)
def test_each_file_is_one_short_read_that_says_what_it_returns(file: Path) -> None:
    source = file.read_text(encoding="utf-8")
    code = re.sub(r"--[^\n]*", "", source)
    assert source.startswith("-- ")
    assert code.strip().rstrip(";").count(";") == 0
    assert re.match(r"\s*(SELECT|WITH)\b", code), "a read, never a change"
    assert not NOT_ON_BOTH.search(code)
    assert ":landlord" in code
    assert len(source.splitlines()) <= 40


def test_parameters_of_every_kind_are_bound_on_both_engines(register: Engine, tmp_path: Path) -> None:
    rows = [restriction("R1", ended_on="2026-06-01", emergency_route=True), restriction("R2", emergency_route=False)]
    load_drop(register, drop(accepted("restrictions", rows)), now=at("2026-06-01 08:00"))
    (tmp_path / "some.sql").write_text(
        "-- :this is no parameter\nSELECT restriction_ref, ended_on, known_from, emergency_route, version\n"
        "FROM restrictions WHERE landlord = :landlord AND known_from <= :known_at AND starts_on <= :as_at\n"
        "AND emergency_route = :route AND restriction_ref IN :refs"
    )
    given = {"landlord": LANDLORD, "known_at": at("2026-06-01 08:00"), "as_at": date(2026, 5, 1), "refs": ("R1", "R2")}
    with reading(register, LANDLORD) as connection:
        found = sql_files.read_statement(connection, "some", tmp_path, route=True, **given)
        earlier = sql_files.read_statement(
            connection, "some", tmp_path, route=True, **given | {"known_at": at("2026-06-01 07:59")}
        )
    assert found["restriction_ref"].tolist() == ["R1"]
    assert found["ended_on"].tolist() == [pd.Timestamp("2026-06-01")]
    assert found["known_from"].tolist() == [pd.Timestamp("2026-06-01 08:00", tz="UTC")]
    assert found.dtypes.astype(str).tolist() == ["str", "datetime64[s]", "datetime64[us, UTC]", "boolean", "int64"]
    assert earlier.empty
    assert earlier["ended_on"].dtype == "datetime64[s]"


def test_wrong_names_and_parameters_are_told(register: Engine, tmp_path: Path) -> None:
    (tmp_path / "some.sql").write_text("-- x\nSELECT 1 WHERE :a = :b")
    with reading(register) as connection, pytest.raises(RegisterError, match="no statement"):
        sql_files.read_statement(connection, "absent", tmp_path)
    for given in ({"a": 1}, {"a": 1, "b": 2, "c": 3}):
        with reading(register) as connection, pytest.raises(ValueError, match="missing or not used"):
            sql_files.read_statement(connection, "some", tmp_path, **given)


def test_a_failing_database_names_no_value(register: Engine) -> None:
    name = "Mrs Smith of 1 High Street"
    load_drop(register, drop(accepted("appeals", [appeal("A1")])), now=at("2026-06-01 08:00"))
    statement = f"INSERT INTO batch_files (id, file) VALUES ('{name}', '{name}')"
    with pytest.raises(RegisterError) as caught, reading(register) as connection:
        connection.exec_driver_sql(statement)
    assert "Smith" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_whole_numbers_of_the_contract_are_so_without_a_row(register: Engine) -> None:
    with reading(register, "nobody") as connection:
        found = sql_files.read_statement(connection, "packs/finding_references", landlord="nobody", known_at=EVER)
    assert len(found) == 0
    assert found["occurrence"].dtype == "int64"
