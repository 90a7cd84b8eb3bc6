"""What guards every page: sign-in, rights, the token of forms, headers, plain failures."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute

from due_regard.config.settings import Settings
from due_regard.errors import RegisterError, SettingsError, UnknownReference
from due_regard.web import application
from due_regard.web.application import HEADERS, build_application
from due_regard.web.forms import make_form_token
from due_regard.web.rendering import format_address
from due_regard.web.rights import Right, Visit, Visitor, require
from tests.web.visitors import PEOPLE, GateOfTests, open_pages

LANDLORD = "united_welsh"
KNOWN = {"landlord": LANDLORD, "ref": "F-000001", "quarter": "2026-Q2", "name": "senior_management", "batch": "1"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(var_dir=tmp_path, landlords=(LANDLORD, "hanover"))


def list_routes(settings: Settings) -> list[tuple[str, APIRoute]]:
    """Every route that answers, with each of its methods."""
    found = build_application(settings, GateOfTests(LANDLORD)).routes
    assert all(isinstance(route, APIRoute) for route in found), "a mounted application would have no guard"
    return [(method, route) for route in found if isinstance(route, APIRoute) for method in sorted(route.methods)]


def fill_path(route: APIRoute, landlord: str = LANDLORD) -> str:
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda part: {**KNOWN, "landlord": landlord}.get(part[1], "1"), route.path)


def test_no_route_answers_anonymous_people(settings: Settings) -> None:
    browser = open_pages(settings, LANDLORD)
    routes = list_routes(settings)
    assert len(routes) > 1
    for method, route in routes:
        page = browser.request(method, fill_path(route))
        assert (page.status_code, page.headers["location"][:12]) == (303, "/login?next="), f"{method} {route.path}"
        told = browser.request(method, fill_path(route), headers={"accept": "application/json"})
        assert (told.status_code, told.json()) == (401, {"error": "sign in first"}), f"{method} {route.path}"


@pytest.mark.parametrize("landlord", [LANDLORD, "hanover", "no_such_landlord"])
def test_without_the_right_nothing_is_told_of_what_exists(settings: Settings, landlord: str) -> None:
    """No right at all, rights on another landlord, and a landlord that does not exist: the same answer."""
    person = "nobody" if landlord == LANDLORD else "governance"
    browser = open_pages(settings, LANDLORD, person)
    gate = browser.app.state.gate  # type: ignore[attr-defined]
    for method, route in list_routes(settings):
        if "{landlord}" not in route.path:
            continue
        token = make_form_token(gate, Visitor(f"fab:{person}", person))
        answer = browser.request(
            method, fill_path(route, landlord), data={"form_token": token} if method == "POST" else None
        )
        assert answer.status_code == 403, f"{method} {route.path}"
        assert landlord not in answer.text


def test_every_route_of_a_landlord_names_a_right(settings: Settings) -> None:
    for method, route in list_routes(settings):
        if "{landlord}" in route.path:
            names = [dependant.call.__qualname__ for dependant in route.dependant.dependencies if dependant.call]
            assert any(name.startswith("require.") for name in names), f"{method} {route.path}"


def find_right(route: APIRoute) -> Right:
    """The right that a route of a landlord asks for."""
    (right,) = (
        cell.cell_contents
        for dependant in route.dependant.dependencies
        for cell in getattr(dependant.call, "__closure__", None) or ()
        if isinstance(cell.cell_contents, Right)
    )
    return right


@pytest.mark.parametrize("person", PEOPLE)
def test_each_role_reaches_the_routes_of_its_rights_and_no_other(settings: Settings, person: str) -> None:
    browser = open_pages(settings, LANDLORD, person)
    token = make_form_token(browser.app.state.gate, Visitor(f"fab:{person}", ""))  # type: ignore[attr-defined]
    for method, route in list_routes(settings):
        if "{landlord}" in route.path:
            # What a confidential pack shows is for whoever governs, whichever route asks for it.
            path = f"{fill_path(route)}?edition=publishable" if "/figures/" in route.path else fill_path(route)
            answer = browser.request(method, path, data={"form_token": token} if method == "POST" else None)
            is_refused = find_right(route) not in PEOPLE[person]
            assert (answer.status_code == 403) == is_refused, f"{method} {route.path}: {answer.status_code}"


def test_the_guard_walks_what_is_there(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The walk above finds a route that asks for no right."""
    open_route = APIRouter()
    open_route.get("/{landlord}/leak")(lambda landlord: landlord)
    monkeypatch.setattr(application, "ROUTERS", (*application.ROUTERS, open_route))
    with pytest.raises(AssertionError, match="leak"):
        test_every_route_of_a_landlord_names_a_right(settings)


