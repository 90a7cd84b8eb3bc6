"""CeleryExecutor for real: Redis, PostgreSQL, two workers with disks of their own; a worker is killed in each verb.

`make test-distributed` runs it: two whole Airflows, each with five landlords' day and packs, their exports on an SFTP
server. In the second a worker is killed with its whole tree in the middle of fetching, loading, assessing, sending and
building, and started again. What the register, the shared files and the places of the exports say in the end is what
they say where nothing was disturbed.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest
from sqlalchemy import Engine, create_engine

from demo.api import DagRun
from due_regard.config.settings import Settings
from due_regard.services.audit_heads import verify_register_audit
from due_regard.services.check_installation import check_installation
from due_regard.services.verify_register import verify_register
from tests.approval_off import switch_approval_off
from tests.journeys.celery_machines import (
    WORKERS,
    Machines,
    ask_engine,
    find_missing_program,
    start_machines,
    trigger_all,
    wait_for,
)
from tests.journeys.installations import LANDLORDS, small_include
from tests.journeys.machine_outcomes import is_half_written, read_outcome
from tests.journeys.remote_exports import say_fetch, serve_exports
from tests.journeys.test_killed_tasks import Person, read_title

DAILY, PACKS = ("fetch", "load", "assess", "send"), ("build",)
VERBS = (*DAILY, *PACKS)
ASKED_EACH = 2.0
"""Seconds between two questions how the runs stand."""

MIDDLE = 0.4
"""Share of a task's undisturbed time after which it is in its middle."""

CONF: dict[str, dict[str, Any]] = {
    "daily": {"as_at": "2026-06-30", "mail": True},
    "committee_packs": {"as_at": "2026-06-30", "quarter": "2026-Q2", "issue": True},
}
pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(5400),
    pytest.mark.skipif(
        not os.environ.get("DUE_REGARD_DISTRIBUTED"), reason="ten minutes of two cores: make test-distributed"
    ),
]


@dataclass
class Ran:
    """One installation whose five landlords' day and packs are done."""

    machines: Machines
    outcome: dict[str, Any]
    states: dict[str, str]
    seconds: dict[tuple[str, str], float]
    struck: dict[str, str] = field(default_factory=dict)
    doctor: dict[str, bool] = field(default_factory=dict)
    noted: int = 0
    faults: list[Any] = field(default_factory=list)


def sum_half_drops(machines: Machines) -> Counter[str]:
    """Landlord -> bytes that lie in its inbox half copied; none without any."""
    inbox, found = machines.shared / "files" / "inbox", Counter[str]()
    with suppress(FileNotFoundError):  # a fetch goes on meanwhile
        for file in inbox.rglob("*"):
            if file.is_file() and is_half_written(file):
                found[file.relative_to(inbox).parts[0]] += file.stat().st_size
    return +found


