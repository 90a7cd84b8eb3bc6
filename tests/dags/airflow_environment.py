"""The environment of an Airflow that one test has to itself."""

from __future__ import annotations

from pathlib import Path

from demo.place import drop_foreign_variables

ROOT = Path(__file__).resolve().parents[2]


def make_airflow_environment(folder: Path, **ours: Path | str) -> dict[str, str]:
    """This process's variables without any of Airflow's or ours, then an Airflow below `folder` and `ours`."""
    return drop_foreign_variables() | {
        "AIRFLOW_HOME": str(folder / "airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        **{name: str(value) for name, value in ours.items()},
    }
