"""The life of findings: opened, seen, escalated, silenced, reported done, resolved, reopened; conserved."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from due_regard.errors import RegisterError, SettingsError
from due_regard.records.canonical import ASSESSMENT_COLUMNS, OPEN_STATES, STATES
from due_regard.register import (
    RunReport,
    list_silences,
    load_drop,
    read_finding,
    read_finding_life,
    read_findings_open_on,
    read_open_findings,
    reading,
    record_assessment,
    resolve_finding,
    silence_finding,
    sql_files,
    undo_decision,
    verify_audit,
)
from tests.register.drops import LANDLORD, OTHER, accepted, appeal, assessments, at, drop

ACK = "appeal.acknowledge"
SQL = Path(__file__).with_name("sql")


def run(
    register: Engine, on: str, rows: list[dict[str, object]], landlord: str = LANDLORD, **more: object
) -> RunReport:
    day = date.fromisoformat(on)
    now = more.pop("now", None) or datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=7)
    table = assessments(rows, landlord)
    return record_assessment(register, landlord, table, as_at=day, now=now, policy_version="2024-01-01", **more)  # type: ignore[arg-type]


def row(ref: str, state: str, rule: str = ACK, **more: object) -> dict[str, object]:
    return {"rule": rule, "subject_ref": ref, "state": state, **more}


def read_sql(register: Engine, name: str, landlord: str, **parameters: date) -> pd.DataFrame:
    """A second way to count findings, by their events alone."""
    with reading(register, landlord) as connection:
        return sql_files.read_statement(connection, name, SQL, landlord=landlord, **parameters)


def events(register: Engine, ref: str = "F-000001") -> list[str]:
    return read_finding_life(register, ref)["event"].tolist()


def test_a_finding_opens_escalates_resolves_and_reopens(register: Engine) -> None:
    load_drop(register, drop(accepted("appeals", [appeal("A1")])), now=at("2026-06-01 06:00"))
    opened = run(register, "2026-06-01", [row("A1", "due_soon", due_on="2026-06-03")])
    assert (opened.opened, opened.seen, opened.open) == (1, 0, 1)
    seen = run(register, "2026-06-02", [row("A1", "due_soon", due_on="2026-06-03")])
    assert (seen.opened, seen.seen, seen.escalated) == (0, 1, 0)
    late = run(register, "2026-06-04", [row("A1", "overdue", due_on="2026-06-03", days_overdue=1)])
    assert (late.seen, late.escalated, late.open) == (1, 1, 1)
    done = run(register, "2026-06-05", [row("A1", "late", due_on="2026-06-03", done_on="2026-06-04", days_overdue=1)])
    assert (done.resolved, done.open) == (1, 0)
    back = run(register, "2026-06-08", [row("A1", "overdue", due_on="2026-06-03", days_overdue=3)])
    assert (back.opened, back.reopened, back.open) == (0, 1, 1)
    assert events(register) == ["opened", "escalated", "resolved", "reopened"]
    now = read_finding(register, "f-000001")
    assert (now["times_opened"], now["times_seen"], now["days_overdue"]) == (2, 4, 3)
    assert (now["first_seen_as_at"], now["opened_on"]) == (date(2026, 6, 1), date(2026, 6, 8))
    assert now["resolved_on"] is None


def test_a_resolved_finding_says_by_what_record(register: Engine) -> None:
    load_drop(register, drop(accepted("appeals", [appeal("A1")])), now=at("2026-06-01 06:00"))
    run(register, "2026-06-01", [row("A1", "due_soon", due_on="2026-06-03")])
    load_drop(
        register, drop(accepted("appeals", [appeal("A1", acknowledged_on="2026-06-02")])), now=at("2026-06-03 06:00")
    )
    run(register, "2026-06-03", [row("A1", "met", due_on="2026-06-03", done_on="2026-06-02")])
    life = read_finding_life(register, "F-000001")
    assert life["file_id"].tolist()[1:] == [2]
    settled = read_finding(register, "F-000001")
    assert (settled["resolved_state"], settled["resolved_file_id"], settled["done_on"]) == ("met", 2, date(2026, 6, 2))


def test_a_finding_whose_row_is_gone_is_resolved_as_gone(register: Engine) -> None:
    run(register, "2026-06-01", [row("A1", "breach")])
    assert run(register, "2026-06-02", []).resolved == 1
    assert read_finding(register, "F-000001")["resolved_state"] == "gone"


def test_info_is_never_a_finding_and_a_finding_that_becomes_info_is_resolved(register: Engine) -> None:
    assert run(register, "2026-06-01", [row("A1", "overdue", severity="info"), row("A2", "breach")]).open == 1
    assert run(register, "2026-06-02", [row("A2", "breach", severity="info")]).open == 0


def test_an_earlier_date_is_kept_as_a_run_and_moves_nothing(register: Engine) -> None:
    run(register, "2026-06-10", [row("A1", "breach")])
    back = run(register, "2026-06-09", [row("A2", "breach")], now=at("2026-06-10 09:00"))
    assert (back.moved, back.opened, back.open, back.states) == (False, 0, 1, {"breach": 1})
    assert run(register, "2026-06-10", [row("A1", "breach")]).seen == 1, "the same day again moves"


def test_landlords_findings_do_not_touch(register: Engine) -> None:
    run(register, "2026-06-01", [row("A1", "breach")])
    run(register, "2026-06-01", [row("A1", "breach")], landlord=OTHER)
    run(register, "2026-06-02", [], landlord=OTHER)
    found = read_open_findings(register, as_at=date(2026, 6, 2))
    assert found["landlord"].tolist() == [LANDLORD]
    assert found["register_ref"].tolist() == ["F-000001"]


def test_open_findings_come_oldest_due_first_in_typed_columns(register: Engine) -> None:
    rows = [row("A1", "breach"), row("A2", "overdue", due_on="2026-05-09"), row("A3", "overdue", due_on="2026-05-01")]
    run(register, "2026-06-01", rows)
    found = read_open_findings(register, LANDLORD, as_at=date(2026, 6, 1))
    assert found["subject_ref"].tolist() == ["A3", "A2", "A1"]
    assert tuple(found.columns) == (
        "finding_id", "register_ref", *ASSESSMENT_COLUMNS, "policy_version", "opened_on", "opened_at",
        "first_seen_as_at", "last_as_at", "times_seen", "times_opened", "silenced_until", "awaiting_since",
        "handed_to", "handed_at", "disputed_at", "is_silenced", "is_awaiting",
    )  # fmt: skip
    kinds = found.dtypes.astype(str).to_dict()
    assert {kinds["due_on"], kinds["opened_on"], kinds["silenced_until"]} == {"datetime64[s]"}
    assert (kinds["opened_at"], kinds["occurrence"], kinds["rule"]) == ("datetime64[us, UTC]", "int64", "str")
    empty = read_open_findings(register, OTHER, as_at=date(2026, 6, 1))
    assert empty["due_on"].dtype == "datetime64[s]"
    assert len(empty) == 0


def test_a_silence_ends_by_itself_and_can_be_taken_back(register: Engine) -> None:
    run(register, "2026-06-01", [row("A1", "breach")])
    now = at("2026-06-01 09:00")
    silence_finding(
        register, "F-000001", actor="governance officer", why="with the ombudsman", until=date(2026, 6, 9), now=now
    )
    silenced = {day: read_open_findings(register, as_at=date(2026, 6, day))["is_silenced"].item() for day in (1, 9, 10)}
    assert silenced == {1: True, 9: True, 10: False}
    assert [len(list_silences(register, LANDLORD, on=date(2026, 6, day))) for day in (1, 9, 10)] == [1, 1, 0]
    listed = list_silences(register, on=date(2026, 6, 1)).iloc[0]
    assert (listed["actor"], listed["why"]) == ("governance officer", "with the ombudsman")
    assert list_silences(register, OTHER, on=date(2026, 6, 1)).empty
    assert undo_decision(register, "F-000001", actor="governance officer", why="over", now=now) == "silenced"
    assert not read_open_findings(register, as_at=date(2026, 6, 1))["is_silenced"].item()
    assert read_finding_life(register, "F-000001")["why"].tolist()[1:] == ["with the ombudsman", "over"]
    verify_audit(register)


@pytest.mark.parametrize(("actor", "why"), [(" ", "because"), ("someone", "")])
def test_a_decision_needs_a_name_and_a_reason(register: Engine, actor: str, why: str) -> None:
    run(register, "2026-06-01", [row("A1", "breach")])
    with pytest.raises(SettingsError, match="who"):
        resolve_finding(register, "F-000001", actor=actor, why=why, now=at("2026-06-01 09:00"))
    with pytest.raises(SettingsError, match="end date"):
        silence_finding(register, "F-000001", actor="a", why="b", until=date(2026, 5, 31), now=at("2026-06-01 09:00"))


def test_decisions_on_unknown_or_resolved_findings_are_refused(register: Engine) -> None:
    run(register, "2026-06-01", [row("A1", "breach")])
    run(register, "2026-06-02", [])
    for ref, words in (("F-000001", "resolved already"), ("F-000009", "no finding")):
        with pytest.raises(RegisterError, match=words):
            resolve_finding(register, ref, actor="a", why="b", now=at("2026-06-02 09:00"))


def test_reported_done_waits_for_the_next_drop_and_stays_open(register: Engine) -> None:
    load_drop(register, drop(accepted("appeals", [appeal("A1")])), now=at("2026-06-01 06:00"))
    run(register, "2026-06-04", [row("A1", "overdue", due_on="2026-06-03")])
    resolve_finding(register, "F-000001", actor="appeals officer", why="letter sent today", now=at("2026-06-04 09:00"))
    run(register, "2026-06-05", [row("A1", "overdue", due_on="2026-06-03")])
    assert read_open_findings(register, as_at=date(2026, 6, 5))["is_awaiting"].tolist() == [True], (
        "no new drop: still waiting"
    )
    load_drop(register, drop(accepted("appeals", [appeal("A1")])), now=at("2026-06-08 06:00"))
    run(register, "2026-06-08", [row("A1", "overdue", due_on="2026-06-03")])
    assert read_open_findings(register, as_at=date(2026, 6, 8))["is_awaiting"].tolist() == [False]
    assert events(register) == ["opened", "reported_done", "not_confirmed"]


def test_reported_done_and_confirmed_is_resolved_by_the_record(register: Engine) -> None:
    run(register, "2026-06-04", [row("A1", "overdue", due_on="2026-06-03")])
    resolve_finding(register, "F-000001", actor="appeals officer", why="letter sent", now=at("2026-06-04 09:00"))
    run(register, "2026-06-08", [row("A1", "late", due_on="2026-06-03", done_on="2026-06-04")])
    assert events(register) == ["opened", "reported_done", "resolved"]
    assert read_finding(register, "F-000001")["awaiting_since"] is None


def test_policy_versions_of_rows_are_kept(register: Engine) -> None:
    table = assessments([row("A1", "breach")]).assign(policy_version=pd.Timestamp("2023-04-01"))
    record_assessment(
        register, LANDLORD, table, as_at=date(2026, 6, 1), now=at("2026-06-01 07:00"), policy_version="2026-01-01"
    )
    assert read_finding(register, "F-000001")["policy_version"] == "2023-04-01"


SUBJECTS = st.tuples(
    st.sampled_from(["appeal.decide", "restriction.review"]), st.sampled_from("ABC"), st.integers(1, 2)
)
DAYS = st.lists(
    st.dictionaries(SUBJECTS, st.tuples(st.sampled_from(STATES), st.sampled_from(["breach", "info"]))),
    min_size=1,
    max_size=6,
)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(days=DAYS)
def test_findings_are_conserved_and_equal_the_current_assessment(
    register: Engine, days: list[dict[tuple[str, str, int], tuple[str, str]]]
) -> None:
    landlord = f"landlord_{uuid.uuid4().hex}"  # the register is shared between examples
    start, want, history = date(2026, 1, 1), pd.DataFrame(), {}
    for number, states in enumerate(days):
        rows = [
            row(ref, state, rule, occurrence=n, severity=severity)
            for (rule, ref, n), (state, severity) in sorted(states.items())
        ]
        on = start + timedelta(days=number)
        report = run(register, on.isoformat(), rows, landlord=landlord)
        want = {
            (rule, ref, n): state
            for (rule, ref, n), (state, severity) in states.items()
            if state in OPEN_STATES and severity != "info"
        }
        found = read_open_findings(register, landlord, as_at=on)
        keys = zip(found["rule"], found["subject_ref"], found["occurrence"], strict=True)
        assert dict(zip(keys, found["state"], strict=True)) == want
        assert report.open == len(want)
        assert report.seen + report.opened + report.reopened == len(want)
        history[on] = want
    for since in history:
        until = max(history)
        flows = (
            read_sql(register, "finding_flows", landlord, since=since, until=until).set_index("rule").astype("int64")
        )
        assert (flows["opening"] + flows["opened"] - flows["resolved"] == flows["closing"]).all()
        for column, day in (("opening", since), ("closing", until)):
            count = pd.Series([rule for rule, _, _ in history[day]], dtype="str").value_counts().to_dict()
            assert {rule: n for rule, n in flows[column].items() if n} == count
        assert len(read_findings_open_on(register, landlord, since)) == len(history[since])
