"""One run of the whole chain: start `intake`, then follow every run that its asset events start.

Add a DAG to `FOLLOWS` when it joins the chain; say what its figures mean in report.py.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import date

import httpx

from demo.api import AirflowApi, DagRun, TaskOutcome
from demo.errors import DemoError

FIRST = "intake"
FOLLOWS = {"assessment": FIRST, "alerts": "assessment", "committee_packs": "assessment"}
"""DAG -> the DAG whose asset event starts it, in the order in which they are followed."""

_PATIENCE_S = 900.0
_POLL_S = 0.4
_STUMBLES = 10


def follow_chain(api: AirflowApi, as_at: date, check: Callable[[], None]) -> Iterator[tuple[str, list[TaskOutcome]]]:
    """Run the chain as at `as_at`, yielding each DAG with what became of its tasks as soon as its run has ended.

    A DAG whose predecessor handed nothing on never starts: the chain then ends without it. `check` is asked all the
    while and raises where waiting has become pointless.

    Raises:
        DemoError: a run did not start or end in time.
    """
    runs = {FIRST: api.trigger_dag(FIRST, {"as_at": as_at.isoformat()})}
    ended = {FIRST: _wait_for_outcomes(api, runs[FIRST], check)}
    yield FIRST, ended[FIRST]
    for dag, before in FOLLOWS.items():
        if before not in ended or not _has_handed_on(ended[before]):
            continue
        runs[dag] = _find_started_run(api, dag, runs[before], check)
        ended[dag] = _wait_for_outcomes(api, runs[dag], check)
        yield dag, ended[dag]


def _has_handed_on(outcomes: list[TaskOutcome]) -> bool:
    return any(each.task == "publish" and each.state == "success" for each in outcomes)


def _find_started_run(api: AirflowApi, dag: str, before: DagRun, check: Callable[[], None]) -> DagRun:
    def found() -> DagRun | None:
        return next((run for run in api.list_runs(dag) if before.id in api.started_by(run)), None)

    return _wait_until(found, check, f"{dag} did not start after {before.dag}")


def _wait_for_outcomes(api: AirflowApi, run: DagRun, check: Callable[[], None]) -> list[TaskOutcome]:
    def ended() -> DagRun | None:
        now = api.read_run(run.dag, run.id)
        return now if now.ended else None

    _wait_until(ended, check, f"{run.dag} did not end")
    return api.list_outcomes(run)


def _wait_until(ask: Callable[[], DagRun | None], check: Callable[[], None], failure: str) -> DagRun:
    until, stumbles = time.monotonic() + _PATIENCE_S, 0
    while time.monotonic() < until:
        try:
            if (answer := ask()) is not None:
                return answer
            stumbles = 0
        except httpx.HTTPError as reason:
            # SQLite under a scheduler's load makes the server stumble now and then; asking again is enough.
            stumbles += 1
            if stumbles > _STUMBLES:
                raise DemoError(f"{failure}: the server fails ({reason})") from None
        check()
        time.sleep(_POLL_S)
    raise DemoError(f"{failure} within {_PATIENCE_S:.0f} seconds")
