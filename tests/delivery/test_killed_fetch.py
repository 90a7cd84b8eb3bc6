"""A fetch and a load killed anywhere: nothing lost, nothing twice, no half drop loaded, what was cut off is finished.

The process kills itself at its n-th act: on a disk below the inbox or at the export's place (an audit hook counts
them), before and after a request to a server, or before a commit. Every kind of place; an inbox on object storage; a
register on PostgreSQL with the login of a loader, as include/postgresql/roles.sql has it. The long form kills at
every act.
"""

from __future__ import annotations

import importlib
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Engine, event, make_url

from due_regard.register import upgrade_register
from due_regard.register.logins import create_login
from tests.delivery.places import EXPORT, NOW, FetchedLandlord, L, make_landlord, skip_great_expectations, write_export
from tests.delivery.servers import PASSWORD, MakePlace, open_places, use_object_storage
from tests.register.engines import empty_database

ACTS = frozenset({"open", "os.rename", "os.mkdir", "os.remove", "os.utime", "os.rmdir", "shutil.rmtree"})
REQUESTS = (
    ("asyncssh.sftp", "SFTPClientHandler", "_make_request"),
    ("aiobotocore.httpsession", "AIOHTTPSession", "send"),
    ("azure.core.pipeline.transport", "AioHttpTransport", "send"),
)
"""What sends one request of each protocol, and waits for its answer."""

KINDS = ("folder", "folder into s3", "folder into postgresql", "sftp", "s3", "azure_blob")
WORDS = ("move", "receipt")
IS_LONG = bool(os.environ.get("DUE_REGARD_LONG_TESTS"))
LEFT_OUT = {
    ("folder into s3", "move"),
    ("folder into postgresql", "receipt"),
    ("s3", "receipt"),
    ("azure_blob", "move"),
}
"""Cases that the long form alone has."""

CASES = [(kind, word) for kind in KINDS for word in WORDS if IS_LONG or (kind, word) not in LEFT_OUT]
SHORT = 3
"""Kills of the short form, evenly over all acts."""


@dataclass
class Trial:
    """One landlord whose fetch and load are killed, and how to look into the place of its export."""

    landlord: FetchedLandlord
    watched: tuple[str, ...]
    now: Any
    list_names: Callable[[], set[str]]
    read: Callable[[str], bytes]

    def act_until(self, last: int | None) -> int:
        """Fetch and take in, in a process of its own that kills itself at its `last` act; how many it made."""
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(reading)
            try:
                _count_acts(self.watched, last, lambda: os.write(writing, b"."))
                self.landlord.fetch(self.now)
                self.landlord.take_in(self.now)
            finally:
                os._exit(0)
        os.close(writing)
        with os.fdopen(reading, "rb") as said:
            number = len(said.read())
        _, status = os.waitpid(pid, 0)
        assert os.WIFSIGNALED(status) == (last is not None), "it was killed, or ran to its end"
        return number


def _count_acts(watched: tuple[str, ...], last: int | None, tell: Callable[[], Any]) -> None:
    number = 0

    def count() -> None:
        nonlocal number
        number += 1
        tell()
        if number == last:
            os.kill(os.getpid(), signal.SIGKILL)

    def heed(event: str, args: tuple[Any, ...]) -> None:
        if event not in ACTS or not args or not str(args[0]).startswith(watched):
            return
        if event != "open" or args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            count()

    for module, kind, name in REQUESTS:
        _count_requests(getattr(importlib.import_module(module), kind), name, count)
    event.listen(Engine, "commit", lambda _: count())
    sys.addaudithook(heed)


def _count_requests(kind: type, name: str, count: Callable[[], None]) -> None:
    send = getattr(kind, name)

    async def send_and_count(*given: Any, **named: Any) -> Any:
        count()
        answer = await send(*given, **named)
        count()
        return answer

    setattr(kind, name, send_and_count)


@pytest.fixture(scope="module")
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, MakePlace]]:
    """A kind of place, and what gives one on its server."""
    kind = request.param.split()[-1]
    with ExitStack() as servers:
        try:
            opened = kind != "folder" and servers.enter_context(
                open_places(kind, tmp_path_factory.mktemp("s") / "root")
            )
        except LookupError as missing:
            pytest.skip(str(missing))
        yield request.param, opened


