"""Attacks on every table by SQL, each found by `verify_rows` but for those that the text names as beyond proof."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import JSON, Connection, Engine, Table, UniqueConstraint, and_, delete, insert, select, text, update

from due_regard.errors import AuditError
from due_regard.register import read_audit_head, upgrade_register, verify_rows
from due_regard.register.findings.used_texts import find_text_faults
from due_regard.register.schema import revisions
from due_regard.register.schema.column_types import Instant
from due_regard.register.sealing.seal_rules import BEYOND_PROOF
from due_regard.register.sealing.verification import verify_rows_on
from tests.register.sealed_life import LANDLORD, live_whole_life

Row = dict[str, Any]

TABLES = dict(revisions.build_metadata().tables)
UNPROVED = {name for name in BEYOND_PROOF if name in TABLES}
"""Tables of which nothing is proved."""

BOUND_ROWS = {
    "alert_messages": "status = 'sent'",
    "record_views": "at < '2026-07-01'",
    "findings": "status = 'open'",
    "work_items": "handed_to IS NOT NULL",
}
"""Of tables that are proved in part: rows that are."""

UNBOUND_COLUMNS = {("alert_messages", "next_attempt_at"), ("alert_messages", "lease_until")}
"""Columns that the text names as beyond proof."""

IS_LONG = os.environ.get("DUE_REGARD_LONG_TESTS") == "1"

KINDS = ("update", "delete", "insert", "swap", "empty")


@pytest.fixture(scope="module")
def lived_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A register after its life; every attack on it is rolled back."""
    file = tmp_path_factory.mktemp("lived") / "register.db"
    engine = upgrade_register(f"sqlite:///{file}")
    live_whole_life(engine)
    engine.dispose()
    return file


@pytest.fixture(scope="module")
def lived_sqlite(lived_file: Path) -> Iterator[Engine]:
    engine = upgrade_register(f"sqlite:///{lived_file}")
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def lived_postgresql(new_postgresql: Callable[[], str]) -> Iterator[Engine]:
    engine = upgrade_register(new_postgresql())
    live_whole_life(engine)
    yield engine
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def lived(request: pytest.FixtureRequest) -> Engine:
    """The register after its life, on each engine in turn."""
    engine: Engine = request.getfixturevalue(f"lived_{request.param}")
    return engine


@contextmanager
def attacking(engine: Engine) -> Iterator[Connection]:
    """A connection of somebody with the database's own keys; all that they do is rolled back."""
    with engine.connect() as connection, connection.begin() as transaction:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        else:
            connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
            for name in connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
        yield connection
        transaction.rollback()


def find_places(connection: Connection, head: str | None = None) -> set[str]:
    """Tables in which something does not hold; `audit` where the chain itself does not."""
    try:
        faults = [*verify_rows_on(connection, head).faults, *find_text_faults(connection, LANDLORD)]
        return {fault.table for fault in faults}
    except AuditError:
        return {"audit"}


def read_rows(connection: Connection, table: Table) -> list[Row]:
    """The table's rows of the landlord that are proved, in order of their key."""
    chosen = select(table).order_by(*table.primary_key.columns)
    if table.name != "seal_keys":
        chosen = chosen.where(table.c.landlord == LANDLORD)
    if table.name in BOUND_ROWS:
        chosen = chosen.where(text(BOUND_ROWS[table.name]))
    return [dict(row) for row in connection.execute(chosen).mappings()]


def match_key(table: Table, row: Row) -> Any:
    return and_(*(column == row[column.name] for column in table.primary_key.columns))


def change_value(column: Any, value: Any) -> Any:
    """Another value of the column's kind."""
    if isinstance(column.type, JSON):
        return [*value, "x"] if isinstance(value, list) else {**(value or {}), "x": "x"}
    kind = datetime if isinstance(column.type, Instant) else column.type.python_type
    if kind is bool:
        return not value
    if kind is int:
        return (value or 0) + 1000
    if kind is datetime:
        return (value or datetime.fromisoformat("2026-06-01T00:00:00+00:00")) + timedelta(seconds=1)
    return (value or date(2026, 6, 1)) + timedelta(days=1) if kind is date else f"{value or ''}x"


def list_free_columns(table: Table) -> list[str]:
    """Columns that no key and no index holds alone: what an attacker would change."""
    bound = {column.name for column in table.primary_key.columns} | {"landlord"}
    return [column.name for column in table.c if column.name not in bound]


def make_another(table: Table, row: Row) -> Row:
    """A row like this one under a key of its own."""
    unique = [list(one.columns) for one in table.constraints if isinstance(one, UniqueConstraint)]
    changed = [list(table.primary_key.columns)[-1], *(columns[-1] for columns in unique)]
    new = dict(row)
    for column in changed:
        new[column.name] = row[column.name] + 1000 if isinstance(row[column.name], int) else f"{row[column.name]}x"
    return new


