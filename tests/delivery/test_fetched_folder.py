"""An export fetched from a folder: into the inbox once it is whole, or refused."""

from __future__ import annotations

import json
import os
import shutil
import stat
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from due_regard.__main__ import main
from due_regard.delivery.export_sources import CONNECTION_KINDS
from due_regard.errors import FetchError, FetchRefused
from due_regard.intake.size_limits import LARGEST_FILE
from due_regard.services import drop_tasks
from due_regard.services.check_installation import check_installation
from tests.delivery.places import (
    CELL,
    EXPORT,
    NAME,
    NOW,
    STAFF,
    FetchedLandlord,
    L,
    connect,
    keeping_secrets,
    make_landlord,
    write_export,
)


def test_a_whole_export_is_copied_into_the_inbox_for_its_owner_alone(landlord: FetchedLandlord, export: Path) -> None:
    result = landlord.fetch()
    assert (result["status"], result["files"], result["exit_code"]) == ("fetched", len(EXPORT), 0)
    folder = landlord.inbox / result["drop"]
    assert {file.name: file.read_text(encoding="utf-8") for file in folder.iterdir()} == EXPORT
    assert {file.name: file.read_text(encoding="utf-8") for file in export.iterdir()} == EXPORT
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in [*folder.iterdir(), *landlord.inbox.glob("*.json")]} == {
        0o600
    }
    assert not any(word in json.dumps(result) for word in (CELL, NAME))


