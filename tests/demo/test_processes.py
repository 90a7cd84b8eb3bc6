"""What a demo starts it stops: children, grandchildren that moved away, and what a killed demo left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from demo import place as places
from demo import processes
from demo.errors import DemoError
from demo.place import DemoPlace

STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
print(child.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def place(tmp_path: Path) -> DemoPlace:
    place = DemoPlace(tmp_path / "out", tmp_path)
    place.home.mkdir(parents=True)
    return place


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_GRACE", ((signal.SIGINT, 0.3), (signal.SIGTERM, 2.0), (signal.SIGKILL, 2.0)))


def start(place: DemoPlace, monkeypatch: pytest.MonkeyPatch, code: str) -> processes.StartedProcess:
    """One process that stands for Airflow's."""
    monkeypatch.setattr(processes, "_find_command", lambda _: [sys.executable, "-c", code])
    return processes.start_process(place, dict(os.environ), "scheduler")


def said(started: processes.StartedProcess) -> str:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        if text := Path(started.log).read_text(encoding="utf-8"):
            return text
        time.sleep(0.02)
    raise AssertionError("it said nothing")


@pytest.mark.usefixtures("short")
def test_stops_what_ignores_an_interrupt_and_what_left_its_session(
    place: DemoPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = start(place, monkeypatch, STUBBORN)
    grandchild = int(said(started))
    assert processes.stop_processes(place) == 2
    assert not started.is_alive()
    assert not psutil.pid_exists(grandchild) or psutil.Process(grandchild).status() == psutil.STATUS_ZOMBIE
    assert not place.processes.exists()


@pytest.mark.usefixtures("short")
def test_stops_orphans_of_a_process_that_was_killed(place: DemoPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    code = STUBBORN.replace(", start_new_session=True", "")
    started = start(place, monkeypatch, code)
    orphan = psutil.Process(int(said(started)))
    os.kill(started.pid, signal.SIGKILL)
    os.waitpid(started.pid, 0)
    assert orphan.is_running()
    assert processes.stop_processes(place) == 1
    assert not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE


def test_leaves_a_stranger_alone_that_was_given_an_old_number(place: DemoPlace) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(30)"], start_new_session=True) as stranger:
        written = [{"pid": stranger.pid, "created": 1.0, "log": "gone"}]
        place.processes.write_text(json.dumps(written), encoding="utf-8")
        assert processes.stop_processes(place) == 0
        assert stranger.poll() is None
        stranger.kill()


def test_nothing_to_stop_is_no_fault(place: DemoPlace) -> None:
    assert processes.stop_processes(place) == 0
    place.processes.write_text("cut sho", encoding="utf-8")
    assert processes.stop_processes(place) == 0


def test_a_command_that_fails_names_its_log(place: DemoPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_find_command", lambda _: [sys.executable, "-c", "raise SystemExit(3)"])
    with pytest.raises(DemoError, match=r"airflow db migrate failed; see .*db-migrate\.log"):
        processes.run_once(place, dict(os.environ), "db", "migrate")


def test_the_environment_is_the_demos_own(place: DemoPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "CeleryExecutor")
    monkeypatch.setenv("DUE_REGARD_MAIL_MODE", "live")
    monkeypatch.setenv("DUE_REGARD_OWN_DIR", "/srv/own")
    monkeypatch.setenv("DUE_REGARD_REGISTER_URL", "postgresql://elsewhere/register")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    env = places.build_environment(place, 5000)
    assert env["AIRFLOW__CORE__EXECUTOR"] == "LocalExecutor"
    assert env["DUE_REGARD_MAIL_MODE"] == "folder"
    # Said, not left out: a .env file beside the demo may say otherwise.
    assert env["DUE_REGARD_OWN_DIR"] == ""
    place.own.mkdir(parents=True)
    assert places.build_environment(place, 5000)["DUE_REGARD_OWN_DIR"] == str(place.own)
    assert {"DUE_REGARD_REGISTER_URL", "HTTPS_PROXY", "PYTHONDONTWRITEBYTECODE"} & set(env) == set()
    assert env["PATH"].startswith(str(Path(sys.executable).parent))
    assert [name for name, value in env.items() if "0.0.0.0" in value] == []  # noqa: S104 - looked for, not bound
