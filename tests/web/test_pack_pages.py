"""Packs in a browser: what was built, what went into it, to whom it was issued, and who may have which file."""

from __future__ import annotations

import hashlib
import html
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from due_regard.config.settings import Settings
from due_regard.config.storage import write_file
from due_regard.packs import record_issue
from due_regard.packs.life.pack_records import record_pack
from due_regard.register import writing
from due_regard.services.build_packs import build_packs
from due_regard.services.landlord_context import open_landlord_register
from due_regard.services.pack_titles import name_file
from tests.web.registers import NOW, keep_example
from tests.web.visitors import open_pages

L, PACK, QUARTER = "queens_cross", "health_and_safety_committee", "2026-Q2"
JSON = {"accept": "application/json"}
PATH = f"/{L}/packs/{QUARTER}/{PACK}"
HOSTILE = '<b>a é"%.xlsx'
MADE: dict[str, Any] = {
    "drops": [[1, "abc"]], "policy": {"2022-01-01": "def"}, "calendar": ["scotland", "012"], "counting": "day0",
    "definition": "345", "readings": "678", "known_at": None, "run": 1, "audit_head": f"{L}:1:00",
}  # fmt: skip


def keep_pack(settings: Settings, edition: str, files: dict[str, bytes], **more: Any) -> int:
    """A pack on record, and its files where a build writes them."""
    values = {"pack": PACK, "quarter": QUARTER, "known_at": None, "ingredients": MADE, "figures": {}, **more}
    values |= {"files": {name: hashlib.sha256(body).hexdigest() for name, body in files.items()}, "published": None}
    with open_landlord_register(settings, L, upgrade=True) as engine, writing(engine, L) as connection:
        pack_id = record_pack(connection, L, at=NOW, edition=edition, sha256="ab", **values)
    for name, body in files.items():
        write_file(settings.packs / L / str(values["quarter"]), name, body)
    return pack_id


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = Settings(var_dir=tmp_path_factory.mktemp("packs"), landlords=(L,))
    keep_pack(settings, "confidential", {"paper.pdf": b"the first"})
    newest = keep_pack(settings, "confidential", {"paper.pdf": b"secret", HOSTILE: b"hostile"})
    keep_pack(settings, "publishable", {"published.xlsx": b"public"})
    keep_pack(settings, "publishable", {"x.pdf": b"gone"}, pack="gone_pack", quarter="2025-Q4")
    with open_landlord_register(settings, L) as engine, writing(engine, L) as connection:
        record_issue(connection, L, newest, how="by hand", now=NOW, by="clerk-canary", why="meeting-canary")
    return settings


def list_links(page: str) -> list[str]:
    return [html.unescape(link) for link in re.findall(r'href="([^"]+/packs/[^/"]+/[^/"]+/files/[^"]+)"', page)]


def test_the_list_has_the_newest_build_of_each(settings: Settings) -> None:
    browser = open_pages(settings, L, "reader")
    told = browser.get(f"/{L}/packs", headers=JSON).json()
    rows = [(one["quarter"], one["pack"], one["edition"], one["builds"]) for one in told["packs"]]
    assert rows == [
        (QUARTER, PACK, "confidential", 2),
        (QUARTER, PACK, "publishable", 1),
        ("2025-Q4", "gone_pack", "publishable", 1),
    ]
    assert told["packs"][0]["title"] != PACK and told["packs"][2]["title"] == "gone_pack"
    page = browser.get(f"/{L}/packs").text
    for link in re.findall(rf'href="(/{L}/packs/[^"]+)"', page):
        assert browser.get(html.unescape(link)).status_code == 200
    assert "canary" not in page


