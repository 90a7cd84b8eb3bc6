"""An export fetched from an SFTP server, a bucket and a container, each a real server on this machine's loopback."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import pytest
from airflow.sdk import Connection

from due_regard.__main__ import main
from due_regard.config.connections import WrittenConnection
from due_regard.services.fetch_checks import check_fetch_place
from tests.delivery.places import (
    EXPORT,
    STAFF,
    L,
    make_fetched,
    skip_great_expectations,
)
from tests.delivery.servers import Remote


def test_the_whole_way(remote: Remote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    skip_great_expectations(monkeypatch)
    remote.lay_export()
    landlord, now = make_fetched(tmp_path, remote, "move"), remote.now
    result = landlord.fetch(now)
    assert result["status"] == "fetched"
    kept = {file.name: file.read_text(encoding="utf-8") for file in (landlord.inbox / result["drop"]).iterdir()}
    assert kept == EXPORT
    assert {file.stat().st_mode & 0o777 for file in (landlord.inbox / result["drop"]).iterdir()} == {0o600}
    assert remote.list_names() == set(EXPORT), "nothing is acknowledged before it is loaded"
    monkeypatch.setattr("due_regard.services.fetch_drop.copy_export_files", lambda *_: pytest.fail("copied again"))
    assert landlord.fetch(now + timedelta(minutes=1))["status"] == "known"
    monkeypatch.undo()
    skip_great_expectations(monkeypatch)
    remote.write(STAFF, EXPORT[STAFF].replace("S1", "S9") + " ")
    assert landlord.take_in(now)["status"] == "loaded"
    left = remote.list_names()
    assert STAFF in left, "it was written anew, and is the next drop's"
    moved = {name.rpartition("/")[2] for name in left if name.startswith("taken/")}
    assert moved == set(EXPORT) - {STAFF}
    make_fetched(tmp_path, remote, "receipt")
    drop = landlord.fetch(now + timedelta(hours=1))["drop"]
    landlord.take_in(now + timedelta(hours=1))
    assert {STAFF, f"receipts/{drop}.json"} <= remote.list_names()
    assert landlord.fetch(now + timedelta(hours=2))["status"] == "nothing_new"
    assert landlord.list_statuses() == ["loaded", "loaded"]
    for acknowledge in ("leave", "move"):
        make_fetched(tmp_path, remote, acknowledge)
        (check,) = check_fetch_place(landlord.settings, L, find_connection=landlord.find_connection)
        assert check.ok and not check.is_warning
    assert not any("due-regard" in name for name in remote.list_names())


def test_the_same_export_laid_there_again_is_moved_again_and_not_loaded(
    remote: Remote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    skip_great_expectations(monkeypatch)
    landlord = make_fetched(tmp_path, remote, "move")
    for hours, status in enumerate(("loaded", "acknowledged", "acknowledged")):
        remote.lay_export()
        landlord.fetch(remote.now + timedelta(hours=hours))
        assert landlord.take_in(remote.now + timedelta(hours=hours))["status"] == status
        left = remote.list_names()
        assert {name.rpartition("/")[2] for name in left} == set(EXPORT) and len(left) == len(EXPORT)
        assert all(name.startswith("taken/") for name in left)
    assert landlord.list_statuses() == ["loaded"]
    assert landlord.take_in(remote.now + timedelta(days=1))["status"] == "nothing_new"


def test_the_command_fetches_by_airflows_own_variable(
    remote: Remote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    remote.lay_export({**EXPORT, "READY": ""})
    make_fetched(tmp_path, remote)
    monkeypatch.setenv("DUE_REGARD_OWN_DIR", str(tmp_path / "own"))
    monkeypatch.setenv("DUE_REGARD_VAR_DIR", str(tmp_path / "var"))
    refused = next(wrong for words, wrong in remote.wrong.items() if "refuses the login" in words)
    for connection, code, told in ((None, 2, "set AIRFLOW_CONN_EXPORT"), (refused, 5, "refuses the login")):
        monkeypatch.delenv("AIRFLOW_CONN_EXPORT", raising=False)
        if connection:
            monkeypatch.setenv("AIRFLOW_CONN_EXPORT", write_uri(connection))
        assert main(["fetch", "--landlord", L]) == code
        said = capsys.readouterr()
        assert told in said.err and L in said.err
        assert not any(secret in said.out + said.err for secret in (*remote.secrets, str(refused.password)))
    monkeypatch.setenv("AIRFLOW_CONN_EXPORT", write_uri(remote.connection))
    assert main(["--json", "fetch", "--landlord", L]) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["status"], result["files"]) == ("fetched", len(EXPORT) + 1)


def write_uri(connection: WrittenConnection) -> str:
    """A connection as Airflow itself writes it."""
    parts = {name: value for name, value in asdict(connection).items() if name != "extra_dejson"}
    return str(Connection(conn_id="export", **parts, extra=json.dumps(dict(connection.extra_dejson))).get_uri())
