"""The first page: the landlords whose register the visitor may see, each with what is to be done there."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from due_regard.services.landlord_context import list_landlords_to_run
from due_regard.services.list_landlords_work import list_landlords_work
from due_regard.services.orchestration import LANDLORD_DAGS
from due_regard.services.visitor_posts import Visitors
from due_regard.web.rendering import show_page
from due_regard.web.rights import Right, Visitor, admit_visitor

router = APIRouter()


@router.get("/")
def show_landlords(request: Request, visitor: Annotated[Visitor, Depends(admit_visitor)]) -> Response:
    """`/due-regard/`."""
    state = request.app.state
    seen = [name for name in list_landlords_to_run(state.settings) if state.gate.is_allowed(visitor, Right.READ, name)]
    landlords = {name: state.gate.is_allowed(visitor, Right.READ_RESTRICTED, name) for name in seen}
    who = Visitors(visitor.email, visitor.roles)
    switches = state.gate.find_switches([f"{name}.{dag}" for name in seen for dag in LANDLORD_DAGS])
    content = list_landlords_work(state.settings, landlords, who, now=datetime.now(UTC), switches=switches)
    return show_page(request, "landlords.html.j2", content)
