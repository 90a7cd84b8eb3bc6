"""The environment of an Airflow that one test has to itself."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def make_airflow_environment(folder: Path, **ours: Path | str) -> dict[str, str]:
    """This process's variables without any of Airflow's or ours, then an Airflow below `folder` and `ours`."""
    foreign = ("AIRFLOW", "DUE_REGARD_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return kept | {
        "AIRFLOW_HOME": str(folder / "airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        **{name: str(value) for name, value in ours.items()},
    }