def test_what_was_fetched_and_waits_is_known_and_not_copied_again(
    landlord: FetchedLandlord, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = landlord.fetch()
    monkeypatch.setattr("due_regard.delivery.folder_source.shutil.copyfileobj", lambda *_: pytest.fail("copied again"))
    second = landlord.fetch(NOW + timedelta(days=1))
    assert (second["status"], second["drop"]) == ("known", first["drop"])


def test_a_file_written_again_within_the_clocks_second_is_seen(landlord: FetchedLandlord, export: Path) -> None:
    write_export(export, at=NOW)
    (export / "READY").touch()
    os.utime(export / "READY", (NOW.timestamp(), NOW.timestamp()))
    first = landlord.fetch(NOW)["drop"]
    before = (export / STAFF).stat()
    (export / STAFF).write_text(EXPORT[STAFF].replace("S1", "S2"), encoding="utf-8")
    os.utime(export / STAFF, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert landlord.fetch(NOW + timedelta(hours=1))["drop"] != first


@pytest.mark.parametrize("sign", ["young", "manifest"])
def test_an_export_that_is_still_being_written_waits(landlord: FetchedLandlord, export: Path, sign: str) -> None:
    if sign == "young":
        write_export(export, {STAFF: "staff_ref,ro"}, at=NOW - timedelta(minutes=1))
    else:
        said = {"files": [{"name": STAFF, "sha256": "0" * 64}]}
        write_export(export, {"MANIFEST.json": json.dumps(said)})
    result = landlord.fetch()
    assert (result["status"], result["exit_code"]) == ("waiting", 5)
    assert NAME not in result["why"]
    assert [entry.name for entry in landlord.inbox.glob("*")] == []


def test_an_export_written_to_while_it_is_copied_waits(
    landlord: FetchedLandlord, export: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from due_regard.delivery import folder_source

    copy = folder_source.FolderSource.copy_file

    def copy_and_write(self: folder_source.FolderSource, file: object, target: Path) -> None:
        copy(self, file, target)  # type: ignore[arg-type]
        write_export(export, {"late.csv": "x\n"})

    monkeypatch.setattr(folder_source.FolderSource, "copy_file", copy_and_write)
    assert landlord.fetch()["status"] == "waiting"
    assert landlord.list_drops() == []


def test_a_missing_folder_is_unreachable_and_an_empty_one_brings_nothing(
    landlord: FetchedLandlord, export: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for file in export.iterdir():
        file.unlink()
    assert landlord.fetch()["status"] == "nothing_new"
    export.rmdir()
    with keeping_secrets(caplog) as said, pytest.raises(FetchError, match=rf"{L}, its folder: .*mounted") as caught:
        landlord.fetch()
    said.append(str(caught.value))
    assert not isinstance(caught.value, FetchRefused), "trying again may help"


def test_a_share_that_is_no_longer_mounted_is_unreachable(tmp_path: Path) -> None:
    """The folder that a mount leaves behind is there, and empty; /dev/shm stands for the share."""
    shared = write_export(Path("/dev/shm") / f"due-regard-{os.getpid()}")  # noqa: S108
    link = tmp_path / "mnt"
    link.symlink_to(shared)
    landlord = make_landlord(tmp_path, {"kind": "folder", "path": str(link)})
    try:
        assert landlord.fetch()["status"] == "fetched"
    finally:
        for file in shared.iterdir():
            file.unlink()
        shared.rmdir()
    link.unlink()
    link.mkdir()
    with pytest.raises(FetchError, match="not mounted"):
        landlord.fetch()


def test_a_huge_file_is_refused_before_it_is_copied(
    landlord: FetchedLandlord, export: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with (export / f"{NAME}2.csv").open("wb") as file:
        file.truncate(10 * 2**30)
    with keeping_secrets(caplog) as said, pytest.raises(FetchRefused, match=f"{LARGEST_FILE // 2**20} MB") as caught:
        landlord.fetch()
    said.append(str(caught.value))
    assert not landlord.inbox.exists()


def test_a_disk_without_room_is_named_before_anything_is_copied(
    landlord: FetchedLandlord, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = shutil.disk_usage("/")._replace(free=10)
    monkeypatch.setattr("due_regard.services.fetch_drop.shutil.disk_usage", lambda _: full)
    monkeypatch.setattr("due_regard.delivery.folder_source.shutil.copyfileobj", lambda *_: pytest.fail("copied"))
    with pytest.raises(FetchError, match=rf"{L}, its folder: .*the disk of the inbox has 0 MB; make room"):
        landlord.fetch()
    assert landlord.list_drops() == []


@pytest.mark.parametrize("kind", ["link", "name"])
def test_what_is_no_plain_file_is_refused_without_its_name(
    landlord: FetchedLandlord, export: Path, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    if kind == "link":
        (export / f"a{NAME}.csv").symlink_to("/etc/passwd")
    else:
        (export / f"a{NAME}\n.csv").write_text("x", encoding="utf-8")
    with keeping_secrets(caplog) as said, pytest.raises(FetchRefused, match="file 1 of the list") as caught:
        landlord.fetch()
    said.append(str(caught.value))
    assert landlord.list_drops() == []


def test_without_fetch_a_task_is_skipped_and_the_command_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    landlord = make_landlord(tmp_path, None)
    assert landlord.fetch()["status"] == "not_set"
    assert landlord.take_in()["status"] == "missing"
    assert "not_set" in drop_tasks.NO_DROP
    monkeypatch.setenv("DUE_REGARD_OWN_DIR", str(tmp_path / "own"))
    monkeypatch.setenv("DUE_REGARD_VAR_DIR", str(tmp_path / "var"))
    assert main(["fetch", "--landlord", L]) == 2
    assert "no `fetch`" in capsys.readouterr().err


@pytest.fixture
def without_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation without the extra `fetch`."""
    for module in ("folder_source", "sftp_source", "object_source", "sql_export"):
        monkeypatch.delitem(sys.modules, f"due_regard.delivery.{module}", raising=False)
    for library in ("asyncssh", "s3fs", "adlfs"):
        monkeypatch.setitem(sys.modules, library, None)


@pytest.mark.usefixtures("without_libraries")
def test_doctor_asks_for_no_drops_folder_where_all_exports_are_fetched(tmp_path: Path, export: Path) -> None:
    for fetch, words in (({"kind": "folder", "path": str(export)}, "none is read"), (None, "no folder")):
        landlord = make_landlord(tmp_path / words, fetch)
        (check,) = [each for each in check_installation(landlord.settings, now=NOW) if each.what == "drops folder"]
        assert (check.ok, check.says.startswith(words)) == (fetch is not None, True), check.says


def test_machines_need_share_no_drops_folder_that_none_reads(tmp_path: Path, export: Path) -> None:
    for fetch in ({"kind": "folder", "path": str(export)}, None):
        settings = make_landlord(tmp_path / str(bool(fetch)), fetch, machine="one").settings
        (check,) = [each for each in check_installation(settings, now=NOW) if each.what == "machines"]
        assert ("DUE_REGARD_DROPS_DIR" in check.says) == (fetch is None), check.says


def test_a_folders_connection_names_the_folder_above_and_is_of_no_other_kind(tmp_path: Path, export: Path) -> None:
    fetch = {"kind": "folder", "connection": "share", "path": export.name}
    for kind in ("fs", "generic", "sftp"):
        share = connect(kind, extra_dejson={"path": str(export.parent)})
        landlord = make_landlord(tmp_path, fetch, {"share": share})
        if kind != "sftp":
            assert landlord.fetch()["files"] == len(EXPORT)
        else:
            with pytest.raises(FetchRefused, match=f"{L}, connection share: .* folder needs one of the kind fs"):
                landlord.fetch()


def test_a_folder_needs_no_library_of_the_extra(landlord: FetchedLandlord) -> None:
    assert landlord.fetch()["status"] == "fetched"


@pytest.mark.usefixtures("without_libraries")
@pytest.mark.parametrize("kind", ["sftp", "s3", "azure_blob"])
def test_a_library_that_is_missing_is_named(tmp_path: Path, kind: str) -> None:
    fetch = {"kind": kind, "connection": "export", "path": "exports/housing"}
    landlord = make_landlord(
        tmp_path, fetch, {"export": connect(CONNECTION_KINDS[kind][0], host="127.0.0.1", login="x")}
    )
    told = rf"{L}, connection export: the library for {kind} is not installed; install it with .*due-regard\[fetch\]"
    with pytest.raises(FetchRefused, match=told):
        landlord.fetch()
