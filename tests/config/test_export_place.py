"""What `fetch` of a landlord's file may say, and how a connection is read where there is no Airflow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from due_regard.config.connections import read_connection
from due_regard.config.landlord import load_landlord
from due_regard.config.layered_folders import LayeredFolder
from due_regard.config.settings import Settings
from due_regard.errors import LandlordError, SettingsError
from due_regard.services.landlord_files import write_landlord_template

SECRET = "Night/in:g@le"  # noqa: S105
URI = "sftp://fetcher:Night%2Fin%3Ag%40le@files.landlord.example:2222/area?host_key=ssh-ed25519%20AAAA"
SFTP = {"kind": "sftp", "connection": "export", "path": "/outgoing"}
SQL = {"kind": "sql", "connection": "housing", "queries": {"customers": "reporting.v_customers"}}

WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "kind": (SFTP | {"kind": "ftp"}, "folder"),
    "no connection": ({"kind": "s3", "path": "bucket/x"}, "s3 needs `connection`"),
    "no path": ({"kind": "sftp", "connection": "export"}, "sftp needs `path`"),
    "a login in the path": (SFTP | {"path": "sftp://me:secret@host/x"}, "write the path alone"),
    "out of the folder": (SFTP | {"path": "/outgoing/../etc"}, "'..'"),
    "half a path": ({"kind": "folder", "path": "exports"}, "the whole `path`"),
    "queries elsewhere": (SFTP | {"queries": {"staff": "v"}}, "`queries` are for sql"),
    "no queries": (SQL | {"queries": {}}, "one for each entity"),
    "a path for sql": (SQL | {"path": "x"}, "sql has no path"),
    "moved rows": (SQL | {"acknowledge": "move"}, "a database is only read"),
    "two statements": (SQL | {"queries": {"staff": "SELECT 1; DELETE FROM staff"}}, "staff: write the name of a view"),
    "no question": (SQL | {"queries": {"staff": "DELETE FROM staff"}}, "one SELECT"),
    "acknowledge": (SFTP | {"acknowledge": "delete"}, "leave"),
    "an unknown word": (SFTP | {"pattern": "*.csv"}, "pattern"),
}


def read_fetch(tmp_path: Path, fetch: object) -> Any:
    settings = Settings(own_dir=tmp_path, _env_file=None)
    file = tmp_path / "landlords" / "one.yaml"
    if not file.exists():
        write_landlord_template(settings, "one")
    said = yaml.safe_load(file.read_text(encoding="utf-8")) | {"fetch": fetch}
    file.write_text(yaml.safe_dump(said), encoding="utf-8")
    return load_landlord(LayeredFolder((tmp_path / "landlords",)), "one").fetch


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_is_said_plainly(case: str, tmp_path: Path) -> None:
    fetch, told = WRONG[case]
    with pytest.raises(LandlordError) as caught:
        read_fetch(tmp_path, fetch)
    assert told in str(caught.value) and "one.yaml" in str(caught.value)


def test_each_kind_is_read(tmp_path: Path) -> None:
    assert read_fetch(tmp_path, SFTP).acknowledge == "leave"
    assert read_fetch(tmp_path, {"kind": "folder", "path": "/mnt/share/export"}).connection is None
    assert read_fetch(tmp_path, SQL | {"queries": {"staff": "WITH a AS (SELECT 1) SELECT * FROM a"}}).queries["staff"]


def test_the_commented_example_of_a_new_landlord_can_be_switched_on(tmp_path: Path) -> None:
    settings = Settings(own_dir=tmp_path, _env_file=None)
    file = write_landlord_template(settings, "one")
    lines = file.read_text(encoding="utf-8").splitlines()
    begin = lines.index("# fetch:")
    block = [line.removeprefix("# ") for line in lines[begin : begin + 6] if "queries" not in line]
    assert load_landlord(settings.landlords_dir, "one").fetch is None
    file.write_text("\n".join([*lines, *block]), encoding="utf-8")
    assert load_landlord(settings.landlords_dir, "one").fetch is not None


@pytest.mark.parametrize("form", ["uri", "json", "env file"])
def test_a_connection_is_read_as_airflow_writes_it(form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    parts = {"host": "files.landlord.example", "login": "fetcher", "password": SECRET, "schema": "area", "port": 2222}
    extra = json.dumps({"host_key": "ssh-ed25519 AAAA"})
    text = json.dumps({"conn_type": "sftp", **parts, "extra": extra}) if form == "json" else URI
    if form == "env file":
        (tmp_path / ".env").write_text(f"AIRFLOW_CONN_EXPORT='{text}'\n", encoding="utf-8")
    else:
        monkeypatch.setenv("AIRFLOW_CONN_EXPORT", text)
    found = read_connection("export")
    assert (found.conn_type, found.host, found.port, found.login) == ("sftp", parts["host"], 2222, "fetcher")
    assert (found.password, found.schema) == (SECRET, "area")
    assert found.extra_dejson == {"host_key": "ssh-ed25519 AAAA"}
    assert SECRET not in repr(found)


@pytest.mark.parametrize("text", [None, "", "nonsense", f"sftp://a:{SECRET}x@h:port/", '{"conn_type": 1', "{}x"])
def test_what_is_no_connection_is_said_without_its_text(text: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_EXPORT", raising=False)
    if text is not None:
        monkeypatch.setenv("AIRFLOW_CONN_EXPORT", text)
    with pytest.raises(SettingsError, match="AIRFLOW_CONN_EXPORT") as caught:
        read_connection("export")
    assert SECRET not in str(caught.value) and not caught.value.__cause__
