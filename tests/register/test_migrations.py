"""Migrations go up from every earlier revision with data in place, and the models match them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, inspect, text

from due_regard.records.canonical import ENTITIES
from due_regard.register import load_drop, read_records, reading, upgrade_register, verify_audit
from due_regard.register.schema import revisions
from tests.register.drops import LANDLORD, accepted, appeal, at, drop

REVISIONS = [
    revision.revision
    for revision in ScriptDirectory.from_config(revisions.make_migration_config()).walk_revisions("base", "heads")
]


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a database without any table."""
    if request.param == "postgresql":
        new: Callable[[], str] = request.getfixturevalue("new_postgresql")
        return new()
    return f"sqlite:///{tmp_path / 'old.db'}"


def test_models_equal_what_the_migrations_make(register: Engine) -> None:
    with register.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, revisions.build_metadata()) == []


def test_every_entity_has_its_current_view(register: Engine) -> None:
    views = inspect(register).get_view_names()
    assert {f"current_{entity.name}" for entity in ENTITIES} <= set(views)


def test_every_table_of_a_landlord_is_under_row_level_security(register: Engine) -> None:
    if register.dialect.name == "sqlite":
        assert all("landlord" in table.c for table in revisions.build_metadata().tables.values())
        return
    with register.connect() as connection:
        rows = connection.execute(text("SELECT relname, relrowsecurity FROM pg_class WHERE relkind = 'r'")).all()
        protected = {name for name, on in rows if on}
        views = connection.execute(text("SELECT relname, reloptions FROM pg_class WHERE relkind = 'v'")).all()
    assert set(revisions.build_metadata().tables) - {"landlord_access"} == protected
    ours = {name: options or () for name, options in views if name.startswith(("current_", "report_"))}
    for name, options in ours.items():
        rule = "security_invoker=true" if name.startswith("current_") else "security_barrier=true"
        assert rule in options, name


@pytest.mark.parametrize("revision", REVISIONS)
def test_every_earlier_revision_goes_up_with_its_data(empty_url: str, revision: str) -> None:
    engine = create_engine(empty_url)
    with engine.begin() as connection:
        revisions.upgrade_schema(connection, revision)
        connection.exec_driver_sql(
            "INSERT INTO batches (id, landlord, source, drop_name, drop_sha256, received_at, status, rows_read, "
            "rows_loaded, rows_unchanged, rows_rejected, files_refused) VALUES "
            "(1000, 'sample_landlord', 'canonical', 'd', 'ab', '2026-01-05 07:00:00.000000', 'loaded', 1, 1, 0, 0, 0)"
        )
        connection.exec_driver_sql(
            "INSERT INTO batch_files (id, landlord, batch_id, file, sha256, entity, status, rows_sha256, delivery, "
            "columns, rows_read, rows_loaded, rows_unchanged, rows_rejected, rows_vanished, known_from) VALUES "
            "(1000, 'sample_landlord', 1000, 'appeals.csv', 'ab', 'appeals', 'loaded', 'cd', 'snapshot', '[]', "
            "1, 1, 0, 0, 0, '2026-01-05 07:00:00.000000')"
        )
        for column in ("appeal_ref", "restriction_ref", "received_on", "outcome"):
            connection.exec_driver_sql(
                "INSERT INTO carried_columns (landlord, entity, column_name, known_from, batch_file_id) VALUES "
                f"('sample_landlord', 'appeals', '{column}', '2026-01-05 07:00:00.000000', 1000)"
            )
        connection.exec_driver_sql(
            "INSERT INTO appeals (landlord, appeal_ref, version, known_from, batch_file_id, row_number, row_hash, "
            "restriction_ref, received_on, outcome) VALUES ('sample_landlord', 'A1', 1, "
            "'2026-01-05 07:00:00.000000', 1000, 2, 5, 'R1', '2026-01-02', 'upheld')"
        )
    engine.dispose()
    register = upgrade_register(empty_url)
    assert read_records(register, LANDLORD)["appeals"].iloc[0]["outcome"] == "upheld"
    load_drop(register, drop(accepted("appeals", [appeal("A1"), appeal("A2")])), now=at("2026-02-01 07:00"))
    assert read_records(register, LANDLORD)["appeals"]["appeal_ref"].tolist() == ["A1", "A2"]
    verify_audit(register)
    with reading(register) as connection:
        assert revisions.read_revisions(connection) == [revisions.HEAD]
    register.dispose()


def test_opening_twice_migrates_once(empty_url: str) -> None:
    upgrade_register(empty_url).dispose()
    before = upgrade_register(empty_url)
    assert read_records(before, LANDLORD) == {}
    before.dispose()
