"""A sixth landlord is one policy file and one settings file: its words are none of the five's, its code is nobody's."""

from __future__ import annotations

import csv
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from due_regard.__main__ import main
from due_regard.assessment import assess_records
from due_regard.calendars.working_days import load_calendar
from due_regard.config.landlord import load_landlord
from due_regard.policy import load_policies
from tests.policies.case_tables import INCLUDE, records

SIXTH = Path(__file__).parent / "sixth_landlord"
HISTORY = load_policies(SIXTH / "policies", "sixth")
SETTINGS = load_landlord(SIXTH / "landlords", "sixth")
CALENDAR = load_calendar(SETTINGS.division, SETTINGS.closure_days, folder=INCLUDE / "calendars")


def _answers(given: dict[str, list[dict[str, Any]]], as_at: date, rule: str, lacks: tuple[str, ...] = ()) -> list[str]:
    found = assess_records(records(given, lacks), HISTORY, CALENDAR, as_at)
    mine = found[found["rule"] == rule]
    return [f"{row.subject_ref} {row.occurrence} {row.state} {str(row.due_on)[:10]}" for row in mine.itertuples()]


@pytest.mark.parametrize(
    ("received", "due"),
    [
        # Friday 12 June is the landlord's own closure day.
        (date(2026, 6, 11), "2026-06-18"),
        (date(2026, 6, 12), "2026-06-19"),
        (date(2026, 6, 13), "2026-06-19"),
        # Monday 31 August is a bank holiday in England and Wales.
        (date(2026, 8, 29), "2026-09-07"),
        # From 1 September the second version counts: a Saturday is moved to Monday, which is not day 1.
        (date(2026, 9, 4), "2026-09-11"),
        (date(2026, 9, 5), "2026-09-14"),
        (date(2026, 9, 7), "2026-09-14"),
    ],
)
def test_appeal_is_acknowledged_within_five_days_by_its_own_counting(received: date, due: str) -> None:
    given = {"appeal": [{"received_on": received}]}
    assert _answers(given, received, "appeal.acknowledge") == [f"A1 1 pending {due}"]


def test_reviews_come_every_four_months_and_every_two_after_the_change() -> None:
    given = {
        "restriction": [{"decided_on": date(2026, 1, 12), "starts_on": date(2026, 1, 12)}],
        "review": [{"reviewed_on": date(2026, 5, 10)}, {"reviewed_on": date(2026, 9, 15)}],
    }
    assert _answers(given, date(2026, 10, 1), "restriction.review") == [
        "R1 1 met 2026-05-12",
        "R1 2 late 2026-09-10",
        "R1 3 pending 2026-11-15",
    ]


def test_one_named_role_holds_reviews() -> None:
    reviews = [
        {"reviewed_on": date(2026, 5, 10), "reviewed_by_role": role} for role in ("head_of_service", "director", None)
    ]
    found = assess_records(records({"restriction": [{}], "review": reviews}), HISTORY, CALENDAR, date(2026, 6, 1))
    roles = found[found["rule"] == "review.reviewer_role"]
    assert dict(zip(roles["subject_ref"], roles["state"], strict=True)) == {"V1": "met", "V2": "breach", "V3": "breach"}


def test_a_duty_starts_only_with_another_record() -> None:
    rule, as_at = "restriction.second_look", date(2026, 6, 30)
    appeals = [{"received_on": date(2026, 6, 20)}, {"received_on": date(2026, 6, 11)}]
    given: dict[str, list[dict[str, Any]]] = {"restriction": [{}]}
    assert _answers(given, as_at, rule) == []
    assert _answers(given | {"appeal": [{"received_on": date(2026, 7, 1)}]}, as_at, rule) == []
    assert _answers(given | {"appeal": appeals}, as_at, rule) == ["R1 1 overdue 2026-06-25"]
    before = {"review": [{"reviewed_on": date(2026, 6, 10)}]}
    assert _answers(given | {"appeal": appeals} | before, as_at, rule) == ["R1 1 overdue 2026-06-25"]
    after = {"review": [{"reviewed_on": date(2026, 6, 26)}, {"reviewed_on": date(2026, 6, 24)}]}
    assert _answers(given | {"appeal": appeals} | after, as_at, rule) == ["R1 1 met 2026-06-25"]
    assert _answers(given | {"appeal": appeals}, as_at, rule, ("appeal",)) == ["R1 1 not_measured NaT"]


