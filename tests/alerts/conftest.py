"""A register file a session, copied for each test: migrating is the slow part."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import event

from due_regard.register import upgrade_register
from tests.alerts.world import RECORDS, World
from tests.register.engines import (  # noqa: F401
    new_postgresql,
    postgresql_url,
    register,
    register_url,
    shared_postgresql,
    sqlite_template,
)


@pytest.fixture(scope="session")
def stocked_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A register with the world's records loaded on Mon 29 June 2026."""
    file = tmp_path_factory.mktemp("alerts") / "stocked.db"
    engine = upgrade_register(f"sqlite:///{file}")
    World(engine).load(RECORDS, date(2026, 6, 29))
    engine.dispose()
    return file


@pytest.fixture
def world(stocked_file: Path, tmp_path: Path) -> Iterator[World]:
    file = tmp_path / "register.db"
    shutil.copyfile(stocked_file, file)
    engine = upgrade_register(f"sqlite:///{file}")
    engine.dispose()
    # No test here pulls the plug: syncing each commit to the disk is half of its time.
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous = OFF"))
    yield World(engine)
    engine.dispose()
