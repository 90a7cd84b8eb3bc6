"""One run of the whole chain: start every landlord's day, then every landlord's packs, and follow their runs.

Add a step to `STEPS` when a DAG gains a task; say what its figures mean in report.py.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from itertools import groupby
from typing import Any

import httpx

from demo.api import AirflowApi, DagRun, TaskOutcome
from demo.errors import DemoError

STEPS = {
    "intake": ("daily", "load"),
    "assessment": ("daily", "assess"),
    "alerts": ("daily", "send"),
    "committee_packs": ("committee_packs", "build"),
}
"""Step -> which of a landlord's DAGs does it, and in which task; in the order in which they are run."""

_PARAMS: dict[str, dict[str, Any]] = {"daily": {"mail": True}, "committee_packs": {"issue": True}}
"""The samples' date is past: nobody is told of that unless asked for."""

_PATIENCE_S = 900.0
_POLL_S = 0.4
_STUMBLES = 10


def follow_chain(
    api: AirflowApi, landlords: Sequence[str], as_at: date, check: Callable[[], None]
) -> Iterator[tuple[str, list[TaskOutcome]]]:
    """Run the chain as at `as_at`, yielding each step with what became of its tasks once its DAGs have ended.

    `check` is asked all the while and raises where waiting has become pointless.

    Raises:
        DemoError: a run did not end in time.
    """
    for dag, steps in groupby(STEPS, key=lambda step: STEPS[step][0]):
        conf = {"as_at": as_at.isoformat(), **_PARAMS[dag]}
        runs = [api.trigger_dag(f"{landlord}.{dag}", conf) for landlord in landlords]
        ended = [each for run in runs for each in _wait_for_outcomes(api, run, check)]
        for step in steps:
            yield step, [each for each in ended if each.task == STEPS[step][1]]


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
