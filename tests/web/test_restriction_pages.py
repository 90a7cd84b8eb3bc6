"""Restrictions in a browser: those in force, the life of one, the statement for the customer, hostile references."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from due_regard.config.settings import Settings
from due_regard.records.canonical import ENTITIES, ColumnKind
from due_regard.register import reading
from due_regard.services.landlord_context import open_landlord_register
from due_regard.services.list_restrictions import list_restrictions
from due_regard.services.read_assessments import read_assessments
from due_regard.services.read_case import find_judging, read_judged_case
from due_regard.services.show_restriction import show_restriction
from due_regard.services.state_case import state_case
from due_regard.web.rendering import format_address
from tests.contract_examples import CONTRACT
from tests.register.drops import accepted, appeal, frame, restriction
from tests.web.registers import AS_AT, keep_example, keep_records
from tests.web.visitors import open_pages

L = "queens_cross"
JSON = {"accept": "application/json"}
HOSTILE = (
    "R/1", "a b", "100%", "x#y", "q?z=1&page=2", "éßü√", "A", "A/statement", "statement", "a/../b", "%2e%2e", "%2F",
    "<b>x</b>", "'; DROP TABLE restrictions--", "/lead", "trail/", "+plus+", "a\\b", "a//b", ".", "..",
)  # fmt: skip


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    rows = [restriction(ref, customer_ref=f"C{n}") for n, ref in enumerate(HOSTILE)]
    return keep_records(tmp_path_factory.mktemp("hostile"), L, accepted("restrictions", rows))


@pytest.mark.parametrize("ref", HOSTILE)
def test_any_reference_opens_its_own_life_and_statement(hostile: Settings, ref: str) -> None:
    browser = open_pages(hostile, L, "reader")
    path = format_address("", L, "restrictions", ref)
    if ref in {".", ".."}:  # browsers take them for folders
        path = format_address("", L, "restrictions", ref=ref)
    page = browser.get(path)
    assert page.status_code == 200
    assert f"<h1>Restriction {html.escape(ref)}</h1>" in page.text.replace("&#34;", "&quot;").replace("&#39;", "&#x27;")
    assert browser.get(path, headers=JSON).json()["restriction_ref"] == ref
    if ref not in {".", ".."}:
        said = browser.get(f"{path}/statement", headers=JSON)
        assert (said.status_code, said.json()["restriction_ref"]) == (200, ref)
        assert f'href="{html.escape(path)}/statement"' in page.text


def test_the_list_links_to_each(hostile: Settings) -> None:
    browser = open_pages(hostile, L, "reader")
    page = browser.get(f"/{L}/restrictions").text
    links = [html.unescape(link) for link in re.findall(r'<th scope="row"><a href="([^"]+)">', page)]
    opened = [browser.get(link, headers=JSON).json()["restriction_ref"] for link in links]
    assert sorted(opened) == sorted(HOSTILE)
    assert "<b>x</b>" not in page


def test_a_proxy_that_decodes_paths_still_finds_what_ends_like_a_statement(tmp_path: Path) -> None:
    settings = keep_records(tmp_path, L, accepted("restrictions", [restriction("B/statement")]))
    page = open_pages(settings, L, "reader").get(f"/{L}/restrictions/B/statement", headers=JSON)
    assert page.json()["restriction_ref"] == "B/statement"


@pytest.mark.parametrize("ref", ["no such", "%00", "%FF%FE", "A%00", "..%2f..", "statement/statement/statement"])
def test_an_unknown_reference_is_a_plain_page(hostile: Settings, ref: str) -> None:
    browser = open_pages(hostile, L, "reader")
    for path in (f"/{L}/restrictions/{ref}", f"/{L}/restrictions/{ref}/statement"):
        page = browser.get(path)
        assert page.status_code == 404
        assert "<h1>Not found</h1>" in page.text and "No restriction has that reference" in page.text


@pytest.mark.parametrize(("page", "status"), [("0", 404), ("2", 404), ("-1", 404), ("9" * 30, 404), ("x", 422)])
def test_a_page_that_is_none_is_said(hostile: Settings, page: str, status: int) -> None:
    assert open_pages(hostile, L, "reader").get(f"/{L}/restrictions?page={page}").status_code == status


def test_the_form_opens_a_reference(hostile: Settings) -> None:
    answer = open_pages(hostile, L, "reader").get(f"/{L}/restrictions", params={"ref": " R/1 "})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/{L}/restrictions/R%2F1")


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return keep_example(tmp_path_factory.mktemp("example"), "clydebank")


def test_a_life_tells_every_gap_with_its_finding(example: Settings) -> None:
    """What the last run says of a restriction and of what belongs to it stands in its life, and nothing else."""
    whole, _ = read_assessments(example, "clydebank", as_at=AS_AT)
    listed = list_restrictions(example, "clydebank", page=1, sees_restricted=True)["restrictions"]
    assert len(listed) > 5
    for row in listed[:3]:
        life = show_restriction(example, "clydebank", row["restriction_ref"], sees_restricted=True)
        own = {("restriction", row["restriction_ref"]), *((e["subject_type"], e["ref"]) for e in life["events"])}
        is_own = pd.Series([pair in own for pair in zip(whole["subject_type"], whole["subject_ref"], strict=True)])
        gaps = whole[is_own & whole["state"].isin(["overdue", "late", "breach"]) & (whole["severity"] != "info")]
        key = ("rule", "subject_type", "subject_ref", "occurrence", "state", "clause")
        expected = sorted(tuple(one[name] for name in key) for one in gaps.to_dict("records"))
        assert sorted(tuple(gap[name] for name in key) for gap in life["gaps"]) == expected != []
        marked = [gap for event in life["events"] for gap in event["gaps"]]
        assert sorted(map(str, marked)) == sorted(map(str, life["gaps"]))
        for gap in life["gaps"]:
            assert (gap["finding"] is None) == (gap["state"] == "late"), "all that is open is a finding"
        late = {one["register_ref"] for one in row["overdue"]}
        assert late <= {gap["finding"]["register_ref"] for gap in life["gaps"] if gap["finding"]}
        assert [event["on"] for event in life["events"]] == sorted(event["on"] for event in life["events"])


@pytest.mark.parametrize("landlord", sorted(path.name for path in (CONTRACT / "examples").iterdir() if path.is_dir()))
def test_a_case_is_judged_as_the_whole_register_is(landlord: str, tmp_path: Path) -> None:
    settings = keep_example(tmp_path, landlord)
    whole, _ = read_assessments(settings, landlord, as_at=AS_AT)
    with open_landlord_register(settings, landlord) as engine, reading(engine, landlord) as connection:
        judging = find_judging(settings, connection, landlord, sees_restricted=True)
        refs = sorted(whole.loc[whole["subject_type"] == "restriction", "subject_ref"].unique())
        for asked in ([refs[0]], [refs[-1]], refs):
            _, found = read_judged_case(connection, judging, asked)
            subjects = set(zip(found["subject_type"], found["subject_ref"], strict=True))
            pairs = zip(whole["subject_type"], whole["subject_ref"], strict=True)
            expected = whole[[pair in subjects for pair in pairs]]
            assert found.reset_index(drop=True).equals(expected.reset_index(drop=True))
            assert {("restriction", ref) for ref in asked} <= subjects


def test_a_restricted_duty_is_hidden_from_others(tmp_path: Path) -> None:
    """Clydebank's duties about staff who are named in public."""
    incident = {"incident_ref": "I1", "customer_ref": "CR1", "occurred_on": "2026-04-01", "category": "harassment"}
    incident |= {"channel": "social_media", "staff_named_publicly": True}
    files = (accepted("restrictions", [restriction("R1", incident_ref="I1")]), accepted("incidents", [incident]))
    settings = keep_records(tmp_path, "clydebank", *files)
    seen = show_restriction(settings, "clydebank", "R1", sees_restricted=True)
    hidden = show_restriction(settings, "clydebank", "R1", sees_restricted=False)
    rules = {duty["rule"] for part in ("gaps", "next", "unmeasured") for duty in seen[part]}
    told = {duty["rule"] for part in ("gaps", "next", "unmeasured") for duty in hidden[part]}
    assert told < rules and all(rule.startswith("incident.naming_") for rule in rules - told)
    for person, expected in (("reader", hidden), ("governance", seen)):
        page = open_pages(settings, "clydebank", person).get("/clydebank/restrictions/R1", headers=JSON)
        assert page.json() == expected


