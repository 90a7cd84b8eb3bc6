"""The page of one finding, with the forms by which a person decides on it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from due_regard.errors import UnknownReference
from due_regard.services.show_finding import show_finding
from due_regard.web.rendering import show_page
from due_regard.web.rights import Right, Visit, require

router = APIRouter()


@router.get("/{landlord}/findings/{ref}")
def show_one_finding(request: Request, ref: str, visit: Annotated[Visit, require(Right.READ)]) -> Response:
    """`/due-regard/L/findings/F`.

    Raises:
        UnknownReference: the landlord has no such finding, or it may not be seen: the same words for both.
    """
    try:
        seen: dict[str, Any] = {
            "landlord": visit.landlord,
            "sees_restricted": visit.sees_restricted,
            "email": visit.visitor.email,
        }
        content = show_finding(visit.settings, ref, now=visit.now, **seen)
    except UnknownReference:
        raise UnknownReference(
            "no finding of this landlord has that reference; it is written F- and a number, such as F-000063: look at "
            "the mail again, or search the list of work by a restriction's or an appeal's reference"
        ) from None
    if content["is_restricted"]:
        request.state.used_right = Right.READ_RESTRICTED.value
    return show_page(request, "finding.html.j2", content)
