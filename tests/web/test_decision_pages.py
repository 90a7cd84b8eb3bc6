"""Decisions by form: who may, what is asked, what the second of two people is told, and that nothing else changes."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from httpx import Response

from due_regard.config.settings import Settings
from due_regard.register import load_drop, open_register, read_finding, read_finding_life, record_assessment
from due_regard.services.decide_on_finding import DecisionVerb
from due_regard.web.forms import make_form_token
from due_regard.web.rights import Visitor
from tests.register.drops import accepted, assessments, drop
from tests.register.engines import sqlite_template  # noqa: F401 - a fixture
from tests.web.visitors import open_pages

L = "clydebank"
VERBS: tuple[str, ...] = get_args(DecisionVerb)
OPEN, RESTRICTED = "F-000002", "F-000001"
TODAY = datetime.now(UTC)
UNTIL = (TODAY.date() + timedelta(days=30)).isoformat()
STAFF: list[dict[str, object]] = [
    {"staff_ref": "S1", "role": "manager", "email": "s1@clydebank.example", "is_active": True},
    {"staff_ref": "S2", "role": "manager", "email": "s2@clydebank.example", "is_active": False},
]
WHY = {"why": "it is <b>Kirsty's</b>"}
MORE: dict[str, dict[str, str]] = {"silence": {"until": UNTIL}, "hand-over": {"to": "S1"}}


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Settings:  # noqa: F811
    """A register with an open finding, a restricted one, and two members of staff; nobody changes it."""
    var = tmp_path_factory.mktemp("untouched") / "var"
    var.mkdir()
    shutil.copy(sqlite_template, var / "register.db")
    settings = Settings(var_dir=var, landlords=(L,))
    rows: list[dict[str, Any]] = [
        {"rule": "restriction.review", "subject_ref": "R1", "state": "overdue", "due_on": "2026-06-01"},
        {"rule": "incident.naming_notified", "subject_ref": "I1", "state": "breach"},
    ]
    engine, judged = open_register(settings.register(L)), TODAY - timedelta(days=1)
    load_drop(engine, drop(accepted("staff", STAFF), landlord=L), now=TODAY - timedelta(days=2))
    known = {"as_at": date(2026, 7, 1), "now": judged, "policy_version": "2023-08-29"}
    record_assessment(engine, L, assessments(rows, L), **known)  # type: ignore[arg-type]
    engine.dispose()
    return settings


@pytest.fixture
def settings(untouched: Settings, tmp_path: Path) -> Settings:
    """A copy to decide on."""
    shutil.copytree(untouched.var_dir, tmp_path / "var")
    return Settings(var_dir=tmp_path / "var", landlords=(L,))


def send(settings: Settings, verb: str, form: dict[str, str], person: str = "manager", ref: str = OPEN) -> Response:
    """One form, as the finding's page would send it."""
    browser = open_pages(settings, L, person)
    token = make_form_token(browser.app.state.gate, Visitor(f"fab:{person}", ""))  # type: ignore[attr-defined]
    return browser.post(f"/{L}/findings/{ref}/{verb}", data=form | {"form_token": token})


def stand(settings: Settings, ref: str = OPEN) -> tuple[dict[str, Any], list[str], int]:
    engine = open_register(settings.register(L))
    life = read_finding_life(engine, ref)
    found = read_finding(engine, ref), life["event"].tolist(), int(life["id"].max())
    engine.dispose()
    return found


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb != "undo"])
def test_a_decision_is_kept_with_the_visitors_id_and_the_page_comes_back(settings: Settings, verb: str) -> None:
    answer = send(settings, verb, WHY | MORE.get(verb, {}))
    assert (answer.status_code, answer.headers["location"]) == (303, f"/{L}/findings/{OPEN}")
    found, events, _ = stand(settings)
    kept = {
        "resolve": ("reported_done", found["awaiting_since"] is not None),
        "silence": ("silenced", str(found["silenced_until"]) == UNTIL),
        "hand-over": ("handed_over", found["handed_to"] == "S1"),
        "dispute": ("disputed", found["disputed_at"] is not None),
        "comment": ("commented", found["status"] == "open"),
    }
    assert (events, kept[verb][1]) == (["opened", kept[verb][0]], True)
    engine = open_register(settings.register(L))
    assert read_finding_life(engine, OPEN).iloc[-1][["actor", "why"]].tolist() == ["fab:manager", WHY["why"]]
    engine.dispose()


