"""Great Expectations decides: what it is asked, that it agrees with the checks that name rows, what stays of it."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from due_regard.errors import DropError
from due_regard.intake import cell_values, expectations, row_checks, validation_project
from due_regard.intake.check_suite import CODED_KINDS, CheckRule, ColumnCheck, build_suite
from due_regard.intake.data_docs import publish_data_docs
from due_regard.records.canonical import ENTITIES, ColumnKind
from due_regard.records.validated_drop import ValidatedDrop
from tests.intake import drops
from tests.intake.drops import APPEALS, CUSTOMERS, RESTRICTIONS, only, reasons, write

CONTRACT = Path(__file__).parents[1] / "contract" / "examples"
read = partial(drops.read, great_expectations=True)
NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
WORD = "Xanthippe"
DIRTY = {
    "customers": CUSTOMERS + f",tenant,\n003,{WORD},\n004,tenant,{WORD}\n002,tenant,\n001,TENANT,Y\n",
    "restrictions": RESTRICTIONS
    + "R3,001,set_times,2026-02-30,S1,1980-01-01\n"
    + f"R4,{WORD},set_times,2026-01-01,S,2025-01-01\n",
    "appeals": APPEALS + f"A3,{WORD},2026-03-02\nA4,R3,{WORD}\n",
}  # fmt: skip


def answers(validated: ValidatedDrop) -> dict[str, int]:
    return {check["check"]: check["failing"] for table in validated.suites for check in table["checks"]}  # type: ignore[attr-defined]


def test_the_suite_is_generated_from_the_contract() -> None:
    suite = build_suite()
    assert len({check.name for check in suite}) == len(suite)
    for entity in ENTITIES:
        mine = [check for check in suite if check.entity == entity.name]
        assert {check.column for check in mine if check.rule is CheckRule.REQUIRED} == {
            column.name for column in entity.columns if column.required
        }
        assert {check.column for check in mine if check.rule is CheckRule.TYPE} == set(entity.by_name)
        coded = {column.name: column.required for column in entity.columns if column.kind in CODED_KINDS}
        words = {check.column: check for check in mine if check.rule is CheckRule.CODES}
        assert {name: check.severity == "critical" for name, check in words.items()} == coded
        assert all(check.codes for check in words.values())
        assert [check.column for check in mine if check.rule is CheckRule.REFERENCE] == [
            column for column, _ in entity.links
        ]
        others = [check for check in mine if check.rule is not CheckRule.CODES]
        assert all((check.severity == "warning") is (check.rule is CheckRule.ORDER) for check in others)


def test_every_rejected_row_is_counted_by_great_expectations(tmp_path: Path) -> None:
    validated = read(write(tmp_path, **DIRTY))
    assert {name: failing for name, failing in answers(validated).items() if failing} == {
        "customers.customer_ref.required": 1,
        "customers.customer_type.codes": 1,
        "customers.receives_support_service.codes": 1,
        "customers.customer_ref.unique": 2,
        "restrictions.decided_on.type": 1,
        "restrictions.starts_on.range": 1,
        "restrictions.starts_on.order.decided_on": 1,
        "restrictions.customer_ref.reference": 2,
        "appeals.received_on.type": 1,
        "appeals.restriction_ref.reference": 2,
    }


def test_a_clean_drop_of_eight_files_passes_every_check() -> None:
    validated = read(CONTRACT / "queens_cross" / "exports")
    assert len(validated.suites) == 8
    assert sum(answers(validated).values()) == sum(len(accepted.notes) for accepted in validated.files)


def test_no_value_of_the_drop_is_in_the_answers_or_their_pages(tmp_path: Path) -> None:
    validated = read(write(tmp_path / "drop", **DIRTY))
    page = publish_data_docs(validated, tmp_path / "docs", run="000001", now=NOW)
    assert page is not None
    index = (page.parent / "index.html").read_text(encoding="utf-8")
    assert "10 of 35 checks found rows to look at" in index
    assert "10 of 35 checks found rows to look at" in page.read_text(encoding="utf-8")
    for text in (json.dumps(validated.suites), page.read_text(encoding="utf-8"), repr(validated.files)):
        assert WORD.casefold() not in text.casefold()


def test_a_check_taken_out_lets_the_bad_row_in(tmp_path: Path) -> None:
    drop = write(tmp_path, customers=CUSTOMERS + "003,lodger,yes\n")
    assert reasons(only(read(drop), "customers")) == [(4, "customer_type", "unknown_code")]
    suite = tuple(check for check in build_suite() if check.name != "customers.customer_type.codes")
    assert only(read(drop, suite=suite), "customers").rows["customer_ref"].tolist() == ["001", "002", "003"]


def test_a_check_put_in_rejects_the_good_row(tmp_path: Path) -> None:
    drop = write(tmp_path, customers=CUSTOMERS)
    suite = (*build_suite(), ColumnCheck("customers", CheckRule.REQUIRED, "receives_support_service"))
    validated = read(drop, suite=suite)
    assert reasons(only(validated, "customers")) == [(3, "receives_support_service", "required")]
    assert answers(validated)["customers.receives_support_service.required"] == 1


def test_a_check_made_a_warning_loads_the_row_with_a_note(tmp_path: Path) -> None:
    suite = tuple(
        replace(check, severity="warning") if check.name == "customers.customer_type.codes" else check
        for check in build_suite()
    )
    accepted = only(read(write(tmp_path, customers=CUSTOMERS + "003,lodger,yes\n"), suite=suite), "customers")
    assert len(accepted.rows) == 3
    assert [(note.row_number, note.reason) for note in accepted.notes] == [(4, "unknown_code")]


@pytest.mark.parametrize("rule", [CheckRule.CODES, CheckRule.REQUIRED, CheckRule.TYPE, CheckRule.RANGE])
def test_a_drop_on_which_the_two_disagree_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rule: CheckRule
) -> None:
    sound = row_checks._find_bad_values

    def blind(asked: CheckRule, coded: row_checks.CodedColumn) -> object:
        return sound(asked, coded) & (asked is not rule)

    monkeypatch.setattr(row_checks, "_find_bad_values", blind)
    drop = write(tmp_path, **DIRTY)
    with pytest.raises(DropError, match="two validations differ") as caught:
        read(drop)
    assert WORD not in str(caught.value)


Parsed = tuple[list[object], list[str]]


def read_faults_as_blank(parsed: Parsed) -> Parsed:
    """Whatever cannot be read counts as a blank cell, and nobody hears of it."""
    values, problems = parsed
    return values, ["" for _ in problems]


def read_faults_as_faults_of_everything(parsed: Parsed) -> Parsed:
    """Every cell that is not blank is called unreadable."""
    values, _ = parsed
    return [None for _ in values], ["unreadable_date" if value is not None else "" for value in values]


def shift_by_a_year(parsed: Parsed) -> Parsed:
    values, problems = parsed
    return [value and value + np.timedelta64(365, "D") for value in values], problems  # type: ignore[operator]


def turn_round(parsed: Parsed) -> Parsed:
    values, problems = parsed
    return [None if value is None else not value for value in values], problems


def take_one_word_for_all(parsed: Parsed) -> Parsed:
    values, problems = parsed
    known = [value for value in values if value is not None]
    return [value and known[0] for value in values], problems


FAULTY_READERS = {
    "an unreadable optional date is read as blank": (ColumnKind.DATE, read_faults_as_blank),
    "an unreadable yes or no is read as blank": (ColumnKind.YN, read_faults_as_blank),
    "an unknown code is read as blank": (ColumnKind.CODE, read_faults_as_blank),
    "an unknown list of codes is read as blank": (ColumnKind.LIST, read_faults_as_blank),
    "all dates are a year late": (ColumnKind.DATE, shift_by_a_year),
    "yes is no": (ColumnKind.YN, turn_round),
    "every code is the first": (ColumnKind.CODE, take_one_word_for_all),
    "every list of codes is the first": (ColumnKind.LIST, take_one_word_for_all),
    "good dates are called unreadable": (ColumnKind.DATE, read_faults_as_faults_of_everything),
}
FULL = {
    "customers": "customer_ref,customer_type,receives_support_service\n1,tenant,yes\n2,applicant,no\n3,,perhaps\n",
    "restrictions": "restriction_ref,customer_ref,measure,decided_on,decided_by,"
    "starts_on,ended_on,channels_restricted\n"
    "R1,1,named_contact;set_times,2026-01-05,S1,2026-01-06,2026-02-31,email\n"
    "R2,2,writing_only,2026-02-05,S1,2026-02-06,,telex\n",
    "staff": "staff_ref,role,is_active\nS1,officer,no\nS2,wizard,yes\n",
}


@pytest.mark.parametrize("fault", FAULTY_READERS)
def test_a_reader_that_misreads_is_found_out_by_the_text_as_delivered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    drop = write(tmp_path, **FULL)
    read(drop)
    kind, spoil = FAULTY_READERS[fault]
    sound = cell_values._PARSERS[kind]
    monkeypatch.setitem(cell_values._PARSERS, kind, lambda *given: spoil(sound(*given)))
    with pytest.raises(DropError, match="two validations differ"):
        read(drop)


def test_a_text_that_changed_on_its_way_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sound = cell_values._read_texts

    def lose_noughts(raw: pd.Series, kind: ColumnKind) -> tuple[pd.Series, object]:
        values, problems = sound(raw, kind)
        return values.str.lstrip("0"), problems

    monkeypatch.setattr(cell_values, "_read_texts", lose_noughts)
    with pytest.raises(DropError, match=r"customers.customer_ref.type \(2 and 0 rows\)"):
        read(write(tmp_path, customers=CUSTOMERS))


def test_rows_of_one_reference_are_counted_apart_from_who_names_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_checks, "_find_duplicates", lambda checks, checked: [
        item.record_failures(check, np.array([], dtype=np.intp), []) for check in checks for item in checked
    ])  # fmt: skip
    with pytest.raises(DropError, match=r"customers.customer_ref.unique \(2 and 0 rows\)"):
        read(write(tmp_path, customers=CUSTOMERS + "002,tenant,\n"))


def test_references_are_looked_up_apart_from_who_names_the_orphans(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = row_checks._find_orphans

    def take_every_reference_for_known(target: str, checked: object, known: object, suite: object) -> None:
        sound(target, checked, lambda _: frozenset({"R1", "R3", "001", "002"}), suite)  # type: ignore[arg-type]

    monkeypatch.setattr(row_checks, "_find_orphans", take_every_reference_for_known)
    drop = write(tmp_path, restrictions=RESTRICTIONS, appeals=APPEALS + "A3,R3,2026-03-02\n")
    with pytest.raises(DropError, match=r"appeals.restriction_ref.reference \(1 and 0 rows\)"):
        read(drop, known={"customers": {"001", "002"}})


@pytest.mark.parametrize("rule", CheckRule)
def test_a_check_that_was_not_asked_fails_the_drop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rule: CheckRule
) -> None:
    sound = row_checks.CheckedCandidate.record_failures

    def forget(self: row_checks.CheckedCandidate, check: ColumnCheck, *found: Any) -> None:
        sound(self, check, *found)
        if check.rule is rule:
            self.tallies.pop()

    monkeypatch.setattr(row_checks.CheckedCandidate, "record_failures", forget)
    with pytest.raises(DropError, match=rf"\.{rule}.*and no rows"):
        read(write(tmp_path, **FULL, appeals=APPEALS))


def test_an_expectation_without_an_answer_fails_the_drop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sound = validation_project._sort_answers
    monkeypatch.setattr(validation_project, "_sort_answers", lambda results, asked: sound(results[1:], asked))
    with pytest.raises(DropError, match="did not answer customers"):
        read(write(tmp_path, customers=CUSTOMERS))


def test_the_project_opens_with_the_librarys_own_tools_and_holds_no_value(tmp_path: Path) -> None:
    project = tmp_path / "var" / "great_expectations" / "a_landlord"
    before = os.umask(0o022)
    try:
        drop = write(tmp_path / "drop", **DIRTY)
        for _ in range(2):
            read(drop, project=project)
    finally:
        os.umask(before)
    context = validation_project.load_great_expectations().get_context(mode="file", project_root_dir=str(project))
    (suite,), (checkpoint,) = context.suites.all(), context.checkpoints.all()
    assert {expectation.meta["check"] for expectation in suite.expectations} == set(answers(read(drop)))
    assert checkpoint.validation_definitions[0].suite.name == suite.name
    assert len(context.validation_results_store.list_keys()) == 2
    files = [file for file in project.rglob("*") if file.is_file()]
    assert [file for file in files if WORD.casefold() in file.read_text(encoding="utf-8").casefold()] == []
    assert [path for path in (tmp_path / "var").rglob("*") if path.stat().st_mode & 0o077] == []


@pytest.mark.parametrize("kept", [True, False])
def test_the_library_draws_nothing_into_a_log(tmp_path: Path, kept: bool, capfd: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        read(write(tmp_path / "drop", customers=CUSTOMERS), project=tmp_path / "project" if kept else None)
    assert capfd.readouterr() == ("", "")


def test_the_last_twenty_results_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validation_project, "KEPT_RESULTS", 2)
    drop = write(tmp_path / "drop", customers=CUSTOMERS)
    for _ in range(3):
        read(drop, project=tmp_path / "project")
    assert len(list((tmp_path / "project").rglob("validations/**/*.json"))) == 2


def test_a_validator_that_cannot_judge_fails_the_drop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sound = expectations._build_profile_frame
    monkeypatch.setattr(expectations, "_build_profile_frame", lambda asked: sound(asked).iloc[:, 1:])
    with pytest.raises(DropError, match="could not judge"):
        read(write(tmp_path, customers=CUSTOMERS))


def test_a_date_out_of_order_is_a_note_on_a_loaded_row(tmp_path: Path) -> None:
    text = "appeal_ref,restriction_ref,received_on,acknowledged_on\n"
    text += "A1,R1,2026-03-02,2026-03-01\nA2,R1,2026-03-02,2026-03-02\n"
    accepted = only(read(write(tmp_path, appeals=text)), "appeals")
    assert (len(accepted.rows), accepted.rejections) == (2, ())
    (note,) = accepted.notes
    assert (note.row_number, note.column, note.reason) == (2, "acknowledged_on", "order")
    assert "received_on" in note.message


def test_a_column_of_unknown_words_is_counted_whole(tmp_path: Path) -> None:
    rows = "".join(f"{number},word {number}\n" for number in range(1500)) + "x,tenant\ny,word 7\n"
    validated = read(write(tmp_path, customers="customer_ref,customer_type\n" + rows))
    assert answers(validated)["customers.customer_type.codes"] == 1501


def test_a_header_alone_is_judged_too(tmp_path: Path) -> None:
    validated = read(write(tmp_path, **{entity.name: ",".join(entity.by_name) + "\n" for entity in ENTITIES}))
    assert len(answers(validated)) == len(build_suite())
    assert not any(answers(validated).values())


def test_pages_call_nobody_and_the_last_twenty_are_kept(tmp_path: Path) -> None:
    validated = read(write(tmp_path / "drop", customers=CUSTOMERS))
    for run in range(23):
        page = publish_data_docs(validated, tmp_path / "docs", run=f"{run:06d}", now=NOW)
    assert page is not None
    text = page.read_text(encoding="utf-8")
    assert "http" not in text.replace("http-equiv", "")
    assert "<script" not in text
    assert "customer_type" in text
    pages = sorted(path.name for path in page.parent.iterdir())
    assert pages == [*(f"{run:06d}.html" for run in range(3, 23)), "index.html"]
    assert "000002" not in (page.parent / "index.html").read_text(encoding="utf-8")


def test_without_answers_there_is_no_page(tmp_path: Path) -> None:
    validated = drops.read(write(tmp_path / "drop", customers=CUSTOMERS))
    assert validated.suites == ()
    assert publish_data_docs(validated, tmp_path / "docs", run="1", now=NOW) is None


def test_a_sheet_is_named_only_where_the_mapping_names_it(tmp_path: Path) -> None:
    """Answers and pages are kept; the name of a sheet may be a person's."""
    drops.workbook(tmp_path / "customers.xlsx", {"J Smith": [["customer_ref", "customer_type"], ["1", "tenant"]]})
    (table,) = read(tmp_path, great_expectations=True).suites
    assert table["sheet"] == "sheet 1"
    assert "Smith" not in str(table)
