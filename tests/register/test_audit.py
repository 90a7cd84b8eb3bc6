"""The audit chain: it holds, forbids change, and finds an edit, a gap and a removed tail, saying where."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from due_regard.errors import AuditError
from due_regard.register import (
    append_audit,
    hold_drop,
    load_drop,
    read_audit_head,
    record_assessment,
    release_drop,
    silence_finding,
    verify_audit,
    writing,
)
from tests.register.drops import LANDLORD, OTHER, accepted, appeal, assessments, at, drop
from tests.register.past_guards import pass_guards

NOW = at("2026-06-01 08:00")


@pytest.fixture
def filled(register: Engine) -> Engine:
    for landlord in (LANDLORD, OTHER):
        load_drop(register, drop(accepted("appeals", [appeal("A1")]), landlord=landlord), now=NOW)
        for n in range(5):
            with writing(register, landlord) as connection:
                append_audit(connection, landlord=landlord, action="try", subject=f"s{n}", details={"n": n}, at=NOW)
    return register


def tamper(register: Engine, statement: str) -> None:
    """Change the audit as somebody with the database's own keys could."""
    with register.begin() as connection:
        pass_guards(connection)
        connection.exec_driver_sql(statement)


def test_an_untouched_chain_holds_and_prints_its_head(filled: Engine) -> None:
    report = verify_audit(filled)
    assert report.rows == 14
    assert report.head == read_audit_head(filled)
    assert [part.split(":")[:2] for part in report.head.split(",")] == [[OTHER, "7"], [LANDLORD, "7"]]
    assert verify_audit(filled, report.head) == report
    load_drop(filled, drop(accepted("appeals", [appeal("A2")])), now=NOW)
    assert verify_audit(filled, report.head).rows == 16, "an older head still holds"


@pytest.mark.parametrize("statement", ["UPDATE audit SET subject = 'x'", "DELETE FROM audit", "TRUNCATE audit"])
def test_triggers_forbid_change(filled: Engine, statement: str) -> None:
    if statement.startswith("TRUNCATE") and filled.dialect.name == "sqlite":
        statement = "REPLACE INTO audit SELECT * FROM audit"
    with (
        pytest.raises((DBAPIError, sqlite3.Error), match="audit: rows are never changed or deleted"),
        filled.begin() as connection,
    ):
        connection.exec_driver_sql(statement)
    assert verify_audit(filled).rows == 14


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            "UPDATE audit SET details = '{\"n\":9}' WHERE landlord = 'sample_landlord' AND seq = 4",
            r"sample.*row 4 was changed",
        ),
        (
            "UPDATE audit SET at = '2026-06-01 08:00:01+00:00' WHERE landlord = 'sample_landlord' AND seq = 1",
            r"row 1 was changed",
        ),
        (
            "UPDATE audit SET hash = prev_hash WHERE landlord = 'other_landlord' AND seq = 7",
            r"other.*row 7 was changed",
        ),
        ("DELETE FROM audit WHERE landlord = 'sample_landlord' AND seq IN (3, 4)", r"row 5 follows row 2"),
        ("DELETE FROM audit WHERE landlord = 'other_landlord' AND seq = 1", r"other.*row 2 follows row 0"),
        ("UPDATE audit SET seq = seq + 100 WHERE landlord = 'other_landlord'", r"row 101 follows row 0"),
        ("UPDATE audit SET landlord = 'third' WHERE landlord = 'other_landlord'", r"third: row 1 was changed"),
        (
            "UPDATE audit SET prev_hash = 'x' WHERE landlord = 'sample_landlord' AND seq = 2",
            r"row 2 does not continue row 1",
        ),
    ],
)
def test_tampering_is_found_and_placed(filled: Engine, change: str, words: str) -> None:
    if filled.dialect.name == "sqlite":
        change = change.replace("08:00:01+00:00", "08:00:01.000000")
    tamper(filled, change)
    with pytest.raises(AuditError, match=words):
        verify_audit(filled)


def test_a_removed_tail_shows_against_a_printed_head_only(filled: Engine) -> None:
    head = read_audit_head(filled)
    tamper(filled, "DELETE FROM audit WHERE landlord = 'sample_landlord' AND seq > 5")
    assert verify_audit(filled).rows == 12
    with pytest.raises(AuditError, match=r"sample_landlord: ends at row 5.*row 7: tail removed"):
        verify_audit(filled, head)
    with writing(filled, LANDLORD) as connection:
        for n in range(3):
            append_audit(connection, landlord=LANDLORD, action="try", subject=f"new {n}", details={}, at=NOW)
    with pytest.raises(AuditError, match="row 7 is not the one"):
        verify_audit(filled, head)


def test_a_removed_chain_shows_against_a_printed_head(filled: Engine) -> None:
    head = read_audit_head(filled)
    tamper(filled, "DELETE FROM audit WHERE landlord = 'other_landlord'")
    with pytest.raises(AuditError, match="other_landlord: ends at row 0"):
        verify_audit(filled, head)


@pytest.mark.parametrize("head", ["nonsense", "a:b:c", "sample_landlord:7:", "sample_landlord:7:zz"])
def test_a_head_that_was_never_printed_is_refused(filled: Engine, head: str) -> None:
    with pytest.raises(AuditError, match="printed"):
        verify_audit(filled, head)


ACTS: dict[str, Callable[[Engine], object]] = {
    "load": lambda r: load_drop(r, drop(accepted("appeals", [appeal("A9")])), now=NOW),
    "assess": lambda r: record_assessment(
        r,
        LANDLORD,
        assessments([{"rule": "appeal.decide", "subject_ref": "A1", "state": "breach"}]),
        as_at=date(2026, 6, 1),
        now=NOW,
        policy_version="2024-01-01",
    ),
    "silence": lambda r: silence_finding(
        r, "F-000001", actor="Ann Named", why="ask Bob Named", until=date(2026, 7, 1), now=NOW
    ),
    "hold": lambda r: hold_drop(
        r, landlord=LANDLORD, source="canonical", drop="d", sha256="ab", why="shrank by 40 of 100 rows", now=NOW
    ),
    "release": lambda r: release_drop(r, 4, actor="Ann Named", why="Bob Named rang", now=NOW),
}


def test_every_act_is_audited_and_no_personal_value_is_in_it(filled: Engine) -> None:
    for act in ACTS.values():
        act(filled)
    with filled.connect() as connection:
        rows = connection.exec_driver_sql("SELECT action, subject, details FROM audit").all()
    assert set(ACTS) <= {row.action for row in rows}
    assert not [row for row in rows if any(word in str(row) for word in ("Named", "A1", "A9", "R1"))]
    verify_audit(filled)


def test_a_rolled_back_act_leaves_no_trace(register: Engine) -> None:
    with pytest.raises(ZeroDivisionError), writing(register, LANDLORD) as connection:
        append_audit(connection, landlord=LANDLORD, action="try", subject="s", details={}, at=NOW)
        raise ZeroDivisionError
    assert verify_audit(register).rows == 0
