"""Python looks for circles among objects less often while a landlord's work runs, and as before after it."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from due_regard.config.settings import Settings
from due_regard.services import assess_landlord, build_packs, run_alerts
from due_regard.services.rare_collection import collect_rarely

NOW = datetime(2026, 9, 30, 8, tzinfo=UTC)


@pytest.fixture(autouse=True)
def threshold() -> Iterator[tuple[int, int, int]]:
    before = gc.get_threshold()
    yield before
    gc.set_threshold(*before)


def test_it_is_rarer_inside_and_as_it_was_after_a_failure(threshold: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="amiss"), collect_rarely():
        assert gc.get_threshold()[0] > threshold[0]
        assert gc.get_threshold()[1:] == threshold[1:]
        assert gc.isenabled()
        raise ValueError("amiss")
    assert gc.get_threshold() == threshold


def test_a_higher_threshold_is_left_alone() -> None:
    gc.set_threshold(1_000_000, 20, 20)
    with collect_rarely():
        assert gc.get_threshold() == (1_000_000, 20, 20)


def assess(settings: Settings) -> None:
    assess_landlord.assess_until_settled(None, settings, None, date(2026, 9, 30), NOW)  # type: ignore[arg-type]


def build(settings: Settings) -> None:
    build_packs.build_packs(settings, "queens_cross", quarter="2026-Q2", now=NOW)


def alert(settings: Settings) -> None:
    run_alerts.run_alerts(settings, as_at=date(2026, 9, 30), now=NOW)


@pytest.mark.parametrize(
    ("step", "module", "first"),
    [
        (assess, assess_landlord, "_assess_once"),
        (build, build_packs, "load_landlord_context"),
        (alert, run_alerts, "list_landlords_to_run"),
    ],
)
def test_the_large_steps_run_under_it(
    step: Callable[[Settings], None],
    module: Any,
    first: str,
    threshold: tuple[int, int, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each is stopped at the first thing that it does."""

    def stop(*_: object, **__: object) -> None:
        raise InterruptedError(str(gc.get_threshold()[0]))

    monkeypatch.setattr(module, first, stop)
    with pytest.raises(InterruptedError) as stopped:
        step(Settings())
    assert int(str(stopped.value)) > threshold[0]