def test_a_duty_is_for_those_with_an_earlier_record() -> None:
    rule, as_at = "incident.letter_sent", date(2026, 6, 30)
    given: dict[str, list[dict[str, Any]]] = {"incident": [{"occurred_on": date(2026, 6, 11)}]}
    assert _answers(given, as_at, rule) == []
    assert _answers(given | {"warning": [{"issued_on": date(2025, 12, 10)}]}, as_at, rule) == []
    assert _answers(given | {"warning": [{"issued_on": date(2026, 6, 11)}]}, as_at, rule) == []
    given["warning"] = [{"issued_on": date(2025, 12, 11)}]
    assert _answers(given, as_at, rule) == ["I1 1 overdue 2026-06-25"]
    assert _answers(given, date(2026, 6, 22), rule) == ["I1 1 due_soon 2026-06-25"]
    given["warning"].append({"issued_on": date(2026, 6, 12)})
    assert _answers(given, as_at, rule) == ["I1 1 met 2026-06-25"]


def test_a_check_may_hold_two_dates_of_two_records_together() -> None:
    markers = [{"placed_on": day, "incident_ref": "I1"} for day in (date(2026, 2, 28), date(2026, 3, 1))]
    given = {"incident": [{"occurred_on": date(2026, 1, 31)}], "marker": [*markers, {"placed_on": date(2026, 2, 1)}]}
    found = assess_records(records(given), HISTORY, CALENDAR, date(2026, 6, 1))
    found = found[found["rule"] == "marker.placed_in_time"]
    assert list(found["state"]) == ["met", "breach", "breach"]
    assert set(found["severity"]) == {"explain"}


@pytest.mark.parametrize(
    ("as_at", "due"), [(date(2026, 8, 31), "2027-05-30"), (date(2026, 9, 1), "2028-02-29")], ids=str
)
def test_the_document_in_force_gives_its_own_review(as_at: date, due: str) -> None:
    assert _answers({}, as_at, "policy.review") == [f"sixth 1 pending {due}"]


@pytest.fixture
def include(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An include folder that knows the sixth landlord alone."""
    folder = tmp_path / "include"
    for shared in ("calendars", "sources", "reports"):
        shutil.copytree(INCLUDE / shared, folder / shared)
    shutil.copytree(SIXTH, folder, dirs_exist_ok=True)
    monkeypatch.setenv("DUE_REGARD_INCLUDE_DIR", str(folder))
    monkeypatch.setenv("DUE_REGARD_VAR_DIR", str(tmp_path / "var"))
    return folder


def test_the_command_line_judges_a_drop_of_it(include: Path, tmp_path: Path) -> None:
    drop, out = tmp_path / "drop", tmp_path / "out.csv"
    drop.mkdir()
    restriction = "R1,C1,named_contact,2026-01-12,S1,2026-01-12"
    (drop / "restrictions.csv").write_text(
        f"restriction_ref,customer_ref,measure,decided_on,decided_by,starts_on\n{restriction}\n", encoding="utf-8"
    )
    (drop / "appeals.csv").write_text(
        "appeal_ref,restriction_ref,received_on,acknowledged_on\nA1,R1,2026-06-11,2026-06-19\n", encoding="utf-8"
    )
    call = ["assess", "--landlord", "sixth", "--as-at", "2026-06-30", "--drop", str(drop), "--out", str(out)]
    assert main(call) == 0
    with out.open(encoding="utf-8") as file:
        rows = {row["rule"]: row for row in csv.DictReader(file)}
    assert rows["appeal.acknowledge"]["state"] == "late"
    assert rows["appeal.acknowledge"]["due_on"] == "2026-06-18"
    assert rows["appeal.acknowledge"]["days_overdue"] == "1"
    assert rows["appeal.acknowledge"]["clause"] == "4.1"
    assert rows["restriction.review"]["state"] == "not_measured"
    assert rows["incident.letter_sent"]["subject_type"] == "landlord"


def test_the_command_line_shows_and_checks_it(include: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "check", *map(str, sorted((include / "policies" / "sixth").iterdir()))]) == 0
    assert main(["landlord", "check", "sixth"]) == 0
    assert main(["policy", "show", "sixth", "--on", "2026-06-01"]) == 0
    said = capsys.readouterr().out
    assert "Working days: the day itself, or the next working day, is day 1." in said
    assert "Due within 10 working days of (the first appeal of the same restriction)." in said
    assert 'Reading confirmed by Head of Housing, 2 March 2026: The policy says "promptly"; we read 14 days.' in said
    assert main(["policy", "rules"]) == 0
    assert "Sixth Housing Association, from 1 September 2026" in capsys.readouterr().out


def test_a_confirmed_reading_of_a_mistyped_rule_is_told(include: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = include / "landlords" / "sixth.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("confirmed_readings:", "confirmed_readings:\n  appeal.acknowlege: somebody"), "utf-8")
    assert main(["landlord", "check", "sixth"]) != 0
    assert "confirmed_readings: appeal.acknowlege has no reading in the policy" in capsys.readouterr().out
