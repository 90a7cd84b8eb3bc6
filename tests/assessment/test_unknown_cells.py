"""A cell with a word that is not known: neither yes nor no nor blank, for its own subject alone."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from due_regard.assessment import assess_records
from due_regard.assessment.explanation import explain_rule
from due_regard.policy import PolicyHistory, load_policies
from due_regard.records.canonical import UNKNOWN_CELLS, Records
from tests.policies.case_tables import calendar, policies, records

AS_AT = date(2026, 6, 30)
QC = "queens_cross"
DUTY = {"label": "L", "mail_label": "M", "clause": "1", "remedy": "R.", "owner_role": "decider"}
Given = dict[str, list[dict[str, Any]]]


def with_unknown(given: Given, **cells: dict[str, str]) -> Records:
    """Records with unknown cells: entity -> reference -> names of its unknown columns."""
    found = dict(records(given))
    for entity, named in cells.items():
        refs = found[entity].iloc[:, 0]
        found[entity] = found[entity].assign(**{UNKNOWN_CELLS: pd.Series(refs.map(named), dtype="str")})
    return found


def history(tmp_path: Path, *duties: dict[str, Any]) -> PolicyHistory:
    folder = tmp_path / "policies" / "sixth"
    folder.mkdir(parents=True)
    said = {"landlord": "sixth", "title": "T", "duties": [DUTY | duty for duty in duties]}
    (folder / "2020-01-01.yaml").write_text(yaml.safe_dump(said), encoding="utf-8")
    return load_policies(folder.parent, "sixth")


def states(found: Records, policy: PolicyHistory, rule: str) -> dict[str, str]:
    rows = assess_records(found, policy, calendar("scotland"), AS_AT)
    rows = rows[rows["rule"] == rule]
    return dict(zip(rows["subject_ref"], rows["state"], strict=True))


def test_a_check_on_the_cell_cannot_be_told_of_its_subject_alone() -> None:
    given: Given = {"restriction": [{"adjustments_considered": True}, {}, {}]}
    found = with_unknown(given, restrictions={"R2": "adjustments_considered"})
    assert states(found, policies(QC), "restriction.adjustments") == {
        "R1": "met",
        "R2": "not_measured",
        "R3": "breach",
    }


def test_an_unknown_body_is_not_a_wrong_one() -> None:
    appeal = {"received_on": date(2026, 6, 1), "notified_on": date(2026, 6, 2)}
    given: Given = {"customer": [{"receives_support_service": False}], "restriction": [{}], "appeal": [appeal]}
    found = with_unknown(given, appeals={"A1": "external_body"})
    assert states(found, policies(QC), "appeal.signpost") == {"A1": "not_measured"}
    quashed = with_unknown(given | {"appeal": [appeal | {"outcome": "quashed"}]}, appeals={"A1": "external_body"})
    assert states(quashed, policies(QC), "appeal.signpost") == {}


def test_what_only_softens_a_failure_never_hides_it() -> None:
    given: Given = {"incident": [{"occurred_on": date(2026, 1, 5)}], "restriction": [{"incident_ref": "I1"}]}
    rows = assess_records(
        with_unknown(given, incidents={"I1": "violence"}), policies("hanover"), calendar("scotland"), AS_AT
    )
    row = rows[rows["rule"] == "restriction.prior_warning"].iloc[0]
    assert (row["state"], row["severity"]) == ("breach", "breach")


def test_a_role_that_is_not_known_yet_is_masked_like_any_other() -> None:
    appeal = {"received_on": date(2026, 6, 1), "considered_by": "S9", "decided_on": date(2026, 7, 2)}
    found = with_unknown({"restriction": [{}], "appeal": [appeal]}, appeals={"A1": "considered_by_role"})
    assert states(found, policies(QC), "appeal.decider_role") == {}


RELATED = {
    "rule": "restriction.grave",
    "kind": "check",
    "require": {"exists": {"of": "incidents", "same": "customer_ref", "where": {"is_yes": "harassment"}}},
}
FIRST = {
    "rule": "restriction.soon",
    "kind": "deadline",
    "start": "decided_on",
    "within": {"days": 10},
    "done": {"first": {"of": "incidents", "same": "customer_ref", "where": {"is_yes": "harassment"}}},
    "notice": {"days": 1},
}
THREE: Given = {
    "customer": [{}, {}, {}],
    "restriction": [{"customer_ref": f"C{number}"} for number in (1, 2, 3)],
    "incident": [
        {"customer_ref": "C1", "occurred_on": date(2026, 1, 13), "harassment": True},
        {"customer_ref": "C1", "occurred_on": date(2026, 1, 14)},
        {"customer_ref": "C2", "occurred_on": date(2026, 1, 15)},
        {"customer_ref": "C3", "occurred_on": date(2026, 1, 16), "harassment": False},
    ],
}


def test_a_related_record_that_might_be_one_leaves_its_own_subject_open(tmp_path: Path) -> None:
    policy = history(tmp_path, RELATED, FIRST)
    found = with_unknown(THREE, incidents={"I2": "harassment", "I3": "harassment"})
    assert states(found, policy, "restriction.grave") == {"R1": "met", "R2": "not_measured", "R3": "breach"}
    assert states(found, policy, "restriction.soon") == {"R1": "met", "R2": "not_measured", "R3": "overdue"}
    earlier = with_unknown(
        THREE | {"incident": [*THREE["incident"], {"customer_ref": "C1", "occurred_on": date(2026, 1, 12)}]},
        incidents={"I5": "harassment"},
    )
    assert states(earlier, policy, "restriction.grave")["R1"] == "met"
    assert states(earlier, policy, "restriction.soon")["R1"] == "not_measured"


def test_beside_an_absent_column_nobody_can_be_told(tmp_path: Path) -> None:
    policy = history(tmp_path, RELATED)
    absent = dict(records(THREE, ["incident.harassment"]))
    assert set(states(absent, policy, "restriction.grave").values()) == {"not_measured"}


def test_a_review_that_may_have_closed_the_chain_leaves_it_open(tmp_path: Path) -> None:
    duty = {
        "rule": "restriction.review", "kind": "review", "base": ["starts_on"], "cycle": {"months": 2},
        "closes": {"is_yes": "explanation_recorded"}, "ended": "ended_on", "notice": {"days": 1},
    }  # fmt: skip
    given: Given = {
        "restriction": [{}, {}],
        "review": [
            {"restriction_ref": ref, "reviewed_on": day, "explanation_recorded": closes}
            for ref, day, closes in (
                ("R1", date(2026, 2, 1), None),
                ("R2", date(2026, 2, 1), True),
                ("R2", date(2026, 3, 1), None),
            )
        ],
    }
    found = with_unknown(given, reviews={"V1": "explanation_recorded", "V3": "explanation_recorded"})
    assert states(found, history(tmp_path, duty), "restriction.review") == {"R1": "not_measured", "R2": "met"}


def test_a_field_that_a_source_may_lack_is_still_unknown_where_its_word_is(tmp_path: Path) -> None:
    duty = {
        "rule": "restriction.route", "kind": "check", "require": {"is_yes": "emergency_route"},
        "absent_as_blank": ["emergency_route"],
    }  # fmt: skip
    policy = history(tmp_path, duty)
    assert states(records({"restriction": [{}]}, ["restriction.emergency_route"]), policy, "restriction.route") == {
        "R1": "breach"
    }
    found = with_unknown({"restriction": [{}, {}]}, restrictions={"R2": "emergency_route"})
    assert states(found, policy, "restriction.route") == {"R1": "breach", "R2": "not_measured"}


def test_the_explanation_says_a_word_that_is_not_known() -> None:
    found = with_unknown({"restriction": [{}]}, restrictions={"R1": "adjustments_considered"})
    lines = explain_rule(found, policies(QC), calendar("scotland"), AS_AT, "restriction.adjustments", "R1")
    assert '  "adjustments considered": a word that is not known' in lines
    assert "  It cannot be told: the source lacks what it asks for, or holds a word for it that is not known." in lines


@pytest.mark.parametrize(
    ("role", "state"), [("assistant_director", "met"), ("panel", "breach"), ("officer", "breach"), (None, "breach")]
)
def test_a_role_counts_as_the_level_it_has(role: str | None, state: str) -> None:
    found = records({"restriction": [{"decided_by_role": role}]})
    assert states(found, policies("port_of_leith"), "restriction.decider_role") == {"R1": state}
