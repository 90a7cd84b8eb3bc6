"""Drops in a browser: counts, reasons without values, the files that go back, the release of a held drop."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from due_regard.config.settings import Settings
from due_regard.config.storage import write_file
from due_regard.intake.drop_reading import read_drop
from due_regard.intake.rejections import write_rejections
from due_regard.intake.source_mapping import load_source_mapping
from due_regard.register import hash_drop, hold_drop, load_drop
from due_regard.services.landlord_context import open_landlord_register
from tests.register.drops import accepted, drop, restriction
from tests.web.registers import AS_AT, NOW
from tests.web.visitors import open_pages, read_form_token

L = "queens_cross"
JSON = {"accept": "application/json"}
CELL = "canary-cell"
CSV = f"""restriction_ref,customer_ref,measure,decided_on,decided_by,starts_on
R1,C1,writing_only,2026-05-01,S1,2026-05-01
R2,C1,writing_only,{CELL},S1,2026-05-01
R3,C1,{CELL},2026-05-01,S1,2026-05-01
"""


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A register into which one drop with two wrong rows was taken, handed back as intake does it."""
    place = tmp_path_factory.mktemp("drops")
    settings = Settings(var_dir=place / "var", landlords=(L,))
    folder = place / "drop"
    folder.mkdir()
    (folder / "restrictions.csv").write_text(CSV, encoding="utf-8")
    (folder / "customers.csv").write_text("customer_ref,customer_type\nC1,tenant\n", encoding="utf-8")
    mapping = load_source_mapping(settings.sources_dir, "canonical")
    validated = read_drop(folder, L, mapping, on=AS_AT, known=lambda _: None, great_expectations=False)
    with open_landlord_register(settings, L, upgrade=True) as engine:
        load_drop(engine, validated, now=NOW)
        content = hash_drop((*validated.files, *validated.refused))
        write_rejections(validated, settings.rejections / L / f"drop-{content[:12]}")
        hold_drop(engine, landlord=L, source="canonical", drop="next", sha256="ab", why="<b>shrank</b>", now=NOW)
        load_drop(engine, drop(accepted("restrictions", [restriction("R9")]), landlord="hanover"), now=NOW)
    return settings


def list_file_links(settings: Settings) -> list[str]:
    page = open_pages(settings, L, "governance").get(f"/{L}/drops/1").text
    return [html.unescape(link) for link in re.findall(rf'href="(/{L}/drops/1/files/[^"]+)"', page)]


def test_the_list_has_the_counts_of_each(settings: Settings) -> None:
    browser = open_pages(settings, L, "reader")
    told = browser.get(f"/{L}/drops", headers=JSON).json()
    assert (told["total"], [one["status"] for one in told["drops"]]) == (2, ["held", "loaded"])
    assert told["held"] == [2]
    for one in told["drops"]:
        assert one["rows_read"] == one["rows_loaded"] + one["rows_unchanged"] + one["rows_rejected"]
    page = browser.get(f"/{L}/drops").text
    assert f'href="/{L}/drops/1"' in page and "is held and waits for a person" in page


@pytest.mark.parametrize("person", ["reader", "governance"])
def test_a_drop_says_what_was_rejected_without_a_cell(settings: Settings, person: str) -> None:
    browser = open_pages(settings, L, person)
    told = browser.get(f"/{L}/drops/1", headers=JSON)
    files = {file["entity"]: file for file in told.json()["files"]}
    own = files["restrictions"]
    assert (own["rows_read"], own["rows_loaded"], own["rows_rejected"]) == (3, 1, 2)
    assert {
        (one["column_name"], one["reason"], one["rows"]) for one in own["reasons"] if one["level"] == "rejected"
    } == {
        ("decided_on", "unreadable_date", 1),
        ("measure", "unknown_code", 1),
    }
    page = browser.get(f"/{L}/drops/1")
    for text in (told.text, page.text):
        assert CELL not in text
        assert ("restrictions.csv" in text) == (person == "governance")


def test_what_goes_back_can_be_downloaded_by_who_governs(settings: Settings) -> None:
    links = list_file_links(settings)
    assert len(links) == 2
    for link in links:
        answer = open_pages(settings, L, "governance").get(link)
        assert answer.status_code == 200
        assert answer.headers["content-disposition"].startswith("attachment; filename*=UTF-8''")
        assert answer.headers["cache-control"] == "no-store"
        for other in ("reader", "manager", "auditor"):
            assert open_pages(settings, L, other).get(link).status_code == 403
    workbook = next(link for link in links if link.endswith(".xlsx"))
    assert open_pages(settings, L, "governance").get(workbook).content[:2] == b"PK"


