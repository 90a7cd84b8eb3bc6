"""Two quarters of a history, loaded and judged by the command line alone, are what Python calls make of them."""

from __future__ import annotations

import shutil
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from due_regard import register
from due_regard.__main__ import main
from due_regard.config.settings import Settings
from due_regard.services.assess_landlord import assess_landlord
from due_regard.services.build_packs import build_packs
from due_regard.services.decide_on_finding import Decision, decide_on_finding
from due_regard.services.landlord_context import open_landlord_register
from due_regard.services.list_findings import list_findings
from due_regard.services.take_in_drop import take_in_drop
from tests.contract_examples import CONTRACT

L = "hanover"
QUARTERS = {"2026-Q1": "2026-04-01T07:00:00+01:00", "2026-Q2": "2026-07-01T07:00:00+01:00"}
REF, PACK = "F-000001", "audit_performance_and_risk"
pytestmark = pytest.mark.timeout(1500)


def find_hour(now: str, hour: int) -> str:
    return now.replace("T07", f"T{hour:02}")


@pytest.fixture(scope="module")
def drops(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each quarter's export; the second has a decision on every appeal that the first lacked."""
    place = tmp_path_factory.mktemp("drops")
    folders = {quarter: place / quarter for quarter in QUARTERS}
    for folder in folders.values():
        shutil.copytree(CONTRACT / "examples" / L / "exports", folder)
    first = folders["2026-Q1"] / "appeals.csv"
    appeals = pd.read_csv(first, dtype=str, keep_default_na=False)
    appeals.assign(decided_on="", outcome="", notified_on="").to_csv(first, index=False)
    return folders


@pytest.fixture(scope="module")
def by_command(drops: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The history by commands, each with the instant that it stands for."""
    var = tmp_path_factory.mktemp("command") / "var"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DUE_REGARD_VAR_DIR", str(var))
        patch.setenv("DUE_REGARD_LANDLORDS", L)
        for quarter, now in QUARTERS.items():
            day = now[:10]
            words = ["intake", str(drops[quarter]), "--landlord", L, "--source", "canonical", "--now", now]
            assert main(words) == 0
            assert main(["assess", "--landlord", L, "--as-at", day, "--now", find_hour(now, 8)]) == 0
            said = ["--by", "tester", "--why", quarter, "--landlord", L, "--now", find_hour(now, 9)]
            assert main(["finding", "comment", REF, *said]) == 0
        out = ["--pack", PACK, "--out", str(var / quarter), "--now", find_hour(now, 10)]
        assert main(["pack", "--landlord", L, "--quarter", quarter, *out]) == 0
    return Settings(var_dir=var, landlords=(L,))


@pytest.fixture(scope="module")
def by_calls(drops: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The same history by the services themselves."""
    settings = Settings(var_dir=tmp_path_factory.mktemp("calls") / "var", landlords=(L,))
    for quarter, now in QUARTERS.items():
        at = [datetime.fromisoformat(find_hour(now, hour)) for hour in (7, 8, 9, 10)]
        take_in_drop(settings, L, drop=drops[quarter], source="canonical", now=at[0])
        assess_landlord(settings, L, as_at=at[1].date(), now=at[1])
        said = Decision("cli:tester", quarter, None, None, None)
        decide_on_finding(settings, REF, "comment", said, now=at[2], landlord=L, sees_restricted=True, may_govern=True)
    build_packs(settings, L, quarter=quarter, pack=PACK, out=settings.var_dir / quarter, now=at[3])
    return settings


def describe(settings: Settings) -> dict[str, Any]:
    """What a register holds and answers, but for what is drawn at random in it."""
    asked = {
        "acts": "SELECT at, action, subject FROM audit WHERE landlord = 'hanover' ORDER BY seq",
        "loads": "SELECT file, status, rows_loaded, known_from, rows_sha256 FROM batch_files ORDER BY id",
        "runs": "SELECT as_at, recorded_at, known_at, sha256, open_after FROM assessment_runs ORDER BY id",
        "events": "SELECT at, event, actor, why FROM finding_events ORDER BY id",
        "packs": "SELECT quarter, pack, edition, built_at FROM packs ORDER BY id",
    }
    with open_landlord_register(settings, L) as engine, register.reading(engine) as connection:
        return {
            name: [tuple(row) for row in connection.exec_driver_sql(statement)] for name, statement in asked.items()
        }


def test_both_ways_make_one_history(by_command: Settings, by_calls: Settings) -> None:
    one, other = describe(by_command), describe(by_calls)
    for name, rows in one.items():
        assert rows == other[name], name
        assert rows, name
    for day in ("2026-04-01", "2026-07-01"):
        found = [
            list_findings(settings, as_at=date.fromisoformat(day), landlord=L).rows
            for settings in (by_command, by_calls)
        ]
        assert found[0].to_csv() == found[1].to_csv()
        assert len(found[0]) > 0


def test_what_was_known_in_the_first_quarter_is_still_known(by_command: Settings) -> None:
    then = datetime.fromisoformat(QUARTERS["2026-Q1"])
    with open_landlord_register(by_command, L) as engine:
        first, now = (register.read_records(engine, L, known_at=at)["appeals"] for at in (then, None))
    assert first["decided_on"].isna().all()
    assert now["decided_on"].notna().any()
