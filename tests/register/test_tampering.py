"""Attacks on every table by SQL, each found by `verify_rows` but for those that the text names as beyond proof."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import JSON, Connection, Engine, Table, UniqueConstraint, and_, delete, insert, select, text, update

from due_regard.errors import AuditError
from due_regard.register import read_audit_head, upgrade_register, verify_rows
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
        return {fault.table for fault in verify_rows_on(connection, head).faults}
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
        return [value, "x"]
    kind = datetime if isinstance(column.type, Instant) else column.type.python_type
    if kind is bool:
        return not value
    if kind is int:
        return (value or 0) + 1
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
