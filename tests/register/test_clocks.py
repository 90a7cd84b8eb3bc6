"""A clock that is wrong writes nothing: neither behind the newest load, nor ahead of PostgreSQL's own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from due_regard.errors import ClockError
from due_regard.register import (
    hold_drop,
    load_drop,
    read_open_findings,
    read_records,
    record_assessment,
    silence_finding,
    verify_audit,
)
from due_regard.register.viewed_records import record_view
from tests.register.drops import LANDLORD, OTHER, accepted, appeal, assessments, at, drop

NOW = at("2026-06-01 08:00")


def outcome(word: str, landlord: str = LANDLORD):  # type: ignore[no-untyped-def]
    return drop(accepted("appeals", [appeal("A1", outcome=word)]), landlord=landlord)


@pytest.mark.parametrize(("minutes", "is_taken"), [(-4, True), (-6, False), (-60 * 24 * 365 * 3, False), (6, True)])
def test_a_load_behind_the_newest_is_refused(register: Engine, minutes: int, is_taken: bool) -> None:
    load_drop(register, outcome("upheld"), now=NOW)
    rows, then = verify_audit(register).rows, NOW + timedelta(minutes=minutes)
    if is_taken:
        load_drop(register, outcome("quashed"), now=then)
        assert read_records(register, LANDLORD)["appeals"]["outcome"].item() == "quashed"
        return
    with pytest.raises(ClockError, match=r"newest load is dated 2026-06-01 08:00:00 UTC; nothing was changed.*redate"):
        load_drop(register, outcome("quashed"), now=then)
    assert read_records(register, LANDLORD)["appeals"]["outcome"].item() == "upheld"
    assert verify_audit(register).rows == rows
    load_drop(register, outcome("quashed", OTHER), now=then)


WRITES: dict[str, Callable[[Engine, datetime], object]] = {
    "load": lambda engine, now: load_drop(engine, outcome("quashed"), now=now),
    "hold": lambda engine, now: hold_drop(
        engine, landlord=LANDLORD, source="s", drop="d", sha256="ab", why="few", now=now
    ),
    "assess": lambda engine, now: record_assessment(
        engine, LANDLORD, assessments([]), as_at=NOW.date(), now=now, policy_version="2020-01-01"
    ),
    "decide": lambda engine, now: silence_finding(
        engine, "F-000001", until=now.date() + timedelta(days=9), actor="a", why="w", now=now
    ),
    "view": lambda engine, now: record_view(
        engine, LANDLORD, actor="a", used_right="read", kind="finding", ref="F-000001", now=now
    ),
}


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize(("ahead", "is_taken"), [(timedelta(minutes=4), True), (timedelta(days=365 * 12), False)])
def test_nothing_is_written_ahead_of_postgresqls_clock(
    register: Engine, name: str, ahead: timedelta, is_taken: bool
) -> None:
    if register.dialect.name == "sqlite":
        is_taken = True  # it has no clock of its own: `doctor` says what is dated in the future
    load_drop(register, outcome("upheld"), now=NOW)
    row = {"rule": "appeal.decide", "subject_ref": "A1", "state": "breach"}
    record_assessment(register, LANDLORD, assessments([row]), as_at=NOW.date(), now=NOW, policy_version="2020-01-01")
    rows, now = verify_audit(register).rows, datetime.now(UTC) + ahead
    if is_taken:
        WRITES[name](register, now)
        return
    with pytest.raises(ClockError, match=r"this machine's clock says .* and the database's .*: nothing was changed"):
        WRITES[name](register, now)
    assert verify_audit(register).rows == rows
    assert len(read_open_findings(register, LANDLORD, as_at=NOW.date())) == 1
    assert read_records(register, LANDLORD)["appeals"]["outcome"].item() == "upheld"
