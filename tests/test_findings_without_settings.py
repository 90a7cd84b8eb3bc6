"""Findings of a landlord whose settings file is gone are named by `doctor`, with how many and what to do."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from due_regard.config.settings import Settings
from due_regard.register import load_drop, record_assessment
from due_regard.services.check_installation import check_installation
from due_regard.services.landlord_context import open_landlord_register
from tests.linked_include import link_include
from tests.register.drops import accepted, appeal, assessments, drop

NOW = datetime(2026, 7, 1, 9, tzinfo=UTC)
ONE, OTHER = "hanover", "port_of_leith"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An installation of two landlords, each with open findings."""
    include = link_include(tmp_path / "include", (ONE, OTHER))
    made = Settings(var_dir=tmp_path / "var", include_dir=include)
    for name, refs in ((ONE, ["A1"]), (OTHER, ["B1", "B2"])):
        with open_landlord_register(made, name, upgrade=True) as engine:
            load_drop(engine, drop(accepted("appeals", [appeal(ref) for ref in refs]), landlord=name), now=NOW)
            rows = [{"rule": "appeal.decide", "subject_ref": ref, "state": "breach"} for ref in refs]
            said = {"as_at": NOW.date(), "now": NOW, "policy_version": "2020-01-01"}
            record_assessment(engine, name, assessments(rows, name), **said)
    return made


def said_of_findings(settings: Settings) -> list[str]:
    found = check_installation(settings, now=NOW)
    return [one.says for one in found if one.what == "findings without settings"]


def test_they_are_counted_and_named_once_the_file_is_gone(settings: Settings) -> None:
    assert said_of_findings(settings) == ["none"]
    (settings.include_dir / "landlords" / f"{OTHER}.yaml").unlink()
    (said,) = said_of_findings(settings)
    assert said.startswith(f"2 open findings of {OTHER}, which has no settings file") and f"{OTHER}.yaml back" in said
    (settings.include_dir / "landlords" / f"{ONE}.yaml").unlink()
    assert [words.split(",")[0] for words in said_of_findings(settings)] == [
        f"1 open findings of {ONE}",
        f"2 open findings of {OTHER}",
    ]


def test_a_landlord_that_is_only_not_run_has_its_settings(settings: Settings) -> None:
    assert said_of_findings(settings.model_copy(update={"landlords": (ONE,)})) == ["none"]
