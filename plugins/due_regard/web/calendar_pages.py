"""The calendar of coming reviews and deadlines: a month as a page, and a file to download."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import Response

from due_regard.services.show_calendar import build_calendar, show_month
from due_regard.web.rendering import show_page
from due_regard.web.rights import Right, Visit, require

router = APIRouter()


@router.get("/{landlord}/calendar")
def show_calendar(
    request: Request, visit: Annotated[Visit, require(Right.READ)], month: str | None = None, page: int = 1
) -> Response:
    """`/due-regard/L/calendar?month=2026-07`."""
    found = show_month(
        visit.settings, visit.landlord, month=month, page=page, now=visit.now, sees_restricted=visit.sees_restricted
    )
    return show_page(request, "calendar.html.j2", found)


@router.get("/{landlord}/calendar.ics")
def download_calendar(visit: Annotated[Visit, require(Right.READ)]) -> Response:
    """`/due-regard/L/calendar.ics`."""
    body = build_calendar(visit.settings, visit.landlord, now=visit.now, sees_restricted=visit.sees_restricted)
    headers = {"Content-Disposition": f'attachment; filename="due-regard-{visit.landlord}.ics"'}
    return Response(body, media_type="text/calendar; charset=utf-8", headers=headers)
