"""The same register makes the same pack, byte for byte, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from due_regard.register import EVER, reading, restore_backup, sql_files, upgrade_register, write_backup
from tests.packs.known import QUARTER, SQL
from tests.packs.registers import BUILT, NAME, build
from tests.register.engines import new_postgresql, postgresql_url  # noqa: F401 - fixtures

DAYS = {"starts_on": QUARTER.starts_on, "ends_on": QUARTER.ends_on}
FLOW = {"customers_restricted": 14, "customers_new": 10, "opening": 9, "new": 14, "ended": 1, "in_force": 22}


@pytest.fixture
def on_server(loaded: Engine, new_postgresql: Callable[[], str], tmp_path: Path) -> Iterator[Engine]:  # noqa: F811
    """The register of `loaded` on PostgreSQL: one loaded anew has seals of its own, and prints another head."""
    write_backup(str(loaded.url), tmp_path / "kept", now=BUILT)
    url = new_postgresql()
    restore_backup(url, tmp_path / "kept", now=BUILT)
    engine = upgrade_register(url)
    yield engine
    engine.dispose()


def test_the_pack_is_the_same_on_both_engines(
    on_server: Engine,
    loaded: Engine,
    small: dict[str, Any],
    tmp_path: Path,
) -> None:
    assert (on_server.dialect.name, loaded.dialect.name) == ("postgresql", "sqlite")
    report = build(on_server, tmp_path / "one", **small)
    again = build(on_server, tmp_path / "two", **small)
    assert (report.status, again.status) == ("built", "unchanged")
    with reading(on_server, NAME) as conn:
        flow = sql_files.read_statement(
            conn, "restrictions_of_quarter", SQL, landlord=NAME, known_at=EVER, **DAYS,
            eve=QUARTER.shift(-1).ends_on,
        )  # fmt: skip
        met = sql_files.read_statement(conn, "incidents_of_quarter", SQL, landlord=NAME, known_at=EVER, **DAYS)
    assert flow.iloc[0].to_dict() == FLOW
    assert met["incidents"].sum() == 21
    embedded = build(loaded, tmp_path / "embedded", **small)
    assert report.sha256 == embedded.sha256
