"""The policy as it is judged: each duty in plain words, and what was found of it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import Response

from due_regard.services.show_policy import show_policy
from due_regard.web.rendering import show_page
from due_regard.web.rights import Right, Visit, require

router = APIRouter()


@router.get("/{landlord}/policy")
def show_duties(request: Request, visit: Annotated[Visit, require(Right.READ)]) -> Response:
    """`/due-regard/L/policy`."""
    found = show_policy(visit.settings, visit.landlord, now=visit.now, sees_restricted=visit.sees_restricted)
    return show_page(request, "policy.html.j2", found)
