"""The policy and the audit in a browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from due_regard import register
from due_regard.config.settings import Settings
from due_regard.packs import record_issue
from due_regard.packs.life.pack_records import record_pack
from due_regard.policy import load_policies
from due_regard.register import hold_drop, release_drop, silence_finding, writing
from due_regard.services.landlord_context import open_landlord_register
from tests.register.drops import accepted, appeal, restriction
from tests.web.registers import AS_AT, NOW, keep_records, restrict_duty
from tests.web.visitors import open_pages

L = "queens_cross"
JSON = {"accept": "application/json"}
RULE = "appeal.acknowledge"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A register in which people did things; only certain roles may hear of `RULE`."""
    place = tmp_path_factory.mktemp("audit")
    files = [accepted("appeals", [appeal("A1"), appeal("A2")]), accepted("restrictions", [restriction("R1")])]
    settings = keep_records(place / "var", L, *files, own_dir=restrict_duty(place / "own", L, RULE))
    with open_landlord_register(settings, L) as engine:
        found = register.read_open_findings(engine, L, as_at=AS_AT).set_index("rule")["register_ref"]
        refs = (found[RULE].iloc[0], found["appeal.communicate"].iloc[0])
        for ref in refs:
            silence_finding(engine, ref, actor=f"actor-{ref}", why=f"<b>why-{ref}", until=AS_AT, now=NOW)
        batch = hold_drop(engine, landlord=L, source="s", drop="d", sha256="ab", why="shrank", now=NOW)
        release_drop(engine, batch, actor="actor-release", why="why-release", now=NOW)
        with writing(engine, L) as connection:
            made = {"pack": "p", "quarter": "2026-Q2", "edition": "confidential", "known_at": None, "sha256": "a"}
            made |= {"files": {}, "ingredients": {}, "figures": {}, "published": None}
            pack = record_pack(connection, L, at=NOW, **made)
            record_issue(connection, L, pack, how="by hand", now=NOW, by="actor-pack", why="why-pack")
    return settings


def test_the_policy_has_every_duty_and_what_the_last_run_found(settings: Settings) -> None:
    told = open_pages(settings, L, "governance").get(f"/{L}/policy", headers=JSON).json()
    duties = load_policies(settings.policies_dir, L).versions[-1].duties
    assert [duty["rule"] for duty in told["duties"]] == [duty.rule for duty in duties]
    by_rule = {duty["rule"]: duty for duty in told["duties"]}
    assert (by_rule[RULE]["states"], by_rule[RULE]["open"]) == ({"overdue": 2}, 2)
    assert by_rule["restriction.review"]["asks"].startswith("Due 6 months after")
    assert by_rule["restriction.review"]["confirmed_by"] is None and by_rule["restriction.review"]["reading"]
    with open_landlord_register(settings, L) as engine:
        open_findings = register.read_open_findings(engine, L, as_at=AS_AT)
    assert sum(duty["open"] for duty in told["duties"]) == (open_findings["subject_type"] != "report").sum()
    page = open_pages(settings, L, "governance").get(f"/{L}/policy").text
    for duty in duties:
        assert f'<section id="{duty.rule}"' in page and f'href="#{duty.rule}"' in page
    assert "Reading that nobody has confirmed yet" in page


def test_a_restricted_duty_is_not_in_the_policy_of_others(settings: Settings) -> None:
    reader = open_pages(settings, L, "reader")
    assert RULE not in reader.get(f"/{L}/policy").text
    assert RULE not in {duty["rule"] for duty in reader.get(f"/{L}/policy", headers=JSON).json()["duties"]}


def test_the_policy_of_a_landlord_never_judged(tmp_path: Path) -> None:
    settings = keep_records(tmp_path, L, accepted("restrictions", [restriction("R1")]), is_judged=False)
    browser = open_pages(settings, L, "reader")
    assert "Never judged yet" in browser.get(f"/{L}/policy").text
    assert all(not duty["states"] for duty in browser.get(f"/{L}/policy", headers=JSON).json()["duties"])


def test_the_audit_says_who_did_what_and_why(settings: Settings) -> None:
    auditor = open_pages(settings, L, "auditor")
    told = auditor.get(f"/{L}/audit", headers=JSON).json()
    assert [act["seq"] for act in told["acts"]] == sorted((act["seq"] for act in told["acts"]), reverse=True)
    said = {act["action"]: (act["actor"], act["why"]) for act in told["acts"]}
    assert said["release"] == ("actor-release", "why-release")
    assert said["pack_issue"] == ("actor-pack", "why-pack")
    assert said["load"] == (None, None)
    page = auditor.get(f"/{L}/audit").text
    assert "<b>" not in page and "actor-release" in page and "The program" in page


def test_what_was_said_of_a_restricted_finding_is_withheld(settings: Settings) -> None:
    auditor = open_pages(settings, L, "auditor")
    acts = [act for act in auditor.get(f"/{L}/audit", headers=JSON).json()["acts"] if act["action"] == "silence"]
    assert sorted((act["is_withheld"], act["actor"] is None) for act in acts) == [(False, False), (True, True)]
    (withheld,) = (act["subject"] for act in acts if act["is_withheld"])
    text = auditor.get(f"/{L}/audit").text
    assert "Withheld" in text and f"actor-{withheld}" not in text and f"why-{withheld}" not in text


@pytest.mark.parametrize(
    ("subject", "expected"), [("batch 2", 2), (" f-000001 ", None), ("F-000001", None), ("no' --", 0)]
)
def test_the_audit_of_one_subject(settings: Settings, subject: str, expected: int | None) -> None:
    auditor = open_pages(settings, L, "auditor")
    told = auditor.get(f"/{L}/audit", params={"subject": subject}, headers=JSON).json()
    assert {act["subject"] for act in told["acts"]} <= {subject.strip().upper(), subject.strip()}
    whole = auditor.get(f"/{L}/audit", headers=JSON).json()["acts"]
    same = [act for act in whole if act["subject"] in {subject.strip(), subject.strip().upper()}]
    assert told["total"] == len(same) == (len(same) if expected is None else expected)


@pytest.mark.parametrize("path", ["?page=99", "?page=0", "?subject=%00&page=9", "?subject=%3Cb%3E&page=2"])
def test_a_page_that_is_none(settings: Settings, path: str) -> None:
    assert open_pages(settings, L, "auditor").get(f"/{L}/audit{path}").status_code == 404


def test_a_hostile_subject_is_escaped(settings: Settings) -> None:
    page = open_pages(settings, L, "auditor").get(f"/{L}/audit", params={"subject": '"><script>x</script>\0'}).text
    assert "<script" not in page and "has nothing about that" in page


@pytest.mark.parametrize("person", ["reader", "manager", "governance"])
def test_the_audit_is_for_auditors(settings: Settings, person: str) -> None:
    answer = open_pages(settings, L, person).get(f"/{L}/audit")
    assert answer.status_code == 403 and not re.search("actor-|why-", answer.text)
