"""What a visitor is shown who cannot be answered: a plain page that says what to do, with the right status code.

Nothing is told of what exists to somebody without the right. Nothing was changed where such a page is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from due_regard.errors import (
    DecisionError,
    DecisionOvertaken,
    DueRegardError,
    ForgedForm,
    LandlordError,
    NotAllowed,
    NotSignedIn,
    PackError,
    RegisterMovedOn,
    SettingsError,
    UnknownReference,
    WithdrawalRefused,
)
from due_regard.web.rendering import is_json_wanted, show_page

STATUS: Mapping[type[DueRegardError], int] = {
    NotAllowed: 403,
    ForgedForm: 403,
    UnknownReference: 404,
    LandlordError: 404,
    DecisionOvertaken: 409,
    PackError: 409,
    RegisterMovedOn: 409,
    WithdrawalRefused: 409,
    SettingsError: 422,
    DueRegardError: 503,
}
"""Error -> status of the page; the first that fits, so the special ones stand before those they belong to."""


def add_failure_pages(application: FastAPI) -> None:
    """Let every way in which a request fails end in a page."""
    application.add_exception_handler(NotSignedIn, _ask_to_sign_in)
    application.add_exception_handler(RequestValidationError, _name_wrong_field)
    application.add_exception_handler(HTTPException, _show_plain_failure)
    application.add_exception_handler(DueRegardError, show_error)


async def _ask_to_sign_in(request: Request, error: Exception) -> Response:
    if is_json_wanted(request):
        return JSONResponse({"error": str(error)}, status_code=401)
    back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if request.method != "GET":
        back = f"{request.scope.get('root_path', '')}/"
    return RedirectResponse(request.app.state.gate.find_login_url(back), status_code=303)


async def _name_wrong_field(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - the handler is for this class
    field = str(error.errors()[0]["loc"][-1])
    words = f"The field “{field}” is missing or cannot be read. Nothing was changed: mend it and send again."
    return _show_failure(request, 422, words, field=field)


async def _show_plain_failure(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - the handler is for this class
    words = "There is no such page." if error.status_code == 404 else str(error.detail)
    return _show_failure(request, error.status_code, words)


async def show_error(request: Request, error: Exception) -> Response:
    """The plain page of an error of ours."""
    status = next(status for kind, status in STATUS.items() if isinstance(error, kind))
    words = str(error)
    more = {}
    if isinstance(error, DecisionError):
        words, more = f"{words} (field “{error.field}”)", {"field": error.field}
    return _show_failure(request, status, words[:1].upper() + words[1:], **more)


def _show_failure(request: Request, status: int, words: str, **more: Any) -> Response:
    """The page; a JSON answer has the same words as `error`."""
    content = {"error": words, "status": status, **more}
    if not is_json_wanted(request):
        content["back"] = getattr(request.state, "back", None)
    return show_page(request, "failure.html.j2", content, status_code=status)