@pytest.fixture
def begin(
    server: tuple[str, MakePlace], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Callable[..., Trial]:
    """Gives a trial anew: a landlord with an empty register and a whole export."""
    skip_great_expectations(monkeypatch)
    kind, make_place = server
    make_register = _prepare_registers(kind, tmp_path, request)
    files = use_object_storage(make_place(uuid4().hex), monkeypatch) if kind == "folder into s3" else None

    def make(name: str, acknowledge: str) -> Trial:
        settings = {"register_url": make_register(name)} | ({"files_url": f"{files}/{name}"} if files else {})
        if kind.startswith("folder"):
            return _begin_on_disk(tmp_path / name, acknowledge, settings)
        place = make_place(uuid4().hex)
        place.lay_export()
        said = place.fetch | {"connection": "export", "acknowledge": acknowledge}
        landlord = make_landlord(tmp_path / name, said, {"export": place.connection}, **settings)
        return Trial(landlord, (str(landlord.inbox),), place.now, place.list_names, place.read)

    return make


def _prepare_registers(kind: str, folder: Path, request: pytest.FixtureRequest) -> Callable[[str], str]:
    """What gives the URL of an empty register: a file of its own, or one database that is emptied each time."""
    if kind == "folder into postgresql":
        url = request.getfixturevalue("new_postgresql")()
        login = make_loader(url)
        return lambda _: (empty_database(url), login)[1]
    empty = folder / "empty.db"
    upgrade_register(f"sqlite:///{empty}").dispose()
    return lambda name: f"sqlite:///{shutil.copy(empty, folder / f'{name}.db')}"


def make_loader(url: str) -> str:
    """The URL of a new register for a login that may load what the landlord delivers, and no more."""
    engine, name = upgrade_register(url), f"loader_{uuid4().hex[:8]}"
    create_login(engine, name, role="loader", landlords=[L], password=PASSWORD)
    engine.dispose()
    return make_url(url).set(username=name, password=PASSWORD).render_as_string(hide_password=False)


def _begin_on_disk(folder: Path, acknowledge: str, settings: dict[str, str]) -> Trial:
    export = write_export(folder / "export")
    fetch = {"kind": "folder", "path": str(export), "acknowledge": acknowledge}
    landlord = make_landlord(folder, fetch, **settings)

    def list_names() -> set[str]:
        return {file.relative_to(export).as_posix() for file in export.rglob("*") if file.is_file()}

    return Trial(
        landlord, (str(export), str(landlord.inbox)), NOW, list_names, lambda name: (export / name).read_bytes()
    )


@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("server", "acknowledge"), CASES, indirect=["server"])
def test_killed_anywhere_nothing_is_lost_and_nothing_done_twice(begin: Callable[..., Trial], acknowledge: str) -> None:
    whole = begin("whole", acknowledge)
    acts = whole.act_until(None)
    assert acts > 3 * len(EXPORT)
    _check_end(whole, acknowledge, 1)
    points = range(1, acts + 1) if IS_LONG else sorted({part * acts // SHORT for part in range(1, SHORT + 1)})
    for point in points:
        trial = begin(f"killed{point}", acknowledge)
        trial.act_until(point)
        _check_between(trial)
        trial.landlord.fetch(trial.now + timedelta(minutes=10))
        trial.landlord.take_in(trial.now + timedelta(minutes=20))
        _check_end(trial, acknowledge, 2)


def _check_between(trial: Trial) -> None:
    """A drop that counts is whole; what is not loaded still lies where it came from."""
    for drop in trial.landlord.list_drops():
        assert trial.landlord.read_drop(drop) == EXPORT
    assert trial.landlord.list_statuses()[:1] == ["loaded"] or trial.list_names() == set(EXPORT)


def _check_end(trial: Trial, acknowledge: str, most: int) -> None:
    """As an undisturbed run leaves it; a drop whose loading was not noted was found unchanged."""
    landlord = trial.landlord
    assert landlord.list_statuses() in (["loaded"], ["loaded", "unchanged"][:most])
    assert landlord.count_records() == 2
    (drop,) = landlord.list_drops()
    assert landlord.read_drop(drop) == EXPORT
    _check_acknowledged(trial, acknowledge, drop)
    assert landlord.fetch(trial.now + timedelta(days=1))["status"] == "nothing_new"
    assert landlord.take_in(trial.now + timedelta(days=1))["status"] == "nothing_new"
    landlord.take_in(trial.now + timedelta(days=4000))
    assert {entry.name for entry in landlord.inbox.iterdir()} == {drop, f"{drop}.json"}


def _check_acknowledged(trial: Trial, acknowledge: str, drop: str) -> None:
    """Every file moved, once, as it was; or one whole receipt beside what was left."""
    names = trial.list_names()
    if acknowledge == "receipt":
        assert names == {*EXPORT, f"receipts/{drop}.json"}
        receipt = json.loads(trial.read(f"receipts/{drop}.json"))
        assert (receipt["drop"], receipt["files"], receipt["rows_read"]) == (drop, len(EXPORT), 3)
        assert receipt["batch"] in {1, 2}
    else:
        (folder,) = {name.rpartition("/")[0] for name in names}
        assert folder.startswith("taken/") and names == {f"{folder}/{name}" for name in EXPORT}
        assert {name: trial.read(f"{folder}/{name}").decode() for name in EXPORT} == EXPORT