def make_canaries(entity: str, **known: object) -> dict[str, object]:
    """A record whose every free text, reference and name is a word that no page for the customer may print."""
    columns = next(each for each in ENTITIES if each.name == entity).columns
    told = {c.name: f"canary-{entity}-{c.name}" for c in columns if c.kind in {ColumnKind.TEXT, ColumnKind.REF}}
    told |= {c.name: f"canary_{entity}_{c.name}" for c in columns if c.kind in {ColumnKind.CODE, ColumnKind.LIST}}
    days = {c.name: "2019-12-31" for c in columns if c.kind is ColumnKind.DATE}
    return {**told, **days, **known}


SHOWN = {"restriction_ref": "R1", "customer_ref": "CR1"}


def load_canaries(var: Path, landlord: str, **known: object) -> Settings:
    """One case among records of others; whatever is not `SHOWN` or a date of the case is a canary."""
    case: dict[str, Any] = {"decided_on": "2026-05-01", "starts_on": "2026-05-01", "notified_on": "2026-05-02"}
    case |= {"ended_on": None, "expires_on": "2026-11-01", "review_due_on": "2026-08-01", **SHOWN, **known}
    own = make_canaries("restrictions", **case)
    own["incident_ref"] = "canary-own-incident"
    other = make_canaries("restrictions", restriction_ref="canary-other-restriction", ended_on=None)
    again = make_canaries("restrictions", restriction_ref="canary-second", customer_ref="CR1", ended_on=None)
    linked = {"incident_ref": "canary-own-incident", "customer_ref": "CR1", "occurred_on": "2026-04-20"}
    review = {"reviewed_on": "2026-05-10", "next_review_on": "2026-08-01"}
    stranger = {"incident_ref": "canary-strange", "customer_ref": "canary-else"}
    files = [
        accepted("restrictions", [own, other, again]),
        accepted("incidents", [make_canaries("incidents", **linked), make_canaries("incidents", **stranger)]),
        accepted("customers", [make_canaries("customers", customer_ref="CR1", customer_type="tenant")]),
        accepted("reviews", [make_canaries("reviews", restriction_ref="R1", **review)]),
        accepted("appeals", [make_canaries("appeals", restriction_ref="R1")]),
    ]
    files += [accepted(name, [make_canaries(name, customer_ref="CR1")]) for name in ("warnings", "markers")]
    files += [accepted("staff", [make_canaries("staff")])]
    return keep_records(var, landlord, *files)


