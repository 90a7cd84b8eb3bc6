"""Editions for publication in settings, commands, page and mail: built, of a year, or not worth publishing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from due_regard.__main__ import main
from due_regard.calendars.quarters import Quarter
from due_regard.config.settings import Settings
from due_regard.packs.content import published_share
from due_regard.register import reading, verify_audit
from due_regard.register.schema.alert_tables import AlertMessage
from due_regard.services import build_packs as building
from due_regard.services.landlord_context import open_landlord_register
from tests.web.registers import keep_example
from tests.web.visitors import open_pages

L, PACK, QUARTER = "queens_cross", "health_and_safety_committee", "2026-Q2"
BUILT = datetime(2026, 7, 2, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """An installation that publishes quarter and year of one pack."""
    folder = tmp_path_factory.mktemp("publishing")
    own = folder / "own"
    (own / "landlords").mkdir(parents=True)
    text = Path("include/landlords", f"{L}.yaml").read_text(encoding="utf-8")
    said = text.replace(f"  - name: {PACK}\n", f"  - name: {PACK}\n    publishes: [quarter, year]\n")
    assert said != text
    (own / "landlords" / f"{L}.yaml").write_text(said, encoding="utf-8")
    settings = keep_example(folder, L)
    return settings.model_copy(update={"base_url": "https://airflow.example", "own_dir": own})


@pytest.fixture(scope="module")
def withheld(settings: Settings) -> Iterator[dict[str, Any]]:
    """The quarter's edition, of which too little could be shown: the rule asks for all of it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(published_share, "LEAST_SHARE", 1.0)
        asked = {"quarter": QUARTER, "pack": PACK, "edition": "publishable", "now": BUILT, "issue": True}
        first = building.build_packs(settings, L, **asked)
        assert building.build_packs(settings, L, **asked)["packs"][0]["state"] == "not published"
        yield first


def test_what_is_due_after_a_quarter(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str, str | None]] = []

    def note_build(_: Settings, landlord: str, **more: Any) -> dict[str, Any]:
        asked.append((more["quarter"], more["edition"], more.get("pack")))
        return {"landlord": landlord, "quarter": more["quarter"], "packs": [{"name": "x"}], "folder": "", "mails": 1}

    monkeypatch.setattr(building, "build_packs", note_build)
    done = building.build_due_packs(settings, L, quarter=Quarter(2026, 2), now=BUILT)
    assert asked == [(QUARTER, "confidential", None), (QUARTER, "publishable", PACK)]
    assert (done["quarter"], len(done["packs"]), done["mails"]) == (QUARTER, 2, 2)
    asked.clear()
    building.build_due_packs(settings, L, quarter=Quarter(2026, 1), now=BUILT)
    year = [("2026-Q1", "publishable", PACK), ("2025-26", "publishable", PACK)]
    assert asked == [("2026-Q1", "confidential", None), *year], "the reporting year ended with this quarter"


def test_too_little_is_said_and_the_year_is_offered(settings: Settings, withheld: dict[str, Any]) -> None:
    (pack,) = withheld["packs"]
    assert (pack["status"], pack["state"], pack["files"]) == ("not_published", "not published", [])
    assert (pack["posted"], pack["asked"], pack["issued"]) == (False, False, False)
    assert "too little to publish" in pack["why"]
    assert pack["annual"]["year"] == "2026-27" and pack["annual"]["is_switched_on"]
    with open_landlord_register(settings, L) as engine:
        with reading(engine, L) as connection:
            kinds = select(AlertMessage.kind, AlertMessage.recipient, AlertMessage.body)
            rows = connection.execute(kinds.where(AlertMessage.kind.like("pack%"))).all()
        verify_audit(engine)
    assert [(row.kind, row.recipient) for row in rows] == [("pack_withheld", "governance@queens-cross.example")]
    assert "Nothing is published" in rows[0].body and "Year 2026/27" in rows[0].body


def test_the_page_says_so_and_offers_no_act(settings: Settings, withheld: dict[str, Any]) -> None:
    page = open_pages(settings, L, "governance").get(f"/{L}/packs/{QUARTER}/{PACK}?edition=publishable")
    assert page.status_code == 200
    assert "Not published." in page.text and withheld["packs"][0]["why"] in page.text
    assert "Year 2026/27" in page.text and "1 April 2027" in page.text
    assert "Approve it" not in page.text and "/files/" not in page.text


def test_the_command_ends_with_5_and_says_why(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(published_share, "LEAST_SHARE", 1.0)
    monkeypatch.setenv("DUE_REGARD_VAR_DIR", str(settings.var_dir))
    monkeypatch.setenv("DUE_REGARD_OWN_DIR", str(settings.own_dir))
    asked = ["pack", "--landlord", L, "--quarter", QUARTER, "--pack", PACK, "--edition", "publishable"]
    assert main(["--json", *asked, "--out", str(tmp_path)]) == 5
    (pack,) = json.loads(capsys.readouterr().out)["packs"]
    assert pack["status"] == "not_published" and not list(tmp_path.iterdir())
    assert main([*asked, "--out", str(tmp_path)]) == 5
    said = capsys.readouterr().out
    assert "nothing is published" in said and "--year 2026-27" in said
    options = [
        "--landlord",
        L,
        "--quarter",
        QUARTER,
        "--pack",
        PACK,
        "--edition",
        "publishable",
        "--by",
        "x",
        "--why",
        "y",
    ]
    assert main(["pack", "approve", *options]) == 5
    assert "not published" in capsys.readouterr().err


def test_a_year_by_command(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(published_share, "LEAST_SHARE", 0)  # few of the example's records are of this year
    monkeypatch.setenv("DUE_REGARD_VAR_DIR", str(settings.var_dir))
    asked = ["--json", "pack", "--landlord", L, "--year", "2025/26", "--pack", PACK, "--out", str(tmp_path)]
    assert main(asked) == 0
    (pack,) = json.loads(capsys.readouterr().out)["packs"]
    assert (pack["quarter"], pack["edition"], pack["state"]) == ("2025-26", "publishable", "draft")
    assert {Path(name).suffix for name in pack["files"]} == {".xlsx", ".pdf", ".docx"}
    assert main([*asked, "--edition", "confidential"]) == 2
    assert "publishable edition alone" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        main([*asked, "--quarter", QUARTER])
    capsys.readouterr()
    assert main([*asked, "--year", "2025"]) == 2
    assert "is 2024-25" in capsys.readouterr().err