def attack(connection: Connection, table: Table, kind: str) -> None:
    """Do to the table what the kind says."""
    rows = read_rows(connection, table)
    assert len(rows) > 1, f"the life leaves {table.name} empty"
    rows = rows[:-1] if table.name == "audit" else rows  # its last entry: see the tail's own test
    first, last = rows[0], rows[-1]
    if kind == "update":
        name = next(name for name in reversed(list_free_columns(table)) if (table.name, name) not in UNBOUND_COLUMNS)
        changed = {name: change_value(table.c[name], last[name])}
        connection.execute(update(table).where(match_key(table, last)).values(**changed))
    elif kind == "delete":
        connection.execute(delete(table).where(match_key(table, last)))
    elif kind == "insert":
        connection.execute(insert(table).values(**make_another(table, first)))
    elif kind == "empty":
        connection.execute(delete(table).where(table.c.landlord == LANDLORD))
    else:
        swap_rows(connection, table, rows)


def swap_rows(connection: Connection, table: Table, rows: list[Row]) -> None:
    """Let two rows that differ exchange all but their keys."""
    free = list_free_columns(table)
    one, other = next(
        (a, b) for a in rows for b in rows if any(a[name] != b[name] for name in free if name not in {"salt", "leaf"})
    )
    connection.execute(delete(table).where(match_key(table, one) | match_key(table, other)))
    for key, content in ((one, other), (other, one)):
        connection.execute(insert(table).values(**{**key, **{name: content[name] for name in free}}))


ATTACKS = [(name, kind) for name in sorted(set(TABLES) - UNPROVED) for kind in KINDS]


def test_there_are_many_attacks() -> None:
    assert len(ATTACKS) >= 60


def test_an_unharmed_register_is_clean(lived: Engine) -> None:
    report = verify_rows(lived, read_audit_head(lived))
    assert (report.faults, report.unproved) == ((), ())


@pytest.mark.parametrize(("name", "kind"), ATTACKS)
def test_an_attack_on_a_table_is_found(lived: Engine, name: str, kind: str) -> None:
    table = TABLES[name]
    with attacking(lived) as connection:
        attack(connection, table, kind)
        found = find_places(connection)
    assert found & ({name, "audit"} if name != "audit" else found), found


