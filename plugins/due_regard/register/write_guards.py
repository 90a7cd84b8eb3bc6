"""Triggers that let rows change only as schema/write_rules.py says, on both engines; the one recorded way past them.

`upgrade_register` puts them in place; `lift_guards` is for an erasure or a repair. Whoever owns the database can drop a
trigger: that the rows are still those that were written is for `audit verify` to say. Add rules in write_rules.py.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Connection, Engine, Table, inspect, text

from due_regard.register.audit import append_audit
from due_regard.register.engines import REGISTER, reading, writing
from due_regard.register.schema.revisions import build_metadata
from due_regard.register.schema.write_rules import WriteRule, find_write_rule

_PREFIX, _REFUSAL, _RAISE = "guard_", "guard_refusal", "RAISE EXCEPTION '%', TG_ARGV[0];"
_REMEDY = (
    "enter what is right as a new version or a new decision; docs/runbook.md (What may change in the register) says "
    "how a repair is recorded"
)


@contextmanager
def lift_guards(
    connection: Connection,
    *,
    action: str,
    details: Mapping[str, Any],
    at: datetime,
    landlord: str,
    tables: Collection[str] | None = None,
) -> Iterator[None]:
    """Let rows be changed or deleted inside, and record that in the audit: a migration, an erasure, a repair.

    Everything is of the caller's transaction: the change, the guards put back, and the entry. An error inside undoes
    all three, even where the caller goes on. On PostgreSQL only the owner of the tables may. Never lift guards for what
    a run does every day: give its table a rule instead.

    Args:
        connection: inside `writing(engine, landlord)`.
        action: the audit's verb, such as erase or repair.
        details: what and why, by counts, ids and the program's own words: nothing personal.
        at: when.
        landlord: in whose chain the entry is; `REGISTER` where it concerns them all.
        tables: whose guards are lifted, and those of all others stay; None: of every one.

    Raises:
        DBAPIError: on PostgreSQL, the session is not the owner's.
    """
    with connection.begin_nested():
        remove_guards(connection, tables)
        yield
        put_guards(connection, tables)
        said = dict(details) if tables is None else {**details, "tables": sorted(tables)}
        append_audit(connection, landlord=landlord, action=action, subject="register", details=said, at=at)


def put_guards(connection: Connection, tables: Collection[str] | None = None) -> None:
    """Make the guards of `tables`, of all where none are named, in place of those that they have."""
    remove_guards(connection, tables)
    there = set(inspect(connection).get_table_names())
    statements = [_write_function(connection, _REFUSAL, _RAISE)] if connection.dialect.name == "postgresql" else []
    for rule, table in _list_ruled_tables():
        if rule.table in there and (tables is None or rule.table in tables):
            statements += _list_statements(connection, rule, table)
    for statement in statements:
        connection.exec_driver_sql(statement, execution_options={"no_parameters": True})


def remove_guards(connection: Connection, tables: Collection[str] | None = None) -> None:
    """Drop the guards of `tables`, of all where none are named."""
    for name, table in list_guards(connection):
        if tables is None or table in tables:
            on = f" ON {table}" if connection.dialect.name == "postgresql" else ""
            connection.exec_driver_sql(f"DROP TRIGGER {name}{on}")


def renew_guards(engine: Engine, *, at: datetime) -> list[str]:
    """Put back the guards that are gone, and record it in the audit; the tables that lacked one."""
    with reading(engine) as connection:
        missing = list_missing_guards(connection)
    if missing:
        with writing(engine, REGISTER) as connection:
            put_guards(connection)
            details = {"tables": missing}
            append_audit(connection, landlord=REGISTER, action="guard", subject="register", details=details, at=at)
    return missing


def list_guards(connection: Connection) -> list[tuple[str, str]]:
    """(Trigger, table) of every guard that is in place."""
    if connection.dialect.name == "sqlite":
        found = text("SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger' ORDER BY name")
    else:
        found = text(
            "SELECT tgname, relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "
            "WHERE relnamespace = current_schema()::regnamespace AND NOT tgisinternal ORDER BY tgname"
        )
    return [(name, table) for name, table in connection.execute(found) if name.startswith(_PREFIX)]


def list_missing_guards(connection: Connection) -> list[str]:
    """Tables of which a guard is gone that this program would put in place."""
    there = {name for name, _ in list_guards(connection)}
    gone = {
        rule.table
        for rule, table in _list_ruled_tables()
        for statement in _list_statements(connection, rule, table)
        if statement.startswith("CREATE TRIGGER ") and statement.split()[2] not in there
    }
    return sorted(gone)


def _list_ruled_tables() -> list[tuple[WriteRule, Table]]:
    return [(find_write_rule(table.name), table) for table in build_metadata().sorted_tables]


def _list_statements(connection: Connection, rule: WriteRule, table: Table) -> list[str]:
    words = f"{rule.table}: {describe_rule(rule)}; {_REMEDY}".replace("'", "''")
    if connection.dialect.name == "sqlite":
        return list(_list_sqlite_triggers(rule, table, words))
    return list(_list_postgresql_triggers(connection, rule, table, words))


def describe_rule(rule: WriteRule) -> str:
    """What may be done to the rows of a table, in a sentence."""
    if rule.is_history:
        return f"rows are never changed or deleted ({rule.why})"
    changing = f"only {', '.join(rule.changing)} may change" if rule.changing else "no row is changed"
    deleted = ""
    if not rule.deletable:
        deleted = ", and no row is deleted"
    elif rule.deleted_if:
        deleted = ", and only rows of mails that were never handed over are deleted"
    return f"{changing}{deleted} ({rule.why})"


def _list_changes(rule: WriteRule, table: Table, dialect: str) -> list[str]:
    """Conditions on each of which a change is refused; none: every change is."""
    if not rule.changing:
        return []
    differs = "{0}{2} IS DISTINCT FROM {1}{2}" if dialect == "postgresql" else "{0} IS NOT {1}"
    found = []
    for column in table.columns:
        if column.name not in rule.changing:
            # PostgreSQL's JSON has no equality of its own.
            cast = "::text" if isinstance(column.type, JSON) else ""
            found.append(differs.format(f"OLD.{column.name}", f"NEW.{column.name}", cast))
    return [*found, *([f"({rule.refused_if})"] if rule.refused_if else [])]


def _list_sqlite_triggers(rule: WriteRule, table: Table, words: str) -> Iterator[str]:
    refused = f"BEGIN SELECT RAISE(ABORT, '{words}'); END"
    begin = f"CREATE TRIGGER {_PREFIX}{rule.table}"
    if len(rule.changing) < len(table.columns):
        changes = _list_changes(rule, table, "sqlite")
        when = f" WHEN {' OR '.join(changes)}" if changes else ""
        yield f"{begin}_update BEFORE UPDATE ON {rule.table}{when} {refused}"
    if not rule.deletable or rule.deleted_if:
        when = f" WHEN NOT {rule.deleted_if}" if rule.deleted_if else ""
        yield f"{begin}_delete BEFORE DELETE ON {rule.table}{when} {refused}"
    if not rule.deletable and not rule.is_bulk:
        same = " AND ".join(f"{column.name} = NEW.{column.name}" for column in table.primary_key)
        # REPLACE deletes without asking the trigger above.
        exists = f"EXISTS (SELECT 1 FROM {rule.table} WHERE {same})"  # noqa: S608 - our own names
        yield f"{begin}_replace BEFORE INSERT ON {rule.table} WHEN {exists} {refused}"


def _list_postgresql_triggers(connection: Connection, rule: WriteRule, table: Table, words: str) -> Iterator[str]:
    begin, row = f"CREATE TRIGGER {_PREFIX}{rule.table}", f"ON {rule.table} FOR EACH ROW"
    refuse = f"EXECUTE FUNCTION {_REFUSAL}('{words}')"
    if len(rule.changing) < len(table.columns):
        changes = _list_changes(rule, table, "postgresql")
        when = f" WHEN ({' OR '.join(changes)})" if changes else ""
        yield f"{begin}_update BEFORE UPDATE {row}{when} {refuse}"
    if rule.deleted_if:
        own = f"{_PREFIX}{rule.table}"
        yield _write_function(connection, own, f"IF {rule.deleted_if} THEN RETURN OLD; END IF; {_RAISE}")
        yield f"{begin}_delete BEFORE DELETE {row} EXECUTE FUNCTION {own}('{words}')"
    elif not rule.deletable:
        yield f"{begin}_delete BEFORE DELETE {row} {refuse}"
    if not rule.deletable or rule.deleted_if:
        yield f"{begin}_truncate BEFORE TRUNCATE ON {rule.table} FOR EACH STATEMENT {refuse}"


def _write_function(connection: Connection, name: str, body: str) -> str:
    """A trigger's function, by which nobody's temporary table is taken for one of the register's."""
    schema = connection.scalar(text("SELECT quote_ident(current_schema())"))
    return (
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SET search_path = {schema}, pg_temp AS "
        f"$$ BEGIN {body} END $$"
    )
