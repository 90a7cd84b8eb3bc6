"""Packs: which were built, where each stands, its files and figures, and what people decide of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from due_regard.errors import NotAllowed
from due_regard.services.act_on_pack import (
    PackAct,
    approve_pack,
    comment_on_pack,
    correct_pack,
    reject_pack,
    undo_approval,
)
from due_regard.services.open_figure import open_figure
from due_regard.services.show_packs import PUBLISHABLE, list_packs, read_pack_file, show_pack
from due_regard.web.downloads import send_file
from due_regard.web.rendering import format_address, show_page
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
    build: str | None = None,
) -> Response:
    """`/due-regard/L/packs/QUARTER/NAME?edition=&version=&build=`."""
    place, governs = (visit.settings, visit.landlord, quarter, name), visit.may_govern
    reader: dict[str, Any] = {"governs": governs, "actor": visit.visitor.actor_id, "now": visit.now}
    found = show_pack(*place, edition=edition, version=version, build=build, **reader)
    return show_page(request, "pack.html.j2", found)


@router.get("/{landlord}/packs/{quarter}/{name}/files/{file}")
def download_pack_file(
    quarter: str,
    name: str,
    file: str,
    edition: str,
    visit: Annotated[Visit, require(Right.READ)],
    version: str | None = None,
    build: str | None = None,
) -> Response:
    """`/due-regard/L/packs/QUARTER/NAME/files/FILE?edition=&version=&build=`."""
    place, governs = (visit.settings, visit.landlord, quarter, name, file), visit.may_govern
    body = read_pack_file(*place, edition=edition, version=version, build=build, governs=governs)
    return send_file(body, file)


@router.get("/{landlord}/packs/{quarter}/{name}/figures/{figure:path}")
def show_figure(
    request: Request,
    quarter: str,
    name: str,
    figure: str,
    visit: Annotated[Visit, require(Right.READ)],
    edition: str = "confidential",
    version: str = "1",
    page: int = 1,
) -> Response:
    """`/due-regard/L/packs/QUARTER/NAME/figures/TABLE/FIGURE/QUARTER?edition=&version=&page=`."""
    if edition != PUBLISHABLE and not visit.may_govern:
        raise NotAllowed("a confidential pack is for whoever governs the register; nothing was shown")
    address = f"{visit.landlord}/{quarter}/{name}/{edition}/{version}/{figure}"
    sees = {"sees_rows": visit.may_govern, "sees_restricted": visit.sees_restricted}
    found = open_figure(visit.settings, address, **sees, page=page)
    if found["may_see_rows"]:
        request.state.shown = ("figure", found["address"])
    return show_page(request, "figure.html.j2", found)


def make_act_route(act: Callable[..., object]) -> Callable[..., Response]:
    """What answers POST `/{landlord}/packs/{quarter}/{name}/approve` and the like."""

    def decide(
        request: Request,
        quarter: str,
        name: str,
        visit: Annotated[Visit, require(Right.GOVERN)],
        edition: Annotated[str, Form()],
        why: Annotated[str, Form()],
        seen: Annotated[str | None, Form()] = None,
    ) -> Response:
        back = _set_way_back(request, visit, quarter, name, edition)
        place = (visit.landlord, quarter, name, edition)
        act(visit.settings, PackAct(*place, visit.visitor.actor_id, why, seen), now=visit.now)
        return RedirectResponse(back, status_code=303)

    return decide


ACTS = {"approve": approve_pack, "reject": reject_pack, "undo": undo_approval, "correct": correct_pack}
for verb, function in ACTS.items():
    router.post(f"/{{landlord}}/packs/{{quarter}}/{{name}}/{verb}", name=f"{verb} pack")(make_act_route(function))


@router.post("/{landlord}/packs/{quarter}/{name}/comment")
def comment(
    request: Request,
    quarter: str,
    name: str,
    visit: Annotated[Visit, require(Right.GOVERN)],
    edition: Annotated[str, Form()],
    section: Annotated[str, Form()],
    why: Annotated[str, Form()],
    remove: Annotated[str | None, Form()] = None,
) -> Response:
    """`POST /due-regard/L/packs/QUARTER/NAME/comment`: `remove` takes out what stands there."""
    back = _set_way_back(request, visit, quarter, name, edition)
    act = PackAct(visit.landlord, quarter, name, edition, visit.visitor.actor_id, why)
    comment_on_pack(visit.settings, act, section=section, is_removal=remove is not None, now=visit.now)
    return RedirectResponse(back, status_code=303)


def _set_way_back(request: Request, visit: Visit, quarter: str, name: str, edition: str) -> str:
    root = request.scope.get("root_path", "")
    back = format_address(root, visit.landlord, "packs", quarter, name, edition=edition)
    request.state.back = back
    return back
