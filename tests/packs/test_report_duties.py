"""The duty to report: a deadline a quarter and audience, done the day the pack was issued."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import Engine

from due_regard.assessment import assess_records
from due_regard.errors import PackError, PolicyError
from due_regard.packs import add_report_duty, assess_report_duties, record_issue
from due_regard.policy import PolicyHistory, read_policy
from due_regard.records.canonical import ASSESSMENT_COLUMNS, ENTITY, ENTITY_OF_SUBJECT, REPORT_ENTITY
from due_regard.register import verify_audit, writing
from due_regard.register.schema.record_tables import RECORD_TABLES
from tests.packs.known import INCLUDE, REPORTS, calendar, context_of, history, landlord
from tests.packs.registers import BUILT, NAME, PACK, Made, build


def assess(engine: Engine, name: str, as_at: date) -> pd.DataFrame:
    return assess_report_duties(engine, context_of(name), as_at=as_at, reports=REPORTS)


def issue(engine: Engine, pack_id: int, now: datetime) -> bool:
    with writing(engine, NAME) as connection:
        return record_issue(connection, NAME, pack_id, how="mail", now=now)


def states(engine: Engine, name: str, as_at: date) -> dict[str, str]:
    found = assess(engine, name, as_at)
    return dict(zip(found["subject_ref"], found["state"], strict=True))


@pytest.mark.parametrize(
    ("as_at", "expected"),
    [
        (date(2026, 6, 29), {}),
        (date(2026, 6, 30), {"2026-Q2": "pending"}),
        (date(2026, 8, 30), {"2026-Q2": "pending"}),
        (date(2026, 8, 31), {"2026-Q2": "due_soon"}),
        (date(2026, 9, 29), {"2026-Q2": "due_soon"}),
        (date(2026, 9, 30), {"2026-Q2": "due_soon", "2026-Q3": "pending"}),
        (date(2026, 10, 1), {"2026-Q2": "overdue", "2026-Q3": "pending"}),
    ],
)
def test_a_quarter_is_due_by_the_end_of_the_next(register: Engine, as_at: date, expected: dict[str, str]) -> None:
    pack = "health_and_safety_committee"
    assert states(register, "queens_cross", as_at) == {f"{pack}/{quarter}": s for quarter, s in expected.items()}


def test_both_of_hanovers_audiences_are_watched(register: Engine) -> None:
    found = assess(register, "hanover", date(2026, 10, 5))
    assert list(found["subject_ref"]) == [
        "audit_performance_and_risk/2026-Q2",
        "audit_performance_and_risk/2026-Q3",
        "senior_management_team/2026-Q2",
        "senior_management_team/2026-Q3",
    ]
    assert set(found["clause"]) == {"8.1"}
    assert list(found.loc[found["state"] == "overdue", "days_overdue"]) == [5, 5]


@pytest.mark.parametrize("name", ["clydebank", "port_of_leith", "united_welsh"])
def test_where_no_clause_asks_for_a_report_none_is_owed(register: Engine, name: str) -> None:
    assert states(register, name, date(2027, 1, 1)) == {}
    assert add_report_duty(history(name), landlord(name), reports=REPORTS) is history(name)


def test_the_rows_have_the_shape_of_the_cores(register: Engine) -> None:
    ours = assess(register, "queens_cross", date(2026, 10, 1))
    core = assess_records({}, history("queens_cross"), calendar("queens_cross"), date(2026, 10, 1))
    assert list(ours.columns) == [*ASSESSMENT_COLUMNS, "policy_version"]
    assert dict(ours.dtypes) == dict(core[ours.columns].dtypes)


@pytest.mark.parametrize(
    ("issued", "state", "days"),
    [(datetime(2026, 9, 30, 22, tzinfo=UTC), "met", 0), (datetime(2026, 9, 30, 23, tzinfo=UTC), "late", 1)],
)
def test_it_is_done_the_day_the_pack_is_issued(
    kept: Engine, made: Made, issued: datetime, state: str, days: int
) -> None:
    assert issue(kept, made.report.pack_id, issued)
    assert not issue(kept, made.report.pack_id, issued)
    found = assess(kept, NAME, date(2026, 10, 2))
    row = found[found["subject_ref"] == f"{PACK}/2026-Q2"].iloc[0]
    assert (row["state"], row["days_overdue"]) == (state, days)
    before = assess(kept, NAME, date(2026, 9, 29))
    assert list(before["state"]) == ["due_soon"]
    verify_audit(kept)


def test_an_unknown_pack_cannot_be_issued(loaded: Engine) -> None:
    with pytest.raises(PackError, match="no pack 7"):
        issue(loaded, 7, BUILT)


def test_alerts_find_the_dutys_words(register: Engine) -> None:
    whole = add_report_duty(history("hanover"), landlord("hanover"), reports=REPORTS)
    duty = whole.find_duty("report.issued")
    assert duty.clause == "8.1"
    assert "Senior Management Team and the Audit, Performance & Risk Committee" in duty.label
    assert "report.issued" not in {duty.rule for duty in history("hanover").versions[-1].duties}


def test_a_row_is_to_the_letter_what_the_clause_says(register: Engine) -> None:
    own = history("queens_cross").versions[0]
    later = PolicyHistory((own, replace(own, effective_from=date(2026, 9, 15))))
    context = context_of("queens_cross", later)
    found = assess_report_duties(register, context, as_at=date(2026, 10, 5), reports=REPORTS)
    pack, shared = "health_and_safety_committee", ("queens_cross", "report.issued", "report")
    assert [tuple(row) for row in found.astype(object).where(found.notna(), None).to_numpy().tolist()] == [
        (*shared, f"{pack}/2026-Q2", 1, "overdue", pd.Timestamp(2026, 9, 30), None, 5, "breach", "12", "governance",
         pd.Timestamp(own.effective_from)),
        (*shared, f"{pack}/2026-Q3", 1, "pending", pd.Timestamp(2026, 12, 31), None, 0, "breach", "12", "governance",
         pd.Timestamp(2026, 9, 15)),
    ]  # fmt: skip


def test_each_pack_carries_its_own_clause(register: Engine, tmp_path: Path) -> None:
    shutil.copytree(REPORTS / "packs", tmp_path / "packs")
    file = tmp_path / "packs" / "senior_management_team.yaml"
    text = file.read_text(encoding="utf-8")
    assert text.count('clause: "8.1"') == 1
    file.write_text(text.replace('clause: "8.1"', 'clause: "8.2"'), encoding="utf-8")
    found = assess_report_duties(register, context_of("hanover"), as_at=date(2026, 7, 1), reports=tmp_path)
    assert dict(zip(found["subject_ref"], found["clause"], strict=True)) == {
        "audit_performance_and_risk/2026-Q2": "8.1",
        "senior_management_team/2026-Q2": "8.2",
    }


def test_reports_are_no_entity_of_a_drop_and_no_table_of_the_register() -> None:
    assert REPORT_ENTITY.name not in ENTITY
    assert REPORT_ENTITY.subject not in ENTITY_OF_SUBJECT
    assert REPORT_ENTITY.name not in RECORD_TABLES


def test_a_policy_file_cannot_ask_for_reports_itself(tmp_path: Path) -> None:
    file = tmp_path / "2026-01-01.yaml"
    text = (INCLUDE / "policies" / "hanover" / "2020-01-01.yaml").read_text(encoding="utf-8")
    file.write_text(text.replace("rule: incident.committee_report", "rule: report.issued"), encoding="utf-8")
    with pytest.raises(PolicyError, match="no subject 'report'; allowed: customer"):
        read_policy(file)


def test_another_edition_than_the_audiences_own_reports_to_nobody(kept: Engine, tmp_path: Path) -> None:
    report = build(kept, tmp_path, edition="publishable", pack=PACK)
    with writing(kept, NAME) as connection:
        assert record_issue(connection, NAME, report.pack_id, how="by hand", now=BUILT)
    found = assess(kept, NAME, date(2026, 10, 2))
    assert list(found[found["subject_ref"] == f"{PACK}/2026-Q2"]["state"]) == ["overdue"]


def test_switching_a_pack_off_does_not_silence_its_duty(register: Engine, tmp_path: Path) -> None:
    context = context_of(NAME)
    off = replace(context, landlord=context.landlord.model_copy(update={"packs": ()}))
    shutil.copytree(REPORTS / "packs", tmp_path / "packs")
    (tmp_path / "packs" / "half_written.yaml").write_text("name: [", encoding="utf-8")
    for reports in (REPORTS, tmp_path):
        found = assess_report_duties(register, off, as_at=date(2026, 10, 1), reports=reports)
        assert dict(zip(found["subject_ref"], found["state"], strict=True))[f"{PACK}/2026-Q2"] == "overdue"
    assert add_report_duty(context.history, off.landlord, reports=REPORTS).find_duty("report.issued")
