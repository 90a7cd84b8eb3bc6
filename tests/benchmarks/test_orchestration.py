"""Landlords copied for the benchmarks are whole ones, and a task's steps add up. No Airflow is started here."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.orchestration import STEPS, _measure_task
from benchmarks.orchestration_landlords import make_include
from due_regard.config.landlord import list_landlord_ids, load_landlord
from due_regard.policy import load_policies


def test_each_copied_landlord_has_settings_policy_and_drop(tmp_path: Path) -> None:
    include = make_include(tmp_path / "include", 7)
    names = list_landlord_ids(include / "landlords")
    assert len(names) == 7
    for name in names:
        settings = load_landlord(include / "landlords", name)
        assert load_policies(include / "policies", name).landlord == name
        assert any((include / "samples" / settings.drop_folder).iterdir())


def test_the_steps_of_a_task_add_up_to_all_its_time() -> None:
    instance = ["2026-06-30 06:00:00", "2026-06-30 06:00:01", "2026-06-30 06:00:20"]
    run = ["2026-06-30 06:00:05", "2026-06-30T06:00:15+00:00"]
    begun = 1782799200.0
    said = {
        "forked": {"born": begun + 3, "at": begun + 3, "processor": 0.0},
        "called": {"at": begun + 4, "processor": 0.1},
        "returned": {"at": begun + 16, "processor": 8.1},
        "ended": {"at": begun + 16, "processor": 8.2},
    }
    found = _measure_task("load", said, instance, run)
    assert list(found.clock) == list(STEPS)
    assert list(found.clock.values()) == [1, 2, 1, 1, 10, 5]
    assert found.processor == pytest.approx((0.1, 8.0, 0.1))
