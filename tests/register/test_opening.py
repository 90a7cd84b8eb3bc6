"""Who may create a register: `upgrade_register` alone. A question opens what is there, or says what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, make_url

from due_regard.errors import RegisterError
from due_regard.register import open_register, upgrade_register, write_backup
from due_regard.register.schema import revisions
from tests.register.drops import at


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a place without a register."""
    if request.param == "postgresql":
        new: Callable[[], str] = request.getfixturevalue("new_postgresql")
        return new()
    return f"sqlite:///{tmp_path / 'no' / 'register.db'}"


def is_empty(url: str) -> bool:
    """Whether nothing at all is there."""
    target = make_url(url)
    if target.get_backend_name() == "sqlite":
        return not Path(str(target.database)).parent.exists()
    engine = create_engine(url)
    try:
        return inspect(engine).get_table_names() == []
    finally:
        engine.dispose()


def set_revisions(url: str, *stored: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM alembic_version")
        for revision in stored:
            connection.exec_driver_sql(f"INSERT INTO alembic_version VALUES ('{revision}')")
    engine.dispose()


def test_the_revision_named_in_the_program_is_the_newest_migration() -> None:
    assert ScriptDirectory.from_config(revisions.make_migration_config()).get_heads() == [revisions.HEAD]


def test_a_question_on_a_missing_register_says_what_to_do_and_creates_nothing(empty_url: str, tmp_path: Path) -> None:
    with pytest.raises(RegisterError, match=r"there is no register .*due-regard register upgrade"):
        open_register(empty_url)
    with pytest.raises(RegisterError, match="there is no register"):
        write_backup(empty_url, tmp_path / "kept", now=at("2026-06-01 08:00"))
    assert is_empty(empty_url)
    assert not (tmp_path / "kept").exists()


def test_an_empty_file_is_no_register(tmp_path: Path) -> None:
    file = tmp_path / "register.db"
    file.touch()
    with pytest.raises(RegisterError, match="there is no register"):
        open_register(f"sqlite:///{file}")
    assert file.stat().st_size == 0


def test_a_message_on_a_missing_register_betrays_no_password(new_postgresql: Callable[[], str]) -> None:
    url = make_url(new_postgresql()).set(password="hush-hush")  # noqa: S106 - the test server asks for none
    with pytest.raises(RegisterError) as caught:
        open_register(url)
    assert "hush" not in str(caught.value)


def test_what_was_upgraded_opens(empty_url: str) -> None:
    upgrade_register(empty_url).dispose()
    engine = open_register(empty_url)
    with engine.connect() as connection:
        assert revisions.read_revisions(connection) == [revisions.HEAD]
    engine.dispose()


def test_an_older_register_is_not_migrated_by_a_question(empty_url: str) -> None:
    upgrade_register(empty_url).dispose()
    set_revisions(empty_url, "0002_alerts", "0003_packs")
    with pytest.raises(RegisterError, match="older than this program; `due-regard register upgrade`"):
        open_register(empty_url)
    engine = create_engine(empty_url)
    with engine.connect() as connection:
        assert revisions.read_revisions(connection) == ["0002_alerts", "0003_packs"]
    engine.dispose()


@pytest.mark.parametrize("open_it", [open_register, upgrade_register])
def test_a_newer_register_or_another_programs_database_is_refused(
    empty_url: str, open_it: Callable[[str], object]
) -> None:
    upgrade_register(empty_url).dispose()
    set_revisions(empty_url, "9999_later")
    with pytest.raises(RegisterError, match="newer version of this program, or another program"):
        open_it(empty_url)


def test_opening_walks_no_migrations(register_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def walk(*_: object) -> None:
        raise AssertionError("the migrations were walked")

    monkeypatch.setattr(revisions, "make_migration_config", walk)
    for open_it in (open_register, upgrade_register):
        open_it(register_url).dispose()
