"""What was fetched is taken in, in order, once, and only then acknowledged where it came from."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from due_regard.__main__ import main
from due_regard.errors import DropError, FetchError, RegisterError
from due_regard.services import drop_tasks
from tests.delivery.places import (
    CELL,
    EXPORT,
    NAME,
    NOW,
    STAFF,
    FetchedLandlord,
    L,
    make_landlord,
    skip_great_expectations,
    write_export,
)


def say_acknowledge(tmp_path: Path, export: Path, word: str) -> FetchedLandlord:
    """The same landlord with another word for `acknowledge`."""
    fetch = {"kind": "folder", "path": str(export), "acknowledge": word}
    return make_landlord(tmp_path, fetch)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    skip_great_expectations(monkeypatch)


def test_it_is_loaded_once_and_then_nothing_is_new(landlord: FetchedLandlord) -> None:
    landlord.fetch()
    result = landlord.take_in()
    assert (result["status"], result["exit_code"]) == ("loaded", 4)
    assert landlord.fetch(NOW + timedelta(days=1))["status"] == "nothing_new"
    again = landlord.take_in(NOW + timedelta(days=1))
    assert (again["status"], again["exit_code"]) == ("nothing_new", 0)
    assert landlord.list_statuses() == ["loaded"]


def test_nothing_is_acknowledged_before_it_is_loaded(landlord: FetchedLandlord, export: Path, tmp_path: Path) -> None:
    say_acknowledge(tmp_path, export, "move")
    landlord.fetch()
    assert {file.name for file in export.iterdir()} == set(EXPORT)
    landlord.take_in()
    assert [entry.name for entry in export.iterdir()] == ["taken"]
    (taken,) = (export / "taken").iterdir()
    assert {file.name for file in taken.iterdir()} == set(EXPORT)
    assert landlord.fetch(NOW + timedelta(hours=1))["status"] == "nothing_new"


def test_a_file_written_anew_before_it_was_moved_is_the_next_drops(
    landlord: FetchedLandlord, export: Path, tmp_path: Path
) -> None:
    say_acknowledge(tmp_path, export, "move")
    landlord.fetch()
    write_export(export, {STAFF: EXPORT[STAFF].replace("S1", "S9")}, at=NOW - timedelta(hours=1))
    landlord.take_in()
    assert {entry.name for entry in export.iterdir()} == {"taken", STAFF}
    assert landlord.fetch(NOW + timedelta(hours=1))["status"] == "fetched"
    assert landlord.take_in(NOW + timedelta(hours=1))["status"] == "loaded"
    assert landlord.count_records("staff") == 2


def test_the_same_export_laid_there_again_is_moved_again_and_not_loaded(
    landlord: FetchedLandlord, export: Path, tmp_path: Path
) -> None:
    say_acknowledge(tmp_path, export, "move")
    for hours, status in enumerate(("loaded", "acknowledged")):
        write_export(export)
        landlord.fetch(NOW + timedelta(hours=hours))
        assert landlord.take_in(NOW + timedelta(hours=hours))["status"] == status
        assert [entry.name for entry in export.iterdir()] == ["taken"]
    assert landlord.list_statuses() == ["loaded"]


def test_a_receipt_says_digest_batch_and_counts_and_no_name(
    landlord: FetchedLandlord, export: Path, tmp_path: Path
) -> None:
    say_acknowledge(tmp_path, export, "receipt")
    drop = landlord.fetch()["drop"]
    batch = landlord.take_in()["batch_id"]
    text = (export / "receipts" / f"{drop}.json").read_text(encoding="utf-8")
    said = json.loads(text)
    assert (said["drop"], said["batch"], said["rows_read"], said["files_refused"]) == (drop, batch, 3, 1)
    assert NAME not in text and CELL not in text
    assert landlord.fetch(NOW + timedelta(hours=1))["status"] == "nothing_new"


def test_a_place_that_cannot_be_acknowledged_fails_and_the_next_run_says_so_there(
    landlord: FetchedLandlord, export: Path, tmp_path: Path
) -> None:
    say_acknowledge(tmp_path, export, "receipt")
    landlord.fetch()
    (export / "receipts").write_text("in the way", encoding="utf-8")
    for act in (landlord.take_in, landlord.fetch):
        with pytest.raises(FetchError, match=f"{L}, its folder: a drop is loaded, and cannot be acknowledged where it"):
            act()
    (export / "receipts").unlink()
    result = landlord.take_in(NOW + timedelta(minutes=1))
    assert (result["status"], result["batch_id"]) == ("acknowledged", 1)
    assert landlord.list_statuses() == ["loaded"]
    assert len(list((export / "receipts").iterdir())) == 1


def test_drops_that_wait_are_taken_in_in_order(landlord: FetchedLandlord, export: Path) -> None:
    landlord.fetch()
    write_export(export, {STAFF: EXPORT[STAFF].replace("S1", "S7")}, at=NOW)
    landlord.fetch(NOW + timedelta(hours=1))
    assert landlord.take_in(NOW + timedelta(hours=2))["status"] == "loaded"
    assert landlord.list_statuses() == ["loaded", "loaded"]


def test_an_older_export_laid_there_again_is_held(landlord: FetchedLandlord, export: Path) -> None:
    landlord.fetch()
    landlord.take_in()
    newer = {name: EXPORT[name].replace("yes", "no") for name in (STAFF, "customers.csv")}
    write_export(export, newer, at=NOW)
    landlord.fetch(NOW + timedelta(days=1))
    landlord.take_in(NOW + timedelta(days=1))
    write_export(export)
    landlord.fetch(NOW + timedelta(days=2))
    assert landlord.take_in(NOW + timedelta(days=2))["status"] == "held"


def test_after_an_older_register_was_restored_the_drop_is_taken_in_again(landlord: FetchedLandlord) -> None:
    landlord.fetch()
    landlord.take_in()
    (Path(landlord.settings.var_dir) / "register.db").unlink()
    with pytest.raises(RegisterError, match="no register"):
        landlord.fetch(NOW + timedelta(hours=1))
    assert landlord.take_in(NOW + timedelta(hours=1))["status"] == "loaded"
    assert landlord.fetch(NOW + timedelta(hours=2))["status"] == "nothing_new"


def test_a_drop_changed_in_the_inbox_is_not_loaded_and_is_fetched_again(landlord: FetchedLandlord) -> None:
    drop = landlord.fetch()["drop"]
    (landlord.inbox / drop / STAFF).write_text("staff_ref\n", encoding="utf-8")
    with pytest.raises(Exception, match="not in the inbox as it was fetched"):
        landlord.take_in()
    assert landlord.fetch(NOW + timedelta(hours=1))["drop"] == drop
    assert landlord.take_in(NOW + timedelta(hours=1))["status"] == "loaded"


def test_old_drops_go_and_what_is_not_loaded_stays(landlord: FetchedLandlord, export: Path) -> None:
    first = landlord.fetch()["drop"]
    landlord.take_in()
    write_export(export, {STAFF: EXPORT[STAFF].replace("S1", "S7")}, at=NOW)
    second = landlord.fetch(NOW + timedelta(hours=1))["drop"]
    late = NOW + timedelta(days=landlord.settings.inbox_keep_days + 2)
    assert landlord.list_drops() == sorted([first, second])
    landlord.take_in(late)
    assert landlord.list_drops() == [second], "the newest, and the one that was not loaded until then"
    assert not (landlord.inbox / first).exists()
    half = landlord.inbox / ".left.part" / "export"
    half.mkdir(parents=True)
    landlord.take_in(late)
    assert half.exists(), "another run may be writing it"
    os.utime(half.parent, (NOW.timestamp(), NOW.timestamp()))
    landlord.take_in(late)
    assert not half.parent.exists()


def test_the_tasks_hand_on_no_name_and_skip_what_is_not_there(
    landlord: FetchedLandlord, monkeypatch: pytest.MonkeyPatch
) -> None:
    from contextlib import contextmanager

    @contextmanager
    def record(*_: object) -> Iterator[object]:
        yield landlord.settings

    monkeypatch.setattr(drop_tasks.orchestration, "record_task", record)
    words = ({}, landlord.find_connection, lambda: NOW, LookupError)
    runs = (drop_tasks.run_fetch, drop_tasks.run_load)
    for run in runs:
        said = json.dumps(run(L, *words))
        assert not any(word in said for word in (NAME, CELL, STAFF))
    for run in runs:
        with pytest.raises(LookupError, match=L):
            run(L, *words)
    monkeypatch.setattr(drop_tasks, "take_in_delivery", lambda *_, **__: {"landlord": L, "status": "refused"})
    with pytest.raises(DropError):
        drop_tasks.run_load(L, *words)


def test_the_commands_do_what_the_tasks_do(
    landlord: FetchedLandlord,
    export: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("DUE_REGARD_OWN_DIR", str(tmp_path / "own"))
    monkeypatch.setenv("DUE_REGARD_VAR_DIR", str(tmp_path / "var"))
    say_acknowledge(tmp_path, export, "receipt")
    assert main(["--json", "fetch", "--landlord", L]) == 0
    fetched = json.loads(capsys.readouterr().out)
    assert fetched["status"] == "fetched"
    assert main(["intake", "--landlord", L]) == 4
    assert f"{L}: loaded" in capsys.readouterr().out
    assert main(["fetch", "--landlord", L]) == 0
    assert "nothing_new" in capsys.readouterr().out
    assert main(["intake", fetched["folder"], "--landlord", L]) == 4
    assert f"{L}: unchanged" in capsys.readouterr().out
    write_export(export, {STAFF: EXPORT[STAFF].replace("S1", "S7")})
    assert main(["intake", str(export), "--landlord", L]) == 4
    assert "loaded" in capsys.readouterr().out
    assert landlord.list_drops() == [fetched["drop"]], "by hand nothing is copied"
    assert {entry.name for entry in export.iterdir()} == {*EXPORT, "receipts"}, "and nothing acknowledged"
    assert len(list((export / "receipts").iterdir())) == 1
