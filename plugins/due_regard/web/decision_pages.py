"""Forms of a finding's page: done, silent until, handed over, disputed, a comment, or the last decision taken back.

Each answers with the finding's page, where the decision then stands. What a decision needs and does is the service's.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated, get_args

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from due_regard.services.decide_on_finding import Decision, DecisionVerb, decide_on_finding
from due_regard.web.rendering import format_address
from due_regard.web.rights import Right, Visit, require

router = APIRouter()


def make_route(verb: DecisionVerb) -> Callable[..., Response]:
    """What answers POST `/{landlord}/findings/{ref}/<verb>`."""

    def decide(
        request: Request,
        ref: str,
        visit: Annotated[Visit, require(Right.ACT)],
        why: Annotated[str, Form()],
        until: Annotated[date | None, Form()] = None,
        to: Annotated[str | None, Form()] = None,
        expected_event: Annotated[int | None, Form()] = None,
    ) -> Response:
        finding = format_address(request.scope.get("root_path", ""), visit.landlord, "findings", ref)
        request.state.back = finding
        decide_on_finding(
            visit.settings,
            ref,
            verb,
            Decision(visit.visitor.actor_id, why, until, to, expected_event),
            now=visit.now,
            landlord=visit.landlord,
            sees_restricted=visit.sees_restricted,
            may_govern=visit.may_govern,
        )
        return RedirectResponse(finding, status_code=303)

    return decide


for each in get_args(DecisionVerb):
    router.post(f"/{{landlord}}/findings/{{ref}}/{each}", name=each)(make_route(each))