def test_a_pack_says_what_went_into_it_and_to_whom_it_was_issued(settings: Settings) -> None:
    told = open_pages(settings, L, "governance").get(PATH, headers=JSON).json()
    assert (told["edition"], told["version"], len(told["versions"])) == ("confidential", 1, 1)
    assert (told["build"], len(told["builds"]), told["state"]) == (2, 2, "issued")
    assert told["ingredients"] == MADE and told["editions"] == ["confidential", "publishable"]
    (issue,) = told["issues"]
    assert (issue["state"], issue["issued_on"], issue["issued_by"]) == ("by hand", "2026-07-01", "clerk-canary")
    page = open_pages(settings, L, "governance").get(PATH).text
    assert f'href="/{L}/drops/1"' in page and "clerk-canary" in page and "<b>a" not in page


def test_confidential_files_are_for_who_governs(settings: Settings) -> None:
    governor, reader = (open_pages(settings, L, person) for person in ("governance", "reader"))
    links = list_links(governor.get(PATH).text)
    assert sorted(governor.get(link).content for link in links) == [b"hostile", b"secret"]
    for link in links:
        assert reader.get(link).status_code == 403
        assert reader.get(link.replace("edition=confidential", "edition=publishable")).status_code == 404
        assert reader.get(link.replace("edition=confidential", "edition=")).status_code == 403
    shown = reader.get(f"{PATH}?edition=confidential")
    assert list_links(shown.text) == [] and "canary" not in shown.text
    (open_one,) = list_links(reader.get(PATH).text)
    assert reader.get(open_one).content == b"public"


def test_an_older_version_is_not_taken_for_what_lies_there_now(settings: Settings) -> None:
    governor = open_pages(settings, L, "governance")
    page = governor.get(f"{PATH}?edition=confidential&build=1")
    assert "no longer kept as it was built" in page.text and list_links(page.text) == []
    answer = governor.get(f"{PATH}/files/paper.pdf?edition=confidential&build=1")
    assert answer.status_code == 404 and b"secret" not in answer.content


@pytest.mark.parametrize(
    "path",
    [
        f"/{L}/packs/2026-Q3/{PACK}", f"/{L}/packs/2026-Q9/{PACK}", f"/{L}/packs/%3Cb%3E/{PACK}",
        f"{PATH}?build=3", f"{PATH}?build=x", f"/{L}/packs/{QUARTER}/no_such", f"/{L}/packs/{QUARTER}/%00",
        f"{PATH}?edition=other",
        f"{PATH}?version=3",
        f"{PATH}?version=0", f"{PATH}?version=x", f"{PATH}?version={'9' * 30}", f"{PATH}?version=%D9%A1",
        f"{PATH}/files/no.pdf?edition=publishable", f"{PATH}/files/..%2Fregister.db?edition=publishable",
        f"{PATH}/files/..%2F..%2F..%2Fregister.db?edition=confidential", f"/{L}/packs?page=2",
    ],
)  # fmt: skip
def test_what_was_not_built_is_a_plain_page(settings: Settings, path: str) -> None:
    answer = open_pages(settings, L, "governance").get(path)
    assert answer.status_code == 404
    assert b"SQLite" not in answer.content and "<b>" not in answer.text


def test_a_real_build_can_be_opened_and_downloaded(tmp_path: Path) -> None:
    settings = keep_example(tmp_path, L)
    now = datetime(2026, 7, 2, 9, tzinfo=UTC)
    (built,) = build_packs(settings, L, quarter=QUARTER, pack=PACK, now=now)["packs"]
    governor = open_pages(settings, L, "governance")
    told = governor.get(PATH, headers=JSON).json()
    assert sorted(file["name"] for file in told["files"] if file["is_kept"]) == sorted(built["files"])
    assert told["sha256"] == built["sha256"] and told["audience"]
    links = list_links(governor.get(PATH).text)
    assert len(links) == len(built["files"]) > 0
    for link in links:
        assert len(governor.get(link).content) > 1000


@pytest.mark.parametrize("version", ["", "_v2", "_v12"])
def test_a_file_is_called_the_same_in_every_version(version: str) -> None:
    stem = f"brae_senior_management_2026-Q2_confidential{version}"
    found = [name_file(stem + end, "confidential") for end in (".pdf", "_duties_kept.png", "_fragments.docx")]
    assert found == ["Paper (PDF)", "Chart: duties kept", "Pieces for other reports (Word)"]