@pytest.mark.parametrize("landlord", ["queens_cross", "united_welsh", "hanover"])
def test_a_statement_tells_the_customer_nothing_of_others(tmp_path: Path, landlord: str) -> None:
    settings = load_canaries(tmp_path, landlord)
    browser = open_pages(settings, landlord, "governance")
    page, told = (browser.get(f"/{landlord}/restrictions/R1/statement", headers=h) for h in ({}, JSON))
    assert (page.status_code, told.status_code) == (200, 200)
    for text in (page.text, told.text):
        assert "canary" not in text.lower().replace("_", "-")
        assert "2019" not in text and "31 December" not in text
        assert "R1" in text and "CR1" in text


def test_the_canaries_would_be_found(tmp_path: Path) -> None:
    """The life of the same case, which staff read, does name other records."""
    settings = load_canaries(tmp_path, L)
    assert "canary" in open_pages(settings, L, "governance").get(f"/{L}/restrictions/R1").text


def test_a_statement_says_what_the_customer_needs(tmp_path: Path) -> None:
    known = {"measure": "writing_only;channel_limited", "channels_restricted": "phone", "emergency_route": True}
    known |= {"decided_by_role": "head_of_service"}
    settings = load_canaries(tmp_path, L, **known)
    page = open_pages(settings, L, "reader").get(f"/{L}/restrictions/R1/statement").text
    text = re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))
    for said in (
        "On 1 May 2026 we decided to limit our contact with you. The decision was taken by this post: head of service.",
        "We told you on 2 May 2026.",
        "Contact in writing only.",
        "By telephone.",
        "It is set to end on 1 November 2026.",
        "“sufficient provisions in place to allow the customer to report out of office hours emergency repairs”",
        "A way to reach us in an emergency is left open to you.",
        "The next review is due by 1 August 2026.",
        "“A customer may appeal a decision within 10 working days of being notified”",
        "By our policy the last day for this was 18 May 2026.",
        "the Scottish Public Services Ombudsman",
    ):
        assert said in text, said


def test_a_policy_without_a_way_for_emergencies_promises_none(tmp_path: Path) -> None:
    settings = load_canaries(tmp_path, "united_welsh", emergency_route=True)
    page = open_pages(settings, "united_welsh", "reader").get("/united_welsh/restrictions/R1/statement").text
    assert "emergency" not in page


def test_a_landlord_never_judged_is_said_so(tmp_path: Path) -> None:
    settings = keep_records(tmp_path, L, accepted("restrictions", [restriction("R1")]), is_judged=False)
    browser = open_pages(settings, L, "reader")
    assert "Never judged yet" in browser.get(f"/{L}/restrictions").text
    life = browser.get(f"/{L}/restrictions/R1", headers=JSON).json()
    assert (life["as_at"], life["gaps"], life["next"]) == (None, [], [])
    assert "Never judged yet" in browser.get(f"/{L}/restrictions/R1").text
    assert browser.get(f"/{L}/restrictions/R1/statement").status_code == 200


