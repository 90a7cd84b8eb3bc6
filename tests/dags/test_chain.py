"""A landlord's DAGs and the watch run for real on one drop: register, mails and packs are there, nothing left open."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests.journeys.installations import small_include

LANDLORD = "queens_cross"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], Path]:
    """State of each DAG's run, and the folder that the runs wrote."""
    folder = tmp_path_factory.mktemp("chain")
    include = small_include(folder / "include", [LANDLORD], incidents=60)
    foreign = ("AIRFLOW", "DUE_REGARD_")
    env = {name: value for name, value in os.environ.items() if not name.startswith(foreign)} | {
        "AIRFLOW_HOME": str(folder / "airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "DUE_REGARD_INCLUDE_DIR": str(include),
        "DUE_REGARD_DROPS_DIR": str(include / "samples"),
        "DUE_REGARD_VAR_DIR": str(folder / "var"),
    }
    command = [sys.executable, "-m", "tests.dags.run_chain", LANDLORD, "2026-06-30", "2026-Q2"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=180)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1]), folder / "var"


def test_every_dag_succeeds(ran: tuple[dict[str, str], Path]) -> None:
    assert ran[0] == dict.fromkeys((f"{LANDLORD}.daily", f"{LANDLORD}.committee_packs", "watch"), "success")


def test_records_become_findings_mails_and_packs(ran: tuple[dict[str, str], Path]) -> None:
    engine = create_engine(f"sqlite:///{ran[1] / 'register.db'}")
    with engine.connect() as connection:
        opened = connection.scalar(text("SELECT count(*) FROM findings WHERE status = 'open'"))
        sent = connection.scalar(text("SELECT count(*) FROM alert_messages WHERE status = 'sent'"))
        packs = connection.scalar(text("SELECT count(*) FROM packs"))
        issued = connection.scalar(text("SELECT count(*) FROM pack_issues"))
        runs = connection.execute(text("SELECT dag_id, verb, outcome FROM runs WHERE ended_at IS NOT NULL")).all()
    engine.dispose()
    assert opened > 0
    assert sent == len(list((ran[1] / "mail").glob("*.eml"))) > 0
    assert packs == len(list((ran[1] / "packs" / LANDLORD / "2026-Q2").glob("*.pdf"))) > 0
    assert issued == 0  # of a quarter long past, and nobody asked for it
    done = {(f"{LANDLORD}.daily", verb, "succeeded") for verb in ("load", "assess", "send")}
    assert set(runs) == done | {(f"{LANDLORD}.committee_packs", "build", "succeeded")}
