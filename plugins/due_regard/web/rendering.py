"""Makes a page of a service's result: HTML from a template, or for a program the result itself as JSON.

Templates are `include/reports/pages/*.html.j2`; a governance officer may change sentences there. What a page says is
worked out by a service: a template has loops and conditions, no rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from due_regard.calendars.quarters import LONDON
from due_regard.config.layered_folders import Folder, list_layers
from due_regard.web.actor_names import list_actors, replace_actors
from due_regard.web.forms import make_form_token


def show_page(request: Request, template: str, content: Mapping[str, Any], *, status_code: int = 200) -> Response:
    """The page: `content` in `template`, or as JSON where the request accepts that alone.

    A template is also given `visitor`, `visit` (of pages of one landlord, else None), `address`, `form_token` and
    `named` (a text with names for the ids of whoever signed in).
    """
    if is_json_wanted(request):
        return JSONResponse(dict(content), status_code=status_code)
    visitor = getattr(request.state, "visitor", None)
    root = request.scope.get("root_path", "")

    def address(*segments: object, **query: object) -> str:
        return format_address(root, *segments, **query)

    def form_token() -> str:
        return make_form_token(request.app.state.gate, visitor) if visitor is not None else ""

    actors = list_actors(content)
    names = request.app.state.gate.find_names(actors) if actors and visitor is not None else {}

    def named(text: str) -> str:
        return replace_actors(text, names)

    visit = getattr(request.state, "visit", None)
    view = {**content, "visitor": visitor, "visit": visit, "address": address, "form_token": form_token, "named": named}
    text = load_templates(request.app.state.settings.reports_dir / "pages").get_template(template).render(view)
    return HTMLResponse(text, status_code=status_code)


def is_json_wanted(request: Request) -> bool:
    """Whether the request accepts JSON and no page."""
    accepted = request.headers.get("accept", "")
    return "application/json" in accepted and "text/html" not in accepted


def format_address(root: str, *segments: object, **query: object) -> str:
    """The path of a page: each segment encoded, so that a reference may hold any sign; a blank query is left out."""
    path = "/".join([root, *(quote(str(segment), safe="") for segment in segments)])
    asked = urlencode({name: value for name, value in query.items() if value not in {None, ""}})
    return f"{path}?{asked}" if asked else path


NONE = "\u2013"
"""What stands for a date that there is not."""


@lru_cache(maxsize=4)
def load_templates(folder: Folder) -> Environment:
    """The pages' templates; what is not given is an error, and everything is escaped."""
    found = Environment(
        loader=FileSystemLoader(list_layers(folder)),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= {"day": format_day, "weekday": format_weekday, "instant": format_instant, "words": format_words}
    return found


def format_day(value: date | str | None) -> str:
    """`3 June 2026`; a dash for none."""
    if not value:
        return NONE
    day = date.fromisoformat(value[:10]) if isinstance(value, str) else value
    return f"{day.day} {day:%B %Y}"


def format_weekday(value: date | str | None) -> str:
    """`Wed 3 June 2026`, for who counts days; a dash for none."""
    if not value:
        return NONE
    day = date.fromisoformat(value[:10]) if isinstance(value, str) else value
    return f"{day:%a} {format_day(day)}"


def format_instant(value: datetime | str | None) -> str:
    """`3 June 2026, 14:05` London time; a dash for none."""
    if not value:
        return NONE
    instant = datetime.fromisoformat(value) if isinstance(value, str) else value
    local = (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(LONDON)
    return f"{format_day(local.date())}, {local:%H:%M}"


def format_words(value: str) -> str:
    """A code as words: `line_manager` as `line manager`."""
    return value.replace("_", " ")