def test_what_was_decided_of_a_case_stands_in_order(tmp_path: Path) -> None:
    review = {"review_ref": "V1", "restriction_ref": "R2", "reviewed_on": "2026-05-01", "outcome": "lift"}
    files = (
        accepted("restrictions", [restriction("R1", customer_ref="C1", expires_on="2026-11-01")]),
        accepted("appeals", [appeal("A1", decided_on="2026-06-10", outcome="upheld")]),
        accepted("warnings", [{"warning_ref": "W1", "customer_ref": "C1", "issued_on": "2026-04-01"}]),
        accepted(
            "reviews", [{"review_ref": "V1", "restriction_ref": "R2", "reviewed_on": "2026-05-01", "outcome": "lift"}]
        ),
    )
    settings = keep_records(tmp_path, L, *files)
    life = show_restriction(settings, L, "R1", sees_restricted=False)
    events = [(e["event"], e["is_coming"]) for e in life["events"] if e["event"] != "gap"]
    assert events == [
        ("warning_issued_on", False),
        ("restriction_decided_on", False),
        ("appeal_received_on", False),
        ("appeal_decided_on", False),
        ("restriction_expires_on", True),
    ]
    (review,) = [one for one in life["next"] if one["rule"] == "restriction.review"]
    assert review["due_on"] == "2026-11-01"


KINDS = sorted(yaml.safe_load(Path("include/codes/customer_types.yaml").read_text(encoding="utf-8"))["words"])
NO_ROW = "no row"
TOLD = {
    "port_of_leith": {*KINDS, NO_ROW},  # to every customer
    "united_welsh": {*KINDS, NO_ROW},
    "clydebank": set(),  # no clause names an ombudsman
    "hanover": set(),
    "queens_cross": {"tenant", "factored_owner", NO_ROW},
}
"""Landlord -> customers whom its policy sends to an ombudsman: one without a row, of no known type, too."""


def list_told(settings: Settings, landlord: str, refs: Iterable[str]) -> set[str]:
    """Whose statement names an ombudsman; the page says what the service does."""
    browser, told = open_pages(settings, landlord, "reader"), set()
    for ref in refs:
        promises = [one["promise"] for one in state_case(settings, landlord, ref)["appeal"]["promises"]]
        is_told = any("Ombudsman" in promise for promise in promises)
        assert ("Ombudsman" in browser.get(f"/{landlord}/restrictions/{ref}/statement").text) == is_told
        assert landlord != "queens_cross" or any("acknowledged within 3 working days" in one for one in promises)
        told |= {ref} if is_told else set()
    return told


@pytest.mark.parametrize("landlord", sorted(TOLD))
def test_a_statement_names_the_ombudsman_to_all_who_may_go_there(tmp_path: Path, landlord: str) -> None:
    rows = [{"customer_ref": kind, "customer_type": kind, "receives_support_service": False} for kind in KINDS]
    customers = frame("customers", rows)
    limits = [restriction(kind, customer_ref=kind) for kind in (*KINDS, NO_ROW)]
    settings = keep_records(tmp_path, landlord, accepted("restrictions", limits), accepted("customers", customers))
    assert list_told(settings, landlord, [*KINDS, NO_ROW]) == TOLD[landlord]


@pytest.mark.parametrize("landlord", sorted(TOLD))
def test_a_statement_names_the_ombudsman_where_no_customers_were_delivered(tmp_path: Path, landlord: str) -> None:
    settings = keep_records(tmp_path, landlord, accepted("restrictions", [restriction("R1", customer_ref="C1")]))
    assert list_told(settings, landlord, ["R1"]) == ({"R1"} if TOLD[landlord] else set())


@pytest.mark.parametrize("stage", ["active_management", "restriction", None])
def test_a_statement_quotes_what_fits_the_decision(tmp_path: Path, stage: str | None) -> None:
    records = restriction("R1", customer_ref="C1", decision_stage=stage)
    settings = keep_records(tmp_path, "clydebank", accepted("restrictions", [records]))
    told = state_case(settings, "clydebank", "R1")["appeal"]
    page = open_pages(settings, "clydebank", "reader").get("/clydebank/restrictions/R1/statement").text
    cannot = stage == "active_management"
    assert ([one["clause"] for one in told["refusals"]], bool(told["promises"])) == (
        ["22"] if cannot else [],
        not cannot,
    )
    assert ("cannot be appealed" in page) == cannot and ("appeal to the executive" in page) == (not cannot)
    words = [one["promise"] for one in told["promises"]]
    assert len(words) == len(set(words)), "nothing is quoted twice"
