"""Who is looking, and what they may do: rights for each landlord, asked of whoever signs people in.

A route says which right it needs (`require`); nobody gets further without. Nothing here knows Airflow: airflow_gate.py
does.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Protocol

from fastapi import Depends, Request

from due_regard.config.settings import Settings
from due_regard.errors import NotAllowed, NotSignedIn


class Right(StrEnum):
    """What somebody may do with one landlord's register; the values are what the auth manager knows them by."""

    READ = "can_read"
    ACT = "can_act"
    GOVERN = "can_govern"
    AUDIT = "can_audit"
    READ_RESTRICTED = "can_read_restricted"


@dataclass(frozen=True)
class Visitor:
    """A person who signed in.

    Attributes:
        actor_id: what is stored of who acted and who looked: the auth manager's id, such as `fab:7`.
        name: as the page greets them; shown to themselves alone.
        email: by which the staff export knows them; None where it is not known.
        roles: names of their roles.
        user: what the auth manager is asked with.
    """

    actor_id: str
    name: str
    email: str | None = None
    roles: tuple[str, ...] = ()
    user: Any = field(default=None, repr=False, compare=False)


class Gate(Protocol):
    """Who signs people in and knows their rights."""

    @property
    def secret(self) -> str:
        """Key of the tokens against forged forms."""

    async def find_visitor(self, request: Request) -> Visitor | None:
        """Who sends the request; None where nobody is signed in."""

    def is_allowed(self, visitor: Visitor, right: Right, landlord: str) -> bool:
        """Whether the visitor has the right with this landlord."""

    def find_names(self, actors: Collection[str]) -> dict[str, str]:
        """Id -> name of those who may sign in, or could once."""

    def find_switches(self, dags: Collection[str]) -> dict[str, str]:
        """Whether the runs of each DAG begin by the clock: `on`, `off`, or `unknown` where nobody reads such a DAG."""

    def find_login_url(self, path: str) -> str:
        """Where to sign in, to come back to `path`."""


@dataclass(frozen=True)
class Visit:
    """One request of a visitor to one landlord's register.

    Attributes:
        settings: the installation.
        landlord: whose register.
        visitor: who looks.
        rights: every right that the visitor has with this landlord.
        now: when.
    """

    settings: Settings
    landlord: str
    visitor: Visitor
    rights: frozenset[Right]
    now: datetime

    @property
    def sees_restricted(self) -> bool:
        """Whether duties that only certain roles may be told of are shown."""
        return Right.READ_RESTRICTED in self.rights

    @property
    def may_act(self) -> bool:
        """Whether the visitor may decide on findings."""
        return Right.ACT in self.rights

    @property
    def may_govern(self) -> bool:
        """Whether the visitor may hand out the backlog, release drops, approve packs and undo others' decisions."""
        return Right.GOVERN in self.rights


async def admit_visitor(request: Request) -> Visitor:
    """Who is signed in; every route of the application asks.

    Raises:
        NotSignedIn: nobody is.
    """
    if not hasattr(request.state, "visitor"):
        request.state.visitor = await request.app.state.gate.find_visitor(request)
    visitor: Visitor | None = request.state.visitor
    if visitor is None:
        raise NotSignedIn("sign in first")
    return visitor


def find_rights(gate: Gate, visitor: Visitor, landlord: str) -> frozenset[Right]:
    """Every right that the visitor has with a landlord."""
    return frozenset(right for right in Right if gate.is_allowed(visitor, right, landlord))


def require(right: Right) -> Any:
    """The dependency of a route of one landlord (path parameter `landlord`): gives its `Visit`.

    Raises (when the route is called):
        NotSignedIn: nobody is signed in.
        NotAllowed: the visitor has not the right; also for a landlord that does not exist.
    """

    async def admit(request: Request, landlord: str) -> Visit:
        visitor = await admit_visitor(request)
        rights = find_rights(request.app.state.gate, visitor, landlord)
        if right not in rights:
            raise NotAllowed("you may not see or do this; ask whoever gives out rights in Airflow")
        request.state.visit = Visit(request.app.state.settings, landlord, visitor, rights, datetime.now(UTC))
        request.state.used_right = right.value
        found: Visit = request.state.visit
        return found

    return Depends(admit)