@pytest.mark.parametrize(
    "name",
    ["..%2F..%2Fregister.db", "%2e%2e%2f%2e%2e%2fregister.db", "no%20such", "%00", ".", "link", "inside", "%5C..%5C"],
)
def test_nothing_but_a_file_of_the_drop_is_sent(settings: Settings, name: str) -> None:
    folder = next(settings.rejections.glob(f"{L}/drop-*"))
    link, inside = Path(str(folder)) / "link", Path(str(folder)) / "inside"
    if not link.is_symlink():
        link.symlink_to(settings.var_dir / "register.db")
        inside.mkdir()
    answer = open_pages(settings, L, "governance").get(f"/{L}/drops/1/files/{name}")
    assert answer.status_code in {404, 422} and b"SQLite" not in answer.content
    assert open_pages(settings, L, "governance").get(f"/{L}/drops/2/files/READ%20ME%20FIRST.txt").status_code == 404


def test_a_hostile_name_is_escaped_and_downloads_itself(settings: Settings) -> None:
    folder = next(settings.rejections.glob(f"{L}/drop-*"))
    name = "<img src=x>\"\r\nX: y é;'%.xlsx"
    write_file(folder, name, b"content")
    page = open_pages(settings, L, "governance").get(f"/{L}/drops/1").text
    assert "<img" not in page
    link = next(link for link in list_file_links(settings) if "img" in link)
    answer = open_pages(settings, L, "governance").get(link)
    assert (answer.status_code, answer.content) == (200, b"content")
    assert "x" not in answer.headers
    (Path(str(folder)) / name).unlink()


@pytest.mark.parametrize("batch", ["3", "0", "-1", "x", "1.0", "9" * 30, "%00", "1%20", "٣"])
def test_an_unknown_or_anothers_drop_is_a_plain_page(settings: Settings, batch: str) -> None:
    browser = open_pages(settings, L, "governance")
    answer = browser.get(f"/{L}/drops/{batch}")
    assert answer.status_code == 404 and "There is no drop of that number" in answer.text
    token = read_form_token(browser.get(f"/{L}/drops/2").text)
    posted = browser.post(f"/{L}/drops/{batch}/release", data={"form_token": token, "why": "checked"})
    assert posted.status_code == 404


def test_a_held_drop_is_released_once_and_the_second_sees_who_was_first(settings: Settings) -> None:
    with open_landlord_register(settings, L) as engine:
        batch = hold_drop(engine, landlord=L, source="canonical", drop="n", sha256="cd", why="<b>shrank", now=NOW)
    assert "<form" not in open_pages(settings, L, "reader").get(f"/{L}/drops/{batch}").text
    browser = open_pages(settings, L, "governance")
    page = browser.get(f"/{L}/drops/{batch}").text
    assert "&lt;b&gt;shrank" in page and "<b>shrank" not in page
    form = {"form_token": read_form_token(page), "why": "  "}
    path = f"/{L}/drops/{batch}/release"
    assert browser.post(path, data=form).status_code == 422
    assert browser.post(path, data={"form_token": form["form_token"]}).status_code == 422
    assert browser.get(f"/{L}/drops/{batch}", headers=JSON).json()["status"] == "held"
    assert open_pages(settings, L, "manager").post(path, data=form).status_code == 403
    done = browser.post(path, data=form | {"why": "checked with housing"})
    assert (done.status_code, done.headers["location"]) == (303, f"/{L}/drops/{batch}")
    told = browser.get(f"/{L}/drops/{batch}", headers=JSON).json()
    assert (told["status"], told["released_by"], told["released_why"]) == (
        "released", "fab:governance", "checked with housing",
    )  # fmt: skip
    hidden = open_pages(settings, L, "reader").get(f"/{L}/drops/{batch}", headers=JSON).text
    assert "fab:governance" not in hidden and "checked with housing" not in hidden
    second = browser.post(path, data=form | {"why": "me too"})
    assert second.status_code == 409
    assert "released (by fab:governance" in second.text
