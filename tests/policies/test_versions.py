"""A duty is judged by the version in force on the day it arose; the earliest also judges everything older."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from due_regard.assessment import assess_records
from due_regard.policy import PolicyHistory, load_policies
from due_regard.records.canonical import ASSESSMENT_COLUMNS
from tests.contract_examples import EXAMPLES, Example
from tests.policies.case_tables import calendar, calendar_of, policies, records
from tests.reference.drops import read_drop

FIRST, SECOND, THIRD = date(2026, 1, 1), date(2026, 7, 1), date(2027, 1, 1)
Said = dict[str, Any]
_DUTY = {"label": "A duty", "mail_label": "A step is due", "remedy": "Do it.", "owner_role": "decider"}


def _within(days: int, start: str = "received_on", done: str = "acknowledged_on") -> Said:
    notice = {"working_days": 2}
    return {"kind": "deadline", "start": start, "within": {"working_days": days}, "done": done, "notice": notice}


def _expiry(notice: int) -> Said:
    return {"kind": "deadline", "due": "expires_on", "done": "ended_on", "notice": {"days": notice}}


def _role(role: str) -> Said:
    return {"kind": "check", "require": {"in": {"decided_by_role": [role]}}}


def _review(**more: Any) -> Said:
    closes = {"equals": {"outcome": "lift"}}
    clock = {"kind": "review", "base": ["starts_on"], "closes": closes, "ended": "ended_on", "notice": {"days": 30}}
    return clock | more


def _every(months: int) -> Said:
    return _review(cycle={"months": months})


def _history(folder: Path, rule: str, *versions: Said) -> PolicyHistory:
    """One version for each of what is said of `rule`, from FIRST, SECOND, THIRD; clauses are v1, v2, v3."""
    return _histories(folder, *({rule: said} for said in versions))


def _histories(folder: Path, *versions: dict[str, Said]) -> PolicyHistory:
    (folder / "sixth").mkdir(parents=True)
    for number, (start, duties) in enumerate(zip((FIRST, SECOND, THIRD), versions, strict=False), 1):
        listed = [{"rule": rule, "clause": f"v{number}"} | _DUTY | said for rule, said in duties.items()]
        text = yaml.safe_dump({"landlord": "sixth", "title": "Sixth Policy", "duties": listed})
        (folder / "sixth" / f"{start}.yaml").write_text(text, encoding="utf-8")
    return load_policies(folder, "sixth")


def _answers(
    history: PolicyHistory, given: dict[str, list[dict[str, Any]]], as_at: date, lacks: tuple[str, ...] = ()
) -> list[str]:
    """Each row as `subject occurrence state due clause`."""
    found = assess_records(records(given, lacks), history, calendar("scotland"), as_at)
    starts = {f"v{number}": version.effective_from for number, version in enumerate(history.versions, 1)}
    assert [starts[clause] for clause in found["clause"]] == [day.date() for day in found["policy_version"]]
    return [
        f"{row.subject_ref} {row.occurrence} {row.state} {str(row.due_on)[:10]} {row.clause}"
        for row in found.itertuples()
    ]


def test_a_deadline_belongs_to_the_day_it_starts(tmp_path: Path) -> None:
    history = _history(tmp_path, "appeal.acknowledge", _within(3), _within(10), _within(1))
    days = [date(2011, 3, 1), date(2026, 6, 30), date(2026, 7, 1), date(2026, 12, 31), THIRD]
    given = {"appeal": [{"received_on": day, "acknowledged_on": day} for day in days]}
    assert _answers(history, given, date(2027, 1, 2)) == [
        "A1 1 met 2011-03-04 v1",
        "A2 1 met 2026-07-03 v1",
        "A3 1 met 2026-07-15 v2",
        "A4 1 met 2027-01-18 v2",
        "A5 1 met 2027-01-05 v3",
    ]


def test_a_start_in_another_record_counts_as_the_day(tmp_path: Path) -> None:
    said = [_within(days, "restriction.notified_on") for days in (3, 10)]
    history = _history(tmp_path, "appeal.acknowledge", *said)
    given = {
        "restriction": [{"notified_on": date(2026, 6, 30)}, {"notified_on": date(2026, 7, 1)}],
        "appeal": [
            {"received_on": date(2026, 7, 20), "restriction_ref": "R1"},
            {"received_on": date(2026, 6, 20), "restriction_ref": "R2"},
        ],
    }
    assert _answers(history, given, date(2026, 7, 20)) == ["A1 1 overdue 2026-07-03 v1", "A2 1 overdue 2026-07-15 v2"]


def test_a_given_due_date_belongs_to_the_day_the_subject_opened(tmp_path: Path) -> None:
    history = _history(tmp_path, "restriction.expiry", _expiry(0), _expiry(300))
    decided = [date(2026, 6, 30), date(2026, 7, 1)]
    given = {"restriction": [{"decided_on": day, "expires_on": date(2026, 12, 1)} for day in decided]}
    assert _answers(history, given, date(2026, 7, 2)) == ["R1 1 pending 2026-12-01 v1", "R2 1 due_soon 2026-12-01 v2"]


def test_a_check_belongs_to_the_day_the_subject_opened(tmp_path: Path) -> None:
    history = _history(tmp_path, "restriction.role", _role("manager"), _role("director"))
    decided = [date(2026, 6, 30), date(2026, 7, 1)]
    given = {
        "restriction": [
            {"decided_on": day, "decided_by_role": role} for day in decided for role in ("manager", "director")
        ]
    }
    assert [answer.split()[2] for answer in _answers(history, given, date(2026, 8, 1))] == [
        "met",
        "breach",
        "breach",
        "met",
    ]


def test_each_occurrence_of_a_review_belongs_to_its_base(tmp_path: Path) -> None:
    history = _history(tmp_path, "restriction.review", _every(6), _every(3), _every(1))
    given = {
        "restriction": [{}],
        "review": [{"reviewed_on": day} for day in (date(2026, 6, 30), date(2026, 7, 1), date(2027, 1, 1))],
    }
    assert _answers(history, given, date(2027, 1, 2)) == [
        "R1 1 met 2026-07-12 v1",
        "R1 2 met 2026-12-30 v1",
        "R1 3 late 2026-10-01 v2",
        "R1 4 due_soon 2027-02-01 v3",
    ]


def test_occurrences_keep_their_order_where_a_review_was_held_before_the_start(tmp_path: Path) -> None:
    history = _history(tmp_path, "restriction.review", _every(6), _every(3))
    given = {
        "restriction": [{"decided_on": date(2026, 6, 1), "starts_on": date(2026, 8, 1)}],
        "review": [{"reviewed_on": date(2026, 6, 20)}],
    }
    assert _answers(history, given, date(2026, 9, 1)) == [
        "R1 1 met 2026-11-01 v2",
        "R1 2 pending 2026-12-20 v1",
    ]


def test_numbers_run_through_where_the_first_version_had_no_date(tmp_path: Path) -> None:
    history = _history(tmp_path, "restriction.review", _review(agreed="review_due_on"), _every(3))
    given = {"restriction": [{}], "review": [{"reviewed_on": date(2026, 7, 10)}, {"reviewed_on": date(2026, 9, 1)}]}
    assert _answers(history, given, date(2026, 10, 1)) == ["R1 1 met 2026-10-10 v2", "R1 2 pending 2026-12-01 v2"]


def test_a_chain_that_one_version_cannot_tell_is_untold_whole(tmp_path: Path) -> None:
    strict = _every(3) | {"agreed": "review_due_on"}
    lenient = strict | {"absent_as_blank": ["review_due_on", "next_review_on"]}
    history = _history(tmp_path, "restriction.review", strict, lenient)
    given = {"restriction": [{}], "review": [{"reviewed_on": date(2026, 7, 10)}]}
    lacks = ("restriction.review_due_on",)
    assert _answers(history, given, date(2026, 8, 1), lacks) == ["R1 1 not_measured NaT v1"]
    given = {"restriction": [{"decided_on": SECOND, "starts_on": SECOND}]}
    assert _answers(history, given, date(2026, 8, 1), lacks) == ["R1 1 pending 2026-10-01 v2"]


def test_what_cannot_be_measured_is_one_row_of_its_own_version(tmp_path: Path) -> None:
    history = _history(tmp_path, "appeal.acknowledge", _within(3), _within(10))
    given = {"appeal": [{"received_on": date(2026, 6, 30)}, {"received_on": SECOND}]}
    lacks = ("appeal.acknowledged_on",)
    assert _answers(history, given, date(2026, 8, 1), lacks) == ["A1 1 not_measured NaT v1", "A2 1 not_measured NaT v2"]


@pytest.mark.parametrize(("as_at", "clause"), [(date(2019, 1, 1), "v1"), (date(2026, 6, 30), "v1"), (SECOND, "v2")])
def test_an_entity_never_delivered_is_one_row_of_the_version_in_force(tmp_path: Path, as_at: date, clause: str) -> None:
    history = _history(tmp_path, "appeal.acknowledge", _within(3), _within(10))
    assert _answers(history, {}, as_at, ("appeal",)) == [f"sixth 1 not_measured NaT {clause}"]


def test_a_rule_that_comes_or_goes_judges_its_own_time_alone(tmp_path: Path) -> None:
    history = _histories(tmp_path, {"restriction.old": _role("manager")}, {"restriction.new": _role("manager")})
    given = {"restriction": [{"decided_on": day} for day in (date(2010, 1, 1), date(2026, 6, 30), SECOND)]}
    found = assess_records(records(given), history, calendar("scotland"), date(2026, 8, 1))
    assert [*zip(found["rule"], found["subject_ref"], strict=True)] == [
        ("restriction.new", "R3"),
        ("restriction.old", "R1"),
        ("restriction.old", "R2"),
    ]
    never = assess_records(records({}, ("restriction",)), history, calendar("scotland"), SECOND)
    assert list(never["rule"]) == ["restriction.new"]


def test_a_subject_is_judged_once_where_versions_start_the_clock_elsewhere(tmp_path: Path) -> None:
    received, decided = _within(3), _within(3, "decided_on")
    given = {"appeal": [{"received_on": date(2026, 6, 20), "decided_on": date(2026, 7, 10)}]}
    history = _history(tmp_path / "a", "appeal.acknowledge", received, decided)
    assert _answers(history, given, date(2026, 8, 1)) == ["A1 1 overdue 2026-06-24 v1"]
    history = _history(tmp_path / "b", "appeal.acknowledge", decided, received)
    assert _answers(history, given, date(2026, 8, 1)) == ["A1 1 overdue 2026-07-15 v1"]


def test_a_column_that_only_the_later_version_needs_is_untold_from_then_on(tmp_path: Path) -> None:
    said = [_within(3, "decided_on", done) for done in ("acknowledged_on", "notified_on")]
    history = _history(tmp_path, "appeal.acknowledge", *said)
    decided = [date(2026, 6, 30), date(2026, 7, 1)]
    given = {"appeal": [{"received_on": date(2026, 6, 20), "decided_on": day} for day in decided]}
    assert _answers(history, given, date(2026, 7, 2), ("appeal.notified_on",)) == [
        "A1 1 due_soon 2026-07-03 v1",
        "A2 1 not_measured NaT v2",
    ]


def test_versions_are_found_by_the_day_they_came_into_force(tmp_path: Path) -> None:
    history = _history(tmp_path, "appeal.acknowledge", _within(3), _within(10), _within(1))
    days = [date(1990, 1, 1), FIRST, date(2026, 6, 30), SECOND, date(2026, 12, 31), THIRD, date(2040, 1, 1)]
    assert [history.find_version(day).effective_from for day in days] == [
        FIRST,
        FIRST,
        FIRST,
        SECOND,
        SECOND,
        THIRD,
        THIRD,
    ]
    assert history.find_duty("appeal.acknowledge").clause == "v3"
    assert history.find_duty("appeal.acknowledge", SECOND).clause == "v2"


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
@pytest.mark.parametrize("split", [date(2025, 9, 1), date(2026, 1, 15), date(2026, 4, 1)], ids=str)
def test_a_second_version_that_says_the_same_changes_no_row(example: Example, split: date) -> None:
    policy = policies(example.landlord).versions[-1]
    twice = PolicyHistory((policy, replace(policy, effective_from=split), replace(policy, effective_from=THIRD)))
    frames = read_drop(example.exports).frames()
    once, again = (
        assess_records(frames, history, calendar_of(example.landlord), example.as_at)
        for history in (policies(example.landlord), twice)
    )
    columns = list(ASSESSMENT_COLUMNS)
    assert once[columns].equals(again[columns])
