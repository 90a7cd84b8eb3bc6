"""Figures for whoever watches from outside: true, of nobody in particular, and with no restricted duty in them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from due_regard.__main__ import main
from due_regard.config.settings import Settings
from due_regard.errors import DueRegardError
from due_regard.register import load_drop, record_assessment
from due_regard.services.landlord_context import open_landlord_register
from due_regard.services.measure_landlords import (
    FIGURES,
    check_all_measured,
    emit_figures,
    list_named_figures,
    measure_landlords,
)
from tests.linked_include import link_include
from tests.register.drops import accepted, appeal, assessments, drop

NOW = datetime(2026, 7, 1, 9, tzinfo=UTC)
ONE, OTHER, NEVER = "clydebank", "hanover", "port_of_leith"
INCLUDE = Path(__file__).parents[1] / "include"
RESTRICTED = "incident.naming_shared"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Two landlords with findings, one of them restricted and long overdue, and one that was never assessed."""
    include = link_include(tmp_path / "include", (ONE, OTHER, NEVER))
    made = Settings(var_dir=tmp_path / "var", include_dir=include)
    due = {"state": "overdue", "due_on": date(2026, 6, 10)}
    assess(made, OTHER, {"subject_ref": "A1", "state": "breach"}, {"subject_ref": "A2", **due})
    assess(made, ONE, {"subject_ref": "I1", "rule": RESTRICTED, "state": "overdue", "due_on": date(2020, 1, 1)})
    return made


def assess(settings: Settings, landlord: str, *rows: dict[str, object], at: datetime = NOW) -> None:
    with open_landlord_register(settings, landlord, upgrade=True) as engine:
        refs = [str(row["subject_ref"]) for row in rows]
        load_drop(engine, drop(accepted("appeals", [appeal(ref) for ref in refs]), landlord=landlord), now=at)
        told = [{"rule": "incident.police", **row} for row in rows]
        record_assessment(
            engine, landlord, assessments(told, landlord), as_at=at.date(), now=at, policy_version="2020-01-01"
        )


def measure(settings: Settings, hours: int = 0) -> dict[str, dict[str, int]]:
    return measure_landlords(settings, now=NOW + timedelta(hours=hours))["landlords"]


def test_every_figure_of_every_landlord_is_what_the_register_says(settings: Settings) -> None:
    zero = dict.fromkeys(set(FIGURES) - {"assessment_age_seconds"}, 0)
    done = {"drops_loaded": 1, "assessment_age_seconds": 7200}
    assert measure(settings, hours=2) == {
        OTHER: zero | done | {"findings_open": 2, "oldest_overdue_days": 21},
        ONE: zero | done,
        NEVER: zero,
    }


def test_a_duty_that_only_some_may_hear_of_moves_no_figure(settings: Settings) -> None:
    before = measure(settings)
    rows = [
        {"subject_ref": f"I{n}", "rule": RESTRICTED, "state": "overdue", "due_on": date(2019, 1, n)} for n in (1, 2)
    ]
    assess(settings, ONE, *rows)
    after = measure(settings)
    assert after[ONE].pop("drops_loaded") == before[ONE].pop("drops_loaded") + 1
    assert after == before


def test_a_rule_that_no_policy_has_any_more_moves_no_figure(settings: Settings) -> None:
    """It may have been restricted, and nobody can say so now."""
    assess(settings, ONE, {"subject_ref": "I1", "rule": "incident.of_old", "state": "breach"})
    assert measure(settings)[ONE]["findings_open"] == 0


def test_it_asks_a_register_the_same_few_questions_however_many_landlords_there_are(settings: Settings) -> None:
    def count(landlords: tuple[str, ...]) -> int:
        asked: list[str] = []
        listen: Callable[..., None] = lambda *given: asked.append(given[2])  # noqa: E731
        event.listen(Engine, "before_cursor_execute", listen)
        try:
            measure_landlords(settings.model_copy(update={"landlords": landlords}), now=NOW)
        finally:
            event.remove(Engine, "before_cursor_execute", listen)
        return len([each for each in asked if each.startswith("SELECT")])

    assert count((ONE,)) == count((ONE, OTHER, NEVER)) < 12


def test_a_wrong_policy_keeps_back_its_own_findings_alone_and_is_named(settings: Settings, tmp_path: Path) -> None:
    own = tmp_path / "own"
    (own / "policies" / ONE).mkdir(parents=True)
    (own / "policies" / ONE / "2024-01-01.yaml").write_text("no policy", encoding="utf-8")
    result = measure_landlords(settings.model_copy(update={"own_dir": own}), now=NOW)
    assert set(result["failed"]) == {ONE} and result["exit_code"] == 2
    assert "findings_open" not in result["landlords"][ONE] and result["landlords"][ONE]["drops_loaded"] == 1
    assert result["landlords"][OTHER]["findings_open"] == 2
    with pytest.raises(DueRegardError, match=ONE):
        check_all_measured(result)


def test_without_a_register_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUE_REGARD_VAR_DIR", str(tmp_path / "nowhere"))
    assert main(["metrics"]) == 5


def test_each_gauge_is_named_for_its_landlord_and_tagged(settings: Settings) -> None:
    """StatsD knows no tags: of two landlords' gauges of one name it would keep the last."""
    got: dict[str, tuple[int, Any]] = {}
    emitted = emit_figures(
        measure_landlords(settings, now=NOW), lambda name, value, tags=None: got.__setitem__(name, (value, tags))
    )
    assert got[f"due_regard.{OTHER}.findings_open"] == (2, {"landlord": OTHER})
    assert got["due_regard.landlords_failed"] == (0, None)
    assert emitted == len(got) - 1 == 3 * len(FIGURES) - 1


@pytest.fixture
def printed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    monkeypatch.setenv("DUE_REGARD_VAR_DIR", str(settings.var_dir))
    monkeypatch.setenv("DUE_REGARD_INCLUDE_DIR", str(settings.include_dir))

    def run(*words: str) -> str:
        assert main(["metrics", "--now", "2026-07-01T10:00:00+00:00", *words]) == 0
        return capsys.readouterr().out

    return run


def test_the_command_prints_what_prometheus_reads(printed: Callable[..., str]) -> None:
    lines = printed().splitlines()
    form = re.compile(r'due_regard_[a-z_]+(\{landlord="[a-z_]+"\})? \d+')
    samples = [line for line in lines if not line.startswith("#")]
    assert [line for line in samples if not form.fullmatch(line)] == []
    assert f'due_regard_findings_open{{landlord="{OTHER}"}} 2' in samples
    # Prometheus takes each name once, with what it is before its samples.
    kinds = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert kinds == [f"due_regard_{name}" for name in (*FIGURES, "landlords_failed")]
    assert [line.split("{")[0].split()[0] for line in samples] == sorted(
        (line.split("{")[0].split()[0] for line in samples), key=kinds.index
    )


def test_the_command_prints_json_with_the_same_numbers(printed: Callable[..., str], settings: Settings) -> None:
    result = json.loads(printed("--json"))
    assert list(list_named_figures(result)) == list(
        list_named_figures(measure_landlords(settings, now=NOW + timedelta(hours=1)))
    )
