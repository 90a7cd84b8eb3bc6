"""How a demo follows every landlord's runs, against a server that is played."""

from __future__ import annotations

from datetime import date
from typing import Any, cast

import httpx
import pytest

from demo import chain
from demo.api import AirflowApi, DagRun, TaskOutcome
from demo.errors import DemoError

AS_AT = date(2026, 6, 30)
LANDLORDS = ("one", "two")
TASKS = {"daily": ("load", "assess", "send", "outcome"), "committee_packs": ("build",)}


class Played:
    """A server on which a run ends the second time it is asked about, unless told otherwise."""

    def __init__(self, stumbles: int = 0) -> None:
        self.stumbles = stumbles
        self.triggered: list[tuple[str, dict[str, Any]]] = []
        self.asked: list[str] = []

    def trigger_dag(self, dag: str, conf: dict[str, Any]) -> DagRun:
        self.triggered.append((dag, conf))
        return DagRun(dag, f"run-{dag}", "queued")

    def read_run(self, dag: str, run_id: str) -> DagRun:
        if self.stumbles:
            self.stumbles -= 1
            raise httpx.ConnectError("stumble")
        self.asked.append(run_id)
        return DagRun(dag, run_id, "success" if self.asked.count(run_id) > 1 else "running")

    def list_outcomes(self, run: DagRun) -> list[TaskOutcome]:
        return [TaskOutcome(run.dag, task, "success", {}) for task in TASKS[run.dag.partition(".")[2]]]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "_POLL_S", 0.001)
    monkeypatch.setattr(chain, "_PATIENCE_S", 0.2)


def follow(played: Played) -> dict[str, list[str]]:
    api = cast(AirflowApi, played)
    return {
        step: [each.name for each in outcomes]
        for step, outcomes in chain.follow_chain(api, LANDLORDS, AS_AT, lambda: None)
    }


def test_every_step_is_followed_in_order_for_every_landlord() -> None:
    assert follow(Played()) == {
        "intake": ["one.daily.load", "two.daily.load"],
        "assessment": ["one.daily.assess", "two.daily.assess"],
        "alerts": ["one.daily.send", "two.daily.send"],
        "committee_packs": ["one.committee_packs.build", "two.committee_packs.build"],
    }


def test_what_is_past_is_mailed_and_issued_because_the_demo_asks_for_it() -> None:
    played = Played()
    follow(played)
    assert played.triggered == [
        ("one.daily", {"as_at": "2026-06-30", "mail": True}),
        ("two.daily", {"as_at": "2026-06-30", "mail": True}),
        ("one.committee_packs", {"as_at": "2026-06-30", "issue": True}),
        ("two.committee_packs", {"as_at": "2026-06-30", "issue": True}),
    ]


def test_asks_again_when_the_server_stumbles() -> None:
    assert len(follow(Played(stumbles=5))) == 4


def test_gives_up_on_a_server_that_only_stumbles() -> None:
    with pytest.raises(DemoError, match=r"one\.daily did not end: the server fails"):
        follow(Played(stumbles=10**6))


def test_says_which_run_did_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Played, "read_run", lambda self, dag, run_id: DagRun(dag, run_id, "running"))
    with pytest.raises(DemoError, match=r"one\.daily did not end within"):
        follow(Played())
