"""One landlord's drop is refused: the others still get findings, mails and packs. Through the verbs that DAGs call."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from due_regard.config.settings import Settings
from due_regard.services.assess_landlord import assess_landlord
from due_regard.services.build_packs import build_packs
from due_regard.services.run_alerts import run_alerts
from due_regard.services.take_in_drop import take_in_drop
from tests.journeys.installations import LANDLORDS, small_include, spoil

AS_AT, NOW = date(2026, 6, 30), datetime(2026, 7, 1, 9, tzinfo=UTC)
REFUSED = "hanover"
OTHERS = [landlord for landlord in LANDLORDS if landlord != REFUSED]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, dict[str, Any]]]:
    """Verb -> landlord -> result, after one whole run over five landlords, one drop of which is no export at all."""
    folder = tmp_path_factory.mktemp("journey")
    include = small_include(folder / "include")
    spoil(include / "samples" / REFUSED)
    settings = Settings(include_dir=include, var_dir=folder / "var", drops_dir=include / "samples")
    return {
        "intake": {who: take_in_drop(settings, who, now=NOW) for who in LANDLORDS},
        "assess": {who: assess_landlord(settings, who, as_at=AS_AT, now=NOW) for who in LANDLORDS},
        "alerts": {who: run_alerts(settings, as_at=AS_AT, now=NOW, landlords=[who]) for who in LANDLORDS},
        "packs": {
            who: build_packs(settings, who, quarter="2026-Q2", pack="senior_management", now=NOW) for who in OTHERS
        },
    }


def test_the_refused_drop_says_so_and_changes_nothing(run: dict[str, dict[str, dict[str, Any]]]) -> None:
    result = run["intake"][REFUSED]
    assert result["status"] == "refused"
    assert result["exit_code"] == 4
    assert result["quarantine"] is not None
    assert run["assess"][REFUSED]["findings"]["opened"] <= 1  # the policy's own review needs no drop


@pytest.mark.parametrize("landlord", OTHERS)
def test_the_others_get_findings_mails_and_packs(run: dict[str, dict[str, dict[str, Any]]], landlord: str) -> None:
    assert run["intake"][landlord]["status"] == "loaded"
    assert run["assess"][landlord]["findings"]["opened"] > 0
    assert run["alerts"][landlord]["sent"] > 0
    (pack,) = run["packs"][landlord]["packs"]
    assert any(file.endswith(".xlsx") for file in pack["files"])


@pytest.mark.parametrize("landlord", OTHERS)
def test_rows_read_are_loaded_unchanged_or_rejected(run: dict[str, dict[str, dict[str, Any]]], landlord: str) -> None:
    for file in run["intake"][landlord]["files"]:
        assert file["read"] == file["loaded"] + file["unchanged"] + file["rejected"]
