"""What the demo prints: pure functions from results to lines."""

from __future__ import annotations

from typing import Any

from demo import report
from demo.api import TaskOutcome


def intake(landlord: str, loaded: int, unchanged: int, rejected: int, read: int | None = None) -> dict[str, Any]:
    total = loaded + unchanged + rejected if read is None else read
    file = {"read": total, "loaded": loaded, "unchanged": unchanged, "rejected": rejected, "refused": None}
    return {"landlord": landlord, "status": "loaded", "files": [file, file | {"refused": "empty_file"}]}


STEPS: dict[str, list[dict[str, Any]]] = {
    "intake": [intake("one", 3, 1, 1), intake("two", 10, 0, 0)],
    "assessment": [
        {
            "landlord": "one",
            "states": {"met": 5, "breach": 2},
            "findings": {"open": 2, "opened": 2, "resolved": 0, "reopened": 0},
        }
    ],
    "alerts": [{"landlord": "one", "composed": 4, "sent": 3, "refused": 0, "waiting": 1}],
    "committee_packs": [{"landlord": "one", "quarter": "2026-Q2", "packs": [{"name": "senior", "sha256": "abc"}]}],
}


def test_intake_shows_rows_that_add_up_and_totals() -> None:
    lines = report.describe_step("intake", STEPS["intake"], {})
    assert lines[0].split("  ")[0] == "landlord"
    assert [word for word in lines[1].split() if word.isdecimal()] == ["10", "6", "2", "2", "1"]
    assert [word for word in lines[-1].split() if word.isdecimal()] == ["30", "26", "2", "2", "2"]


def test_assessment_shows_rules_states_and_findings() -> None:
    head, row = report.describe_step("assessment", STEPS["assessment"], {"one": 25})
    assert "rules held" in head
    assert [int(word) for word in row.split()[1:]] == [25, 5, 0, 0, 0, 0, 2, 0, 2, 2, 0]


def test_mails_and_packs_are_shown() -> None:
    assert report.describe_step("alerts", STEPS["alerts"], {})[1].split() == ["one", "4", "3", "0", "1"]
    assert report.describe_step("committee_packs", STEPS["committee_packs"], {})[1].split() == [
        "one",
        "2026-Q2",
        "senior",
    ]


def test_a_landlord_without_a_pack_is_said_to_have_none() -> None:
    lines = report.describe_step("committee_packs", [{"landlord": "two", "quarter": "2026-Q2", "packs": []}], {})
    assert lines[1].endswith("none switched on")


def test_a_step_nobody_came_through_still_prints() -> None:
    assert len(report.describe_step("intake", [], {})) == 1


def test_everything_that_changed_is_said() -> None:
    assert report.describe_changes(STEPS, {}) == [
        "26 rows loaded",
        "2 findings moved",
        "3 mails sent",
        "1 packs built anew",
    ]


def test_nothing_changed_is_nothing() -> None:
    quiet = {
        "intake": [intake("one", 0, 4, 1)],
        "assessment": [{"landlord": "one", "findings": {"opened": 0, "resolved": 0, "reopened": 0}}],
        "alerts": [{"sent": 0}],
        "committee_packs": STEPS["committee_packs"],
    }
    assert report.describe_changes(quiet, report.list_pack_checksums(STEPS)) == []
    assert report.describe_changes(quiet, {"one 2026-Q2 senior": "other"}) == ["1 packs built anew"]


def test_rows_that_do_not_add_up_are_found() -> None:
    assert report.find_unbalanced(STEPS["intake"]) == []
    assert report.find_unbalanced([intake("one", 1, 1, 1, read=4)]) == ["one"]


def test_tasks_are_named_with_their_landlord() -> None:
    outcomes = [
        TaskOutcome("one.daily", "load", "success", {"status": "loaded"}),
        TaskOutcome("two.daily", "load", "failed"),
        TaskOutcome("three.daily", "load", "skipped"),
    ]
    assert report.list_failures(outcomes) == ["two.daily.load: failed", "three.daily.load: skipped"]
    assert report.select_results(outcomes) == [{"landlord": "one", "status": "loaded"}]


def test_packs_say_whether_a_person_must_approve_them() -> None:
    made = [{"name": "asked", "asked": True, "state": "draft"}, {"name": "free", "posted": True, "state": "draft"}]
    lines = report.describe_step("committee_packs", [{"landlord": "one", "quarter": "2026-Q2", "packs": made}], {})
    assert "asked (to approve), free (mailed)" in lines[1]
    later = [
        {"name": "asked", "needs_approval": True, "state": "draft"},
        {"name": "free", "needs_approval": False, "state": "draft"},
    ]
    again = report.describe_step("committee_packs", [{"landlord": "one", "quarter": "2026-Q2", "packs": later}], {})
    assert "asked (to approve), free" in again[1]
    assert "free (" not in again[1]
