"""The application that Airflow's API server mounts at /due-regard: its pages, what guards them, and their headers.

A new group of pages is a module with a `router`, listed in `ROUTERS`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import Response

from due_regard.config.layered_folders import find_file
from due_regard.config.settings import Settings
from due_regard.web import (
    audit_pages,
    calendar_pages,
    decision_pages,
    drop_pages,
    finding_pages,
    landlord_pages,
    pack_pages,
    policy_pages,
    record_pages,
    restriction_pages,
    work_pages,
)
from due_regard.web.failures import add_failure_pages
from due_regard.web.forms import check_form
from due_regard.web.rights import Gate, admit_visitor
from due_regard.web.shown_records import keep_view

ROUTERS: tuple[APIRouter, ...] = (
    landlord_pages.router,
    work_pages.router,
    finding_pages.router,
    decision_pages.router,
    restriction_pages.router,
    calendar_pages.router,
    drop_pages.router,
    pack_pages.router,
    policy_pages.router,
    record_pages.router,
    audit_pages.router,
)

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none';"
        " frame-ancestors 'self'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
}
"""On every response: nothing is kept by a browser, runs a script, or is framed by another server's page."""


def build_application(settings: Settings, gate: Gate) -> FastAPI:
    """The pages of one installation, for those whom `gate` lets in; no route answers anybody else."""
    guarded = [Depends(admit_visitor), Depends(check_form)]
    application = FastAPI(title="Due Regard", docs_url=None, redoc_url=None, openapi_url=None, dependencies=guarded)
    application.state.settings, application.state.gate = settings, gate
    add_failure_pages(application)
    application.middleware("http")(keep_view)
    application.middleware("http")(_add_headers)
    application.get("/style.css")(_read_stylesheet)
    for router in ROUTERS:
        application.include_router(router)
    return application


async def _add_headers(request: Request, proceed: Callable[[Request], Awaitable[Response]]) -> Response:
    response = await proceed(request)
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def _read_stylesheet(request: Request) -> Response:
    folder = request.app.state.settings.reports_dir / "pages"
    return Response(find_file(folder, "style.css").read_bytes(), media_type="text/css")
