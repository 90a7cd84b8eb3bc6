"""The task `fetch` in a real Airflow, with its connections: what it logs and hands on holds no secret, cell or name."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from due_regard.config.connections import WrittenConnection
from tests.dags.airflow_environment import make_airflow_environment
from tests.delivery.places import CELL, EXPORT, NAME, L, make_landlord
from tests.delivery.servers import PASSWORD, make_database, open_sftp_places
from tests.register.engines import new_postgresql, postgresql_url

__all__ = ["new_postgresql", "postgresql_url"]


@dataclass(frozen=True)
class Fetches:
    """State of `fetch` in each case, all that was printed, and Airflow's own folder with its logs and database."""

    states: dict[str, str]
    printed: str
    airflow: Path
    secrets: tuple[str, ...]


def write_connection(connection: WrittenConnection) -> dict[str, Any]:
    """A connection as Airflow's JSON has it."""
    parts = {name: value for name, value in asdict(connection).items() if value is not None}
    return parts | {"extra": json.dumps(dict(parts.pop("extra_dejson", {})))}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory, new_postgresql: Callable[[], str]) -> Fetches:
    folder = tmp_path_factory.mktemp("fetches")
    database = replace(make_database(new_postgresql()), password=PASSWORD)
    failing = f"SELECT ('{CELL}' || ref)::int AS customer_ref FROM reporting.people"
    with open_sftp_places(folder / "server") as make_place:
        place = make_place("landlord")
        place.lay_export()
        sftp = place.fetch | {"connection": "export"}
        refused = place.wrong["the server refuses the login"]
        cases = {
            "a server": (sftp, place.connection),
            "a wrong password": (sftp, refused),
            "an unknown connection": (sftp, None),
            "a failing query": ({"kind": "sql", "connection": "export", "queries": {"customers": failing}}, database),
        }
        done = _run(
            folder, [{"fetch": fetch, "connection": by and write_connection(by)} for fetch, by in cases.values()]
        )
    states = dict(zip(cases, json.loads(done.stdout.splitlines()[-1]), strict=True))
    secrets = PASSWORD, str(refused.password), *place.secrets
    return Fetches(states, done.stdout + done.stderr, folder / "airflow", secrets)


def _run(folder: Path, cases: list[dict[str, Any]]) -> subprocess.CompletedProcess[str]:
    landlord = make_landlord(folder, None)
    env = make_airflow_environment(
        folder,
        DUE_REGARD_OWN_DIR=str(landlord.settings.own_dir),
        DUE_REGARD_VAR_DIR=str(landlord.settings.var_dir),
        DUE_REGARD_LANDLORDS=L,
    )
    file = folder / "own" / "landlords" / f"{L}.yaml"
    command = [sys.executable, "-m", "tests.dags.run_fetches", L, str(file)]
    done = subprocess.run(
        command, env=env, input=json.dumps(cases), capture_output=True, text=True, check=False, timeout=1500
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done


def test_each_case_ends_as_its_place_is(ran: Fetches) -> None:
    assert ran.states == {
        "a server": "success",
        "a wrong password": "failed",
        "an unknown connection": "failed",
        "a failing query": "failed",
    }


def test_its_log_says_landlord_connection_and_remedy(ran: Fetches) -> None:
    named = f"{L}, connection export: "
    for words in (
        "the server refuses the login; mend login, password or key in the connection",
        "there is no such connection; make it in Airflow",
        "customers: the database refuses the query (its code: 22P02); try it there",
    ):
        assert named + words in ran.printed


def test_nothing_that_airflow_keeps_or_prints_holds_a_secret_a_cell_or_a_name(ran: Fetches) -> None:
    kept = [file.read_bytes() for file in ran.airflow.rglob("*") if file.is_file()]
    everything = b"\n".join([ran.printed.encode(), *kept])
    assert b'"files": %d' % len(EXPORT) in everything or b"'files': %d" % len(EXPORT) in everything, (
        "XCom was looked at"
    )
    assert [word for word in (CELL, NAME, *ran.secrets) if word.encode() in everything] == []
