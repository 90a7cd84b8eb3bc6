"""From the data owner's mail to the list of vanished records, to a withdrawal, and to the mails after it."""

from __future__ import annotations

import email
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, tzinfo
from email import policy
from email.message import EmailMessage
from functools import partial
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from fastapi.testclient import TestClient
from httpx import Response

from due_regard import register
from due_regard.config.settings import Settings
from due_regard.intake.drop_reading import read_drop
from due_regard.intake.source_mapping import load_source_mapping
from due_regard.services.assess_landlord import assess_landlord
from due_regard.services.landlord_context import open_landlord_register
from due_regard.services.list_vanished import list_vanished
from due_regard.services.run_alerts import run_alerts
from due_regard.web import rights
from due_regard.web.forms import make_form_token
from due_regard.web.rights import Visitor
from tests.web.registers import restrict_duty
from tests.web.visitors import open_pages, read_form_token

L = "queens_cross"
JSON = {"accept": "application/json"}
MISTAKE = "R/2 x"
"""A reference with signs that a path does not take as they are."""
ROW = f"{MISTAKE},C2,writing_only,2025-12-01,S1,2025-12-01,2026-06-01,\n"
FILES = {
    "customers": "customer_ref,customer_type\nC1,tenant\nC2,tenant\n",
    "staff": "staff_ref,role,email,line_manager_ref,is_active\nS1,manager,s1@example.org,S2,yes\n"
    "S2,director,s2@example.org,,yes\n",
    "restrictions": "restriction_ref,customer_ref,measure,decided_on,decided_by,starts_on,review_due_on,ended_on\n"
    f"R1,C1,writing_only,2026-05-01,S1,2026-05-01,2026-11-01,\n{ROW}",
    "reviews": "review_ref,restriction_ref,reviewed_on,reviewed_by,outcome\nV1,R1,2026-06-05,S1,retain\n",
}
GONE = {"restrictions": FILES["restrictions"].replace(ROW, "")}
REVIEW = "restriction.review"


def at(day: int, hour: int = 6) -> datetime:
    return datetime(2026, 6, day, hour, tzinfo=UTC)


class Installation:
    """One landlord's drops, runs and mails, day by day."""

    def __init__(self, folder: Path, own_dir: Path | None = None) -> None:
        self.folder = folder
        self.settings = Settings(
            var_dir=folder / "var", landlords=(L,), base_url="https://airflow.test", own_dir=own_dir
        )

    def load(self, day: int, **changed: str) -> None:
        drop = self.folder / f"drop-{day}"
        drop.mkdir()
        for name, content in (FILES | changed).items():
            (drop / f"{name}.csv").write_text(content, encoding="utf-8")
        source = load_source_mapping(self.settings.sources_dir, "canonical_snapshot")
        with open_landlord_register(self.settings, L, upgrade=True) as engine:
            known = partial(register.read_known_refs, engine, L)
            validated = read_drop(drop, L, source, on=at(day).date(), known=known, great_expectations=False)
            register.load_drop(engine, validated, now=at(day))

    def run(self, day: int, hour: int = 8) -> list[EmailMessage]:
        """The day's assessment and mails."""
        assess_landlord(self.settings, L, as_at=date(2026, 6, day), now=at(day, hour))
        return self.mail(day, hour)

    def mail(self, day: int, hour: int) -> list[EmailMessage]:
        run_alerts(self.settings, as_at=date(2026, 6, day), now=at(day, hour))
        return list(self._take_mails())

    def _take_mails(self) -> Iterator[EmailMessage]:
        for file in sorted(self.settings.mail_dir.glob("*.eml")):
            yield email.message_from_bytes(file.read_bytes(), policy=policy.default)  # type: ignore[misc]
            file.unlink()

    def find_statuses(self) -> dict[str, tuple[str, str | None]]:
        """Rule -> status and resolved state of the findings about the mistake."""
        with open_landlord_register(self.settings, L) as engine, register.reading(engine, L) as connection:
            rows = connection.exec_driver_sql(
                f"SELECT rule, status, resolved_state FROM findings WHERE subject_ref = '{MISTAKE}'"
            )
            return {row[0]: (row[1], row[2]) for row in rows}


