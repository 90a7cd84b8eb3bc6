"""What was written stays: each table's rule, the triggers that hold it on both engines, the recorded way past them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import JSON, Boolean, Column, Date, Engine, Integer, create_engine, insert, text
from sqlalchemy.exc import DBAPIError

from due_regard.errors import RegisterError
from due_regard.register import open_register, read_audit_head, restore_backup, upgrade_register, write_backup, writing
from due_regard.register.engines import REGISTER
from due_regard.register.schema import revisions
from due_regard.register.schema.column_types import Instant
from due_regard.register.schema.write_rules import WRITE_RULES, find_write_rule
from due_regard.register.write_guards import (
    lift_guards,
    list_guards,
    list_missing_guards,
    put_guards,
    remove_guards,
)
from tests.register.drops import LANDLORD, at

NOW = at("2026-06-01 08:00")
TABLES = {table.name: table for table in revisions.build_metadata().sorted_tables}
UNFINISHED: dict[str, dict[str, Any]] = {
    "batches": {"status": "loading", "released_at": None, "released_by": None, "released_why": None},
    "batch_files": {"status": "unchanged", "rows_sha256": None},
    "alert_messages": {"status": "waiting", "mode": "live", "resends": 0, "orphaned": 0},
    "assessment_runs": dict.fromkeys(("opened", "seen", "escalated", "resolved", "reopened", "open_after"), 0),
    "disappearances": {"returned_file_id": None},
}
"""Rows as the program leaves them when it will still change them."""


def make_value(column: Column[Any], other: int = 0) -> Any:
    """A value of the column's type; another one with `other`."""
    kinds: dict[type, Any] = {
        Boolean: bool(other), Date: date(2026, 6, 1 + other), Instant: datetime(2026, 6, 1 + other, tzinfo=UTC),
        JSON: {"n": other}, Integer: 1 + other,
    }  # fmt: skip
    return next((value for kind, value in kinds.items() if isinstance(column.type, kind)), "xy"[other])


def fill(register: Engine, *names: str, **more: Any) -> None:
    """One row in each table, its parents first."""
    with register.begin() as connection:
        for table in revisions.build_metadata().sorted_tables:
            # Who may see whom outlives a test on PostgreSQL.
            if table.name in names or not (names or table.name == "landlord_access"):
                row = {column.name: make_value(column) for column in table.columns}
                row |= {column.name: LANDLORD for column in table.columns if column.name == "landlord"}
                connection.execute(insert(table).values(**row | UNFINISHED.get(table.name, {}) | more))


@contextmanager
def refused(register: Engine, words: str) -> Iterator[Any]:
    with pytest.raises(DBAPIError, match=words), register.begin() as connection:
        yield connection


def change(column: Column[Any]) -> Any:
    """A statement that gives the only row another value in this column."""
    return column.table.update().values({column.name: make_value(column, 1)})


def test_every_table_has_a_rule_and_every_rule_a_table() -> None:
    assert set(WRITE_RULES) == set(TABLES)


def test_a_rule_names_columns_that_are_there() -> None:
    for rule in WRITE_RULES.values():
        assert set(rule.changing) <= set(TABLES[rule.table].columns.keys()), rule.table
        assert rule.why
        assert not rule.deleted_if or rule.deletable


def test_a_table_without_a_rule_is_history() -> None:
    assert find_write_rule("of_another_day").is_history


def test_no_key_and_no_landlord_ever_changes() -> None:
    for rule in WRITE_RULES.values():
        if rule.table != "landlord_access":
            keys = {column.name for column in TABLES[rule.table].primary_key} | {"landlord"}
            assert not keys & set(rule.changing), rule.table


def test_no_column_outside_the_rule_changes_and_those_of_the_rule_do(register: Engine) -> None:
    fill(register)
    with register.connect() as connection, connection.begin():
        for rule in WRITE_RULES.values():
            for column in TABLES[rule.table].columns:
                allowed = column.name in rule.changing
                if allowed and rule.refused_if:
                    continue  # by what it depends on: below
                nested = connection.begin_nested()
                try:
                    connection.execute(change(column))
                    assert allowed, f"{rule.table}.{column.name} changed"
                except DBAPIError as reason:
                    assert not allowed, (rule.table, column.name)
                    assert f"{rule.table}: " in str(reason.orig), (rule.table, column.name)
                nested.rollback()


