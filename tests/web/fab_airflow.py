"""A real Airflow with FAB for tests: its database migrated, the roles and a user for each made, its server up.

Take the fixture `fab_airflow` by importing it. The server believes that people come in over https, by a proxy on
`tls_port` of this machine, as behind compose's proxy; with a token it is asked directly.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
import pytest

from demo import processes
from demo.place import REPOSITORY, DemoPlace, build_environment, find_free_port, make_address
from demo.users import DemoUser, create_users
from due_regard.web.roles import list_role_permissions

LANDLORD, OTHER = "queens_cross", "hanover"
PASSWORD = "a password of the tests"  # noqa: S105


@dataclass(frozen=True)
class FabAirflow:
    """One running server, and who may log in."""

    place: DemoPlace
    env: dict[str, str]
    port: int
    tls_port: int
    users: dict[str, DemoUser]
    clients: dict[str, httpx.Client] = field(default_factory=dict)

    def log_in(self, user: str) -> httpx.Client:
        """A client of the server's API with this user's token; each user logs in once."""
        if user not in self.clients:
            self.clients[user] = self._open_client(user)
        return self.clients[user]

    def _open_client(self, user: str) -> httpx.Client:
        client = httpx.Client(base_url=make_address(self.port), timeout=60, trust_env=False)
        body = {"username": self.users[user].username, "password": PASSWORD}
        token = client.post("/auth/token", json=body).raise_for_status().json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        return client


def make_users() -> dict[str, DemoUser]:
    """One user for each role of each landlord by the role's name in Airflow, an administrator, one without a role."""
    roles = {name: [name] for each in (LANDLORD, OTHER) for name in list_role_permissions(each)}
    roles |= {"Admin": ["Admin"], "nobody": []}
    mails = {name: f"user.{number}@landlord.example" for number, name in enumerate(roles)}
    return {
        name: DemoUser(mails[name], mails[name], "Test", "User", tuple(theirs), PASSWORD)
        for name, theirs in roles.items()
    }


@contextmanager
def run_fab_airflow(place: DemoPlace, **settings: str) -> Iterator[FabAirflow]:
    """A migrated Airflow with roles and users, its DAGs known, its server answering."""
    place.home.mkdir(parents=True)
    port, tls_port = find_free_port(), find_free_port()
    env = build_environment(place, port, with_users=True)
    # A range, as in compose.
    env |= {"AIRFLOW__API__BASE_URL": f"https://localhost:{tls_port}", "FORWARDED_ALLOW_IPS": "127.0.0.0/29"} | settings
    found = FabAirflow(place, env, port, tls_port, make_users())
    processes.run_once(place, env, "db", "migrate")
    create_users(place, env, list(found.users.values()))
    processes.run_once(place, env, "dags", "reserialize")
    processes.start_process(place, env, "api-server", "--proxy-headers")
    try:
        wait_for_answer(port)
        yield found
    finally:
        for client in found.clients.values():
            client.close()
        processes.stop_processes(place)


def wait_for_answer(port: int) -> None:
    until = time.monotonic() + 180
    while time.monotonic() < until:
        try:
            if httpx.get(f"{make_address(port)}/api/v2/monitor/health", timeout=10, trust_env=False).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.3)
    raise AssertionError("Airflow's server did not answer")


@pytest.fixture(scope="session")
def fab_airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FabAirflow]:
    """One server for every test of a process."""
    folder = tmp_path_factory.mktemp("fab")
    with run_fab_airflow(DemoPlace(folder / "out", REPOSITORY / "include")) as found:
        yield found
