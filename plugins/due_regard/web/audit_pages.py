"""The audit: who did what with a landlord's register."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import Response

from due_regard.services.show_audit import show_audit
from due_regard.web.rendering import show_page
from due_regard.web.rights import Right, Visit, require

router = APIRouter()


@router.get("/{landlord}/audit")
def show_acts(
    request: Request, visit: Annotated[Visit, require(Right.AUDIT)], subject: str = "", page: int = 1
) -> Response:
    """`/due-regard/L/audit?subject=`."""
    found = show_audit(
        visit.settings, visit.landlord, subject=subject, page=page, sees_restricted=visit.sees_restricted
    )
    return show_page(request, "audit.html.j2", found)
