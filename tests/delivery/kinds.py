"""A place of each kind with an export in it, alike for all: what is written there, and connections that are wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import create_engine, make_url

from tests.delivery.places import NOW, OLD, write_export
from tests.delivery.servers import PASSWORD, Remote, make_database, open_places

KINDS = ("folder", "sftp", "s3", "azure_blob", "sql")
QUERIES = {"customers": "reporting.v_customers"}


@dataclass
class Place:
    """A place of one kind with an export in it, and how to spoil it."""

    kind: str
    fetch: dict[str, Any]
    now: datetime
    connection: Any = None
    port: int | str = 0
    make_connection: Callable[[int], Any] = lambda _: None
    refused: list[tuple[str, Any]] = field(default_factory=list)
    secrets: tuple[str, ...] = ()
    write: Callable[..., None] = lambda *_, **__: None
    write_huge: Callable[[str, int], None] | None = None
    no_place: str = ""


@contextmanager
def open_kind(kind: str, root: Path, new_postgresql: Callable[[], str]) -> Iterator[Callable[[], Place]]:
    """What gives a place of a kind; its server runs for all of them.

    Raises:
        LookupError: it is not installed.
    """
    if kind == "folder":
        yield lambda: make_folder_place(root / uuid4().hex)
    elif kind == "sql":
        yield lambda: make_sql_place(new_postgresql())
    else:
        with open_places(kind, root) as places:
            yield lambda: make_remote_place(kind, places(uuid4().hex))


def make_folder_place(folder: Path) -> Place:
    write_export(folder)

    def write(name: str, content: str, at: datetime = OLD) -> None:
        write_export(folder, {name: content}, at=at)

    def write_huge(name: str, size: int) -> None:
        with (folder / name).open("wb") as sink:
            sink.truncate(size)

    fetch = {"kind": "folder", "path": str(folder)}
    return Place("folder", fetch, NOW, write=write, write_huge=write_huge, no_place=str(folder / "none"))


def make_remote_place(kind: str, remote: Remote) -> Place:
    remote.lay_export()
    return Place(
        kind, remote.fetch, remote.now, remote.connection, remote.port, remote.make_connection,
        [(word, wrong) for word, wrong in remote.wrong.items() if word != "does not answer"], remote.secrets,
        remote.write, remote.write_huge, remote.no_place,
    )  # fmt: skip


def make_sql_place(url: str) -> Place:
    connection = make_database(url)
    login = make_login_with_password(url)
    wrong = (
        replace(connection, login=login, password=f"{PASSWORD}x"),
        replace(connection, login="nobody_here", password=PASSWORD),
        replace(connection, schema="no_such_database", password=PASSWORD),
        replace(connection, login=login, password=PASSWORD),  # the right one, of who may not connect
    )
    refused = [("refuses the login", each) for each in wrong]
    socket = f"{connection.host}/.s.PGSQL.{connection.port or 5432}"
    return Place(
        "sql", {"kind": "sql", "queries": QUERIES}, NOW, replace(connection, password=PASSWORD),
        socket if str(connection.host).startswith("/") else connection.port or 5432,
        lambda at: replace(connection, host="127.0.0.1", port=at, password=PASSWORD), refused, (PASSWORD,),
    )  # fmt: skip


def make_login_with_password(url: str) -> str:
    """A login of which the server asks a password, whatever it asks of others."""
    login = f"fetcher_{uuid4().hex[:8]}"
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as session:
        session.exec_driver_sql(f"CREATE ROLE {login} LOGIN PASSWORD '{PASSWORD}'")
        session.exec_driver_sql(f'REVOKE CONNECT ON DATABASE "{make_url(url).database}" FROM PUBLIC')
        rules = Path(session.exec_driver_sql("SHOW hba_file").scalar_one())
        if rules.is_file() and str(make_url(url).query.get("host", "")).startswith("/"):
            rules.write_text(f"local all {login} scram-sha-256\n{rules.read_text()}")
            session.exec_driver_sql("SELECT pg_reload_conf()")
    engine.dispose()
    return login
