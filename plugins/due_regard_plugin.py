"""The one Airflow plugin of Due Regard: what the package adds to Airflow itself.

Add here what Airflow must be told of (a page, a listener) in a line or two; what it does lives in the package.
"""

from __future__ import annotations

import sys
from typing import Any

from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin


class _Preload:
    """Lets a scheduler with LocalExecutor import the heavy packages once, before its workers fork."""

    @hookimpl
    def on_starting(self, component: object) -> None:
        """Called by every component of Airflow as it starts; its job does not say yet which one it is."""
        if "scheduler" in sys.argv[1:2]:
            from due_regard.config.settings import Settings
            from due_regard.services.preload_packages import preload_heavy_packages

            if Settings().preload:
                preload_heavy_packages()


def _list_pages() -> list[dict[str, Any]]:
    """The pages, for the API server alone, and only where the auth manager can tell rights apart (ADR 0020)."""
    if "api-server" not in sys.argv:
        return []
    from due_regard.web.airflow_gate import LateApplication, can_tell_rights_apart

    if not can_tell_rights_apart():
        return []
    return [{"app": LateApplication(), "url_prefix": "/due-regard", "name": "Due Regard"}]


_PAGES = _list_pages()


class DueRegardPlugin(AirflowPlugin):
    """Registered by Airflow when it finds this file in its plugins folder."""

    name = "due_regard"
    listeners = [_Preload()]  # noqa: RUF012 - Airflow reads a plain class attribute
    fastapi_apps = _PAGES
    external_views = [  # noqa: RUF012
        # With a route the pages open inside Airflow's; without one, Airflow 3.3's entry is a button that does nothing.
        {"name": "Due Regard", "href": f"{each['url_prefix']}/", "url_route": "due-regard", "nav_top_level": True}
        for each in _PAGES
    ]
