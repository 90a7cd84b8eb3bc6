"""A demo from beginning to end: start Airflow, run the chain once, print it, stop everything that was started.

Add a step here only if a person watching the demo should see it; its figures go to report.py.
"""

from __future__ import annotations

import fcntl
import json
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

from demo import processes, report
from demo.api import AirflowApi
from demo.chain import follow_chain
from demo.errors import DemoError
from demo.place import DemoPlace, build_environment, find_free_port
from due_regard.config.landlord import list_landlord_ids
from due_regard.config.layered_folders import LayeredFolder
from due_regard.errors import PolicyError
from due_regard.policy import load_policies

AS_AT = date(2026, 6, 30)
"""The date that the sample drops are about."""

_START_S = 120.0
_RESULT = "demo.json"


def run_demo(out: Path, *, include: Path, stay_up: bool = False, say: Callable[[str], None] = print) -> dict[str, Any]:
    """Run the whole pipeline once on the samples, in real Airflow processes on this machine.

    Args:
        out: folder for everything the run writes; a second run there goes on in the same register.
        include: folder with `landlords`, `policies`, `sources`, `samples` and the rest.
        stay_up: leave Airflow running at the end, for a person to look at.
        say: takes each line meant for a person.

    Returns:
        `ok`, `failed` (names of tasks), `changes`, `steps` (results by step), `packs` (checksums), `seconds`, and `url`
        where Airflow stays up.

    Raises:
        DemoError: Airflow could not be started or followed, or another demo runs in `out`.
    """
    place = DemoPlace(out.resolve(), include.resolve())
    if "%" in str(place.home):
        raise DemoError(f"Airflow cannot live in a folder with % in its name ({place.home}); choose another with --out")
    place.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    began = time.monotonic()
    with _hold_lock(place), _stop_at_end(place) as keep:
        if processes.stop_processes(place):
            say("Stopped what an earlier demo had left running.")
        _forget_unfinished(place)
        told = place.people.exists()
        say(f"Starting Airflow for the sample drops as at {AS_AT} ...")
        api, env = _start_airflow(place, stay_up)
        result = _run_chain(place, api, say)
        result["seconds"] = round(time.monotonic() - began, 1)
        place.unfinished.unlink()
        _report_end(place, result, say)
        if stay_up:
            result["url"] = env["AIRFLOW__API__BASE_URL"]
            _let_people_in(place, env, say, told=told)
            keep()
    return result


def stop_demo(out: Path, *, say: Callable[[str], None] = print) -> int:
    """Stop the Airflow that a demo in `out` left running; returns how many processes there were."""
    place = DemoPlace(out.resolve(), out.resolve())
    stopped = processes.stop_processes(place) if place.home.is_dir() else 0
    say(f"Stopped {stopped} processes." if stopped else "Nothing was running.")
    return stopped


@contextmanager
def _hold_lock(place: DemoPlace) -> Iterator[None]:
    with (place.out / "demo.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DemoError(f"another demo is running in {place.out}; wait for it or choose another folder") from None
        yield


@contextmanager
def _stop_at_end(place: DemoPlace) -> Iterator[Callable[[], None]]:
    """Stop every process at the end, however it comes, unless the body calls what it is given."""
    kept: list[bool] = []
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, _leave_on_signal) for number in numbers}
    try:
        yield lambda: kept.append(True)
    finally:
        # A second ctrl-C must not cut the stopping short and leave processes behind.
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)
        if not kept:
            processes.stop_processes(place)
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave_on_signal(number: int, _: object) -> None:
    raise SystemExit(128 + number)


def _start_airflow(place: DemoPlace, stay_up: bool, tries: int = 3) -> tuple[AirflowApi, dict[str, str]]:
    """Server and scheduler up and answering, with the DAGs known to them; their client and environment."""
    port = find_free_port()
    env = build_environment(place, port, with_users=stay_up)
    _migrate_airflow(place, env)
    if stay_up:
        # Here, for roles bring FastAPI along: a demo that lets nobody in need not wait for it.
        from demo.users import create_users, list_administrators

        create_users(place, env, list_administrators(place))
    processes.start_process(place, env, "api-server")
    # Its log server would listen on every interface; the logs lie on this disk anyway.
    processes.start_process(place, env, "scheduler", "--skip-serve-logs")
    processes.run_once(place, env, "dags", "reserialize")
    if stay_up:
        processes.start_process(place, env, "dag-processor")
    api = AirflowApi(port, place.people if stay_up else place.passwords)
    try:
        _wait_until_ready(place, api)
        return api, env
    except DemoError:
        # Most often the port was taken between looking and listening.
        processes.stop_processes(place)
        if tries == 1:
            raise
    return _start_airflow(place, stay_up, tries - 1)


