"""A wrong policy file is refused with the file, the line and the words that are allowed there."""

from __future__ import annotations

from pathlib import Path

import pytest

from due_regard.__main__ import main
from due_regard.errors import PolicyError
from due_regard.policy import load_policies, read_policy
from due_regard.policy.conditions import WORDS
from due_regard.policy.duties import CheckDuty
from due_regard.records.canonical import ENTITY
from tests.code_words import list_words

RIGHT = """\
landlord: sixth
title: Sixth Policy
duties:
  - rule: appeal.acknowledge
    kind: deadline
    label: Appeal acknowledged
    mail_label: An acknowledgement is due
    clause: "4.1"
    remedy: Acknowledge it.
    owner_role: appeal_handler
    when: {in: {outcome: [upheld, varied]}}
    start: received_on
    within: {working_days: 5}
    done: acknowledged_on
    notice: {working_days: 2}
    feeds: acknowledgements
  - rule: restriction.review
    kind: review
    label: Restriction reviewed
    mail_label: A review is due
    clause: "5.1"
    remedy: Review it.
    owner_role: reviewer
    base: [starts_on]
    cycle: {months: 4}
    agreed: review_due_on
    closes: {equals: {outcome: lift}}
    ended: ended_on
    notice: {days: 30}
    feeds: reviews
  - rule: restriction.decider_role
    kind: check
    label: Decided by a manager
    mail_label: A safeguard is not met
    clause: "5.2"
    remedy: Decide anew.
    owner_role: decider
    require:
      any_of:
        - in:
            decided_by_role:
              - manager
              - director
        - exists: {of: warnings, same: customer_ref, before: decided_on}
  - rule: policy.review
    kind: document
    label: Policy's own review
    mail_label: Its review is due
    clause: "9"
    remedy: Review it.
    owner_role: governance
    due: 2027-01-31
    notice: {days: 90}
    feeds: policy_review
"""
_OWNERS = "decider, appeal_handler, reviewer, incident_manager, marker_owner, request_owner, governance"
_APPEALS = ", ".join(ENTITY["appeals"].by_name)
_REVIEWS = ", ".join(ENTITY["reviews"].by_name)
_ENTITIES = ", ".join(ENTITY)
_WORDS = ", ".join(WORDS)

