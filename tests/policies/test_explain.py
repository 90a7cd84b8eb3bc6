"""`assess --explain`: what is recorded, the conditions, the days counted, the clause and the outcome, kind by kind."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from due_regard.__main__ import main
from due_regard.assessment.explanation import explain_rule
from due_regard.calendars.working_days import load_calendar
from due_regard.errors import PolicyError, SettingsError
from due_regard.policy import PolicyHistory, load_policies
from tests.contract_examples import EXAMPLES
from tests.policies.case_tables import INCLUDE, LANDLORDS, calendar, calendar_of, cases, policies, records
from tests.policies.policy_files import changed, policy_in

QC, PL, CB, UW, HN = "queens_cross", "port_of_leith", "clydebank", "united_welsh", "hanover"
Given = dict[str, list[dict[str, Any]]]


def _lines(landlord: str, given: Given, as_at: date, rule: str, subject: str, lacks: tuple[str, ...] = ()) -> list[str]:
    return explain_rule(records(given, lacks), policies(landlord), calendar_of(landlord), as_at, rule, subject)


def test_a_late_deadline_names_its_working_days_and_the_holidays_skipped() -> None:
    given: Given = {"appeal": [{"received_on": date(2026, 6, 11), "acknowledged_on": date(2026, 6, 19)}]}
    assert _lines(QC, given, date(2026, 6, 30), "appeal.acknowledge", "A1") == [
        "appeal.acknowledge of one appeal at queens_cross, as at Tue 30 Jun 2026",
        "",
        "Clause 7.3, in force from Sat 1 Jan 2022: Appeal acknowledged within 3 working days",
        'The policy says: "An application to appeal will be acknowledged within 3 working days of receipt"',
        'Due within 3 working days of "received on". Done on "acknowledged on".',
        '  "received on": Thu 11 Jun 2026',
        '  "acknowledged on": Fri 19 Jun 2026',
        "Outcome: late, due Wed 17 Jun 2026, done Fri 19 Jun 2026, 2 working days late",
        "  A failure is a breach.",
        "  Working days counted (day0): 1 Fri 12 Jun 2026, 2 Tue 16 Jun 2026, 3 Wed 17 Jun 2026",
        "  Holidays and closure days skipped counting to the due date: Mon 15 Jun 2026",
        "  Holidays and closure days skipped counting the days late: none",
    ]


def test_days_late_name_the_holiday_they_skip() -> None:
    given: Given = {"incident": [{"occurred_on": date(2026, 6, 11)}]}
    lines = _lines(QC, given, date(2026, 6, 16), "incident.manager_informed", "I1")
    assert '  "manager informed on": blank' in lines
    assert 'Our reading: We read "immediately" as by the next working day.' in lines
    assert "Outcome: overdue, due Fri 12 Jun 2026, 1 working day late" in lines
    assert "  Holidays and closure days skipped counting the days late: Mon 15 Jun 2026" in lines


@pytest.mark.parametrize(
    ("counting", "counted"),
    [
        ("day0", "1 Tue 16 Jun 2026, 2 Wed 17 Jun 2026, 3 Thu 18 Jun 2026"),
        ("day1", "1 Tue 16 Jun 2026, 2 Wed 17 Jun 2026, 3 Thu 18 Jun 2026"),
        ("roll_then_add", "1 Wed 17 Jun 2026, 2 Thu 18 Jun 2026, 3 Fri 19 Jun 2026"),
    ],
)
def test_each_convention_counts_its_own_days(tmp_path: Path, counting: str, counted: str) -> None:
    folder = policy_in(tmp_path, QC)
    (file,) = folder.glob("*.yaml")
    file.write_text(file.read_text(encoding="utf-8").replace("counting: day0", f"counting: {counting}"))
    given: Given = {"appeal": [{"received_on": date(2026, 6, 13)}]}
    history = load_policies(tmp_path, QC)
    lines = explain_rule(records(given), history, calendar("scotland"), date(2026, 6, 13), "appeal.acknowledge", "A1")
    assert f"  Working days counted ({counting}): {counted}" in lines


def test_closure_days_are_named_among_the_skipped() -> None:
    own = load_calendar("scotland", [date(2026, 6, 12)], folder=INCLUDE / "calendars")
    given: Given = {"appeal": [{"received_on": date(2026, 6, 11)}]}
    lines = explain_rule(records(given), policies(QC), own, date(2026, 6, 11), "appeal.acknowledge", "A1")
    skipped = "  Holidays and closure days skipped counting to the due date: Fri 12 Jun 2026, Mon 15 Jun 2026"
    assert skipped in lines


def test_a_rolled_date_says_so() -> None:
    given: Given = {"access_request": [{"received_on": date(2026, 6, 12)}]}
    lines = _lines(QC, given, date(2026, 6, 30), "access_request.respond", "Q1")
    assert "Outcome: pending, due Mon 13 Jul 2026" in lines
    assert "  A due date that is no working day is moved to the next one; Mon 13 Jul 2026 is one." in lines


def test_a_check_shows_each_condition_and_its_answer() -> None:
    given: Given = {
        "restriction": [{"decided_by": "S1"}],
        "appeal": [{"received_on": date(2026, 2, 1), "decided_on": date(2026, 2, 5), "considered_by": "S1"}],
    }
    lines = _lines(QC, given, date(2026, 3, 1), "appeal.independent", "A1")
    assert lines[-7:] == [
        '  "considered by": recorded',
        '  the restriction\'s "decided by": recorded',
        "  the restriction: on record",
        '  applies where "considered by" is recorded: yes',
        '  asks that "considered by" differs from the restriction\'s "decided by": no',
        "Outcome: breach",
        "  A failure is a breach.",
    ]
    assert not any("S1" in line or "C1" in line for line in lines)


def test_hidden_blank_and_absent_are_three_sentences() -> None:
    asked = date(2026, 3, 1)
    said = {}
    for name, value in (("hidden", date(2026, 3, 20)), ("blank", None), ("known", date(2026, 2, 9))):
        given: Given = {
            "restriction": [{}],
            "appeal": [{"received_on": date(2026, 2, 1), "acknowledged_on": value}],
        }
        said[name] = _lines(QC, given, asked, "appeal.acknowledge", "A1")
    said["absent"] = _lines(QC, given, asked, "appeal.acknowledge", "A1", lacks=("appeal.acknowledged_on",))
    field = '  "acknowledged on": '
    assert {name: next(line for line in lines if line.startswith(field)) for name, lines in said.items()} == {
        "hidden": f"{field}recorded, but dated after the date asked about",
        "blank": f"{field}blank",
        "known": f"{field}Mon 9 Feb 2026",
        "absent": f"{field}not carried by the source",
    }
    assert not any("20 Mar" in line for line in said["hidden"])


def test_a_condition_says_where_a_later_date_would_answer_otherwise() -> None:
    given: Given = {
        "restriction": [{"decided_by": "S1"}],
        "appeal": [{"received_on": date(2026, 2, 1), "decided_on": date(2026, 3, 20), "considered_by": "S2"}],
    }
    lines = _lines(QC, given, date(2026, 3, 1), "appeal.independent", "A1")
    assert '  "considered by": recorded, but dated after the date asked about' in lines
    asks = '  applies where "considered by" is recorded: no on the date asked about; yes by what is dated after it'
    assert asks in lines


def test_a_linked_record_dated_later_is_not_said_to_be_missing() -> None:
    given: Given = {
        "restriction": [{"decided_on": date(2026, 3, 10), "decided_by": "S1"}],
        "appeal": [{"received_on": date(2026, 2, 1), "decided_on": date(2026, 2, 5), "considered_by": "S1"}],
    }
    for asked, told in ((date(2026, 3, 1), "recorded, but dated after the date asked about"), (date(2026, 4, 1), "on")):
        lines = _lines(QC, given, asked, "appeal.independent", "A1")
        assert any(line.startswith(f"  the restriction: {told}") for line in lines)


def test_a_softer_level_is_said_beside_the_general_one() -> None:
    given: Given = {
        "incident": [{"occurred_on": date(2026, 1, 5), "violence": "threat"}],
        "restriction": [{"incident_ref": "I1"}],
    }
    lines = _lines(HN, given, date(2026, 3, 1), "restriction.prior_warning", "R1")
    softer = '  A failure is a breach, but to be explained where the incident\'s "violence" is threat or physical.'
    assert lines[-2:] == ["Outcome: breach", f"{softer} Here: explain."]


def test_related_records_show_the_first_and_what_bounds_them() -> None:
    given: Given = {
        "warning": [{"issued_on": date(2026, 1, 5)}],
        "incident": [{"occurred_on": date(2026, 1, 6)}],
        "restriction": [{}],
    }
    lines = _lines(QC, given, date(2026, 3, 1), "restriction.continued_behaviour", "R1")
    warned = 'the first warning of the same customer, dated before "decided on"'
    assert '  "decided on": Mon 12 Jan 2026' in lines
    assert f"  {warned}: Mon 5 Jan 2026" in lines
    incident = f'  the first incident of the same customer, dated after ({warned}) and on or before "decided on"'
    assert f"{incident}: Tue 6 Jan 2026" in lines
    assert _lines(QC, given | {"warning": []}, date(2026, 3, 1), "restriction.continued_behaviour", "R1")[-1] == (
        "Outcome: the duty does not apply, so there is no row."
    )


def test_a_review_shows_every_clock_and_outcome() -> None:
    given: Given = {
        "restriction": [{"review_due_on": date(2026, 6, 1)}],
        "review": [{"reviewed_on": date(2026, 6, 3), "next_review_on": date(2026, 9, 1)}],
    }
    lines = _lines(QC, given, date(2026, 9, 3), "restriction.review", "R1")
    assert lines[lines.index('  "ended on": blank') + 1 :] == [
        "  clock 1, from Mon 12 Jan 2026, agreed for Mon 1 Jun 2026, stopped on Wed 3 Jun 2026",
        "  clock 2, from Wed 3 Jun 2026, agreed for Tue 1 Sep 2026",
        "Outcome 1: late, due Mon 1 Jun 2026, done Wed 3 Jun 2026, 2 days late",
        "  A failure is a breach.",
        "Outcome 2: overdue, due Tue 1 Sep 2026, 2 days late",
        "  A failure is a breach.",
    ]


def test_what_cannot_be_measured_says_what_is_lacking() -> None:
    given: Given = {"restriction": [{}]}
    lines = _lines(QC, given, date(2026, 3, 1), "restriction.prior_warning", "R1", ("warning",))
    assert any(
        line.endswith(": cannot be told: no file of warnings was delivered, or a column is lacking") for line in lines
    )
    assert lines[-2:] == ["Outcome: not measured", "  It cannot be told: the source lacks what it asks for."]
    lines = _lines(UW, given, date(2026, 3, 1), "restriction.end_set", "R1", ("restriction.expires_on",))
    assert '  "expires on": not carried by the source' in lines
    assert '  asks that "expires on" is recorded: cannot be told' in lines


def test_an_entity_never_delivered_is_explained_under_the_landlord() -> None:
    lines = _lines(QC, {}, date(2026, 3, 1), "appeal.acknowledge", QC, ("appeal",))
    assert lines[-3:] == [
        "Outcome: not measured",
        "  It cannot be told: the source lacks what it asks for.",
        "No file of appeals was ever delivered.",
    ]


def test_a_documents_own_review_is_explained() -> None:
    lines = _lines(CB, {}, date(2026, 8, 2), "policy.review", CB)
    assert "The document itself is to be reviewed by 31 July 2026." in lines
    assert "Outcome: overdue, due Fri 31 Jul 2026, 2 days late" in lines
    lines = _lines(HN, {}, date(2026, 8, 2), "policy.review", HN)
    assert lines[-1].endswith("the policy file does not say when the document was approved (approved_on).")


def test_each_version_explains_its_own_occurrences(tmp_path: Path) -> None:
    folder = policy_in(tmp_path, QC)
    text = (folder / "2022-01-01.yaml").read_text(encoding="utf-8")
    second = changed(
        changed(text, "restriction.review", "months: 6", "months: 3"), "restriction.review", '"6.6"', '"6.7"'
    )
    (folder / "2026-07-01.yaml").write_text(second, encoding="utf-8")
    history: PolicyHistory = load_policies(tmp_path, QC)
    given: Given = {"restriction": [{}], "review": [{"reviewed_on": date(2026, 7, 10)}]}
    lines = explain_rule(records(given), history, calendar("scotland"), date(2026, 8, 1), "restriction.review", "R1")
    heads = [line for line in lines if line.startswith(("Clause", "Outcome"))]
    assert heads == [
        "Clause 6.6, in force from Sat 1 Jan 2022: Restriction reviewed",
        "Outcome 1: met, due Sun 12 Jul 2026, done Fri 10 Jul 2026",
        "Clause 6.7, in force from Wed 1 Jul 2026: Restriction reviewed",
        "Outcome 2: pending, due Sat 10 Oct 2026",
    ]


def test_an_unknown_rule_or_subject_is_an_error_that_says_so() -> None:
    with pytest.raises(PolicyError, match=r"no rule 'appeal\.decide'; known: access_request"):
        _lines(QC, {}, date(2026, 3, 1), "appeal.decide", "A1")
    with pytest.raises(SettingsError, match="no such record in appeals on that date"):
        _lines(QC, {}, date(2026, 3, 1), "appeal.acknowledge", "A1")
    with pytest.raises(SettingsError, match="no file of appeals was ever delivered"):
        _lines(QC, {}, date(2026, 3, 1), "appeal.acknowledge", "A1", ("appeal",))
    with pytest.raises(SettingsError, match=r"the subject of policy\.review is the landlord: clydebank"):
        _lines(CB, {}, date(2026, 3, 1), "policy.review", "A1")


@pytest.mark.parametrize("rule", sorted({case.rule for case in cases()}))
def test_every_rule_explains_the_outcomes_it_has(rule: str) -> None:
    mine = [case for case in cases() if case.rule == rule and case.expected]
    for case in mine[:: 1 + len(mine) // 6]:
        subject = case.expected[0]["subject_ref"]
        lines = explain_rule(case.records(), case.history(), calendar_of(case.landlord), case.as_at, rule, subject)
        told = [line.split(": ")[1].split(",")[0] for line in lines if line.startswith("Outcome")]
        assert told == [row["state"].replace("_", " ") for row in case.expected if row["subject_ref"] == subject]


def test_the_command_line_explains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DUE_REGARD_VAR_DIR", str(tmp_path))
    example = next(each for each in EXAMPLES if each.landlord == CB)
    call = [
        "assess",
        "--landlord",
        CB,
        "--as-at",
        "2026-06-30",
        "--drop",
        str(example.exports),
        "--source",
        "canonical",
    ]
    assert main([*call, "--explain", "policy.review", CB]) == 0
    assert "Outcome: due soon, due Fri 31 Jul 2026" in capsys.readouterr().out
    assert main([*call, "--explain", "appeal.decider_role", "nobody"]) == 2
    assert "no such record in appeals" in capsys.readouterr().err


@pytest.mark.parametrize("landlord", LANDLORDS)
def test_policy_show_says_every_clause_promise_and_reading(landlord: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "show", landlord, "--on", "2026-11-20"]) == 0
    said = capsys.readouterr().out
    policy = policies(landlord).versions[-1]
    assert said.startswith(f"{policy.title} ({landlord}), in force from ")
    for duty in policy.duties:
        assert f"\nClause {duty.clause}: {duty.label} [{duty.rule}]\n" in said
        assert f'  The policy says: "{duty.promise}"\n' in said
        assert not duty.reading or f"  Unconfirmed reading: {duty.reading}\n" in said
    assert said.count("Unconfirmed reading") == sum(1 for duty in policy.duties if duty.reading)
    assert "None" not in said
