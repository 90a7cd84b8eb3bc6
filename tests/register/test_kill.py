"""Killed at any point, the register is as before or after a whole drop, never between; the next run finishes."""

from __future__ import annotations

import os
import random
import signal
import time

import pytest
from sqlalchemy import Connection, Engine, text

from due_regard.records.validated_drop import ValidatedDrop
from due_regard.register import append_audit, list_drops, load_drop, open_register, read_records, reading, verify_audit
from due_regard.register.loading.batch_rows import LoadReport
from tests.register.drops import LANDLORD, accepted, appeal, at, drop, restriction

POINTS = ("begun", "loaded", "closed", "told", "committed")
TOLD = "what the data owner is told"
NOW = at("2026-06-01 08:00")
ROWS = 60


def big_drop(outcome: str) -> ValidatedDrop:
    appeals = [appeal(f"A{n:04d}", outcome=outcome) for n in range(ROWS)]
    restrictions = [restriction(f"R{n:04d}", evidence_ref=outcome) for n in range(ROWS)]
    return drop(accepted("appeals", appeals), accepted("restrictions", restrictions))


def tell(connection: Connection, report: LoadReport) -> None:
    """Write something that stands for the mail about the drop."""
    append_audit(connection, landlord=LANDLORD, action=TOLD, subject=f"batch {report.batch_id}", details={}, at=NOW)


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
        load_drop(open_register(url), big_drop(outcome), now=NOW, tell_owner=tell, checkpoint=checkpoint)
    finally:
        os._exit(0)


def check(register: Engine, outcomes: set[str]) -> str:
    """The register is wholly of one drop, that drop is told of, and everything it says of itself is true."""
    verify_audit(register)
    records = read_records(register, LANDLORD)
    assert [len(records[entity]) for entity in ("appeals", "restrictions")] == [ROWS, ROWS]
    said = {*records["restrictions"]["evidence_ref"], *records["appeals"]["outcome"]}
    assert len(said) == 1, "never one file of this drop and another of that"
    assert said <= outcomes
    assert "loading" not in set(list_drops(register)["status"])
    with reading(register) as connection:
        written = connection.execute(
            text("SELECT f.id, f.rows_loaded, f.rows_sha256 FROM batch_files AS f ORDER BY f.id")
        ).all()
        versions = {
            **dict(connection.execute(text("SELECT batch_file_id, count(*) FROM appeals GROUP BY 1")).all()),
            **dict(connection.execute(text("SELECT batch_file_id, count(*) FROM restrictions GROUP BY 1")).all()),
        }
        told = (
            connection.execute(text("SELECT subject FROM audit WHERE action = :told"), {"told": TOLD}).scalars().all()
        )
    assert {row.id: row.rows_loaded for row in written if row.rows_loaded} == versions
    assert all(row.rows_sha256 for row in written), "a file is on the list only with its rows"
    assert sorted(told) == sorted(f"batch {batch}" for batch in list_drops(register)["id"]), "told of each drop, once"
    return str(said.pop())


@pytest.mark.parametrize(("point", "times"), [(p, t) for p in POINTS for t in ((1, 2) if p == "loaded" else (1,))])
def test_killed_at_a_named_point(register: Engine, point: str, times: int) -> None:
    load_drop(register, big_drop("upheld"), now=NOW, tell_owner=tell)
    _, status = os.waitpid(child(register, "quashed", point, times), 0)
    assert os.WIFSIGNALED(status)
    assert check(register, {"upheld", "quashed"}) == ("quashed" if point == "committed" else "upheld")
    report = load_drop(register, big_drop("quashed"), now=NOW, tell_owner=tell)
    assert report.status == ("unchanged" if point == "committed" else "loaded")
    check(register, {"quashed"})
    assert set(list_drops(register)["status"]) <= {"loaded", "unchanged"}


@pytest.mark.long
def test_killed_at_random(register: Engine) -> None:
    often = 100 if os.environ.get("DUE_REGARD_LONG_TESTS") else 5  # on each of the two engines
    luck, outcomes, met = random.Random(11), ("upheld", "quashed", "varied"), 0
    load_drop(register, big_drop("varied"), now=NOW, tell_owner=tell)
    for turn in range(often):
        before = len(list_drops(register))
        process = child(register, outcomes[turn % 3])
        time.sleep(luck.uniform(0, 0.25))
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        check(register, set(outcomes))
        met += len(list_drops(register)) == before
    load_drop(register, big_drop("varied"), now=NOW, tell_owner=tell)
    assert check(register, set(outcomes)) == "varied"
    if often == 100:
        assert met > 10, "kills that meet no load say nothing"
        assert (list_drops(register)["status"] == "loaded").any()
