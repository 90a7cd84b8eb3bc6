"""How a demo follows the chain of runs, against a server that is played."""

from __future__ import annotations

from datetime import date
from typing import Any, cast

import httpx
import pytest

from demo import chain
from demo.api import AirflowApi, DagRun, TaskOutcome
from demo.errors import DemoError

AS_AT = date(2026, 6, 30)


class Played:
    """A server on which each DAG starts once its predecessor has published, unless told otherwise."""

    def __init__(self, published: bool = True, stumbles: int = 0) -> None:
        self.published, self.stumbles = published, stumbles
        self.triggered: list[tuple[str, dict[str, Any]]] = []

    def trigger_dag(self, dag: str, conf: dict[str, Any]) -> DagRun:
        self.triggered.append((dag, conf))
        return DagRun(dag, "run-intake", "queued")

    def list_runs(self, dag: str) -> list[DagRun]:
        # An older run of the same DAG comes first in the list: it must not be taken for ours.
        return [DagRun(dag, "older", "success"), DagRun(dag, f"run-{dag}", "running")]

    def started_by(self, run: DagRun) -> set[str]:
        return set() if run.id == "older" else {f"run-{chain.FOLLOWS[run.dag]}"}

    def read_run(self, dag: str, run_id: str) -> DagRun:
        if self.stumbles:
            self.stumbles -= 1
            raise httpx.ConnectError("stumble")
        return DagRun(dag, run_id, "success")

    def list_outcomes(self, run: DagRun) -> list[TaskOutcome]:
        state = "success" if self.published else "failed"
        return [TaskOutcome(run.dag, "publish", -1, "", state)]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "_POLL_S", 0.001)
    monkeypatch.setattr(chain, "_PATIENCE_S", 0.2)


def follow(played: Played) -> list[str]:
    return [dag for dag, _ in chain.follow_chain(cast(AirflowApi, played), AS_AT, lambda: None)]


def test_follows_every_dag_in_order_from_the_one_it_starts() -> None:
    played = Played()
    assert follow(played) == ["intake", "assessment", "alerts", "committee_packs"]
    assert played.triggered == [("intake", {"as_at": "2026-06-30"})]


def test_ends_where_nothing_was_handed_on() -> None:
    assert follow(Played(published=False)) == ["intake"]


def test_asks_again_when_the_server_stumbles() -> None:
    assert len(follow(Played(stumbles=5))) == 4


def test_gives_up_on_a_server_that_only_stumbles() -> None:
    with pytest.raises(DemoError, match="intake did not end: the server fails"):
        follow(Played(stumbles=10**6))


def test_says_which_run_did_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Played, "list_runs", lambda self, dag: [DagRun(dag, "older", "success")])
    with pytest.raises(DemoError, match="assessment did not start after intake"):
        follow(Played())
