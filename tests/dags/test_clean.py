"""Airflow's own database is cleaned of old runs by its own command, and of nothing else; a real one, migrated."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from due_regard.config.settings import Settings
from due_regard.errors import DueRegardError, SettingsError
from due_regard.services.clean_airflow import clean_airflow
from due_regard.services.landlord_context import open_landlord_register

NOW = datetime(2026, 7, 1, 9, tzinfo=UTC)
KEEP = 60

_FILL = """
import sys
from datetime import timedelta
import pendulum
from airflow.models.dag import DagModel
from airflow.models.dagbundle import DagBundleModel
from airflow.models.dagrun import DagRun
from airflow.models.log import Log
from airflow.utils.session import create_session
from airflow.utils.types import DagRunType, DagRunTriggeredByType
from airflow.utils.state import DagRunState
now = pendulum.parse(sys.argv[1])
with create_session() as session:
    session.add(DagBundleModel(name="b"))
    session.flush()
    for dag in ("hanover.daily", "hanover.committee_packs"):
        session.add(DagModel(dag_id=dag, bundle_name="b", last_parsed_time=now - timedelta(days=400)))
    session.flush()
    for dag, ages in (("hanover.daily", (300, 90, 10, 1)), ("hanover.committee_packs", (300, 80))):
        for age in ages:
            at = now - timedelta(days=age)
            session.add(DagRun(dag_id=dag, run_id=f"scheduled__{age}", run_type=DagRunType.SCHEDULED, start_date=at,
                logical_date=at, run_after=at, state=DagRunState.SUCCESS, triggered_by=DagRunTriggeredByType.TIMETABLE))
    for age in (300, 10):
        log = Log(event="x")
        log.dttm = now - timedelta(days=age)
        session.add(log)
"""
"""What years leave behind, by Airflow's own models: runs of two DAGs, old and new, and its log of events."""


@pytest.fixture
def airflow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A migrated database of Airflow's with old and new runs, which the environment of this process does not name."""
    home = tmp_path / "airflow"
    for name in [name for name in os.environ if name.startswith("AIRFLOW")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AIRFLOW_HOME", str(home))
    monkeypatch.setenv("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
    # As in the process of a task.
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "airflow-db-not-allowed:///")
    file = tmp_path / "airflow.db"
    env = os.environ | {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{file}"}
    for words in (["-m", "airflow", "db", "migrate"], ["-c", _FILL, NOW.isoformat()]):
        subprocess.run([sys.executable, *words], env=env, check=True, capture_output=True, timeout=200)
    yield file


def settings_for(file: Path, folder: Path, **given: object) -> Settings:
    url = SecretStr(f"sqlite:///{file}")
    return Settings(var_dir=folder / "var", airflow_keep_days=KEEP, airflow_db_url=url, **given)


def ask(file: Path, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(file)) as database:
        return database.execute(statement).fetchall()


def test_old_runs_go_the_newest_of_each_dag_stays_and_the_register_is_as_it_was(airflow: Path, tmp_path: Path) -> None:
    settings = settings_for(airflow, tmp_path)
    with open_landlord_register(settings, "hanover", upgrade=True):
        register = tmp_path / "var" / "register.db"
    before = ask(register, "SELECT count(*) FROM sqlite_master")
    assert clean_airflow(settings, now=NOW) == {"before": "2026-05-02T00:00:00+00:00"}
    assert ask(airflow, "SELECT dag_id, run_id FROM dag_run ORDER BY 1, 2") == [
        ("hanover.committee_packs", "scheduled__80"),
        ("hanover.daily", "scheduled__1"),
        ("hanover.daily", "scheduled__10"),
    ]
    assert ask(airflow, "SELECT count(*) FROM log WHERE event = 'x'") == [(1,)]
    assert ask(airflow, "SELECT count(*) FROM dag") == [(2,)]
    assert ask(airflow, "SELECT count(*) FROM sqlite_master WHERE name LIKE '_airflow_deleted%'") == [(0,)]
    assert ask(register, "SELECT count(*) FROM sqlite_master") == before
    assert clean_airflow(settings, now=NOW + timedelta(hours=1)) == {"before": "2026-05-02T00:00:00+00:00"}


def test_a_database_that_cannot_be_reached_fails_the_task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "airflow"))
    with pytest.raises(DueRegardError, match="db clean"):
        clean_airflow(settings_for(tmp_path / "no_folder" / "airflow.db", tmp_path), now=NOW)


def test_it_refuses_a_register_and_asks_for_both_settings(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'register.db'}"
    for given in ({"airflow_keep_days": 60}, {"airflow_db_url": SecretStr("sqlite://")}):
        with pytest.raises(SettingsError, match="DUE_REGARD_AIRFLOW_DB_URL"):
            clean_airflow(Settings(**given), now=NOW)
    with pytest.raises(SettingsError, match="a register's"):
        clean_airflow(settings_for(tmp_path / "register.db", tmp_path, register_url=url), now=NOW)
