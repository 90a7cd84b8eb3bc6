"""Landlords whose export lies in a folder, on a server or in a database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import pytest

from due_regard.config.connections import WrittenConnection
from tests.delivery.places import FetchedLandlord, make_landlord, write_export
from tests.delivery.servers import MakePlace, Remote, make_database, open_places
from tests.register.engines import new_postgresql, postgresql_url

__all__ = ["new_postgresql", "postgresql_url"]


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """The folder of a whole export."""
    return write_export(tmp_path / "share" / "export")


@pytest.fixture
def landlord(tmp_path: Path, export: Path) -> FetchedLandlord:
    """Whoever fetches from it."""
    return make_landlord(tmp_path, {"kind": "folder", "path": str(export)})


@pytest.fixture(scope="module", params=["sftp", "s3", "azure_blob"])
def places(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakePlace]:
    """A server of each kind, for all tests of a module."""
    with ExitStack() as servers:
        try:
            yield servers.enter_context(open_places(request.param, tmp_path_factory.mktemp("server") / "root"))
        except LookupError as missing:
            pytest.skip(str(missing))


@pytest.fixture
def remote(places: MakePlace) -> Remote:
    """An empty place on it."""
    return places(uuid4().hex)


@pytest.fixture
def database(new_postgresql: Callable[[], str]) -> WrittenConnection:
    """A housing database of our own, as an Airflow connection names it."""
    return make_database(new_postgresql())
