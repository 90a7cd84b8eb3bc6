"""Who was shown which record is kept by every page about one; a page whose view cannot be kept is not shown."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Request
from sqlalchemy import text

from due_regard.config.settings import Settings
from due_regard.errors import RegisterError, UnknownReference
from due_regard.register import open_register
from due_regard.web import application
from due_regard.web.rights import Right, Visit, require
from tests.register.engines import sqlite_template  # noqa: F401 - a fixture
from tests.web.visitors import open_pages

L = "clydebank"


@pytest.fixture
def settings(tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:  # noqa: F811
    """An installation with pages about records beside its own."""
    (tmp_path / "var").mkdir()
    shutil.copy(sqlite_template, tmp_path / "var" / "register.db")
    router = APIRouter()

    @router.get("/{landlord}/findings/{ref}")
    def show_finding(ref: str, visit: Annotated[Visit, require(Right.READ)]) -> dict[str, str]:
        if ref == "F-9":
            raise UnknownReference("no finding has that reference")
        return {"secret": "said"}

    @router.get("/{landlord}/restrictions/{ref:path}")
    def show_restriction(ref: str, request: Request, visit: Annotated[Visit, require(Right.READ)]) -> dict[str, str]:
        if ref.endswith("/statement"):
            request.state.shown = ("statement", ref.removesuffix("/statement"))
        return {}

    @router.get("/{landlord}/trail")
    def show_trail(visit: Annotated[Visit, require(Right.AUDIT)]) -> dict[str, str]:
        return {}

    # Before the application's own, which may have pages at the same addresses.
    monkeypatch.setattr(application, "ROUTERS", (router, *application.ROUTERS))
    return Settings(var_dir=tmp_path / "var", landlords=(L,))


def read_views(settings: Settings) -> list[tuple[Any, ...]]:
    engine = open_register(settings.register(L))
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT landlord, actor, used_right, kind, ref FROM record_views ORDER BY id"))
        found = [tuple(row) for row in rows]
    engine.dispose()
    return found


def test_each_page_about_a_record_is_kept_with_who_saw_it(settings: Settings) -> None:
    browser = open_pages(settings, L, "reader")
    for path in ("findings/f-000001", "restrictions/R%2F1%20b", "restrictions/R7/statement"):
        assert browser.get(f"/{L}/{path}").status_code == 200
    assert browser.get(f"/{L}/findings/F-000001", headers={"accept": "application/json"}).status_code == 200
    seen = [("finding", "F-000001"), ("restriction", "R/1 b"), ("statement", "R7"), ("finding", "F-000001")]
    assert read_views(settings) == [(L, "fab:reader", "can_read", *each) for each in seen]


@pytest.mark.parametrize(
    ("person", "path"),
    [
        ("nobody", f"/{L}/findings/F-1"),
        (None, f"/{L}/findings/F-1"),
        ("reader", f"/{L}/findings/F-9"),
        ("reader", "/hanover/findings/F-1"),
        ("auditor", f"/{L}/trail"),
        ("reader", "/"),
    ],
)
def test_what_showed_no_record_is_no_view(settings: Settings, person: str | None, path: str) -> None:
    open_pages(settings, L, person).get(path)
    assert read_views(settings) == []


def test_a_page_whose_view_cannot_be_kept_is_not_shown(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RegisterError("the register could not be written: it is away")

    monkeypatch.setattr("due_regard.web.shown_records.record_page_view", fail)
    page = open_pages(settings, L, "reader").get(f"/{L}/findings/F-1")
    assert (page.status_code, "said" in page.text) == (503, False)
    assert "The register could not be written" in page.text
