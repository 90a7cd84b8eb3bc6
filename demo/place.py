"""Where one demo lives on disk, and the environment its Airflow runs in.

Add a setting of Airflow here, with its cause; keep starting and stopping in processes.py.
"""

from __future__ import annotations

import os
import secrets
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
"""Where this package, the DAGs and the plugin lie."""

LOGIN = "demo"
"""The user who runs a demo; the password is generated."""


@dataclass(frozen=True)
class DemoPlace:
    """The folders of one demo: everything it writes is below `out`, Airflow's own files included."""

    out: Path
    include: Path

    @property
    def home(self) -> Path:
        """Airflow's home: its database, logs and passwords."""
        return self.out / "airflow"

    @property
    def passwords(self) -> Path:
        """Airflow's password file where nobody else logs in: one generated password."""
        return self.home / "passwords.json"

    @property
    def people(self) -> Path:
        """The generated passwords of an Airflow that stays up, one a user."""
        return self.home / "people.json"

    @property
    def processes(self) -> Path:
        """Which processes this demo started; there only while some may be running."""
        return self.home / "processes.json"

    @property
    def unfinished(self) -> Path:
        """There while a demo runs, and after one that did not come to its end."""
        return self.home / "unfinished"

    @property
    def drops(self) -> Path:
        """The sample drops, one folder a landlord."""
        return self.include / "samples"

    @property
    def own(self) -> Path:
        """The installation's own folder: settings, policy, mapping and words of the sixth sample landlord."""
        return self.drops / "own"


def find_free_port() -> int:
    """A loopback port nobody listens on now; another process may still take it, so a start may need a second try."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def drop_foreign_variables(*more: str) -> dict[str, str]:
    """This process's variables without any of Airflow's or ours, or whose names begin with one of `more`."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "DUE_REGARD_", *more))}


def build_environment(place: DemoPlace, port: int, *, with_users: bool = False) -> dict[str, str]:
    """The environment of the demo's processes: the caller's, less its settings of Airflow and Due Regard, plus ours.

    Args:
        place: the demo's folders.
        port: of the server.
        with_users: people log in with roles, as in production; without, only the demo does, and starts faster.
    """
    proxies = {"http_proxy", "https_proxy", "all_proxy"}
    ours = drop_foreign_variables("PYTHONDONTWRITEBYTECODE", "PYTHONPATH")
    inherited = {name: value for name, value in ours.items() if name.lower() not in proxies}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    login = _list_fab_settings() if with_users else _list_simple_login_settings(place)
    return inherited | {"PATH": path} | _list_own_settings(place) | _list_airflow_settings(place, port) | login


def _list_own_settings(place: DemoPlace) -> dict[str, str]:
    return {
        "DUE_REGARD_INCLUDE_DIR": str(place.include),
        "DUE_REGARD_VAR_DIR": str(place.out),
        "DUE_REGARD_DROPS_DIR": str(place.drops),
        "DUE_REGARD_PRELOAD": "true",
        # Whatever an installation's .env says, a demo runs the sample landlords alone and never sends; the sixth of
        # them lives in an own folder among the samples.
        "DUE_REGARD_OWN_DIR": str(place.own) if place.own.is_dir() else "",
        "DUE_REGARD_MAIL_MODE": "folder",
        "GX_ANALYTICS_ENABLED": "false",
    }


def _list_airflow_settings(place: DemoPlace, port: int) -> dict[str, str]:
    return {
        "AIRFLOW_HOME": str(place.home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(REPOSITORY / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(REPOSITORY / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        # The default of 32 workers takes more than 5 GB.
        "AIRFLOW__CORE__PARALLELISM": "4",
        # One slot a worker: what is beyond it waits by priority. The executor's own queue knows none.
        "AIRFLOW__CORE__DEFAULT_POOL_TASK_SLOT_COUNT": "4",
        # Tasks reach the server here; the default assumes port 8080.
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{make_address(port)}/execution/",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": make_address(port),
        "AIRFLOW__API__WORKERS": "1",
        # Server, scheduler and tasks must share these, or every task is refused.
        "AIRFLOW__API__SECRET_KEY": secrets.token_hex(32),
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),
        # The first task of a cold server fails with the default of five seconds.
        "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "30",
        # A worker that misses the end of its task notices it one such interval later (5 s by default).
        "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
        # The sample drops are about one date: no run of today's may come between.
        "AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE": "False",
        # A task that waited for a worker longer than ten minutes would be refused: the queue may take four hours.
        "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "14400",
        "AIRFLOW__EXECUTION_API__JWT_EXPIRATION_TIME": "14400",
        # Great Expectations tells each task's log two hundred times how it is put together.
        "AIRFLOW__LOGGING__NAMESPACE_LEVELS": "great_expectations=WARNING alembic=WARNING",
    }


def _list_simple_login_settings(place: DemoPlace) -> dict[str, str]:
    return {
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{LOGIN}:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(place.passwords),
    }


def _list_fab_settings() -> dict[str, str]:
    return {
        "AIRFLOW__CORE__AUTH_MANAGER": "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager",
        "AIRFLOW__FAB__CONFIG_FILE": str(REPOSITORY / "deploy" / "webserver_config.py"),
        # FAB tells of each of its three hundred permissions, one a line.
        "AIRFLOW__LOGGING__FAB_LOGGING_LEVEL": "WARNING",
    }


def make_address(port: int) -> str:
    """Address of the server and its UI."""
    return f"http://127.0.0.1:{port}"
