"""The inbox on this disk and on object storage: never changed, read back by digest, pruned of what is done with."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml

from due_regard.delivery.inbox import Inbox
from due_regard.delivery.inbox_record import InboxRecord, TakenIn
from due_regard.errors import FetchError, StorageError
from tests.delivery.places import (
    EXPORT,
    NOW,
    STAFF,
    FetchedLandlord,
    L,
    keeping_secrets,
    make_landlord,
    skip_great_expectations,
    write_export,
)
from tests.delivery.servers import MakePlace, find_free_port, open_places, use_object_storage

LATE = NOW + timedelta(days=100)


@pytest.fixture(scope="module", params=["this disk", "s3"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakePlace | None]:
    """Where the installation's own files lie: None on this disk, else what gives a place of a bucket."""
    with ExitStack() as servers:
        is_here = request.param == "this disk"
        yield None if is_here else servers.enter_context(open_places("s3", tmp_path_factory.mktemp("server")))


@pytest.fixture
def landlord(store: MakePlace | None, tmp_path: Path, export: Path, monkeypatch: pytest.MonkeyPatch) -> FetchedLandlord:
    skip_great_expectations(monkeypatch)
    files = {"files_url": use_object_storage(store(uuid4().hex), monkeypatch)} if store else {}
    return make_landlord(tmp_path, {"kind": "folder", "path": str(export), "acknowledge": "receipt"}, **files)


def look_at(folder: Any) -> dict[str, tuple[Any, ...]]:
    """Every file of a folder, and what changes when it is written again."""
    if isinstance(folder, Path):
        return {file.name: (file.stat().st_mtime_ns, file.stat().st_ino) for file in folder.iterdir()}
    return {
        file.name: (file.fs.info(file.path)["LastModified"], file.fs.info(file.path)["ETag"])
        for file in folder.iterdir()
    }


def test_a_drop_is_loaded_from_there_once_and_never_changed(landlord: FetchedLandlord, export: Path) -> None:
    drop = landlord.fetch()["drop"]
    assert landlord.read_drop(drop) == EXPORT
    seen = look_at(landlord.inbox / drop)
    assert landlord.fetch(NOW + timedelta(hours=1))["status"] == "known"
    assert landlord.take_in(NOW + timedelta(hours=1))["status"] == "loaded"
    assert (export / "receipts" / f"{drop}.json").is_file()
    write_export(export, at=NOW)
    assert landlord.fetch(NOW + timedelta(hours=2))["status"] == "nothing_new", "the same bytes with other times"
    assert landlord.take_in(NOW + timedelta(hours=2))["status"] in {"acknowledged", "nothing_new"}
    assert look_at(landlord.inbox / drop) == seen
    assert (landlord.list_statuses(), landlord.list_drops()) == (["loaded"], [drop])


@pytest.mark.parametrize("change", ["another byte", "a file less", "a file more"])
def test_what_was_changed_there_is_not_loaded_and_is_fetched_again(landlord: FetchedLandlord, change: str) -> None:
    drop = landlord.fetch()["drop"]
    if change == "a file less":
        (landlord.inbox / drop / STAFF).unlink()
    else:
        name = STAFF if change == "another byte" else "more.csv"
        (landlord.inbox / drop / name).write_text(EXPORT[STAFF].replace("S1", "S2"), encoding="utf-8")
    with pytest.raises(StorageError, match=f"^{L}: .*not in the inbox as it was fetched; fetch it again"):
        landlord.take_in()
    assert landlord.fetch(NOW + timedelta(hours=1))["drop"] == drop
    assert landlord.take_in(NOW + timedelta(hours=1))["status"] == "loaded"
    assert (landlord.read_drop(drop), landlord.list_statuses()) == (EXPORT, ["loaded"])


def test_a_record_that_cannot_be_read_is_named_and_nothing_loaded(landlord: FetchedLandlord) -> None:
    drop = landlord.fetch()["drop"]
    (landlord.inbox / f"{drop}.json").write_text('{"drop": ', encoding="utf-8")
    for act in (landlord.fetch, landlord.take_in):
        with pytest.raises(StorageError, match="a record of a fetched drop cannot be read; remove it"):
            act()


