"""Forms that change something: a token against forgery in each, and the request's origin.

Every request that is no question is checked, by one dependency of the whole application: a route cannot forget it.
"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from due_regard.errors import ForgedForm
from due_regard.web.rights import Gate, Visitor, admit_visitor

FIELD = "form_token"
LONGEST_HOURS = 12
"""How long a page may lie open before its forms are refused."""

_QUESTIONS = frozenset({"GET", "HEAD"})


_REFUSAL = "this form is too old or did not come from this page; nothing was changed: open the page again, and repeat"


def make_form_token(gate: Gate, visitor: Visitor) -> str:
    """What stands in each form's field `form_token`; it counts for this visitor alone."""
    return _make_signer(gate).dumps(visitor.actor_id)


async def check_form(request: Request, visitor: Annotated[Visitor, Depends(admit_visitor)]) -> None:
    """Refuse what no page of ours sent.

    Raises:
        ForgedForm: the token is missing, old or somebody else's, or another site sent the form.
    """
    if request.method in _QUESTIONS:
        return
    if not _is_own_origin(request):
        raise ForgedForm(_REFUSAL)
    given = (await request.form()).get(FIELD)
    try:
        holder = _make_signer(request.app.state.gate).loads(str(given), max_age=LONGEST_HOURS * 3600)
    except BadSignature:
        raise ForgedForm(_REFUSAL) from None
    if holder != visitor.actor_id:
        raise ForgedForm(_REFUSAL)


def _make_signer(gate: Gate) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(gate.secret, salt="due-regard form")


def _is_own_origin(request: Request) -> bool:
    """Whether the browser says that a page of this server sent the form.

    Pages send no referrer, and browsers then hide the origin of a form (`Origin: null`): `Sec-Fetch-Site` says it.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.url.netloc
