"""A register that a wrong clock harmed is put right by a recorded act, and what was known before stays as it was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from sqlalchemy import Engine, text

from due_regard.errors import ClockError, RegisterError, SettingsError
from due_regard.register import load_drop, read_records, reading, record_assessment, verify_audit
from due_regard.register.redating import list_future_instants, redate_register
from due_regard.register.sealing.verification import verify_rows
from tests.register.drops import LANDLORD, OTHER, accepted, appeal, assessments, at, drop

FIRST, SECOND, REPAIR = at("2026-06-01 08:00"), at("2026-06-02 08:00"), at("2026-06-05 08:00")
FAR = datetime(2038, 1, 19, 3, 14, tzinfo=UTC)
SAID = {"actor": "cli:data-owner", "why": "the clock of the server ran ahead"}


def take(register: Engine, outcome: str | None, now: datetime, landlord: str = LANDLORD) -> None:
    load_drop(register, drop(accepted("appeals", [appeal("A1", outcome=outcome)]), landlord=landlord), now=now)


def judge(register: Engine, now: datetime, *, day: datetime | None = None) -> int:
    rows = assessments([{"rule": "appeal.decide", "subject_ref": "A1", "state": "breach"}])
    run = record_assessment(register, LANDLORD, rows, as_at=(day or now).date(), now=now, policy_version="2020-01-01")
    return run.run_id


def know(register: Engine, known_at: datetime | None = None) -> str | None:
    records = read_records(register, LANDLORD, known_at=known_at)
    if "appeals" not in records:
        return "nothing"
    word = records["appeals"]["outcome"].item()
    return None if pd.isna(word) else word


@pytest.fixture
def harmed(register: Engine, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Loaded and judged; then so by a clock of 2038, as an earlier version let it; then judged by a good one again."""
    take(register, None, FIRST)
    judge(register, FIRST)
    with monkeypatch.context() as patch:
        patch.setattr("due_regard.register.audit.check_not_ahead", lambda *_: None)
        take(register, "upheld", FAR)
        judge(register, FAR, day=FIRST)
        judge(register, SECOND)
    return register


def read_runs(register: Engine) -> list[tuple[datetime, datetime]]:
    with reading(register) as connection:
        rows = connection.execute(text("SELECT recorded_at, known_at FROM assessment_runs ORDER BY id")).all()
    as_instant = [
        tuple(at(value) if isinstance(value, str) else value.astimezone(UTC) for value in row) for row in rows
    ]
    return as_instant  # type: ignore[return-value]


def test_a_load_dated_in_the_future_stops_intake_until_it_is_redated(harmed: Engine) -> None:
    assert know(harmed, REPAIR) is None, "hidden until 2038"
    with pytest.raises(ClockError, match="newest load is dated 2038-01-19 03:14:00 UTC"):
        take(harmed, "quashed", REPAIR)
    report = redate_register(harmed, LANDLORD, **SAID, now=REPAIR)
    assert know(harmed, REPAIR) == "upheld"
    assert (report.batches, len(report.runs), report.packs) == ((2,), 2, ())
    take(harmed, "quashed", REPAIR + timedelta(hours=1))
    judge(harmed, REPAIR + timedelta(hours=1))
    assert know(harmed) == "quashed"
    assert [know(harmed, when) for when in (FIRST, SECOND, REPAIR)] == [None, None, "upheld"]
    verify_audit(harmed)


def test_what_was_known_before_the_repair_and_what_runs_rest_on_is_rebuilt_the_same(harmed: Engine) -> None:
    before = [know(harmed, known_at) for _, known_at in read_runs(harmed)]
    views = {
        when: know(harmed, when) for when in (FIRST - timedelta(days=1), FIRST, SECOND, REPAIR - timedelta(hours=1))
    }
    redate_register(harmed, LANDLORD, **SAID, now=REPAIR)
    runs = read_runs(harmed)
    assert [know(harmed, known_at) for _, known_at in runs] == before == [None, "upheld", "upheld"]
    assert {when: know(harmed, when) for when in views} == views
    assert all(instant <= REPAIR for run in runs for instant in run)
    assert runs[2][0] == SECOND, "what a good clock dated stays"
    with reading(harmed) as connection:
        assert list_future_instants(connection, LANDLORD, after=REPAIR) == []


def test_the_act_is_recorded_with_both_instants_and_the_rows_are_proved_anew(harmed: Engine) -> None:
    report = redate_register(harmed, LANDLORD, **SAID, now=REPAIR)
    with reading(harmed) as connection:
        details = connection.scalar(text("SELECT details FROM audit WHERE action = 'redate'"))
        said = connection.execute(text("SELECT redated_by, redated_why FROM batches WHERE id = 2")).one()
    for old, new in report.moved.items():
        assert f'"{old.isoformat()}":"{new.isoformat()}"' in details
        assert FIRST < new < REPAIR < old
    assert tuple(said) == (SAID["actor"], SAID["why"])
    assert SAID["why"] not in details
    assert verify_rows(harmed).faults == ()


def test_a_run_of_a_day_to_come_no_longer_stops_those_of_today(harmed: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("due_regard.register.audit.check_not_ahead", lambda *_: None)
        ahead = judge(harmed, FAR)
    assert redate_register(harmed, LANDLORD, **SAID, now=REPAIR).runs_to_come == (ahead,)
    rows = assessments([{"rule": "appeal.decide", "subject_ref": "A1", "state": "met"}])
    run = record_assessment(
        harmed, LANDLORD, rows, as_at=REPAIR.date(), now=REPAIR + timedelta(hours=1), policy_version="2020-01-01"
    )
    assert run.moved
    assert verify_rows(harmed).faults == ()


def test_nothing_to_redate_changes_nothing(register: Engine) -> None:
    take(register, "upheld", FIRST)
    rows = verify_audit(register).rows
    for now in (FIRST, FIRST - timedelta(minutes=4)):
        with pytest.raises(RegisterError, match="there is nothing to redate"):
            redate_register(register, LANDLORD, **SAID, now=now)
    for blank in ({"actor": " "}, {"why": ""}):
        with pytest.raises(SettingsError, match="say who"):
            redate_register(register, LANDLORD, **SAID | blank, now=FIRST)
    assert verify_audit(register).rows == rows


def test_another_landlords_instants_stay(harmed: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("due_regard.register.audit.check_not_ahead", lambda *_: None)
        take(harmed, "upheld", FAR, OTHER)
    redate_register(harmed, LANDLORD, **SAID, now=REPAIR)
    with reading(harmed) as connection:
        assert list_future_instants(connection, OTHER, after=REPAIR) == [FAR]