@dataclass
class Striker:
    """Kills the worker that is in the middle of a verb, once a verb, and starts it again."""

    machines: Machines
    workers: dict[str, psutil.Process]
    seconds: dict[tuple[str, str], float]
    engine: Engine
    api: Person
    struck: dict[str, str] = field(default_factory=dict)

    def strike(self, runs: list[DagRun], verbs: tuple[str, ...]) -> None:
        """Kill where one of `verbs`, not struck yet, has come to its middle.

        The times are those of another run, which the machine may have done faster or slower: each landlord who got away
        halves what counts as the middle of the next one's work.
        """
        began = "SELECT landlord, verb, outcome, started_at FROM runs ORDER BY started_at"
        rows = ask_engine(self.engine, began)
        for landlord, verb, outcome, instant in rows:
            if outcome != "running" or verb not in verbs or verb in self.struck:
                continue
            got_away = sum(each[1:3] == (verb, "succeeded") for each in rows)
            since = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
            passed, whole = (datetime.now(UTC) - since).total_seconds(), self.seconds[landlord, verb]
            is_begun = verb != "fetch" or landlord in sum_half_drops(self.machines)
            is_there = is_begun and passed >= whole * MIDDLE / 2**got_away
            if is_there and self._kill_worker_of(runs, landlord, verb):
                self.struck[verb] = landlord
                print(f"\n{verb} of {landlord} struck after {passed:.1f} s; undisturbed it took {whole:.1f} s")
                return

    def _kill_worker_of(self, runs: list[DagRun], landlord: str, verb: str) -> bool:
        (run,) = [each for each in runs if each.dag.partition(".")[0] == landlord]
        work = self.api.read_work(run, verb)
        for name, worker in self.workers.items():
            tree = worker.children(recursive=True)
            if not any(work in read_title(each) for each in tree):
                continue
            for process in (worker, *tree):
                kill_now(process)
            psutil.wait_procs([worker, *tree], timeout=10)  # nobody may be there to collect the orphans
            asked = "SELECT outcome FROM runs WHERE landlord = :landlord AND verb = :verb"
            was_hit = ask_engine(self.engine, asked, landlord=landlord, verb=verb) == [("running",)]
            self.workers[name] = self.machines.start_worker(name)
            return was_hit
        return False


def kill_now(process: psutil.Process) -> None:
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return


def run_all(folder: Path, include: Path, seconds: dict[tuple[str, str], float] | None = None) -> Ran:
    """Five landlords' day and packs; with the times of an undisturbed run, a worker is killed in each verb."""
    with (
        serve_exports(folder / "exports", include / "samples", LANDLORDS) as exports,
        start_machines(folder, include, exports) as (machines, api),
    ):
        engine = create_engine(machines.register, isolation_level="AUTOCOMMIT")
        workers = {name: machines.start_worker(name) for name in WORKERS}
        striker = Striker(machines, workers, seconds or {}, engine, api)
        states: dict[str, str] = {}
        for dag, verbs in (("daily", DAILY), ("committee_packs", PACKS)):
            runs = trigger_all(api, dag, LANDLORDS, CONF[dag])
            states |= follow(api, runs, partial(striker.strike, runs, verbs) if seconds else None)
        took = "SELECT landlord, verb, EXTRACT(EPOCH FROM ended_at - started_at) FROM runs"
        times = {(landlord, verb): float(each) for landlord, verb, each in ask_engine(engine, took)}
        engine.dispose()
        found = Ran(machines, read_outcome(machines, LANDLORDS), states, times, striker.struck)
        look_after(found)
        return found


def follow(api: Person, runs: list[DagRun], strike: Callable[[], None] | None) -> dict[str, str]:
    """Every run to its end; the server is asked now and then alone, for it has the tasks to serve."""
    states: dict[str, str] = {}
    asked = 0.0

    def all_ended() -> bool:
        nonlocal asked
        if strike:
            strike()
        if time.monotonic() - asked > ASKED_EACH:
            asked = time.monotonic()
            for run in runs:
                if run.dag not in states and (now := api.read_run(run.dag, run.id)).ended:
                    states[run.dag] = now.state
        return len(states) == len(runs)

    wait_for(all_ended, "the runs", 2400, pause=0.1)
    return states


def look_after(found: Ran) -> None:
    """What the tools for operators say, asked on a third machine."""
    shared = {
        name.removeprefix("DUE_REGARD_").lower(): value for name, value in found.machines.list_shared_settings().items()
    }
    place = found.machines.control
    settings = Settings(include_dir=place.include, var_dir=place.out / "var", machine="control", **shared)
    found.doctor = {one.what: one.ok for one in check_installation(settings, now=datetime.now(UTC))}
    found.noted = verify_register_audit(settings)["noted"]
    found.faults = verify_register(settings, runs=1)["faults"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Ran, Ran]]:
    """The undisturbed run and the disturbed one."""
    if missing := find_missing_program():
        pytest.fail(missing)
    folder = tmp_path_factory.mktemp("distributed")
    include = small_include(folder / "include", LANDLORDS, incidents=60)
    for landlord in LANDLORDS[:2]:
        switch_approval_off(include, landlord)
    say_fetch(include, LANDLORDS)
    undisturbed = run_all(folder / "undisturbed", include)
    yield undisturbed, run_all(folder / "disturbed", include, undisturbed.seconds)


