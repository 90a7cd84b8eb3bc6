"""The processes of a demo's Airflow: started in sessions of their own, written down, and all of them stopped again.

A demo may be interrupted or killed at any point, so what was started is on disk before it is needed: the next start,
or `--stop`, finds what an earlier one left behind. Keep Airflow's API in api.py.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Any

import psutil

from demo.errors import DemoError
from demo.place import REPOSITORY, DemoPlace
from due_regard.config.storage import write_file

_GRACE = ((signal.SIGINT, 8.0), (signal.SIGTERM, 4.0), (signal.SIGKILL, 4.0))

_children: list[subprocess.Popen[bytes]] = []
"""What this very process started, kept to collect their ends."""


@dataclass(frozen=True)
class StartedProcess:
    """One process by its id and the time it began, since ids are used again."""

    pid: int
    created: float
    log: str

    def is_alive(self) -> bool:
        """Whether this very process still runs."""
        try:
            process = psutil.Process(self.pid)
            return process.create_time() == self.created and _is_running(process)
        except psutil.NoSuchProcess:
            return False


def run_once(place: DemoPlace, env: Mapping[str, str], *words: str) -> None:
    """Run one `airflow` command to its end.

    Raises:
        DemoError: it failed; its log is named.
    """
    log = place.home / f"{words[0]}-{words[1]}.log"
    with log.open("wb") as out:
        ended = subprocess.run(_find_command(words), check=False, **_make_options(place, env, out))  # noqa: S603
    if ended.returncode:
        raise DemoError(f"airflow {' '.join(words)} failed; see {log}")


def run_module(place: DemoPlace, env: Mapping[str, str], module: str, given: str) -> str:
    """Run a module of this repository to its end, with `given` on its standard input; gives what it printed.

    Raises:
        DemoError: it failed; its log is named.
    """
    log = place.home / f"{module}.log"
    with log.open("wb") as out:
        options = _make_options(place, {**env, "PYTHONPATH": str(REPOSITORY)}, out)
        options |= {"input": given.encode(), "stdout": subprocess.PIPE}
        del options["stdin"]
        ended = subprocess.run([sys.executable, "-m", module], check=False, **options)  # noqa: S603
    if ended.returncode:
        raise DemoError(f"{module} failed; see {log}")
    return ended.stdout.decode()


def start_process(place: DemoPlace, env: Mapping[str, str], *words: str) -> StartedProcess:
    """Start one long-running `airflow` command in a session of its own, and write it down."""
    log = place.home / f"{words[0]}.log"
    with log.open("wb") as out:
        options = _make_options(place, env, out)
        process = subprocess.Popen(_find_command(words), start_new_session=True, **options)  # noqa: S603
    _children.append(process)
    started = StartedProcess(process.pid, psutil.Process(process.pid).create_time(), str(log))
    known = [vars(each) for each in (*read_started(place), started)]
    write_file(place.processes.parent, place.processes.name, json.dumps(known).encode())
    return started


def _make_options(place: DemoPlace, env: Mapping[str, str], out: IO[bytes]) -> dict[str, Any]:
    """What every command is started with; `out` is its log."""
    return {"cwd": place.home, "env": env, "stdin": subprocess.DEVNULL, "stdout": out, "stderr": out}


def _find_command(words: Sequence[str]) -> list[str]:
    """Our own interpreter and fixed words."""
    return [sys.executable, "-m", "airflow", *words]


def read_started(place: DemoPlace) -> list[StartedProcess]:
    """What this demo, or one before it, wrote down as started and not yet as stopped."""
    try:
        return [StartedProcess(**each) for each in json.loads(place.processes.read_text())]
    except (FileNotFoundError, json.JSONDecodeError):
        return []


def stop_processes(place: DemoPlace) -> int:
    """Stop everything written down and its descendants, politely first; returns how many processes there were."""
    found = _find_family(read_started(place))
    for number, seconds in _GRACE:
        remaining = _find_family(read_started(place)) | {p for p in found if p.is_running()}
        found |= remaining
        for process in remaining:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)
        _wait_for_end(remaining, seconds)
    place.processes.unlink(missing_ok=True)
    return len(found)


def _find_family(started: Sequence[StartedProcess]) -> set[psutil.Process]:
    """The started processes, their descendants, and orphans that are still in their sessions."""
    ours = {each.pid for each in started if each.is_alive() or not psutil.pid_exists(each.pid)}
    family: set[psutil.Process] = set()
    for process in psutil.process_iter():
        try:
            if os.getsid(process.pid) in ours:
                family |= {process, *process.children(recursive=True)}
        except (psutil.NoSuchProcess, ProcessLookupError):
            continue
    return family


def _wait_for_end(processes: set[psutil.Process], seconds: float) -> None:
    # psutil.wait_procs waits for zombies, too: ended processes that their parent, not us, has yet to collect.
    until = time.monotonic() + seconds
    while time.monotonic() < until and any(_is_running(each) for each in processes):
        for child in _children:
            # Asking collects a child that has ended; it would linger as a zombie otherwise.
            child.poll()
        time.sleep(0.05)


def _is_running(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