WRONG = {
    # name: (the right text, the wrong text, the text on whose line the fault stands, what the message must say)
    "unknown field": ("start: received_on", "start: recieved_on", "recieved_on", f"'recieved_on'; allowed: {_APPEALS}"),
    "field of another entity": ("start: received_on", "start: reviewed_on", "reviewed_on", f"allowed: {_APPEALS}"),
    "start that is not a date": ("start: received_on", "start: handled_by", "handled_by", "a reference, not a date"),
    "start on an unknown link": ("start: received_on", "start: tenancy.began_on", "tenancy", "allowed: restriction"),
    "field badly written": ("start: received_on", "start: Received On", "Received", "start must look like"),
    "due that is not a date": (
        "    start: received_on\n    within: {working_days: 5}\n",
        "    due: outcome\n",
        "due: outcome",
        "'outcome' is a code, not a date",
    ),
    "done that is no date word": ("done: acknowledged_on", "done: {latest_of: [a, b]}", "latest_of", "earliest_of"),
    "one date as the earliest": (
        "done: acknowledged_on",
        "done: {earliest_of: [acknowledged_on]}",
        "earliest_of",
        "needs at least 2",
    ),
    "both start and due": (
        "    done: ack",
        "    due: decided_on\n    done: ack",
        "appeal.ack",
        "start and within, or due",
    ),
    "start without within": ("    within: {working_days: 5}\n", "", "appeal.ack", "start and within, or due"),
    "neither start nor due": (
        "    start: received_on\n    within: {working_days: 5}\n",
        "",
        "appeal.ack",
        "start and within, or due",
    ),
    "two units": (
        "{working_days: 5}",
        "{working_days: 5, days: 7}",
        "days: 7",
        "says one of working_days, days, months",
    ),
    "unknown unit": ("{working_days: 5}", "{weeks: 1}", "weeks", "no word 'weeks' here; allowed: working_days, days"),
    "no working days": (
        "{working_days: 5}",
        "{working_days: 0}",
        "working_days: 0",
        "within.working_days must be 1 or",
    ),
    "half a working day": ("{working_days: 5}", "{working_days: 4.5}", "4.5", "must be a whole number"),
    "notice in another unit": ("{working_days: 2}", "{days: 2}", "notice: {days: 2}", "counts in working_days"),
    "notice in months": (
        "{working_days: 2}",
        "{months: 2}",
        "months: 2",
        "no word 'months' here; allowed: working_days",
    ),
    "roll elsewhere": ("    done: ack", "    roll: back\n    done: ack", "roll: back", "allowed: next_working_day"),
    "unknown code": ("upheld, varied", "upheld, vary", "vary]", "never 'vary'; allowed: upheld, varied, quashed"),
    "unknown role in a list": (
        "- director",
        "- boss",
        "- boss",
        f"never 'boss'; allowed: {', '.join(list_words('roles'))}",
    ),
    "no code at all": ("[upheld, varied]", "[]", "outcome: []", "needs at least 1"),
    "a code where a list belongs": ("[upheld, varied]", "upheld", "outcome: upheld", "must be a list"),
    "two fields in one word": (
        "{outcome: [upheld, varied]}",
        "{outcome: [upheld], external_body: [spso]}",
        "spso",
        "says one field",
    ),
    "unknown condition word": ("exists: {of", "exist: {of", "exist:", f"a condition is one word of: {_WORDS}"),
    "two condition words": ("- in:", "- present: decided_by\n          in:", "present: dec", f"one word of: {_WORDS}"),
    "a bare word": (
        "when: {in: {outcome: [upheld, varied]}}",
        "when: outcome",
        "when: outcome",
        f"one word of: {_WORDS}",
    ),
    "a condition on nothing": (
        "when: {in: {outcome: [upheld, varied]}}",
        "when: {any_of: []}",
        "any_of: []",
        "at least 1",
    ),
    "yes asked of a date": ("in: {outcome: [upheld, varied]}", "is_yes: decided_on", "is_yes", "a date, not a yes/no"),
    "equals asked of a list": (
        "closes: {equals: {outcome: lift}}",
        "closes: {equals: {outcome: lift}}\n    when: {equals: {measure: no_contact}}",
        "no_contact",
        "'measure' is a list of codes, not a code",
    ),
    "includes asked of a code": (
        "in: {outcome: [upheld, varied]}",
        "includes: {outcome: upheld}",
        "incl",
        "not a list",
    ),
    "differs asked of a date": (
        "in: {outcome: [upheld, varied]}",
        "differs: {handled_by: decided_on}",
        "differs",
        "'decided_on' is a date, not a reference",
    ),
    "later than a reference": (
        "in: {outcome: [upheld, varied]}",
        "no_later_than: {decided_on: {months: 1, after: handled_by}}",
        "no_later_than",
        "'handled_by' is a reference, not a date",
    ),
    "unknown entity in exists": ("of: warnings", "of: letters", "of: letters", f"'letters'; allowed: {_ENTITIES}"),
    "exists by a field they do not share": (
        "same: customer_ref",
        "same: evidence_ref",
        "evidence_ref",
        "not a reference",
    ),
    "exists bounded by no date": ("before: decided_on", "before: decided_by", "decided_by", "a reference, not a date"),
    "exists with an unknown bound": (
        "before: decided_on",
        "until: decided_on",
        "until",
        "no word 'until' here; allowed: of",
    ),
    "exists of what has no date": (
        "of: warnings",
        "of: customers",
        "of: customers",
        "no opening date; name a date field",
    ),
    "standing without a day": (
        "before: decided_on}",
        "before: decided_on, standing_until: issued_on}",
        "standing_until",
        "needs not_before",
    ),
    "clause missing": ('    clause: "4.1"\n', "", "rule: appeal.ack", "appeal.acknowledge: clause is missing"),
    "clause empty": ('clause: "4.1"', 'clause: ""', 'clause: ""', "appeal.acknowledge: clause is empty"),
    "clause read as a number": ('clause: "4.1"', "clause: 4.1", "clause: 4.1", "clause must be a text"),
    "cycle of 0 months": ("cycle: {months: 4}", "cycle: {months: 0}", "months: 0", "cycle.months must be 1 or more"),
    "cycle without a unit": ("cycle: {months: 4}", "cycle: {}", "cycle: {}", "says one of months, years"),
    "cycle in weeks": ("cycle: {months: 4}", "cycle: {weeks: 4}", "weeks: 4", "allowed: months, years"),
    "base that is not a date": ("base: [starts_on]", "base: [measure]", "base: [m", "a list of codes, not a date"),
    "no base": ("base: [starts_on]", "base: []", "base: []", "base needs at least 1"),
    "agreed date of another entity": ("agreed: review_due_on", "agreed: next_review_on", "next_rev", "no field"),
    "reviews without a link": ("ended: ended_on", "ended: ended_on\n    reviews: warnings", "reviews: w", "no link"),
    "unknown reviews": ("ended: ended_on", "ended: ended_on\n    reviews: audits", "audits", f"allowed: {_ENTITIES}"),
    "closing on an unknown outcome": ("outcome: lift", "outcome: lifted", "lifted", "allowed: retain, vary, lift"),
    "closing on a field of the subject": (
        "closes: {equals: {outcome: lift}}",
        "closes: {present: ended_on}",
        "closes",
        _REVIEWS,
    ),
    "rule given twice": (
        "rule: restriction.decider_role",
        "rule: restriction.review",
        "rule: restriction.review\n    kind: check",
        "restriction.review is listed twice",
    ),
    "key given twice": (
        "owner_role: decider",
        "owner_role: decider\n    owner_role: reviewer",
        "owner_role: reviewer\n    require",
        "'owner_role' is given twice",
    ),
    "unknown owner role": ("owner_role: decider", "owner_role: deciders", "deciders", f"not known; allowed: {_OWNERS}"),
    "unknown severity": (
        "owner_role: decider",
        "owner_role: decider\n    severity: bad",
        "severity",
        "allowed: breach, explain, warning, info",
    ),
    "unknown softer severity": (
        "owner_role: decider",
        "owner_role: decider\n    severity_where: {mild: {present: ended_on}}",
        "mild",
        "allowed: breach, explain, warning, info",
    ),
    "unknown restriction of who hears": (
        "owner_role: decider",
        "owner_role: decider\n    restricted_to: [all]",
        "[all]",
        f"allowed: {_OWNERS}",
    ),
    "unknown word of a duty": (
        "label: Decided by",
        "colour: red\n    label: Decided by",
        "colour",
        f"no word 'colour' here; allowed: {', '.join(CheckDuty.model_fields)}",
    ),
    "unknown word of the file": (
        "title: Sixth",
        "owner: me\ntitle: Sixth",
        "owner: me",
        "no word 'owner' here; allowed: landlord, title, approved_on, counting, duties",
    ),
    "unknown counting": ("title: Sixth", "counting: day2\ntitle: Sixth", "day2", "allowed: day0, day1, roll_then_add"),
    "unknown kind": (
        "kind: check",
        "kind: checks",
        "checks",
        "kind is not known; allowed: deadline, check, review, document",
    ),
    "kind missing": ("    kind: check\n", "", "rule: restriction.dec", "restriction.decider_role: kind is missing"),
    "unknown subject": (
        "rule: appeal.ack",
        "rule: appeals.ack",
        "appeals.ack",
        "no subject 'appeals'; allowed: customer",
    ),
    "rule without a subject": ("rule: appeal.ack", "rule: ack", "rule: ack", "rule must look like"),
    "document rule misnamed": (
        "rule: policy.review",
        "rule: appeal.review",
        "appeal.review",
        "a document's rule is named policy",
    ),
    "document with date and cycle": (
        "due: 2027-01-31",
        "due: 2027-01-31\n    cycle: {years: 3}",
        "policy.review",
        "says either due or cycle",
    ),
    "document due on no day": ("due: 2027-01-31", "due: 2027-02-31", "2027-02-31", "no such day"),
    "document due in another order": ("due: 2027-01-31", "due: 31/01/2027", "31/01", "due must be a day, YYYY-MM-DD"),
    "requires an unknown link": (
        "owner_role: appeal_handler",
        "owner_role: appeal_handler\n    requires: [tenancy]",
        "[tenancy]",
        "allowed: restriction",
    ),
    "needs an unknown field": (
        "owner_role: appeal_handler",
        "owner_role: appeal_handler\n    needs: [restriction.colour]",
        "colour",
        "no field 'colour'",
    ),
    "absent an unknown field": (
        "owner_role: appeal_handler",
        "owner_role: appeal_handler\n    absent_as_blank: [colour]",
        "colour",
        "no field 'colour'",
    ),
    "unknown figure": ("feeds: reviews", "feeds: revues", "revues", "feeds is not known; allowed: reviews, expiries"),
    "figure of another kind": (
        "feeds: reviews",
        "feeds: expiries",
        "feeds: expiries",
        "expiries is fed by a deadline of restriction, not by a review of restriction",
    ),
    "figure of another subject": (
        "owner_role: decider",
        "owner_role: decider\n    feeds: independence",
        "feeds: independence",
        "independence is fed by a check of appeal, not by a check of restriction",
    ),
    "figure fed twice": (
        "  - rule: restriction.decider_role",
        """\
  - rule: restriction.second_review
    kind: review
    feeds: reviews # the second
    label: Restriction reviewed again
    mail_label: A review is due
    clause: "5.1"
    remedy: Review it.
    owner_role: reviewer
    base: [starts_on]
    cycle: {months: 8}
    closes: {equals: {outcome: lift}}
    ended: ended_on
    notice: {days: 30}
  - rule: restriction.decider_role""",
        "# the second",
        "reviews is fed by restriction.review already; one duty of a version feeds a figure",
    ),
    "curable perhaps": (
        "owner_role: decider",
        "owner_role: decider\n    curable: perhaps",
        "perhaps",
        "must be true or false",
    ),
    "no duties": ("duties:\n", "duties: []\nold:\n", "duties: []", "needs at least 1"),
    "landlord badly written": ("landlord: sixth", "landlord: Sixth Ltd", "Sixth Ltd", "landlord must look like"),
    "a bracket left open": ("base: [starts_on]", "base: [starts_on", "cycle:", "not valid YAML"),
    "a tab": ("landlord: sixth", "\tlandlord: sixth", "\tlandlord", "not valid YAML"),
    "a placeholder left in": ("title: Sixth Policy", "title: {{ title }}", "{{ title", "a key must be one word"),
}