def test_storage_that_does_not_answer_is_named_in_our_words(
    landlord: FetchedLandlord, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    acts = [landlord.fetch]
    if isinstance(landlord.inbox, Path):
        landlord.inbox.parent.mkdir(parents=True)
        landlord.inbox.write_text("in the way", encoding="utf-8")
    else:
        import s3fs

        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{find_free_port()}")
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
        s3fs.S3FileSystem.clear_instance_cache()
        acts.append(landlord.take_in)
    secrets = filter(None, [os.environ.get("AWS_SECRET_ACCESS_KEY")])
    with keeping_secrets(caplog, *secrets) as said:
        for act in acts:
            with pytest.raises(StorageError, match=rf"{L} cannot be") as caught:
                act()
            said.append(str(caught.value))


def test_a_mistake_of_ours_is_no_failure_of_storage(landlord: FetchedLandlord, monkeypatch: pytest.MonkeyPatch) -> None:
    landlord.fetch()

    def fail(*_: Any) -> bool:
        raise AttributeError("mistyped")

    monkeypatch.setattr("due_regard.delivery.inbox._is_whole", fail)
    with pytest.raises(AttributeError):
        landlord.fetch()


@pytest.fixture
def write_drop(landlord: FetchedLandlord) -> Callable[..., None]:
    """Lays a drop into the inbox that came `days` before LATE."""

    def write(drop: str, days: int, *, is_taken: bool = True, is_acknowledged: bool = True) -> None:
        at = LATE - timedelta(days=days)
        (landlord.inbox / drop).mkdir(parents=True, exist_ok=True)
        (landlord.inbox / drop / STAFF).write_text("x", encoding="utf-8")
        taken = TakenIn(batch_id=1, sha256="", status="loaded", counts={}, at=at) if is_taken else None
        record = InboxRecord(
            drop=drop, fetched_at=at, files=(), taken=taken, acknowledged_at=at if is_acknowledged else None
        )
        Inbox(landlord.inbox).write_record(record)

    return write


def test_only_what_is_old_and_done_with_is_pruned(landlord: FetchedLandlord, write_drop: Callable[..., None]) -> None:
    write_drop("old", 36)
    write_drop("held", 36, is_taken=False, is_acknowledged=False)
    write_drop("unacknowledged", 36, is_acknowledged=False)
    write_drop("overtaken", 36, is_taken=False, is_acknowledged=False)
    write_drop("young", 35)
    write_drop("newest", 1)
    inbox = Inbox(landlord.inbox)
    assert inbox.remove_old_drops(["held"], keep_days=35, now=LATE) == 2
    left = {"held", "unacknowledged", "young", "newest"}
    assert {entry.name for entry in landlord.inbox.iterdir()} == left | {f"{drop}.json" for drop in left}
    assert inbox.remove_old_drops([], keep_days=1, now=LATE + timedelta(days=9)) == 2
    assert landlord.list_drops() == ["newest", "unacknowledged"]
    assert inbox.remove_old_drops([], keep_days=1, now=LATE + timedelta(days=9), keep_newest=False) == 1
    assert landlord.list_drops() == ["unacknowledged"]


def test_what_cannot_be_acknowledged_stays_however_old_it_is(landlord: FetchedLandlord, export: Path) -> None:
    drop = landlord.fetch()["drop"]
    (export / "receipts").write_text("in the way", encoding="utf-8")
    with pytest.raises(FetchError):
        landlord.take_in()
    write_export(export, {STAFF: EXPORT[STAFF].replace("S1", "S7")}, at=NOW)
    for act in (landlord.fetch, landlord.take_in):
        with pytest.raises(FetchError):
            act(LATE)
    assert landlord.list_drops() == [drop]
    (export / "receipts").unlink()
    second = landlord.fetch(LATE)["drop"]
    assert (export / "receipts" / f"{drop}.json").is_file()
    assert landlord.take_in(LATE)["status"] == "loaded"
    assert landlord.list_drops() == [second]


def test_old_drops_of_a_landlord_that_is_no_longer_fetched_go_too(
    landlord: FetchedLandlord, export: Path, tmp_path: Path
) -> None:
    loaded = landlord.fetch()["drop"]
    landlord.take_in()
    file = tmp_path / "own" / "landlords" / f"{L}.yaml"
    said = yaml.safe_load(file.read_text(encoding="utf-8"))
    del said["fetch"]
    file.write_text(yaml.safe_dump(said), encoding="utf-8")
    assert landlord.take_in(NOW + timedelta(days=35))["status"] == "missing"
    assert landlord.list_drops() == [loaded]
    landlord.take_in(NOW + timedelta(days=36))
    assert not landlord.inbox.exists() or list(landlord.inbox.iterdir()) == []
