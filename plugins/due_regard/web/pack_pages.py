"""Packs: which were built, what went into one, and its files. Figures and a pack's life have pages of their own."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import Response

from due_regard.services.show_packs import list_packs, read_pack_file, show_pack
from due_regard.web.downloads import send_file
from due_regard.web.rendering import show_page
from due_regard.web.rights import Right, Visit, require

router = APIRouter()


@router.get("/{landlord}/packs")
def show_packs(request: Request, visit: Annotated[Visit, require(Right.READ)], page: int = 1) -> Response:
    """`/due-regard/L/packs`."""
    return show_page(request, "packs.html.j2", list_packs(visit.settings, visit.landlord, page=page))


@router.get("/{landlord}/packs/{quarter}/{name}")
def show_one_pack(
    request: Request,
    quarter: str,
    name: str,
    visit: Annotated[Visit, require(Right.READ)],
    edition: str | None = None,
    version: str | None = None,
) -> Response:
    """`/due-regard/L/packs/QUARTER/NAME?edition=&version=`."""
    found = show_pack(
        visit.settings, visit.landlord, quarter, name, edition=edition, version=version, governs=visit.may_govern
    )
    return show_page(request, "pack.html.j2", found)


@router.get("/{landlord}/packs/{quarter}/{name}/files/{file}")
def download_pack_file(
    quarter: str,
    name: str,
    file: str,
    edition: str,
    visit: Annotated[Visit, require(Right.READ)],
    version: str | None = None,
) -> Response:
    """`/due-regard/L/packs/QUARTER/NAME/files/FILE?edition=&version=`."""
    place, governs = (visit.settings, visit.landlord, quarter, name, file), visit.may_govern
    body = read_pack_file(*place, edition=edition, version=version, governs=governs)
    return send_file(body, file)