def test_the_right_file_is_taken(tmp_path: Path) -> None:
    assert len(_read(tmp_path, RIGHT)) == 4


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_file_is_refused_at_its_line(name: str, tmp_path: Path) -> None:
    right, wrong, at, said = WRONG[name]
    assert RIGHT.count(right) >= 1
    text = RIGHT.replace(right, wrong, 1)
    file = tmp_path / "2026-01-01.yaml"
    with pytest.raises(PolicyError) as caught:
        _read(tmp_path, text)
    first = str(caught.value).splitlines()[0]
    assert first.startswith(f"{file}:{_line(text, at)}: ")
    assert said in first
    assert caught.value.line == _line(text, at)
    assert caught.value.exit_code == 2


def _read(folder: Path, text: str) -> tuple[object, ...]:
    file = folder / "2026-01-01.yaml"
    file.write_text(text, encoding="utf-8")
    return read_policy(file).duties


def _line(text: str, part: str) -> int:
    assert part in text
    return text[: text.rindex(part)].count("\n") + 1


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    text = RIGHT.replace("start: received_on", "start: recieved_on").replace("- director", "- boss")
    with pytest.raises(PolicyError) as caught:
        _read(tmp_path, text)
    lines = str(caught.value).splitlines()
    assert [f":{_line(text, part)}: " in line for part, line in zip(("recieved", "boss"), lines, strict=True)] == [
        True
    ] * 2


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"2026-01-01\.yaml: cannot be read \(No such file"):
        read_policy(tmp_path / "2026-01-01.yaml")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "must be words with values"),
        (b"- a\n- b\n", "must be words with values"),
        (RIGHT.replace("Sixth Policy", "R\xe9gime").encode("cp1252"), "is not UTF-8 text"),
        (RIGHT.replace("Sixth Policy", "a\x00b").encode(), "not valid YAML"),
    ],
    ids=["empty", "a list", "another encoding", "a control character"],
)
def test_what_is_no_policy_at_all_is_refused(content: bytes, said: str, tmp_path: Path) -> None:
    file = tmp_path / "2026-01-01.yaml"
    file.write_bytes(content)
    with pytest.raises(PolicyError) as caught:
        read_policy(file)
    assert str(file) in str(caught.value)
    assert said in str(caught.value)


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "2026-01-01.yaml").write_bytes(b"\xef\xbb\xbf" + RIGHT.encode())
    assert len(read_policy(tmp_path / "2026-01-01.yaml").duties) == 4