@pytest.fixture
def acting(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The application with one more route, which counts what it did."""
    done: list[str] = []
    router = APIRouter()

    @router.post("/{landlord}/act")
    def act(visit: Annotated[Visit, require(Right.ACT)]) -> dict[str, str]:
        done.append(visit.visitor.actor_id)
        return {}

    @router.get("/{landlord}/fail/{how}")
    def fail(how: str, visit: Annotated[Visit, require(Right.READ)]) -> dict[str, str]:
        raise {"unknown": UnknownReference, "words": SettingsError, "away": RegisterError}[how]("say <what> to do")

    @router.get("/{landlord}/number")
    def count(many: int, visit: Annotated[Visit, require(Right.READ)]) -> dict[str, str]:
        return {}

    monkeypatch.setattr(application, "ROUTERS", (*application.ROUTERS, router))
    return settings, done


@pytest.mark.parametrize(
    ("person", "token", "headers", "status"),
    [
        ("manager", "own", {}, 200),
        ("manager", "own", {"origin": "https://airflow.test"}, 200),
        ("manager", "own", {"origin": "null", "sec-fetch-site": "same-origin"}, 200),
        ("manager", "own", {"origin": "null"}, 403),
        ("manager", "own", {"origin": "https://elsewhere.test"}, 403),
        ("manager", "own", {"sec-fetch-site": "cross-site"}, 403),
        ("manager", "own", {"sec-fetch-site": "same-site"}, 403),
        ("manager", "own", {"sec-fetch-site": "none"}, 403),
        ("manager", "another's", {}, 403),
        ("manager", "changed", {}, 403),
        ("manager", None, {}, 403),
        ("reader", "own", {}, 403),
        ("auditor", "own", {}, 403),
    ],
)
def test_a_form_counts_from_a_page_shown_to_its_sender(
    acting: Any, person: str, token: str | None, headers: dict[str, str], status: int
) -> None:
    settings, done = acting
    browser = open_pages(settings, LANDLORD, person)
    gate = browser.app.state.gate  # type: ignore[attr-defined]
    own, other = (make_form_token(gate, Visitor(f"fab:{name}", "")) for name in (person, "governance"))
    tokens = {"own": own, "another's": other, "changed": "a.b.c"}
    data = {} if token is None else {"form_token": tokens[token]}
    assert browser.post(f"/{LANDLORD}/act", data=data, headers=headers).status_code == status
    assert done == ([f"fab:{person}"] if status == 200 else [])


def test_an_old_form_is_refused(acting: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings, done = acting
    browser = open_pages(settings, LANDLORD, "manager")
    token = make_form_token(browser.app.state.gate, Visitor("fab:manager", ""))  # type: ignore[attr-defined]
    monkeypatch.setattr("due_regard.web.forms.LONGEST_HOURS", -1)
    assert browser.post(f"/{LANDLORD}/act", data={"form_token": token}).status_code == 403
    assert done == []


@pytest.mark.parametrize(("how", "status"), [("unknown", 404), ("words", 422), ("away", 503)])
def test_an_error_is_a_plain_page_with_the_right_status(acting: Any, how: str, status: int) -> None:
    settings, _ = acting
    page = open_pages(settings, LANDLORD, "reader").get(f"/{LANDLORD}/fail/{how}")
    assert page.status_code == status
    assert "Say &lt;what&gt; to do" in page.text
    told = open_pages(settings, LANDLORD, "reader").get(
        f"/{LANDLORD}/fail/{how}", headers={"accept": "application/json"}
    )
    assert told.json() == {"error": "Say <what> to do", "status": status}


def test_a_field_that_cannot_be_read_is_named(acting: Any) -> None:
    settings, _ = acting
    page = open_pages(settings, LANDLORD, "reader").get(f"/{LANDLORD}/number?many=<b>")
    assert page.status_code == 422
    assert "“many”" in page.text
    assert "<b>" not in page.text


def test_every_answer_has_the_headers(settings: Settings) -> None:
    for person in (None, "nobody", "reader"):
        browser = open_pages(settings, LANDLORD, person)
        for path in ("/", "/style.css", "/no/such/page", f"/{LANDLORD}/x"):
            answer = browser.get(path)
            assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS, (person, path)
    assert "unsafe" not in HEADERS["Content-Security-Policy"]


def test_pages_hold_no_script_and_no_inline_style(settings: Settings) -> None:
    templates = sorted(Path("include/reports/pages").glob("*.j2"))
    assert len(templates) > 2
    for file in templates:
        assert not re.search(r"<script|<style|\sstyle=|\son\w+=|\|\s*safe", file.read_text(encoding="utf-8")), file


def test_the_first_page_lists_what_the_visitor_may_see(settings: Settings) -> None:
    assert LANDLORD in open_pages(settings, LANDLORD, "reader").get("/").text
    nothing = open_pages(settings, LANDLORD, "nobody").get("/").text
    assert LANDLORD not in nothing
    assert "no right" in nothing


@pytest.mark.parametrize(
    ("segments", "query", "path"),
    [
        (("a", "R/1 b"), {}, "/due-regard/a/R%2F1%20b"),
        (("a",), {"q": "x&y", "page": None, "owner": ""}, "/due-regard/a?q=x%26y"),
        (("",), {}, "/due-regard/"),
        (("..", "%2e"), {}, "/due-regard/../%252e"),
    ],
)
def test_an_address_encodes_what_it_is_given(segments: tuple[str, ...], query: dict[str, Any], path: str) -> None:
    assert format_address("/due-regard", *segments, **query) == path