def test_no_row_is_deleted_replaced_or_truncated_that_may_not_be(register: Engine) -> None:
    fill(register)
    with register.connect() as connection, connection.begin():
        for rule in WRITE_RULES.values():
            statements = [f"DELETE FROM {rule.table}"]
            if register.dialect.name == "postgresql":
                statements += [f"TRUNCATE {rule.table} CASCADE"]
            elif not rule.is_bulk:
                statements += [f"REPLACE INTO {rule.table} SELECT * FROM {rule.table}"]
            for statement in statements:
                nested = connection.begin_nested()
                may = rule.deletable
                try:
                    connection.exec_driver_sql(statement)
                    assert may, statement
                except DBAPIError as reason:
                    assert not may or "TRUNCATE" in statement, statement
                    assert ": " in str(reason.orig)
                nested.rollback()


STEPS = [
    ("batches", {}, "status = 'loaded', rows_read = 9", True),
    ("batches", {}, "status = 'interrupted'", True),
    ("batches", {"status": "held"}, "status = 'released', released_by = 'x'", True),
    ("batches", {"status": "held"}, "status = 'loaded'", False),
    ("batches", {}, "status = 'released'", False),
    ("batches", {"status": "loaded"}, "status = 'loading'", False),
    ("batches", {"status": "loaded"}, "rows_read = 9", False),
    ("batches", {"status": "released"}, "released_by = 'y'", False),
    ("batch_files", {}, "status = 'loaded', rows_sha256 = 'ab', rows_read = 9", True),
    ("batch_files", {"rows_sha256": "ab"}, "rows_read = 9", False),
    ("batch_files", {"status": "refused"}, "status = 'loaded'", False),
    ("assessment_runs", {}, "opened = 3, open_after = 3", True),
    ("assessment_runs", {"seen": 1}, "seen = 2", False),
    ("disappearances", {}, "returned_file_id = 7", True),
    ("disappearances", {"returned_file_id": 7}, "returned_file_id = 8", False),
    ("disappearances", {"returned_file_id": 7}, "returned_file_id = NULL", False),
    ("alert_messages", {}, "status = 'sending', attempts = 1", True),
    ("alert_messages", {"status": "sending"}, "status = 'sent', accepted_on = '2026-06-01'", True),
    ("alert_messages", {"status": "sent"}, "status = 'bounced', code = NULL", True),
    ("alert_messages", {"status": "sent"}, "status = 'waiting'", False),
    ("alert_messages", {"status": "sent"}, "status = 'bounced', body = 'other'", False),
    ("alert_messages", {"status": "sent"}, "accepted_on = '2026-05-01'", False),
    ("alert_messages", {"status": "sent"}, "subject = 'other'", False),
    ("alert_messages", {"status": "sent"}, "recipient = 'other'", False),
    ("alert_messages", {"status": "bounced"}, "status = 'sent'", False),
    ("alert_messages", {"status": "sent", "mode": "folder"}, "mode = 'live'", False),
    ("alert_messages", {"status": "sent", "mode": "folder"}, "status = 'waiting', mode = 'live', body = 'b'", True),
    ("alert_messages", {"status": "sending"}, "body = 'other'", False),
]


@pytest.mark.parametrize(("table", "row", "step", "is_allowed"), STEPS)
def test_what_may_follow_on_what(
    register: Engine, table: str, row: dict[str, Any], step: str, is_allowed: bool
) -> None:
    parents = {key.column.table.name for key in TABLES[table].foreign_keys}
    if parents:
        fill(register, *parents)
    fill(register, table, **row)
    statement = f"UPDATE {table} SET {step}"
    if is_allowed:
        with register.begin() as connection:
            assert connection.exec_driver_sql(statement).rowcount == 1
    else:
        with refused(register, f"{table}: only"), register.begin() as connection:
            connection.exec_driver_sql(statement)


@pytest.mark.parametrize(
    ("mail", "is_allowed"),
    [
        ({"status": "waiting"}, True),
        ({"status": "superseded"}, True),
        ({"status": "waiting", "resends": 1}, False),
        ({"status": "sending"}, False),
        ({"status": "sent"}, False),
    ],
)
@pytest.mark.parametrize("table", ["alert_told", "alert_dates", "alert_notices"])
def test_what_a_mail_told_is_forgotten_only_if_it_was_never_handed_over(
    register: Engine, table: str, mail: dict[str, Any], is_allowed: bool
) -> None:
    fill(register, "alert_messages", **mail)
    fill(register, table)
    with register.begin() as connection:
        if is_allowed:
            connection.exec_driver_sql(f"DELETE FROM {table}")
        else:
            with pytest.raises(DBAPIError, match=f"{table}: .*never handed over"):
                connection.exec_driver_sql(f"DELETE FROM {table}")


