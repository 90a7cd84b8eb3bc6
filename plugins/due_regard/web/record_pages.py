"""Records that no longer come with the export: the list, and the forms that withdraw one or take that back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, get_args

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from due_regard.services.list_vanished import VanishedState, list_vanished
from due_regard.services.withdraw_record import WithdrawalVerb, decide_on_record
from due_regard.web.rendering import format_address, show_page
from due_regard.web.rights import Right, Visit, require

router = APIRouter()


@router.get("/{landlord}/vanished")
def show_vanished(
    request: Request,
    visit: Annotated[Visit, require(Right.GOVERN)],
    state: VanishedState = "waiting",
    page: int = 1,
) -> Response:
    """`/due-regard/L/vanished?state=&page=`."""
    found = list_vanished(visit.settings, visit.landlord, state, page=page, sees_restricted=visit.sees_restricted)
    return show_page(request, "vanished.html.j2", found)


def make_route(verb: WithdrawalVerb) -> Callable[..., Response]:
    """What answers POST `/{landlord}/records/{entity}/{ref}/<verb>`."""

    def decide(
        request: Request,
        entity: str,
        ref: str,
        visit: Annotated[Visit, require(Right.GOVERN)],
        why: Annotated[str, Form()],
        with_linked: Annotated[bool, Form()] = False,
    ) -> Response:
        root, shown = request.scope.get("root_path", ""), {} if verb == "withdraw" else {"state": "withdrawn"}
        vanished = format_address(root, visit.landlord, "vanished", **shown)
        request.state.back = vanished
        decide_on_record(
            visit.settings,
            visit.landlord,
            entity,
            ref,
            verb,
            actor=visit.visitor.actor_id,
            why=why,
            with_linked=with_linked,
            now=visit.now,
        )
        return RedirectResponse(vanished, status_code=303)

    return decide


for each in get_args(WithdrawalVerb):
    router.post(f"/{{landlord}}/records/{{entity}}/{{ref:path}}/{each}", name=f"{each}_record")(make_route(each))
