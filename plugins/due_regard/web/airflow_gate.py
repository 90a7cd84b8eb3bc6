"""Airflow as the gate: its login, its users, and their rights by FAB's roles.

The only module of the package that knows Airflow. Its parts are imported when the first page is asked for.
"""

from __future__ import annotations

import threading
from collections.abc import Collection
from typing import Any

from fastapi import FastAPI, Request

from due_regard.web.rights import Right, Visitor

_FAB = "fab:"


def name_resource(landlord: str) -> str:
    """What FAB knows one landlord's register by."""
    return f"Due Regard: {landlord}"


class AirflowGate:
    """Asks Airflow's auth manager."""

    @property
    def secret(self) -> str:
        """Key of the tokens against forged forms: the API server's own."""
        from airflow.configuration import conf

        return str(conf.get("api", "secret_key"))

    async def find_visitor(self, request: Request) -> Visitor | None:
        """Who is signed in to Airflow, by cookie or bearer token."""
        from airflow.api_fastapi.core_api.security import bearer_scheme, get_user
        from fastapi import HTTPException

        try:
            user = await get_user(request, None, await bearer_scheme(request))
        except HTTPException:
            return None
        return _make_visitor(user)

    def is_allowed(self, visitor: Visitor, right: Right, landlord: str) -> bool:
        """Whether a role of the visitor has the permission."""
        from airflow.api_fastapi.app import get_auth_manager

        return bool(
            get_auth_manager().is_authorized_custom_view(
                method=right.value, resource_name=name_resource(landlord), user=visitor.user
            )
        )

    def find_names(self, actors: Collection[str]) -> dict[str, str]:
        """The names of FAB's users, in one query."""
        from airflow.providers.fab.auth_manager.models import User
        from airflow.utils.session import create_session
        from sqlalchemy import select

        numbers = [int(actor.removeprefix(_FAB)) for actor in actors]
        found = select(User.id, User.first_name, User.last_name).where(User.id.in_(numbers))
        with create_session() as session:
            return {f"{_FAB}{number}": f"{first} {last}".strip() for number, first, last in session.execute(found)}

    def find_switches(self, dags: Collection[str]) -> dict[str, str]:
        """The switches of the DAGs, in one query; one that the DAG processor reads no more is unknown."""
        from airflow.models.dag import DagModel
        from airflow.utils.session import create_session
        from sqlalchemy import select

        found = select(DagModel.dag_id, DagModel.is_paused).where(DagModel.dag_id.in_(dags), ~DagModel.is_stale)
        with create_session() as session:
            paused = {row.dag_id: row.is_paused for row in session.execute(found)}
        return {dag: "unknown" if dag not in paused else "off" if paused[dag] else "on" for dag in dags}

    def find_login_url(self, path: str) -> str:
        """Airflow's login, which comes back to `path`."""
        from airflow.api_fastapi.app import get_auth_manager

        return str(get_auth_manager().get_url_login(next_url=path))


def _make_visitor(user: Any) -> Visitor:
    name = " ".join(filter(None, [getattr(user, "first_name", None), getattr(user, "last_name", None)]))
    return Visitor(
        actor_id=f"{_FAB}{user.get_id()}",
        name=name or user.get_name(),
        email=getattr(user, "email", None) or None,
        roles=tuple(sorted(role.name for role in getattr(user, "roles", ()))),
        user=user,
    )


def can_tell_rights_apart() -> bool:
    """Whether Airflow's auth manager knows rights for each landlord: FAB's does; the simple one gives a viewer all."""
    from airflow.configuration import conf

    manager = conf.getimport("core", "auth_manager")
    return any(each.__name__ == "FabAuthManager" for each in manager.__mro__)


class LateApplication:
    """Builds the pages' application when its first request comes: Airflow's server starts without pandas."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._application: FastAPI | None = None

    def find_application(self) -> FastAPI:
        """The application, built once."""
        with self._lock:
            if self._application is None:
                from due_regard.config.settings import Settings
                from due_regard.web.application import build_application

                self._application = build_application(Settings(), AirflowGate())
            return self._application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer as the application does."""
        await self.find_application()(scope, receive, send)