def test_a_refusal_says_what_to_do_in_one_line(register: Engine) -> None:
    fill(register, "packs")
    words = (
        r"packs: rows are never changed or deleted .*new version.*docs/runbook.md \(What may change in the register\)"
    )
    with pytest.raises(RegisterError, match=words) as caught, writing(register, LANDLORD) as connection:
        connection.execute(text("UPDATE packs SET sha256 = 'y'"))
    assert "\n" not in str(caught.value)


def test_a_repair_is_recorded_and_the_guards_are_back(register: Engine) -> None:
    fill(register, "packs", "record_views")
    said = {"action": "repair", "details": {"why": "a test"}, "at": NOW, "landlord": LANDLORD, "tables": ["packs"]}
    with writing(register, LANDLORD) as connection:
        with lift_guards(connection, **said):
            connection.execute(text("UPDATE packs SET sha256 = 'mended'"))
            with pytest.raises(DBAPIError, match="record_views: rows"), connection.begin_nested():
                connection.execute(text("DELETE FROM record_views"))
        assert list_missing_guards(connection) == []
        row = connection.execute(text("SELECT action, details FROM audit ORDER BY seq DESC LIMIT 1")).one()
    assert tuple(row) == ("repair", '{"tables":["packs"],"why":"a test"}')
    with refused(register, "packs: rows"), register.begin() as connection:
        connection.exec_driver_sql("DELETE FROM packs")


def test_a_repair_that_fails_changes_nothing_and_leaves_the_guards(register: Engine) -> None:
    fill(register, "packs")
    said = {"action": "repair", "details": {"why": "a test"}, "at": NOW, "landlord": REGISTER, "tables": ["packs"]}
    with writing(register, REGISTER) as connection:
        with pytest.raises(ZeroDivisionError), lift_guards(connection, **said):
            connection.execute(text("UPDATE packs SET sha256 = 'mended'"))
            raise ZeroDivisionError
        assert connection.scalar(text("SELECT sha256 FROM packs")) == "x"
        assert list_missing_guards(connection) == []
    assert read_audit_head(register) == ""


def test_guards_can_be_put_in_place_again(register: Engine) -> None:
    with register.begin() as connection:
        before = list_guards(connection)
        put_guards(connection)
        assert list_guards(connection) == before != []
        remove_guards(connection, ["audit"])
        assert set(list_missing_guards(connection)) == {"audit"}
        put_guards(connection)


def test_an_upgrade_lifts_the_guards_puts_todays_in_place_and_is_recorded(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'register.db'}"
    engine = create_engine(url)
    with engine.begin() as connection:
        revisions.upgrade_schema(connection, "0011_coming_duties")
    engine.dispose()
    register = upgrade_register(url)
    with register.begin() as connection:
        assert list_missing_guards(connection) == []
        others = "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND name NOT LIKE 'guard%'"
        assert connection.exec_driver_sql(others).scalar() == 0, "a guard of an earlier revision is left"
        entry = connection.exec_driver_sql("SELECT landlord, action, details FROM audit").one()
    assert tuple(entry) == ("-", "migrate", f'{{"from":["0011_coming_duties"],"to":"{revisions.HEAD}"}}')
    register.dispose()


def test_a_new_register_is_guarded_and_empty(register: Engine) -> None:
    with register.connect() as connection:
        assert list_missing_guards(connection) == []
    assert read_audit_head(register) == ""


def test_a_restored_register_is_guarded(tmp_path: Path) -> None:
    url, copy = (f"sqlite:///{tmp_path / name}.db" for name in ("register", "copy"))
    register = upgrade_register(url)
    fill(register, "packs")
    register.dispose()
    report = write_backup(url, tmp_path / "kept", now=NOW)
    for there_before in (False, True):
        if there_before:
            copy = f"sqlite:///{tmp_path / 'empty'}.db"
            upgrade_register(copy).dispose()
        restore_backup(copy, report.file, now=NOW)
        restored = open_register(copy)
        with restored.connect() as connection:
            assert list_missing_guards(connection) == []
            assert connection.exec_driver_sql("SELECT count(*) FROM packs").scalar() == 1
        restored.dispose()
