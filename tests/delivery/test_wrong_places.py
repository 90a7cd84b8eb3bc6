"""Every kind of place with everything that can be wrong there: named with its remedy, nothing loaded, nothing told.

What is told nowhere is a secret, a cell, a file's name: not in the message, a traceback, a log, or doctor's answer.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import re
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowNotFoundException

from due_regard.errors import DueRegardError, FetchError, FetchRefused, SettingsError
from due_regard.intake import size_limits
from due_regard.services import fetch_drop
from due_regard.services.fetch_checks import check_fetch_place
from tests.delivery.kinds import KINDS, Place, open_kind
from tests.delivery.places import CELL, EXPORT, NAME, STAFF, FetchedLandlord, L, keeping_secrets, make_landlord
from tests.delivery.servers import PASSWORD, cut_line, find_free_port

IS_LONG = bool(os.environ.get("DUE_REGARD_LONG_TESTS"))
HUGE = 10 * 2**30
MANY = f"SELECT '{CELL}' || repeat('x', 1000) AS customer_ref FROM generate_series(1, 20000)"


@pytest.fixture(scope="module")
def make_place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], Place]]:
    """Gives a place of each kind."""
    new = request.getfixturevalue("new_postgresql") if request.param == "sql" else str
    with ExitStack() as servers:
        try:
            yield servers.enter_context(open_kind(request.param, tmp_path_factory.mktemp("server") / "root", new))
        except LookupError as missing:
            pytest.skip(str(missing))


@dataclass
class Fault:
    """What is to be heard of a fault: the error's type, or the status, and words of the message."""

    heard: type[DueRegardError] | str
    words: str
    landlord: FetchedLandlord
    doctor: str | None = None
    """What doctor says; None where it cannot see the fault."""


Spoil = Callable[[Place, Path, pytest.MonkeyPatch], Iterator[Fault]]


def make(place: Place, folder: Path, connection: Any = None, **fetch: Any) -> FetchedLandlord:
    said = place.fetch | ({} if place.kind == "folder" else {"connection": "export"}) | fetch
    return make_landlord(folder, said, {"export": connection or place.connection})


def spoil_connection(place: Place, folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Fault]:
    """A connection that nobody made, or made wrongly: without Airflow, and within."""
    landlord = make(place, folder)
    landlord.connections = {}
    patch.delenv("AIRFLOW_CONN_EXPORT", raising=False)
    none = "there is no connection export; set AIRFLOW_CONN_EXPORT"
    yield Fault(SettingsError, f"{L}: {none}", landlord, none)
    patch.setenv("AIRFLOW_CONN_EXPORT", f"{PASSWORD} no connection")
    yield Fault(SettingsError, f"{L}: AIRFLOW_CONN_EXPORT is no connection; write", landlord, "is no connection")

    def find_as_airflow(_: str) -> Any:
        raise AirflowNotFoundException(f"The conn_id `{PASSWORD}` isn't defined")

    patch.setattr(landlord, "find_connection", find_as_airflow)
    yield Fault(FetchRefused, "there is no such connection; make it in Airflow", landlord, "make it in Airflow")


def spoil_login(place: Place, folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Fault]:
    """A login that is none, and a server that shows another key than the known one, or one that nobody knows."""
    for words, wrong in place.refused:
        yield Fault(FetchRefused, f"{words}.*(mend|ask|write|look|install)", make(place, folder, wrong), words)


def spoil_kind(place: Place, folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Fault]:
    """A connection of another kind of place, as a name that was mistyped gives it."""
    needed = f"another kind; {place.kind} needs one of the kind "
    words = "no database read here; known: " if place.kind == "sql" else needed
    yield Fault(FetchRefused, words, make(place, folder, replace(place.connection, conn_type="smtp")), words)


def spoil_address(place: Place, folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Fault]:
    landlord = make(place, folder, place.make_connection(find_free_port()))
    yield Fault(FetchError, "does not answer.*look at.*in the connection", landlord, "does not answer")


def spoil_path(place: Place, folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Fault]:
    words = "look whether its share is mounted, and at its path" if place.kind == "folder" else "look at `path`"
    yield Fault(FetchError, words, make(place, folder, path=place.no_place), "path")
    place.write(f"{NAME}.csv", "x")
    is_prefix = place.kind in {"s3", "azure_blob"}  # where a file's name is one, too, and nothing lies below it
    inside = f"{place.fetch['path']}/{NAME}.csv"
    yield Fault("nothing_new" if is_prefix else FetchError, "lies there|path", make(place, folder, path=inside))


