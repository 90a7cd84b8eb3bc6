"""Who looked at which record: kept for good, and each day's views bound to the audit."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from due_regard.errors import AuditError, RegisterError
from due_regard.register import (
    reading,
    record_view,
    restore_backup,
    seal_views,
    upgrade_register,
    verify_audit,
    write_backup,
)
from due_regard.register.engines import writing
from tests.register.drops import LANDLORD, OTHER, at
from tests.register.past_guards import pass_guards

# London is an hour ahead of UTC: the last of these is on 2 June there.
MOMENTS = ("2026-06-01 08:00", "2026-06-01 08:00", "2026-06-01 22:59", "2026-06-01 23:00")


@pytest.fixture
def viewed(register: Engine) -> Engine:
    """A register with four views, three of them on 1 June, and one of another landlord's."""
    for n, moment in enumerate(MOMENTS, 1):
        look(register, at(moment), f"F-00000{n}")
    look(register, at("2026-06-01 09:00"), "F-000009", landlord=OTHER)
    return register


def look(register: Engine, now: datetime, ref: str, landlord: str = LANDLORD) -> None:
    record_view(register, landlord, actor="fab:7", used_right="read", kind="finding", ref=ref, now=now)


def change(register: Engine, *statements: str) -> None:
    """Change what may not be changed, past the triggers, as whoever holds the database's file or its owner could."""
    with register.begin() as connection:
        pass_guards(connection)
        for statement in statements:
            connection.exec_driver_sql(statement)


def test_a_view_says_who_saw_what_by_which_right(viewed: Engine) -> None:
    with reading(viewed, LANDLORD) as connection:
        rows = connection.execute(text("SELECT * FROM record_views ORDER BY id")).mappings().all()
    assert [row["ref"] for row in rows] == [f"F-00000{n}" for n in (1, 2, 3, 4, 9)]
    assert {(row["actor"], row["used_right"], row["kind"]) for row in rows} == {("fab:7", "read", "finding")}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE record_views SET actor = 'fab:8'",
        "DELETE FROM record_views",
        "REPLACE INTO record_views SELECT * FROM record_views",
        "TRUNCATE record_views",
    ],
)
def test_views_are_append_only(viewed: Engine, statement: str) -> None:
    if statement.startswith("TRUNCATE" if viewed.dialect.name == "sqlite" else "REPLACE"):
        return  # no statement of this engine
    with (
        pytest.raises(RegisterError, match="record_views: rows are never changed or deleted"),
        writing(viewed, LANDLORD) as connection,
    ):
        connection.execute(text(statement))


def test_each_day_that_is_over_is_sealed_once(viewed: Engine) -> None:
    assert seal_views(viewed, LANDLORD, now=at("2026-06-01 23:59")) == [], "the day's last page may be on its way"
    assert seal_views(viewed, LANDLORD, now=at("2026-06-02 06:00")) == [date(2026, 6, 1)]
    assert seal_views(viewed, LANDLORD, now=at("2026-06-02 07:00")) == []
    three = [date(2026, 6, day) for day in (2, 3, 4)]
    assert seal_views(viewed, LANDLORD, now=at("2026-06-05 06:00")) == three, "days without a view too"
    assert seal_views(viewed, OTHER, now=at("2026-06-02 06:00")) == [date(2026, 6, 1)]
    with reading(viewed, LANDLORD) as connection:
        acts = connection.execute(text("SELECT landlord, subject, details FROM audit WHERE action = 'views'")).all()
    counts = {(landlord, subject): details.partition(",")[0] for landlord, subject, details in acts}
    assert counts == {
        (LANDLORD, "2026-06-01"): '{"rows":3', (LANDLORD, "2026-06-02"): '{"rows":1',
        (LANDLORD, "2026-06-03"): '{"rows":0', (LANDLORD, "2026-06-04"): '{"rows":0',
        (OTHER, "2026-06-01"): '{"rows":1',
    }  # fmt: skip
    verify_audit(viewed)


def test_without_a_view_nothing_is_sealed(register: Engine) -> None:
    assert seal_views(register, LANDLORD, now=at("2026-06-02 06:00")) == []
    assert verify_audit(register).rows == 0


TAMPERED = {
    "changed": ("UPDATE record_views SET actor = 'fab:8' WHERE id = 2", "one was changed"),
    "the right changed": ("UPDATE record_views SET used_right = 'audit' WHERE id = 2", "one was changed"),
    "the moment changed": ("UPDATE record_views SET at = '2026-06-01 08:00:01.000000' WHERE id = 2", "was changed"),
    "swapped": ("UPDATE record_views SET id = CASE id WHEN 5 THEN 6 ELSE id + 10 END", "was changed"),
    "removed": ("DELETE FROM record_views WHERE id = 3", "some were removed"),
    "moved to another day": ("UPDATE record_views SET at = '2026-06-09 08:00:00.000000' WHERE id = 1", "removed"),
    "all removed": ("DELETE FROM record_views", "removed"),
    "put in": (
        "INSERT INTO record_views (landlord, at, actor, used_right, kind, ref) VALUES "
        f"('{LANDLORD}', '2026-06-01 10:00:00.000000', 'fab:9', 'read', 'finding', 'F-000001')",
        "some were put in",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TAMPERED)
def test_a_view_of_a_sealed_day_that_is_not_as_it_was_is_found(viewed: Engine, name: str) -> None:
    seal_views(viewed, LANDLORD, now=at("2026-06-02 06:00"))
    head = verify_audit(viewed).head
    statement, words = TAMPERED[name]
    if viewed.dialect.name == "postgresql":
        statement = statement.replace(".000000'", ".000000+00'")
    change(viewed, statement)
    with pytest.raises(AuditError, match=words) as found:
        verify_audit(viewed, head)
    assert f"views of {LANDLORD} on 2026-06-01" in str(found.value)


def test_a_page_waits_for_no_load_on_postgresql(viewed: Engine) -> None:
    if viewed.dialect.name == "sqlite":
        return  # one writer at a time, whatever is asked
    with writing(viewed, LANDLORD):
        look(viewed, at("2026-06-03 08:00"), "F-000001")


def test_views_survive_a_backup_and_its_restore(viewed: Engine, tmp_path: Path) -> None:
    seal_views(viewed, LANDLORD, now=at("2026-06-02 06:00"))
    url = viewed.url.render_as_string(hide_password=False)
    write_backup(url, tmp_path / "backup", now=at("2026-06-02 07:00"))
    restored = f"sqlite:///{tmp_path}/restored.db"
    restore_backup(restored, tmp_path / "backup", now=at("2026-06-02 08:00"))
    engine = upgrade_register(restored)
    verify_audit(engine)
    change(engine, "DELETE FROM record_views WHERE id = 3")
    with pytest.raises(AuditError, match="some were removed"):
        verify_audit(engine)
    engine.dispose()
