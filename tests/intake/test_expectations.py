"""Great Expectations decides: what it is asked, that it agrees with the checks that name rows, what stays of it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from due_regard.errors import DropError
from due_regard.intake import expectations, publish_data_docs, row_checks
from due_regard.intake.check_suite import CheckRule, ColumnCheck, build_suite
from due_regard.records.canonical import ENTITIES
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
        assert {check.column for check in mine if check.rule in {CheckRule.TYPE, CheckRule.CODES}} == set(
            entity.by_name
        )
        assert [check.column for check in mine if check.rule is CheckRule.REFERENCE] == [
            column for column, _ in entity.links
        ]
        assert all((check.severity == "warning") is (check.rule is CheckRule.ORDER) for check in mine)


def test_every_rejected_row_is_counted_by_great_expectations(tmp_path: Path) -> None:
    validated = read(write(tmp_path, **DIRTY))
    assert {name: failing for name, failing in answers(validated).items() if failing} == {
        "customers.customer_ref.required": 1,
        "customers.customer_type.codes": 1,
        "customers.receives_support_service.type": 1,
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


def test_a_validator_that_cannot_judge_fails_the_drop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sound = expectations._build_profile_frame
    monkeypatch.setattr(expectations, "_build_profile_frame", lambda profiles: sound(profiles).drop(columns="0"))
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