@pytest.mark.parametrize("lived", ["sqlite", "postgresql"] if IS_LONG else ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", sorted(set(TABLES) - UNPROVED))
def test_every_column_that_was_changed_is_found(lived: Engine, name: str) -> None:
    table, unfound = TABLES[name], []
    for column in list_free_columns(table):
        with attacking(lived) as connection:
            row = read_rows(connection, table)[0]
            changed = {column: change_value(table.c[column], row[column])}
            connection.execute(update(table).where(match_key(table, row)).values(**changed))
            if not find_places(connection) & {name, "audit"}:
                unfound.append((name, column))
    assert set(unfound) <= UNBOUND_COLUMNS


MORE_ATTACKS = {
    "a resolved finding is opened": ("findings", "UPDATE findings SET status = 'open' WHERE status = 'resolved'"),
    "an open one is hidden": ("findings", "UPDATE findings SET status = 'resolved' WHERE id = 2"),
    "a silence is put in": ("findings", "UPDATE findings SET silenced_until = '2027-01-01' WHERE id = 3"),
    "a silence is lifted": ("findings", "UPDATE findings SET silenced_until = NULL, silenced_at = NULL WHERE id = 1"),
    "a report is put in": ("findings", "UPDATE findings SET awaiting_since = '2026-07-01 07:00:00' WHERE id = 4"),
    "a dispute is put in": ("findings", "UPDATE findings SET disputed_at = '2026-07-01 07:00:00' WHERE id = 4"),
    "a finding has another owner": ("findings", "UPDATE findings SET handed_to = 'S9' WHERE handed_to IS NOT NULL"),
    "its work has another owner": ("work_items", "UPDATE work_items SET handed_to = 'S9' WHERE handed_to IS NOT NULL"),
    "it was opened more often": ("findings", "UPDATE findings SET times_opened = times_opened + 1 WHERE id = 1"),
    "it was seen less often": ("findings", "UPDATE findings SET times_seen = 1 WHERE id = 2"),
    "its due date is later": ("findings", "UPDATE findings SET due_on = '2027-01-01' WHERE status = 'open'"),
    "a resolved one says otherwise": ("findings", "UPDATE findings SET clause = '9' WHERE status = 'resolved'"),
    "a resolved one is about another": ("findings", "UPDATE findings SET subject_ref = 'Z' WHERE status = 'resolved'"),
    "people's words": ("finding_events", "UPDATE finding_events SET why = 'other' WHERE why IS NOT NULL"),
    "people's name": ("finding_events", "UPDATE finding_events SET actor = 'other' WHERE event = 'disputed'"),
    "an escalation is gone": ("finding_events", "DELETE FROM finding_events WHERE event = 'reopened'"),
    "an event of another run": ("finding_events", "UPDATE finding_events SET run_id = 1 WHERE run_id = 2"),
    "a decision made a run's": ("finding_events", "UPDATE finding_events SET run_id = 2 WHERE event = 'silenced'"),
    "a mail is said to be sent": ("alert_messages", "UPDATE alert_messages SET status = 'sent' WHERE resends = 0"),
    "a mail was not sent": ("alert_messages", "UPDATE alert_messages SET status = 'waiting' WHERE status = 'sent'"),
    "a bounce is undone": ("alert_messages", "UPDATE alert_messages SET status = 'sent' WHERE status = 'bounced'"),
    "a refusal is another": ("alert_messages", "UPDATE alert_messages SET code = 250 WHERE status = 'refused'"),
    "a mail goes elsewhere": ("alert_messages", "UPDATE alert_messages SET recipient = 'x' WHERE status = 'waiting'"),
    "a mail says otherwise": ("alert_messages", "UPDATE alert_messages SET body = 'x' WHERE status = 'waiting'"),
    "it was told earlier": ("alert_told", "UPDATE alert_told SET as_at = '2026-01-01'"),
    "it was told by another mail": ("alert_told", "UPDATE alert_told SET message_id = (SELECT min(message_id) "
                                    "FROM alert_messages) WHERE id = (SELECT max(id) FROM alert_told)"),
    "a version is skipped": ("appeals", "UPDATE appeals SET version = 3 WHERE version = 2"),
    "a record is another landlord's": ("staff", "UPDATE staff SET landlord = 'another' WHERE staff_ref = 'S1'"),
    "a record came with another file": ("staff", "UPDATE staff SET batch_file_id = 1 WHERE staff_ref = 'S1'"),
    "a leaf made to fit": ("staff", "UPDATE staff SET leaf = NULL, salt = NULL, email = 'x' WHERE staff_ref = 'S1'"),
    "it was known earlier": ("appeals", "UPDATE appeals SET known_from = '2026-01-01 07:00:00' WHERE version = 2"),
    "a record returned unseen": ("disappearances", "UPDATE disappearances SET returned_file_id = 1"),
    "a record never returned": ("disappearances", "UPDATE disappearances SET returned_file_id = NULL"),
    "a held drop is let in": ("batches", "UPDATE batches SET released_by = 'x' WHERE status = 'released'"),
    "a drop is said to be loading": ("batches", "UPDATE batches SET status = 'loading' WHERE status = 'loaded'"),
    "an issue is another day's": ("pack_issues", "UPDATE pack_issues SET issued_on = '2026-01-01'"),
    "a pack's figures": ("packs", "UPDATE packs SET figures = '{}'"),
    "a run that moves nothing": ("assessment_runs", "UPDATE assessment_runs SET moved = NOT moved WHERE id = 2"),
    "all findings of a run": ("findings", "DELETE FROM findings WHERE last_run_id = 4"),
}  # fmt: skip


@pytest.mark.parametrize("what", MORE_ATTACKS)
def test_an_attack_with_a_purpose_is_found(lived: Engine, what: str) -> None:
    table, statement = MORE_ATTACKS[what]
    with attacking(lived) as connection:
        assert connection.exec_driver_sql(statement).rowcount > 0
        assert table in find_places(connection)


def test_a_removed_tail_is_found_by_a_head_and_what_it_sealed_without_one(lived: Engine) -> None:
    head, audit = read_audit_head(lived), TABLES["audit"]
    with attacking(lived) as connection:
        assert find_places(connection, head) == set()
        last = max(row["seq"] for row in read_rows(connection, audit))
        connection.execute(delete(audit).where(audit.c.landlord == LANDLORD, audit.c.seq > last - 4))
        assert find_places(connection) >= {"pack_issues", "alert_messages"}
        connection.execute(delete(TABLES["pack_issues"]))
        assert find_places(connection, head) == {"audit"}


def test_a_fault_names_the_row_and_never_a_cell(lived: Engine) -> None:
    with attacking(lived) as connection:
        connection.exec_driver_sql("UPDATE staff SET email = 'planted@example.org' WHERE staff_ref = 'S1'")
        (fault,) = verify_rows_on(connection).faults
    assert (fault.landlord, fault.table, fault.key, fault.what) == (LANDLORD, "staff", "S1 version 1", "changed")
    assert "@" not in str(fault)