def spoil_queries(place: Place, folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Fault]:
    others = "a query gives other columns than source canonical maps: "
    wrong = {
        "reporting.v_none": r"customers: the database refuses the query \(its code: 42P01\); try it there",
        f"SELECT ('{CELL}' || ref)::int AS customer_ref FROM reporting.people": "its code: 22P02",
        "SELECT ref AS customer_ref, note AS customer_type, age FROM reporting.people": f"{others}.*column C",
        "SELECT 'tenant' AS customer_type FROM reporting.people": f"{others}.*customer_ref",
        f"SELECT ref AS {NAME}, note FROM reporting.people": f"{others}customers gives too few .*customer_ref",
    }
    for query, words in wrong.items():
        doctor = "42P01" if "v_none" in query else None
        yield Fault(FetchRefused, words, make(place, folder, queries={"customers": query}), doctor)


def spoil_half(place: Place, folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Fault]:
    """A manifest lists other bytes than there are, or is itself half written."""
    for manifest in (json.dumps({"files": [{"name": STAFF, "sha256": "0" * 64}]}), '{"files": ['):
        place.write("MANIFEST.json", manifest)
        yield Fault("waiting", "MANIFEST", make(place, folder), "")


def spoil_young(place: Place, folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Fault]:
    place.now -= timedelta(hours=1) if place.kind in {"s3", "azure_blob"} else timedelta(0)
    place.write(STAFF, "staff_ref,ro", at=place.now - timedelta(minutes=1))
    yield Fault("waiting", "minutes", make(place, folder), "")


def spoil_growing(place: Place, folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Fault]:
    """A file grows after it was listed, and after it was copied."""
    copy = fetch_drop.copy_export_files

    def write_and_copy(*given: Any) -> None:
        place.write(STAFF, f"{EXPORT[STAFF]}S2,")
        copy(*given)

    def copy_and_write(*given: Any) -> None:
        copy(*given)
        place.write(STAFF, f"{EXPORT[STAFF]}S2,,")

    patch.setattr(fetch_drop, "copy_export_files", write_and_copy)
    yield Fault(FetchError, "cut short, or written to while it was copied; it is tried again", make(place, folder))
    patch.setattr(fetch_drop, "copy_export_files", copy_and_write)
    yield Fault("waiting", "written to while it was copied", make(place, folder), "")


def spoil_line(place: Place, folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Fault]:
    """The line breaks in the middle of a file."""
    place.write(f"b{NAME}.csv", CELL * 10**5)
    with cut_line(place.port, 2**18) as port:
        many = {"queries": {"customers": MANY}} if place.kind == "sql" else {}
        yield Fault(FetchError, "broke off.*look ", make(place, folder, place.make_connection(port), **many))


def spoil_size(place: Place, folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Fault]:
    """A file of 10 GB, sparse where a place can hold one; where it cannot, a small file and a smaller limit."""
    words = r"file 1 of the list is larger than \d+ MB; split the export"
    if place.write_huge:
        place.write_huge(f"a{NAME}.csv", HUGE)
        patch.setattr(fetch_drop, "copy_export_files", lambda *_: pytest.fail("it was copied"))
        yield Fault(FetchRefused, words, make(place, folder), "is larger than")
        return
    patch.setattr(size_limits, "LARGEST_FILE", 2**20)
    if place.kind == "sql":
        landlord = make(place, folder, queries={"customers": MANY})
        yield Fault(FetchRefused, "customers: gives more than 1 MB; ask for less", landlord)
    else:
        place.write(f"a{NAME}.csv", "x" * (2**20 + 1))
        yield Fault(FetchRefused, words, make(place, folder), "is larger than")


SERVERS, FILES = KINDS[1:], KINDS[:-1]
SPOILT: dict[str, tuple[Spoil, Sequence[str]]] = {
    "an unknown connection": (spoil_connection, SERVERS),
    "a connection of another kind": (spoil_kind, SERVERS),
    "a wrong login": (spoil_login, SERVERS),
    "a server that is not there": (spoil_address, SERVERS),
    "a path that is none": (spoil_path, FILES),
    "a query that fails or gives others": (spoil_queries, ["sql"]),
    "a file that is half written": (spoil_half, FILES),
    "a young file": (spoil_young, FILES),
    "a file that grows": (spoil_growing, FILES),
    "a line that breaks": (spoil_line, SERVERS),
    "10 GB": (spoil_size, KINDS),
}
"""Fault -> what makes it, and the kinds of place that can have it."""