def test_every_run_succeeds_whoever_was_killed(runs: tuple[Ran, Ran]) -> None:
    for ran in runs:
        assert len(ran.states) == 2 * len(LANDLORDS)
        assert set(ran.states.values()) == {"success"}, ran.states


def test_a_worker_was_killed_in_the_middle_of_each_verb(runs: tuple[Ran, Ran]) -> None:
    assert set(runs[1].struck) == set(VERBS), runs[1].struck


@pytest.mark.parametrize(
    "what",
    [
        *("records", "findings", "events", "assessed", "mails", "told", "packs", "issues", "lives", "batches"),
        *("loaded", "rejections", "runs", "files", "inbox", "places"),
    ],
)
def test_the_outcome_is_that_of_a_run_that_nothing_disturbed(runs: tuple[Ran, Ran], what: str) -> None:
    undisturbed, disturbed = (ran.outcome[what] for ran in runs)
    assert len(undisturbed) > 0
    assert disturbed == undisturbed


def test_every_export_was_fetched_whole_taken_in_and_acknowledged(runs: tuple[Ran, Ran]) -> None:
    for ran in runs:
        drops = ran.outcome["inbox"]
        assert [drop[0] for drop in drops] == list(LANDLORDS)
        assert {state for drop in drops for state in drop[3:]} == {True}
        left = {name.split("/")[0] for name in ran.outcome["places"] if name.split("/")[2] not in {"taken", "receipts"}}
        assert left == set(LANDLORDS[1:3]) | set(LANDLORDS[4:]), "the first and the fourth ask for `move`"


def test_the_killed_fetch_had_copied_a_part_of_its_files(runs: tuple[Ran, Ran]) -> None:
    """What it left is nobody's drop; the next fetch of the landlord began anew."""
    undisturbed, disturbed = (sum_half_drops(ran.machines) for ran in runs)
    assert undisturbed == {}
    whole = {drop[0]: sum(file.size for file in drop[2]) for drop in runs[1].outcome["inbox"]}
    assert 0 < disturbed[runs[1].struck["fetch"]] < whole[runs[1].struck["fetch"]]


def test_nothing_that_another_machine_needs_lies_on_a_workers_own_disk(runs: tuple[Ran, Ran]) -> None:
    for ran in runs:
        for worker in WORKERS:
            own = ran.machines.find_disk(worker).out / "var"
            assert {entry.name for entry in own.iterdir()} <= {"great_expectations"}


def test_each_worker_did_its_part_and_noted_it(runs: tuple[Ran, Ran]) -> None:
    for ran in runs:
        names = {file.suffixes[0][1:] for file in (ran.machines.shared / "heads").iterdir()}
        assert set(WORKERS) <= names
        assert ran.noted > 0
        assert ran.faults == []


def test_doctor_finds_nothing_wrong_from_a_third_machine(runs: tuple[Ran, Ran]) -> None:
    for ran in runs:
        assert ran.doctor["machines"], ran.doctor
        assert ran.doctor["register"] and ran.doctor["audit chain"] and ran.doctor["runs"]


def test_a_workers_address_of_airflows_database_leads_nowhere(runs: tuple[Ran, Ran]) -> None:
    """So compose gives a worker none, and a task that looked for it would have failed."""
    given = runs[0].machines.make_worker_environment(WORKERS[0])["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"]
    assert given != runs[0].machines.airflow


def test_the_undisturbed_times_are_those_of_whole_tasks(runs: tuple[Ran, Ran]) -> None:
    assert set(runs[0].seconds) == {(landlord, verb) for landlord in LANDLORDS for verb in VERBS}
    assert min(runs[0].seconds.values()) > 0