@pytest.fixture
def installed(tmp_path: Path) -> Installation:
    """A restriction came by mistake, was mailed about, and is deleted at the source."""
    found = Installation(tmp_path)
    found.load(1)
    found.run(1)
    found.load(2, **GONE)
    return found


@pytest.fixture
def browser(installed: Installation, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    """Governance at the pages, on 8 June 2026 at noon."""

    class Noon(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return at(8, 12)

    monkeypatch.setattr(rights, "datetime", Noon)
    return open_pages(installed.settings, L, "governance")


def read_body(mails: list[EmailMessage], address: str) -> str:
    """The text of what one address was mailed; empty where it was nothing."""
    bodies = [mail.get_body(("plain",)) for mail in mails if address in mail["To"]]
    return "\n".join(body.get_content() for body in bodies if body is not None)


def send_first_form(browser: TestClient, page: str, verb: str, **fields: str) -> Response:
    """The first form of a page with this verb, filled and sent as a browser would."""
    found = re.search(rf'action="([^"]+/{verb})"', page)
    assert found, f"no form to {verb}"
    given = {"form_token": read_form_token(page), "why": "entered for the wrong tenancy"}
    return browser.post(unescape(found[1]), data=given | fields)


def test_from_the_data_owners_mail_to_a_withdrawal_and_its_mails(installed: Installation, browser: TestClient) -> None:
    weekly = read_body(installed.run(8), "data-team@")
    assert "wait for a decision: 1, with open findings 1" in weekly and "All clear" not in weekly
    link = urlsplit(re.findall(r"https://\S+/vanished", weekly)[0]).path.removeprefix("/due-regard")
    listed = browser.get(link)
    assert (listed.status_code, MISTAKE in listed.text, "entered by mistake" in listed.text) == (200, True, True)
    told = browser.get(link, headers=JSON).json()
    assert (told["waiting"], told["withdrawn"], told["total"]) == (1, 0, 1)
    names = ("entity", "ref", "noticed_at", "open_findings")
    assert [told["records"][0][name] for name in names] == ["restrictions", MISTAKE, at(2).isoformat(), 2]
    answer = send_first_form(browser, listed.text, "withdraw")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/{L}/vanished")
    assert browser.get(f"/{L}/vanished", headers=JSON).json()["records"] == []
    # Alerts of the same day judge again first: nobody is mailed of it any more.
    assert "Overdue" not in read_body(installed.mail(8, 13), "@")
    assert set(installed.find_statuses().values()) == {("resolved", "withdrawn")}
    installed.load(16, **GONE)
    later = read_body(installed.run(16), "s1@")
    assert "(withdrawn: the record was entered by mistake)" in " ".join(later.split())
    page = browser.get(f"/{L}/findings/F-000003").text
    assert "Withdrawn" in page and "entered for the wrong tenancy" in page and "because" in page
    refused = browser.get(f"/{L}/restrictions/R%2F2%20x")
    assert refused.status_code == 404 and "withdrawn on 2026-06-08" in refused.text


def test_a_withdrawal_is_taken_back_on_the_page(installed: Installation, browser: TestClient) -> None:
    installed.run(8)
    send_first_form(browser, browser.get(f"/{L}/vanished").text, "withdraw")
    installed.run(8, 14)
    page = browser.get(f"/{L}/vanished?state=withdrawn")
    assert page.text.count(MISTAKE) == 1 and "fab:governance" in page.text
    answer = send_first_form(browser, page.text, "undo", why="it was none")
    assert answer.headers["location"] == f"/{L}/vanished?state=withdrawn"
    # Alerts judge again first, whatever was judged today.
    installed.mail(8, 15)
    assert {status for status, _ in installed.find_statuses().values()} == {"open"}


def test_the_source_that_brings_it_again_opens_its_findings_again(installed: Installation, browser: TestClient) -> None:
    installed.run(8)
    send_first_form(browser, browser.get(f"/{L}/vanished").text, "withdraw")
    installed.run(8, 14)
    installed.load(9)
    installed.run(9)
    assert {status for status, _ in installed.find_statuses().values()} == {"open"}
    told = browser.get(f"/{L}/vanished", headers=JSON).json()
    assert (told["waiting"], told["withdrawn"]) == (0, 0)


def test_the_second_of_two_people_is_told_what_the_first_did(installed: Installation, browser: TestClient) -> None:
    page = browser.get(f"/{L}/vanished").text
    send_first_form(browser, page, "withdraw")
    second = send_first_form(browser, page, "withdraw")
    assert second.status_code == 409
    assert "withdrew this record on 2026-06-08" in second.text


@pytest.mark.parametrize(
    ("path", "form", "status", "words"),
    [
        ("restrictions/R1/withdraw", {"why": "x"}, 409, "still comes with the export"),
        ("restrictions/R9/withdraw", {"why": "x"}, 404, "no such record"),
        ("reports/R1/withdraw", {"why": "x"}, 422, "No entity"),
        ("restrictions/R%2F2%20x/withdraw", {"why": " "}, 422, "why"),
        ("restrictions/R%2F2%20x/withdraw", {}, 422, "why"),
        ("restrictions/R%2F2%20x/undo", {"why": "x"}, 409, "not withdrawn"),
        ("restrictions/%00/withdraw", {"why": "x"}, 404, "no such record"),
    ],
)
def test_a_form_that_cannot_be_done_says_why_and_changes_nothing(
    installed: Installation, browser: TestClient, path: str, form: dict[str, str], status: int, words: str
) -> None:
    token = make_form_token(browser.app.state.gate, Visitor("fab:governance", ""))  # type: ignore[attr-defined]
    answer = browser.post(f"/{L}/records/{path}", data=form | {"form_token": token})
    assert (answer.status_code, words in answer.text) == (status, True), answer.text
    assert list_vanished(installed.settings, L, "withdrawn", page=1, sees_restricted=True)["total"] == 0


@pytest.mark.parametrize("person", ["reader", "manager", "auditor"])
def test_only_whoever_governs_sees_and_decides(installed: Installation, person: str) -> None:
    browser = open_pages(installed.settings, L, person)
    assert browser.get(f"/{L}/vanished").status_code == 403
    token = make_form_token(browser.app.state.gate, Visitor(f"fab:{person}", ""))  # type: ignore[attr-defined]
    form = {"why": "x", "form_token": token}
    assert browser.post(f"/{L}/records/restrictions/R%2F2%20x/withdraw", data=form).status_code == 403
    assert "vanished" not in browser.get(f"/{L}/work").text.lower()


def test_findings_of_restricted_duties_are_not_counted_for_who_may_not_see_them(tmp_path: Path) -> None:
    found = Installation(tmp_path, restrict_duty(tmp_path / "own", L, REVIEW))
    found.load(1)
    found.run(1)
    found.load(2, **GONE)
    for sees_restricted, findings in ((True, 2), (False, 1)):
        told = list_vanished(found.settings, L, "waiting", page=1, sees_restricted=sees_restricted)
        assert told["records"][0]["open_findings"] == findings


def test_what_hangs_on_a_record_is_named_beside_it(tmp_path: Path) -> None:
    found = Installation(tmp_path)
    hanging = {"reviews": f"{FILES['reviews']}V2,{MISTAKE},2026-01-05,S1,retain\n"}
    found.load(1, **hanging)
    found.load(2, **GONE)
    (row,) = list_vanished(found.settings, L, "waiting", page=None, sees_restricted=True)["records"][:1]
    assert (row["ref"], row["still_come"]) == (MISTAKE, 0)
    assert row["linked"] == [{"entity": "reviews", "ref": "V2", "has_vanished": True}]
    browser = open_pages(found.settings, L, "governance")
    page = browser.get(f"/{L}/vanished").text
    assert "Reviews V2, vanished too" in page
    assert send_first_form(browser, page.partition(f"{MISTAKE}")[2], "withdraw").status_code == 409
    assert send_first_form(browser, page.partition(f"{MISTAKE}")[2], "withdraw", with_linked="true").status_code == 303
    told = browser.get(f"/{L}/vanished?state=withdrawn", headers=JSON).json()
    assert [row["ref"] for row in told["records"]] == [MISTAKE, "V2"]
