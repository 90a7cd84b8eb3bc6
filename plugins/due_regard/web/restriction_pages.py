"""Restrictions in force, the life of one, and the statement of its case for the customer."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote, unquote

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from due_regard.errors import UnknownReference
from due_regard.services.list_restrictions import list_restrictions
from due_regard.services.show_restriction import show_restriction
from due_regard.services.state_case import state_case
from due_regard.web.rendering import format_address, show_page
from due_regard.web.rights import Right, Visit, require

router = APIRouter()

_STATEMENT = "/statement"
_DOTS = frozenset({".", ".."})
"""References that no path can hold: browsers take them for folders, encoded or not."""


@router.get("/{landlord}/restrictions")
def show_restrictions(
    request: Request, visit: Annotated[Visit, require(Right.READ)], page: int = 1, ref: str | None = None
) -> Response:
    """`/due-regard/L/restrictions?page=`; with `ref`, the life of that one."""
    if ref is not None and ref.strip() in _DOTS:
        return _show_life(request, visit, ref.strip())
    if ref is not None:
        root = request.scope.get("root_path", "")
        return RedirectResponse(format_address(root, visit.landlord, "restrictions", ref.strip()), status_code=303)
    found = list_restrictions(visit.settings, visit.landlord, page=page, sees_restricted=visit.sees_restricted)
    return show_page(request, "restrictions.html.j2", found)


@router.get("/{landlord}/restrictions/{ref:path}")
def show_case(request: Request, ref: str, visit: Annotated[Visit, require(Right.READ)]) -> Response:
    """`/due-regard/L/restrictions/REF`, and `…/REF/statement`."""
    named, is_statement = split_reference(request, ref)
    if not is_statement:
        return _show_life(request, visit, named)
    try:
        found = state_case(visit.settings, visit.landlord, named)
    except UnknownReference:
        # A proxy may have decoded the path: then the reference itself may end like this.
        return _show_life(request, visit, named + _STATEMENT)
    request.state.shown = ("statement", named)
    return show_page(request, "statement.html.j2", found)


def _show_life(request: Request, visit: Visit, ref: str) -> Response:
    found = show_restriction(visit.settings, visit.landlord, ref, sees_restricted=visit.sees_restricted)
    request.state.shown = ("restriction", ref)
    return show_page(request, "restriction.html.j2", found)


def split_reference(request: Request, ref: str) -> tuple[str, bool]:
    """The reference that a path names, and whether its statement is asked for.

    A reference may hold `/statement` itself, encoded: so the path is read as it was sent.
    """
    sent = request.scope.get("raw_path") or quote(request.scope["path"]).encode()
    encoded = sent.decode("ascii", "replace").partition("/restrictions/")[2] or quote(ref, safe="")
    return unquote(encoded.removesuffix(_STATEMENT)), encoded.endswith(_STATEMENT)
