"""A landlord's DAGs and the watch run for real on one drop: register, mails and packs are there, nothing left open.

The drop has names where it should have none; Airflow hears of none of them.
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests.dags.airflow_environment import make_airflow_environment
from tests.intake.hostile_drops import CELL, FILE
from tests.journeys.installations import small_include

LANDLORD = "queens_cross"
_XCOM = "SELECT value FROM xcom WHERE task_id = 'load' AND key = 'return_value'"


@dataclass(frozen=True)
class ChainRun:
    """State of each DAG's run, the folder that the runs wrote, Airflow's own folder, and all that was printed."""

    states: dict[str, str]
    var: Path
    airflow: Path
    printed: str


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> ChainRun:
    folder = tmp_path_factory.mktemp("chain")
    include = small_include(folder / "include", [LANDLORD], incidents=60)
    add_names(include / "samples" / LANDLORD)
    env = make_airflow_environment(
        folder,
        DUE_REGARD_INCLUDE_DIR=include,
        DUE_REGARD_DROPS_DIR=include / "samples",
        DUE_REGARD_VAR_DIR=folder / "var",
        DUE_REGARD_BACKUP_DIR=folder / "var" / "backups",
    )
    command = [sys.executable, "-m", "tests.dags.run_chain", LANDLORD, "2026-06-30", "2026-Q2"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=180)
    assert done.returncode == 0, done.stderr[-2000:]
    states = json.loads(done.stdout.splitlines()[-1])
    return ChainRun(states, folder / "var", folder / "airflow", done.stdout + done.stderr)


def add_names(drop: Path) -> None:
    """A row that is rejected, and a file that is refused."""
    with (drop / "customers.csv").open("a", encoding="utf-8") as customers:
        customers.write(f"Mrs {CELL},{CELL},{CELL}\n")
    (drop / f"{FILE}.csv").write_text(f"{CELL}\n", encoding="utf-8")


def test_every_dag_succeeds(ran: ChainRun) -> None:
    assert ran.states == dict.fromkeys(
        (f"{LANDLORD}.daily", f"{LANDLORD}.committee_packs", "backup", "watch", "verify"), "success"
    )
    assert len(list((ran.var / "backups").glob("*/register-*.zip"))) == 1


def test_records_become_findings_mails_and_packs(ran: ChainRun) -> None:
    engine = create_engine(f"sqlite:///{ran.var / 'register.db'}")
    with engine.connect() as connection:
        opened = connection.scalar(text("SELECT count(*) FROM findings WHERE status = 'open'"))
        sent = connection.scalar(text("SELECT count(*) FROM alert_messages WHERE status = 'sent'"))
        packs = connection.scalar(text("SELECT count(*) FROM packs"))
        issued = connection.scalar(text("SELECT count(*) FROM pack_issues"))
        runs = connection.execute(text("SELECT dag_id, verb, outcome FROM runs WHERE ended_at IS NOT NULL")).all()
    engine.dispose()
    assert opened > 0
    assert sent == len(list((ran.var / "mail").glob("*.eml"))) > 0
    assert packs == len(list((ran.var / "packs" / LANDLORD / "2026-Q2").glob("*.pdf"))) > 0
    assert issued == 0  # of a quarter long past, and nobody asked for it
    done = {(f"{LANDLORD}.daily", verb, "succeeded") for verb in ("fetch", "load", "assess", "send")}
    done |= {("backup", verb, "succeeded") for verb in ("write", "drill")} | {("verify", "prove", "succeeded")}
    done |= {("watch", "tell", "succeeded")}
    assert set(runs) == done | {(f"{LANDLORD}.committee_packs", "build", "succeeded")}


def test_the_nights_proof_finds_that_all_of_it_holds(ran: ChainRun) -> None:
    with closing(sqlite3.connect(ran.airflow / "airflow.db")) as connection:
        (handed_on,) = connection.execute(_XCOM.replace("'load'", "'prove'")).fetchone()
    (register,) = json.loads(handed_on)["registers"]
    assert (register["faults"], register["runs_left"]) == ({}, 0)
    assert register["proved"]["runs"] > 0 and register["proved"]["files"] > 2


def test_airflow_keeps_and_prints_no_name_of_the_drop(ran: ChainRun) -> None:
    with closing(sqlite3.connect(ran.airflow / "airflow.db")) as connection:
        (handed_on,) = connection.execute(_XCOM).fetchone()
    counts = json.loads(handed_on)
    assert [file["refused"] for file in counts["files"] if file["refused"]] == ["unknown_file"]
    assert next(file["rejected"] for file in counts["files"] if file["entity"] == "customers") > 0
    texts = {"printed": ran.printed.encode()} | {
        str(file.relative_to(ran.airflow)): file.read_bytes() for file in ran.airflow.rglob("*") if file.is_file()
    }
    named = [where for where, text in texts.items() for name in (CELL, FILE) if name.encode() in text]
    assert named == []
    assert b"refused (unknown_file)" in b"".join(texts.values())
