"""Pages name whoever decided as the sign-in knows them; what is kept, and JSON, has the id alone."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from due_regard.services.decide_on_finding import Decision, decide_on_finding
from due_regard.services.list_findings import list_findings
from due_regard.web.actor_names import list_actors, replace_actors
from tests.web.registers import AS_AT, keep_example
from tests.web.visitors import open_pages

L = "queens_cross"


def test_only_ids_of_the_sign_in_are_names() -> None:
    content = {"life": [{"actor": "fab:7", "why": None}, {"actor": "cli:clerk"}], "error": "said by fab:12.", "n": 3}
    assert list_actors(content) == {"fab:7", "fab:12"}
    assert (
        replace_actors("by fab:7, fab:70 and cli:fab", {"fab:7": "Ann <b>"}) == "by Ann <b> (fab:7), fab:70 and cli:fab"
    )


def test_a_page_shows_the_name_and_json_the_id(tmp_path: Path) -> None:
    settings = keep_example(tmp_path, L)
    ref = list_findings(settings, as_at=AS_AT, landlord=L).rows["register_ref"][0]
    said = Decision("fab:7", "it went out by hand")
    may = {"sees_restricted": True, "may_govern": False}
    decide_on_finding(settings, ref, "comment", said, now=datetime.now(UTC), landlord=L, **may)
    browser = open_pages(settings, L, "reader", names={"fab:7": "Ann <b>Example"})
    page = browser.get(f"/{L}/findings/{ref}").text
    assert "by Ann &lt;b&gt;Example (fab:7)" in page
    told = browser.get(f"/{L}/findings/{ref}", headers={"accept": "application/json"}).json()
    assert [event["actor"] for event in told["life"] if event["actor"]] == ["fab:7"]
