"""What the plugin adds to Airflow: heavy packages imported before workers fork, and the pages in the API server."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from demo.place import drop_foreign_variables
from due_regard.services import preload_packages

ROOT = Path(__file__).resolve().parents[2]
CODE = """
import json, sys
from airflow import plugins_manager
from airflow.listeners.listener import get_listener_manager
from due_regard.services import preload_packages
preload_packages._HEAVY = ("this",)
sys.argv = ["airflow", sys.argv[1]]
get_listener_manager().hook.on_starting(component=object())
plugins, errors = plugins_manager._get_plugins()
names = [plugin.name for plugin in plugins if plugin.name.startswith("due_regard")]
print(json.dumps({"plugins": names, "errors": errors, "preloaded": "this" in sys.modules}))
"""


def started(component: str, home: Path, code: str = CODE, **settings: str) -> dict[str, object]:
    """What Airflow knows after a component has started with these settings."""
    env = drop_foreign_variables("PYTHON")
    env |= {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
    } | settings
    command = [sys.executable, "-c", code, component]
    done = subprocess.run(command, env=env, cwd=home, capture_output=True, text=True, check=True, timeout=120)
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize(
    ("component", "asked", "preloaded"),
    [("scheduler", "true", True), ("scheduler", "false", False), ("api-server", "true", False)],
)
def test_only_a_scheduler_that_was_asked_to_preloads(
    tmp_path: Path, component: str, asked: str, preloaded: bool
) -> None:
    found = started(component, tmp_path, DUE_REGARD_PRELOAD=asked)
    assert found == {"plugins": ["due_regard"], "errors": {}, "preloaded": preloaded}


FAB = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
SIMPLE = "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager"
MOUNTED = """
import json, sys
sys.argv = ["airflow", sys.argv[1]]
from airflow import plugins_manager
apps, _ = plugins_manager.get_fastapi_plugins()
plugins, _ = plugins_manager._get_plugins()
views = [view for plugin in plugins for view in plugin.external_views]
print(json.dumps({
    "apps": [each["url_prefix"] for each in apps if each["name"] == "Due Regard"],
    "menu": [each["href"] for each in views if each["name"] == "Due Regard"],
    "heavy": sorted({"pandas", "numpy"} & set(sys.modules)),
}))
"""


@pytest.mark.parametrize(
    ("component", "manager", "prefixes"),
    [("api-server", FAB, ["/due-regard"]), ("api-server", SIMPLE, []), ("scheduler", FAB, [])],
)
def test_the_pages_stand_in_the_api_server_where_rights_can_be_told_apart(
    tmp_path: Path, component: str, manager: str, prefixes: list[str]
) -> None:
    found = started(component, tmp_path, MOUNTED, AIRFLOW__CORE__AUTH_MANAGER=manager)
    assert found == {"apps": prefixes, "menu": [f"{prefix}/" for prefix in prefixes], "heavy": []}


@pytest.mark.parametrize("name", preload_packages._HEAVY)
def test_what_is_preloaded_exists(name: str) -> None:
    assert find_spec(name) is not None
