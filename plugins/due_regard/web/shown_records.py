"""Keeps who was shown which record: of every page with one record in its path, so that no route can forget it.

A page whose view cannot be kept is not shown. A route that shows another record than its path names says which in
`request.state.shown` (kind, reference).
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from due_regard.errors import RegisterError
from due_regard.services.page_views import record_page_view
from due_regard.web.failures import show_error

_RECORD = re.compile(r"/(\w+?)s?/\{ref(?::path)?\}")


async def keep_view(request: Request, proceed: Callable[[Request], Awaitable[Response]]) -> Response:
    """The answer to a request, and where it shows one record, a row of who saw it."""
    response = await proceed(request)
    visit, shown = getattr(request.state, "visit", None), find_shown_record(request)
    if visit is None or shown is None or request.method != "GET" or response.status_code != 200:
        return response
    kind, ref = shown
    right, said = request.state.used_right, {"kind": kind, "ref": ref, "now": visit.now}
    try:
        actor = visit.visitor.actor_id
        await run_in_threadpool(record_page_view, visit.settings, visit.landlord, actor=actor, used_right=right, **said)
    except RegisterError as reason:
        return await show_error(request, reason)
    return response


def find_shown_record(request: Request) -> tuple[str, str] | None:
    """Kind and reference of the one record that the page is about; None where it is about none."""
    if (said := getattr(request.state, "shown", None)) is not None:
        return str(said[0]), str(said[1])
    found = _RECORD.search(getattr(request.scope.get("route"), "path", ""))
    if found is None:
        return None
    ref = str(request.path_params["ref"]).strip()
    # The register takes a finding's reference in either case, and keeps it in one.
    return found[1], ref.upper() if found[1] == "finding" else ref
