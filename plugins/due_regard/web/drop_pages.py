"""Drops: what came, what was rejected and why, the files that go back, and the release of a held drop."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from due_regard.errors import UnknownReference
from due_regard.services.show_drops import list_drops, read_handed_back_file, release_held_drop, show_drop
from due_regard.web.downloads import send_file
from due_regard.web.rendering import format_address, show_page
from due_regard.web.rights import Right, Visit, require

router = APIRouter()


@router.get("/{landlord}/drops")
def show_drops(request: Request, visit: Annotated[Visit, require(Right.READ)], page: int = 1) -> Response:
    """`/due-regard/L/drops`."""
    return show_page(request, "drops.html.j2", list_drops(visit.settings, visit.landlord, page=page))


@router.get("/{landlord}/drops/{batch}")
def show_one_drop(request: Request, batch: str, visit: Annotated[Visit, require(Right.READ)]) -> Response:
    """`/due-regard/L/drops/BATCH`."""
    found = show_drop(visit.settings, visit.landlord, batch, governs=visit.may_govern)
    return show_page(request, "drop.html.j2", found)


@router.get("/{landlord}/drops/{batch}/files/{name}")
def download_handed_back_file(batch: str, name: str, visit: Annotated[Visit, require(Right.GOVERN)]) -> Response:
    """`/due-regard/L/drops/BATCH/files/NAME`: rows of the export, as they went back to be mended."""
    return send_file(read_handed_back_file(visit.settings, visit.landlord, batch, name), name)


@router.post("/{landlord}/drops/{batch}/release")
def release_drop(
    request: Request,
    batch: str,
    visit: Annotated[Visit, require(Right.GOVERN)],
    why: Annotated[str, Form(max_length=2000)],
) -> Response:
    """`POST /due-regard/L/drops/BATCH/release`."""
    if not batch.isascii() or not batch.isdecimal() or len(batch) > 18:
        raise UnknownReference("there is no drop of that number; the list of drops has all that came")
    actor, landlord = visit.visitor.actor_id, visit.landlord
    release_held_drop(visit.settings, int(batch), landlord=landlord, actor=actor, why=why, now=visit.now)
    return RedirectResponse(format_address(request.scope.get("root_path", ""), landlord, "drops", batch), 303)
