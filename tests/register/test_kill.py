"""Killed at any point, the register is as before or after a file, never between; the next run finishes."""

from __future__ import annotations

import os
import random
import signal
import time

import pytest
from sqlalchemy import Engine, text

from due_regard.records.validated_drop import ValidatedDrop
from due_regard.register import list_drops, load_drop, open_register, read_records, reading, verify_audit
from tests.register.drops import LANDLORD, accepted, appeal, at, drop, restriction

POINTS = ("opened", "begun", "written", "committed", "closed")
NOW = at("2026-06-01 08:00")
ROWS = 60


def big_drop(outcome: str) -> ValidatedDrop:
    appeals = [appeal(f"A{n:04d}", outcome=outcome) for n in range(ROWS)]
    restrictions = [restriction(f"R{n:04d}", evidence_ref=outcome) for n in range(ROWS)]
    return drop(accepted("appeals", appeals), accepted("restrictions", restrictions))


def child(register: Engine, outcome: str, point: str = "", times: int = 1) -> int:
    """Load in a process of its own, which kills itself the `times`-th time it passes `point`; its process id.

    A fork, not a new interpreter, which would be seconds of imports a kill; no connection is open across it.
    """
    url = register.url.render_as_string(hide_password=False)
    register.dispose()
    pid = os.fork()
    if pid:
        return pid
    passed = 0

    def checkpoint(name: str) -> None:
        nonlocal passed
        passed += name == point
        if name == point and passed == times:
            os.kill(os.getpid(), signal.SIGKILL)

    try:
        load_drop(open_register(url), big_drop(outcome), now=NOW, checkpoint=checkpoint)
    finally:
        os._exit(0)


def check(register: Engine, outcomes: set[str]) -> None:
    """Each entity is wholly of one drop, and everything the register says of itself is true."""
    verify_audit(register)
    for entity, column in (("restrictions", "evidence_ref"), ("appeals", "outcome")):
        records = read_records(register, LANDLORD)
        if entity in records:
            assert len(records[entity]) == ROWS
            assert set(records[entity][column]) <= outcomes
            assert records[entity][column].nunique() == 1
    with reading(register) as connection:
        written = connection.execute(
            text("SELECT f.id, f.rows_loaded, f.rows_sha256 FROM batch_files AS f ORDER BY f.id")
        ).all()
        versions = {
            **dict(connection.execute(text("SELECT batch_file_id, count(*) FROM appeals GROUP BY 1")).all()),
            **dict(connection.execute(text("SELECT batch_file_id, count(*) FROM restrictions GROUP BY 1")).all()),
        }
    assert {row.id: row.rows_loaded for row in written if row.rows_loaded} == versions
    assert all(row.rows_sha256 for row in written), "a file is on the list only with its rows"


@pytest.mark.parametrize(("point", "times"), [(p, t) for p in POINTS for t in ((1, 2) if p in POINTS[1:4] else (1,))])
def test_killed_at_a_named_point(register: Engine, point: str, times: int) -> None:
    load_drop(register, big_drop("upheld"), now=NOW)
    _, status = os.waitpid(child(register, "quashed", point, times), 0)
    assert os.WIFSIGNALED(status)
    check(register, {"upheld", "quashed"})
    report = load_drop(register, big_drop("quashed"), now=NOW)
    assert len(report.files) == 2
    check(register, {"quashed"})
    assert set(list_drops(register)["status"]) <= {"loaded", "unchanged", "interrupted"}


@pytest.mark.long
def test_killed_at_random(register: Engine) -> None:
    often = 100 if os.environ.get("DUE_REGARD_LONG_TESTS") else 5  # on each of the two engines
    luck, outcomes = random.Random(11), ("upheld", "quashed", "varied")
    for turn in range(often):
        process = child(register, outcomes[turn % 3])
        time.sleep(luck.uniform(0, 0.25))
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        check(register, set(outcomes))
    load_drop(register, big_drop("varied"), now=NOW)
    check(register, {"varied"})
    if often == 100:
        met = list_drops(register)["status"]
        assert (met == "interrupted").sum() > 10, "kills that meet no load say nothing"
        assert (met == "loaded").any()