def _forget_unfinished(place: DemoPlace) -> None:
    """After a demo that was cut short, begin with an empty history of Airflow: its half-run tasks would hold up ours.

    The register is another database and knows how to go on.
    """
    if place.unfinished.exists():
        for file in [*place.home.glob("airflow.db*"), *place.home.glob("migrated-*")]:
            file.unlink()
    place.unfinished.touch()


def _migrate_airflow(place: DemoPlace, env: dict[str, str]) -> None:
    done = place.home / f"migrated-{version('apache-airflow')}"
    if not done.exists():
        processes.run_once(place, env, "db", "migrate")
        done.touch()


def _wait_until_ready(place: DemoPlace, api: AirflowApi) -> None:
    until = time.monotonic() + _START_S
    while not api.is_answering():
        _check_all_alive(place)
        if time.monotonic() > until:
            raise DemoError(f"Airflow's server did not answer in {_START_S:.0f} seconds; see {place.home}")
        time.sleep(0.2)
    api.log_in()
    while not api.scheduler_beats():
        _check_all_alive(place)
        if time.monotonic() > until:
            raise DemoError(f"Airflow's scheduler did not start in {_START_S:.0f} seconds; see {place.home}")
        time.sleep(0.2)


def _let_people_in(place: DemoPlace, env: dict[str, str], say: Callable[[str], None], *, told: bool) -> None:
    """Make a user for each role; passwords are told the first time, and kept."""
    from demo.users import create_users, describe_users, list_administrators, list_users

    users = list_users(place, list_sample_landlords(place))
    create_users(place, env, users)
    url = env["AIRFLOW__API__BASE_URL"]
    say(f"Airflow is up at {url}, the pages at {url}/due-regard/; `make down` stops it.")
    say(f"Log in as (passwords {'as told before' if told else 'generated now'}, kept in {place.people}):")
    for line in describe_users([*list_administrators(place), *users], with_passwords=not told):
        say(line)


def _check_all_alive(place: DemoPlace) -> None:
    for each in processes.read_started(place):
        if not each.is_alive():
            raise DemoError(f"a process of Airflow ended too early; see {each.log}")


def _run_chain(place: DemoPlace, api: AirflowApi, say: Callable[[str], None]) -> dict[str, Any]:
    rules, steps, failed = _count_rules(place), {}, []
    for step, outcomes in follow_chain(api, list_sample_landlords(place), AS_AT, lambda: _check_all_alive(place)):
        steps[step] = report.select_results(outcomes)
        failed += report.list_failures(outcomes)
        say("")
        say(f"{step} ({sum(each.state == 'success' for each in outcomes)} of {len(outcomes)} landlords succeeded)")
        for line in report.describe_step(step, steps[step], rules):
            say(f"  {line}")
    failed += [f"{who}.daily.load: rows do not add up" for who in report.find_unbalanced(steps["intake"])]
    return {"as_at": AS_AT.isoformat(), "ok": not failed, "failed": failed, "steps": steps}


def list_sample_landlords(place: DemoPlace) -> list[str]:
    """Every landlord with sample settings: those of the repository, and the one in the own folder among the samples."""
    return list_landlord_ids(LayeredFolder((place.own, place.include)) / "landlords")


def _count_rules(place: DemoPlace) -> dict[str, int]:
    """How many rules each landlord's policy holds on the day; a policy that cannot be read fails its own task later."""
    held: dict[str, int] = {}
    folders = LayeredFolder((place.own, place.include))
    for landlord in list_sample_landlords(place):
        with suppress(PolicyError):
            policy = load_policies(folders / "policies", landlord).find_version(AS_AT)
            held[landlord] = len({duty.rule for duty in policy.duties})
    return held


def _report_end(place: DemoPlace, result: dict[str, Any], say: Callable[[str], None]) -> None:
    file = place.out / _RESULT
    before = json.loads(file.read_text())["packs"] if file.exists() else {}
    result["changes"] = report.describe_changes(result["steps"], before)
    result["packs"] = report.list_pack_checksums(result["steps"])
    file.write_text(json.dumps(result, indent=1))
    say("")
    for name in result["failed"]:
        say(f"FAILED {name}")
    changed = ", ".join(result["changes"]) or "nothing; every row, finding, mail and pack was there already"
    say(f"Changed: {changed}.")
    say(f"Register, packs, mail and rejected rows: {place.out}")
    say(f"Logs of each task: {place.home / 'logs'}")
