"""Pages of what is to be done at one landlord: its work, backlog, silences, and what the data owner must mend."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from due_regard.services.list_backlog import list_backlog
from due_regard.services.list_landlord_silences import list_landlord_silences
from due_regard.services.list_owner_problems import list_owner_problems
from due_regard.services.list_work import list_work
from due_regard.services.visitor_posts import Visitors
from due_regard.services.work_question import WorkQuestion
from due_regard.web.rendering import show_page
from due_regard.web.rights import Right, Visit, require

router = APIRouter()


def read_question(
    owner: str = "", team: str = "", staff: str = "", rule: str = "", stage: str = "", state: str = "",
    age: str = "", q: str = "", page: str = "1",
) -> WorkQuestion:  # fmt: skip
    """The question in a page's address."""
    return WorkQuestion(owner, team, staff, rule, stage, state, age, q.strip(), page)


Question = Annotated[WorkQuestion, Depends(read_question)]


@router.get("/{landlord}/work")
def show_work(request: Request, visit: Annotated[Visit, require(Right.READ)], question: Question) -> Response:
    """`/due-regard/L/work`."""
    content = list_work(
        visit.settings,
        visit.landlord,
        question,
        Visitors(visit.visitor.email, visit.visitor.roles),
        sees_restricted=visit.sees_restricted,
        now=visit.now,
    )
    return show_page(request, "work.html.j2", content)


@router.get("/{landlord}/backlog")
def show_backlog(request: Request, visit: Annotated[Visit, require(Right.GOVERN)], question: Question) -> Response:
    """`/due-regard/L/backlog`."""
    content = list_backlog(
        visit.settings, visit.landlord, question, sees_restricted=visit.sees_restricted, now=visit.now
    )
    return show_page(request, "backlog.html.j2", content)


@router.get("/{landlord}/silences")
def show_silences(request: Request, visit: Annotated[Visit, require(Right.GOVERN)]) -> Response:
    """`/due-regard/L/silences`."""
    content = list_landlord_silences(
        visit.settings, visit.landlord, sees_restricted=visit.sees_restricted, now=visit.now
    )
    return show_page(request, "silences.html.j2", content)


@router.get("/{landlord}/mend")
def show_owner_problems(request: Request, visit: Annotated[Visit, require(Right.READ)]) -> Response:
    """`/due-regard/L/mend`."""
    content = list_owner_problems(visit.settings, visit.landlord, sees_restricted=visit.sees_restricted)
    return show_page(request, "mend.html.j2", content)
