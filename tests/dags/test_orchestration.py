"""Which date, quarter and landlords a run is about, for every kind of run that Airflow starts."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from due_regard.errors import SettingsError
from due_regard.services import orchestration

NIGHT = datetime(2026, 6, 30, 23, 30, tzinfo=UTC)  # half past midnight on 1 July in London
NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)


def resolve(**given: Any) -> date:
    events = [SimpleNamespace(extra=extra) for extra in given.get("extras", [])]
    context = {
        "params": given.get("params", {}),
        "triggering_asset_events": {"asset": events},
        "partition_key": given.get("partition_key"),
        "dag_run": SimpleNamespace(logical_date=given.get("logical_date"), run_after=given.get("run_after", NOON)),
    }
    return orchestration.find_as_at(context)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"params": {"as_at": "2026-06-30"}, "extras": [{"as_at": "2026-01-01"}]}, date(2026, 6, 30)),
        ({"extras": [{"as_at": "2026-01-01"}], "partition_key": "2026-02-02"}, date(2026, 1, 1)),
        ({"extras": [{"as_at": "2026-01-01"}, {}, {"as_at": "2026-05-05"}]}, date(2026, 5, 5)),
        ({"extras": [{}], "partition_key": "2026-02-02T00:00:00", "logical_date": NIGHT}, date(2026, 2, 2)),
        ({"partition_key": "2026-Q1", "logical_date": NIGHT}, date(2026, 3, 31)),
        ({"logical_date": NIGHT}, date(2026, 7, 1)),
        ({"run_after": NIGHT}, date(2026, 7, 1)),
        ({"params": {"as_at": None}}, date(2026, 3, 3)),
    ],
    ids=["param", "event", "latest event", "partition", "quarter partition", "logical date", "run_after", "no param"],
)
def test_the_date_of_every_kind_of_run(given: dict[str, Any], expected: date) -> None:
    assert resolve(**given) == expected


@pytest.mark.parametrize("given", [{"params": {"as_at": "30/06/2026"}}, {"partition_key": "tenants"}])
def test_a_date_that_cannot_be_read_is_named_without_its_value(given: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match="YYYY-MM-DD") as caught:
        resolve(**given)
    assert "30/06" not in str(caught.value)


def test_the_context_of_an_asset_triggered_run_has_no_logical_date() -> None:
    event = SimpleNamespace(extra={"as_at": "2026-06-30"})
    run = SimpleNamespace(logical_date=None, run_after=NOON)
    context = {"dag_run": run, "triggering_asset_events": {"asset": [event]}, "params": {"as_at": None}}
    assert orchestration.find_as_at(context) == date(2026, 6, 30)


def test_the_context_of_a_run_started_by_hand() -> None:
    run = SimpleNamespace(logical_date=None, run_after=NIGHT)
    assert orchestration.find_as_at({"dag_run": run, "triggering_asset_events": {}}) == date(2026, 7, 1)


@pytest.mark.parametrize(
    ("as_at", "expected"),
    [
        (date(2026, 6, 29), None),
        (date(2026, 6, 30), "2026-Q2"),
        (date(2026, 7, 1), "2026-Q2"),
        (date(2026, 7, 10), "2026-Q2"),
        (date(2026, 7, 11), None),
        (date(2026, 12, 31), "2026-Q4"),
        (date(2027, 1, 3), "2026-Q4"),
    ],
)
def test_packs_are_built_around_a_quarters_end(as_at: date, expected: str | None) -> None:
    found = orchestration.choose_quarter_to_report(as_at)
    assert (found and str(found)) == expected


def test_a_quarter_asked_for_is_built_on_any_day() -> None:
    assert str(orchestration.choose_quarter_to_report(date(2026, 8, 20), "2025-Q4")) == "2025-Q4"
    with pytest.raises(SettingsError):
        orchestration.choose_quarter_to_report(date(2026, 8, 20), "Q4")


def test_landlords_asked_for_must_be_run_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("landlords/one.yaml", "landlords/two.yaml"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.touch()
    monkeypatch.setenv("DUE_REGARD_INCLUDE_DIR", str(tmp_path))
    assert orchestration.choose_landlords() == ["one", "two"]
    assert orchestration.choose_landlords(["two"]) == ["two"]
    with pytest.raises(SettingsError, match="not run here: three; known: one, two"):
        orchestration.choose_landlords(["two", "three"])