def test_one_takes_back_ones_own_and_governance_anybodys(settings: Settings) -> None:
    send(settings, "dispute", WHY)
    assert send(settings, "undo", WHY).status_code == 303
    send(settings, "dispute", WHY, "governance")
    refused = send(settings, "undo", WHY)
    assert refused.status_code == 403
    assert "they, or governance, can take it back" in refused.text
    assert stand(settings)[0]["disputed_at"] is not None
    send(settings, "silence", WHY | {"until": UNTIL})
    assert send(settings, "undo", WHY, "governance").status_code == 303
    assert stand(settings)[0]["silenced_until"] is None


@pytest.mark.parametrize("person", ["reader", "auditor", "nobody"])
def test_whoever_may_not_act_is_refused(untouched: Settings, person: str) -> None:
    for verb in VERBS:
        assert send(untouched, verb, WHY | MORE.get(verb, {}), person).status_code == 403, verb
    assert stand(untouched)[1] == ["opened"]


@pytest.mark.parametrize("verb", VERBS)
def test_the_second_of_two_people_sees_what_the_first_did(settings: Settings, verb: str) -> None:
    seen = str(stand(settings)[2])
    assert send(settings, "comment", WHY | {"expected_event": seen}, "governance").status_code == 303
    before = stand(settings)
    answer = send(settings, verb, WHY | MORE.get(verb, {}) | {"expected_event": seen})
    assert answer.status_code == 409
    assert f"Since you looked at {OPEN}: a comment was added by fab:governance (" in answer.text
    assert f'<a href="/{L}/findings/{OPEN}">' in answer.text
    assert stand(settings) == before


@pytest.mark.parametrize(
    ("verb", "form", "field"),
    [
        *((verb, {}, "why") for verb in VERBS),
        *((verb, {"why": "  "} | MORE.get(verb, {}), "why") for verb in VERBS),
        ("comment", {"why": "x" * 2_001}, "why"),
        ("comment", {"why": "a\x00b"}, "why"),
        ("silence", WHY, "until"),
        ("silence", WHY | {"until": "30/06/26"}, "until"),
        ("silence", WHY | {"until": "2020-01-01"}, "until"),
        ("silence", WHY | {"until": "9999-12-31"}, "until"),
        ("hand-over", WHY, "to"),
        ("hand-over", WHY | {"to": "<S9>"}, "to"),
        ("hand-over", WHY | {"to": "S2"}, "to"),
        ("dispute", WHY | {"expected_event": "x"}, "expected_event"),
        ("dispute", WHY | {"expected_event": "9" * 30}, "expected_event"),
    ],
)
def test_a_faulty_form_names_its_field_and_changes_nothing(
    untouched: Settings, verb: str, form: dict[str, str], field: str
) -> None:
    answer = send(untouched, verb, form)
    assert answer.status_code == 422, answer.text
    assert f"“{field}”" in answer.text
    assert "<S9>" not in answer.text
    assert stand(untouched)[1] == ["opened"]


@pytest.mark.parametrize("ref", ["F-999999", RESTRICTED, "x'; DROP TABLE findings"])
def test_what_is_hidden_is_answered_as_what_does_not_exist(untouched: Settings, ref: str) -> None:
    for verb in VERBS:
        answer = send(untouched, verb, WHY | MORE.get(verb, {}), ref=ref.replace(" ", "%20"))
        assert (answer.status_code, "No finding has that reference" in answer.text) == (404, True), verb
    assert stand(untouched, RESTRICTED)[1] == ["opened"]


def test_a_restricted_finding_is_decided_on_by_whoever_may_see_it(settings: Settings) -> None:
    assert send(settings, "comment", WHY, "governance", RESTRICTED).status_code == 303
    answer = send(settings, "hand-over", WHY | {"to": "S1"}, "governance", RESTRICTED)
    assert answer.status_code == 422
    assert "it can be handed to nobody else" in answer.text
    assert stand(settings, RESTRICTED)[1] == ["opened", "commented"]


def test_there_is_nothing_to_read_at_a_decisions_address(untouched: Settings) -> None:
    assert open_pages(untouched, L, "governance").get(f"/{L}/findings/{OPEN}/dispute").status_code == 405


def test_the_hand_over_form_knows_who_is_signed_in(untouched: Settings) -> None:
    def read(email: str | None) -> tuple[Any, str]:
        browser = open_pages(untouched, L, "manager", emails={} if email is None else {"manager": email})
        path = f"/{L}/findings/{OPEN}"
        return browser.get(path, headers={"accept": "application/json"}).json()["own_staff_ref"], browser.get(path).text

    own, page = read(" S1@Clydebank.example")
    assert own == "S1" and 'value="S1"' in page and "take the finding over yourself" in page
    for email in (None, "nobody@clydebank.example", "s2@clydebank.example"):
        own, page = read(email)
        assert own is None and "take the finding over yourself" not in page
