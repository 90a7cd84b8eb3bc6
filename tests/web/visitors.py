"""A gate for tests: people with rights for each landlord, and a client who is one of them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from fastapi import Request
from fastapi.testclient import TestClient

from due_regard.config.settings import Settings
from due_regard.web.application import build_application
from due_regard.web.rights import Right, Visitor

PEOPLE: Mapping[str, frozenset[Right]] = {
    "nobody": frozenset(),
    "reader": frozenset({Right.READ}),
    "manager": frozenset({Right.READ, Right.ACT}),
    "governance": frozenset({Right.READ, Right.ACT, Right.GOVERN, Right.READ_RESTRICTED}),
    "director": frozenset({Right.READ, Right.ACT, Right.GOVERN, Right.READ_RESTRICTED}),
    "data team": frozenset({Right.READ}),
    "auditor": frozenset({Right.READ, Right.AUDIT}),
}


@dataclass
class GateOfTests:
    """Lets in whoever the header `x-person` names, with that person's rights on `landlord` alone."""

    landlord: str
    secret: str = "a key for tests"  # noqa: S105
    emails: Mapping[str, str] = field(default_factory=dict)
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    switches: Mapping[str, str] = field(default_factory=dict)

    async def find_visitor(self, request: Request) -> Visitor | None:
        name = request.headers.get("x-person")
        if name is None:
            return None
        return Visitor(f"fab:{name}", name.title(), self.emails.get(name), self.roles.get(name, ()))

    def is_allowed(self, visitor: Visitor, right: Right, landlord: str) -> bool:
        return landlord == self.landlord and right in PEOPLE[visitor.actor_id.removeprefix("fab:")]

    def find_names(self, actors: Collection[str]) -> dict[str, str]:
        return {actor: name for actor, name in self.names.items() if actor in actors}

    def find_switches(self, dags: Collection[str]) -> dict[str, str]:
        return {dag: self.switches.get(dag, "on") for dag in dags}

    def find_login_url(self, path: str) -> str:
        return f"/login?next={path}"


def open_pages(settings: Settings, landlord: str, person: str | None = None, **known: object) -> TestClient:
    """A browser of `person` (None: nobody signed in) on the pages of an installation."""
    gate = GateOfTests(landlord, **known)  # type: ignore[arg-type]
    headers = {"accept": "text/html"} | ({} if person is None else {"x-person": person})
    client = TestClient(build_application(settings, gate), base_url="https://airflow.test", headers=headers)
    client.follow_redirects = False
    return client


def read_form_token(page: str) -> str:
    """The token that a page's forms carry."""
    found = re.search(r'name="form_token" value="([^"]+)"', page)
    assert found, "the page has no form with a token"
    return found[1]