def _folder(tmp_path: Path, name: str, text: str = RIGHT) -> Path:
    folder = tmp_path / "sixth"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("name", ["draft.yaml", "20260101.yaml", "2026-1-1.yaml", "2026-02-30.yaml", "2026-01-01.yml"])
def test_a_file_not_named_by_its_day_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"named by the day it comes into force, YYYY-MM-DD\.yaml") as caught:
        load_policies(_folder(tmp_path, name), "sixth")
    assert caught.value.file == tmp_path / "sixth" / name


def test_a_file_in_another_landlords_folder_is_refused_at_its_line(tmp_path: Path) -> None:
    folder = _folder(tmp_path, "2026-01-01.yaml", "# A note.\n" + RIGHT.replace("landlord: sixth", "landlord: seventh"))
    with pytest.raises(PolicyError, match=r"yaml:2: says landlord 'seventh' in the folder of 'sixth'"):
        load_policies(folder, "sixth")


def test_a_landlord_without_a_policy_is_told_where_to_put_it(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"sixth: no policy: put it in <effective_from>\.yaml"):
        load_policies(tmp_path, "sixth")


def test_one_wrong_version_stops_them_all(tmp_path: Path) -> None:
    _folder(tmp_path, "2026-01-01.yaml")
    _folder(tmp_path, "2027-01-01.yaml", RIGHT.replace("start: received_on", "start: recieved_on"))
    with pytest.raises(PolicyError, match=r"2027-01-01\.yaml:12: "):
        load_policies(tmp_path, "sixth")


def test_a_rule_the_policy_has_not_is_named_with_those_it_has(tmp_path: Path) -> None:
    history = load_policies(_folder(tmp_path, "2026-01-01.yaml"), "sixth")
    with pytest.raises(PolicyError, match=r"no rule 'appeal.decide'; known: appeal.acknowledge, policy.review"):
        history.versions[0].find_duty("appeal.decide")


def test_the_command_line_checks_several_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = tmp_path / "2026-01-01.yaml", tmp_path / "2027-01-01.yaml"
    good.write_text(RIGHT, encoding="utf-8")
    bad.write_text(RIGHT.replace("{months: 4}", "{months: 0}"), encoding="utf-8")
    assert main(["policy", "check", str(good)]) == 0
    assert capsys.readouterr().out == f"{good}: sixth, 4 duties\n"
    assert main(["policy", "check", str(good), str(bad)]) == 2
    said = capsys.readouterr().out.splitlines()
    assert said == [
        f"{good}: sixth, 4 duties",
        f"{bad}:{_line(RIGHT, 'months: 4')}: restriction.review: cycle.months must be 1 or more",
    ]