LIKE_S3 = ("a connection of another kind", "a file that is half written", "a young file", "a file that grows")
"""Of these Azure's container knows no more than a bucket: it has them in the long form alone."""

CASES = [
    pytest.param(kind, fault, id=f"{kind}-{fault}")
    for kind in KINDS
    for fault, (_, kinds) in SPOILT.items()
    if kind in kinds and (IS_LONG or kind != "azure_blob" or fault not in LIKE_S3)
]


@pytest.mark.parametrize(("make_place", "fault"), CASES, indirect=["make_place"])
def test_what_is_wrong_is_named_with_its_remedy_and_loads_nothing(
    make_place: Callable[[], Place], fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    place, heard = make_place(), 0
    with monkeypatch.context() as patch:
        for each in SPOILT[fault][0](place, tmp_path, patch):
            forget_log(caplog)
            with keeping_secrets(caplog, PASSWORD, *place.secrets) as said:
                said += [*hear_run(each, place), *hear_doctor(each)]
                gc.collect(1)  # what a library says of work that nobody waited for, it says then
            check_nothing_came(each.landlord, place.now)
            heard += 1
    assert heard


def forget_log(caplog: pytest.LogCaptureFixture) -> None:
    """What our own writing to a place logged; and libraries speak again, which a fetch before may have silenced."""
    caplog.clear()
    for name in ("adlfs", "aiobotocore", "asyncssh", "azure", "botocore", "fsspec", "s3fs"):
        logging.getLogger(name).setLevel(logging.NOTSET)


def hear_run(fault: Fault, place: Place) -> list[str]:
    """What a run says of it."""
    if isinstance(fault.heard, str):
        result = fault.landlord.fetch(place.now)
        assert result["status"] == fault.heard
        assert re.search(fault.words, result["why"])
        return [json.dumps(result)]
    with pytest.raises(fault.heard, match=fault.words) as caught:
        fault.landlord.fetch(place.now)
    assert type(caught.value) is fault.heard, "whether trying again may help"
    by = "its folder" if place.kind == "folder" else "connection export"
    assert str(caught.value).startswith(f"{L}: " if fault.heard is SettingsError else f"{L}, {by}: ")
    return traceback.format_exception(caught.value)


def hear_doctor(fault: Fault) -> list[str]:
    """What doctor says of it, where it can see it; it knows no connection that Airflow alone holds."""
    if fault.doctor is None:
        return []
    landlord = fault.landlord
    (check,) = check_fetch_place(landlord.settings, L, find_connection=landlord.find_connection)
    is_unknown = fault.heard is SettingsError or "Airflow" in fault.doctor
    assert (check.ok, check.is_warning) == (is_unknown or not fault.doctor, is_unknown), check.says
    assert fault.doctor in check.says
    return [check.says]


def check_nothing_came(landlord: FetchedLandlord, now: datetime) -> None:
    assert not landlord.inbox.exists() or list(landlord.inbox.iterdir()) == []
    assert landlord.take_in(now)["status"] == "missing"
    assert not (Path(landlord.settings.var_dir) / "register.db").exists() or landlord.list_statuses() == []


@pytest.mark.parametrize("make_place", KINDS, indirect=True)
def test_doctor_says_that_a_place_is_in_order_and_leaves_nothing_there(
    make_place: Callable[[], Place], tmp_path: Path
) -> None:
    place = make_place()
    words = ("leave",) if place.kind == "sql" else ("leave", "move", "receipt")
    for acknowledge in words:
        landlord = make(place, tmp_path, acknowledge=acknowledge)
        (check,) = check_fetch_place(landlord.settings, L, find_connection=landlord.find_connection)
        told = "logs in, and begins 1 query" if place.kind == "sql" else f"answers, and lists {len(EXPORT)} files"
        written = "" if acknowledge == "leave" else f"; {acknowledge} can be written"
        assert (check.ok, check.is_warning, check.says) == (True, False, told + written)
    assert landlord.fetch(place.now)["files"] == (1 if place.kind == "sql" else len(EXPORT))


@pytest.mark.parametrize("make_place", ["folder", "sftp"], indirect=True)
def test_doctor_says_where_nothing_can_be_acknowledged(make_place: Callable[[], Place], tmp_path: Path) -> None:
    place = make_place()
    place.write("receipts", "in the way")
    landlord = make(place, tmp_path, acknowledge="receipt")
    (check,) = check_fetch_place(landlord.settings, L, find_connection=landlord.find_connection)
    assert not check.ok and check.says.startswith(f"{L}, ")
