"""docs/fetching.md is true: its examples are read, and the first time is walked as it stands there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
import yaml

from due_regard.config.connections import read_connection
from due_regard.config.export_place import ExportPlace
from due_regard.errors import FetchRefused
from tests.delivery.places import make_landlord
from tests.delivery.servers import PASSWORD, make_database
from tests.delivery.test_fetched_database import run

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "fetching.md").read_text(encoding="utf-8")


def list_blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


PLACES = [ExportPlace(**yaml.safe_load(block)["fetch"]) for block in list_blocks("yaml")]
CONNECTIONS = [block for block in list_blocks("sh") if "export AIRFLOW_CONN_" in block]


def test_each_kind_has_an_example() -> None:
    assert [place.kind for place in PLACES] == ["folder", "sftp", "s3", "azure_blob", "sql"]


@pytest.mark.parametrize(("place", "block"), list(zip(PLACES[1:], CONNECTIONS, strict=True)))
def test_its_connection_is_read_by_the_name_that_the_file_gives(
    place: ExportPlace, block: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    shell = subprocess.run(["bash", "-ec", f"{_drop_comments(block)}\nenv -0"], capture_output=True, check=True)
    said = dict(line.split(b"=", 1) for line in shell.stdout.split(b"\0") if b"=" in line)
    name = f"AIRFLOW_CONN_{str(place.connection).upper()}"
    monkeypatch.setenv(name, said[name.encode()].decode())
    kinds = {"sftp": "sftp", "s3": "aws", "azure_blob": "wasb", "sql": "postgres"}
    assert read_connection(str(place.connection)).conn_type == kinds[place.kind]


def test_the_login_that_it_makes_can_read_its_queries(new_postgresql: Callable[[], str], tmp_path: Path) -> None:
    housing, login = make_database(new_postgresql()), f"due_regard_{uuid4().hex[:8]}"
    run(housing, "CREATE SCHEMA hr")
    run(housing, "CREATE TABLE hr.staff (staff_ref text, role text, email text, is_active boolean, pay int)")
    (made,) = list_blocks("sql")
    run(housing, re.sub(r"\bdue_regard\b", login, made).replace("…", PASSWORD))
    connections = {"housing_reporting": replace(housing, login=login, password=PASSWORD)}
    landlord = make_landlord(tmp_path, PLACES[-1].model_dump(exclude_none=True), connections)
    assert landlord.fetch()["files"] == 2
    queries = {"staff": "SELECT staff_ref, role, pay AS email FROM hr.staff ORDER BY staff_ref"}
    asking = make_landlord(tmp_path, PLACES[-1].model_dump(exclude_none=True) | {"queries": queries}, connections)
    with pytest.raises(FetchRefused, match="42501"):
        asking.fetch()


def _drop_comments(block: str) -> str:
    return "\n".join(line for line in block.splitlines() if not line.startswith("ssh-keyscan"))


@pytest.mark.skipif(not os.environ.get("DUE_REGARD_LONG_TESTS"), reason="the long form: whole commands")
def test_the_first_time_goes_as_it_is_told(tmp_path: Path) -> None:
    block = next(block for block in list_blocks("sh") if "trial/outgoing" in block)
    shutil.copytree(ROOT / "include", tmp_path / "include")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    ran = subprocess.run(
        ["bash", "-c", block],
        cwd=tmp_path,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    said = ran.stdout
    for words in re.findall(r"#.*?((?:hanover|settings)[\w :`]*(?:\(folder\))?)", block):
        assert words.strip().rstrip(":") in said, (words, said, ran.stderr)
    assert '"rows_loaded"' in said and "nothing_new" in said
