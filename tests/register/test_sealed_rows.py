"""Every row is sealed: no table is forgotten, a whole life verifies, and what an old register held is bound."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine

from due_regard.register import (
    comment_on_finding,
    dispute_finding,
    hand_over_finding,
    hold_drop,
    load_drop,
    record_assessment,
    release_drop,
    resolve_finding,
    silence_finding,
    undo_decision,
    upgrade_register,
    verify_rows,
)
from due_regard.register.schema import revisions
from due_regard.register.sealing.seal_rules import BEYOND_PROOF, PROVED_OTHERWISE, RULES
from tests.register.drops import LANDLORD, accepted, appeal, assessments, at, drop, restriction
from tests.register.older import write_older_register
from tests.register.past_guards import pass_guards


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a database without any table."""
    if request.param == "postgresql":
        new: Callable[[], str] = request.getfixturevalue("new_postgresql")
        return new()
    return f"sqlite:///{tmp_path / 'old.db'}"


def test_every_table_has_a_rule_or_a_reason() -> None:
    tables = {*revisions.build_metadata().tables, "alembic_version"}
    ruled = {rule.table for rule in RULES.values()}
    named = {name.split(",")[0].split(".")[0] for name in BEYOND_PROOF} - {"the audit"}
    assert tables == ruled | set(PROVED_OTHERWISE) | named
    assert not ruled & set(PROVED_OTHERWISE)
    for rule in RULES.values():
        assert {*rule.list_columns(), *rule.without} <= set(rule.find_table().c.keys()), rule.name


def test_every_column_of_a_ruled_table_is_sealed_or_said_to_change() -> None:
    changing = {
        "findings": {"silenced_until", "silenced_at", "awaiting_since", "awaiting_file_id", "handed_to", "handed_at",
                     "disputed_at"},
        "alert_messages": {"next_attempt_at", "lease_until"},
    }  # fmt: skip
    for table in {rule.table for rule in RULES.values()}:
        rules = [rule for rule in RULES.values() if rule.table == table]
        sealed = {name for rule in rules for name in rule.list_columns()}
        assert set(rules[0].find_table().c.keys()) - sealed - {"leaf"} == changing.get(table, set()), table


def live_a_little(register: Engine) -> None:
    """Loads, a correction, a vanished and returned record, runs, decisions, a held drop and its release."""
    first = [
        accepted("appeals", [appeal("A1"), appeal("A2"), appeal("A3")]),
        accepted("restrictions", [restriction("R1")]),
    ]
    load_drop(register, drop(*first), now=at("2026-06-01 08:00"))
    gone = accepted("appeals", [appeal("A1", outcome="upheld"), appeal("A2")], disappeared=("A3",), delivery="snapshot")
    load_drop(register, drop(gone), now=at("2026-06-02 08:00"))
    back = accepted("appeals", [appeal("A1", outcome="upheld"), appeal("A2"), appeal("A3")], delivery="snapshot")
    load_drop(register, drop(back), now=at("2026-06-03 08:00"))
    late = [
        {"rule": "appeal.decide", "subject_ref": ref, "state": "overdue", "due_on": "2026-06-01"}
        for ref in ("A1", "A2", "A3")
    ]
    assess(register, late, "2026-06-03")
    said = {"actor": "cli:officer", "why": "reason", "now": at("2026-06-03 10:00")}
    silence_finding(register, "F-000001", until=date(2026, 7, 1), **said)
    resolve_finding(register, "F-000002", **said)
    hand_over_finding(register, "F-000002", to_ref="S1", **said)
    dispute_finding(register, "F-000003", **said)
    comment_on_finding(register, "F-000003", **said)
    undo_decision(register, "F-000003", **said)
    assess(register, [late[0] | {"state": "met", "done_on": "2026-06-03"}, *late[1:]], "2026-06-04")
    assess(register, late[:2], "2026-06-05")
    held = hold_drop(
        register, landlord=LANDLORD, source="canonical", drop="d", sha256="ab", why="shrank", now=at("2026-06-05 08:00")
    )
    release_drop(register, held, actor="cli:officer", why="as it is", now=at("2026-06-05 09:00"))


def assess(register: Engine, rows: list[dict[str, object]], day: str) -> None:
    """Record an assessment as at that day."""
    as_at = date.fromisoformat(day)
    record_assessment(
        register, LANDLORD, assessments(rows), as_at=as_at, now=at(f"{day} 09:00"), policy_version="2024-01-01"
    )


def test_a_life_verifies(register: Engine) -> None:
    live_a_little(register)
    report = verify_rows(register)
    assert report.faults == ()
    assert report.unproved == ()
    assert report.groups > 30


def test_an_old_register_is_bound_once_and_says_so(empty_url: str, tmp_path: Path) -> None:
    newer = upgrade_register(f"sqlite:///{tmp_path / 'newer.db'}")
    live_a_little(newer)
    write_older_register(newer, empty_url, "0011_coming_duties")
    newer.dispose()
    register = upgrade_register(empty_url)
    report = verify_rows(register)
    assert report.faults == ()
    assert {one.rule for one in report.unproved} >= {"appeals", "batches", "finding_events", "open_findings"}
    late = [{"rule": "appeal.decide", "subject_ref": "A1", "state": "overdue", "due_on": "2026-06-01"}]
    assess(register, late, "2026-06-08")
    load_drop(register, drop(accepted("appeals", [appeal("A9")])), now=at("2026-06-09 08:00"))
    assert verify_rows(register).faults == ()
    register.dispose()
    again = upgrade_register(empty_url)
    assert verify_rows(again).unproved == report.unproved
    with again.begin() as connection:
        pass_guards(connection)
        connection.exec_driver_sql("UPDATE appeals SET outcome = 'refused' WHERE appeal_ref = 'A2' AND version = 1")
    assert next((one.table, one.what) for one in verify_rows(again).faults) == ("appeals", "changed")
    again.dispose()
