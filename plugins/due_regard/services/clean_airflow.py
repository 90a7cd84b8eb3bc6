"""Remove what Airflow remembers of runs long past from its own database, by Airflow's own command.

Nothing of the register's is there: whether work was done, what failed and who was told are rows of the register.
"""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, time, timedelta

from due_regard.calendars.quarters import find_london_day
from due_regard.config.settings import Settings
from due_regard.errors import DueRegardError, SettingsError
from due_regard.services.landlord_context import list_landlords_to_run
from due_regard.services.result import Result

TABLES = (
    *("asset_event", "celery_taskmeta", "celery_tasksetmeta", "dag_run", "import_error", "job", "log"),
    *("task_instance", "task_instance_history", "task_reschedule", "xcom"),
)
"""What grows with every run. DAGs, their versions, people, roles and connections stay, however old."""

_LONGEST = timedelta(hours=2)


def clean_airflow(settings: Settings, *, now: datetime) -> Result:
    """Remove what is older than the days that the settings keep; each DAG's newest scheduled run always stays.

    Returns:
        before: the instant before which everything was removed.

    Raises:
        SettingsError: the days, or the database's URL, are not set, or the URL is a register's.
        DueRegardError: the command failed; its log says why.
    """
    if settings.airflow_keep_days is None or settings.airflow_db_url is None:
        raise SettingsError(
            "set DUE_REGARD_AIRFLOW_KEEP_DAYS and DUE_REGARD_AIRFLOW_DB_URL to clean Airflow's database"
        )
    url = settings.airflow_db_url.get_secret_value()
    if url in settings.registers(list_landlords_to_run(settings)):
        raise SettingsError("DUE_REGARD_AIRFLOW_DB_URL is a register's; name the database of Airflow itself")
    day = find_london_day(now) - timedelta(days=settings.airflow_keep_days)
    before = datetime.combine(day, time(), UTC).isoformat()
    words = ["db", "clean", "--clean-before-timestamp", before, "--tables", ",".join(TABLES), "--yes"]
    _run_airflow([*words, "--skip-archive", "--error-on-cleanup-failure"], url)
    return {"before": before}


def _run_airflow(words: list[str], url: str) -> None:
    # A task's own process is kept from Airflow's database; this one is given it by a setting made for that.
    env = os.environ | {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url}
    env.pop("AIRFLOW__CORE__SQL_ALCHEMY_CONN", None)
    command = [sys.executable, "-m", "airflow", *words]
    try:
        done = subprocess.run(command, env=env, check=False, timeout=_LONGEST.total_seconds())  # noqa: S603
    except subprocess.TimeoutExpired:
        raise DueRegardError(f"`airflow db clean` did not end within {_LONGEST}; run it by hand") from None
    if done.returncode:
        raise DueRegardError("`airflow db clean` failed; the lines above say why")
