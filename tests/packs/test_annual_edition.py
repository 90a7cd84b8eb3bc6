"""The year's edition for publication: built, named, worded, opened; and what is said where too little is left."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import Engine, select

from due_regard import packs
from due_regard.calendars.quarters import Quarter
from due_regard.calendars.reporting_years import ReportingYear
from due_regard.errors import PackError, SettingsError
from due_regard.packs.content import published_share
from due_regard.packs.content.counted_cases import count_published_cases
from due_regard.packs.content.disclosure_control import SMALLEST_SHOWN, PublishedBefore, protect_tables
from due_regard.packs.life.published_before import read_published_before
from due_regard.register import reading, verify_audit, writing
from due_regard.register.findings.said_words import SaidWords
from due_regard.register.schema.pack_tables import PackRow
from tests.packs.known import QUARTER, REPORTS, context_of, example_snapshots, example_tables
from tests.packs.registers import BUILT, NAME, PACK, build

YEAR = ReportingYear(Quarter(2025, 2))


@pytest.fixture
def whole(loaded: Engine, tmp_path: Path, publish_the_least: None) -> packs.PackReport:
    """The annual edition of the committee's pack."""
    return build(loaded, tmp_path / "year", quarter=YEAR, edition="publishable")


def test_a_year_is_built_and_says_year(loaded: Engine, whole: packs.PackReport) -> None:
    assert [file.name.removeprefix(f"{NAME}_{PACK}_") for file in whole.files] == [
        f"2025-26_publishable.{ending}" for ending in ("xlsx", "pdf", "docx")
    ]
    book = load_workbook(next(file for file in whole.files if file.suffix == ".xlsx"))
    cells = [str(cell.value) for sheet in book for row in sheet for cell in row if cell.value is not None]
    assert "Report to the Health & Safety Committee, Year 2025/26 (Apr 2025 to Mar 2026)" in cells
    assert "Restrictions in force at the end of the year" in cells
    assert any(text.startswith("Apr 2024 to Mar 2025") for text in cells)
    assert not [text for text in cells if "quarter" in text.lower() and not re.search("of any quarter|we read", text)]
    with reading(loaded, NAME) as connection:
        row = connection.execute(select(PackRow.quarter, PackRow.figures, PackRow.published)).one()
        before = read_published_before(connection, NAME)
    assert row.quarter == "2025-26" and "restrictions/in_force/2025-26" in row.figures
    small = {name.split("/")[0] for name, value in row.published.items() if value and value < SMALLEST_SHOWN}
    assert small <= {"data_quality", "incidents_by_team", "policy_review"}, "files, teams and days are nobody's"
    assert before.list_periods() == {YEAR, YEAR.shift(-1)}


@pytest.mark.usefixtures("publish_the_least")
def test_a_year_counts_what_its_quarters_count(loaded: Engine, tmp_path: Path) -> None:
    """With nothing hidden: flows add up, and what stands at the end is what stood at the end of the last quarter."""
    counts = count_figures(loaded, tmp_path)
    for name in (
        "restrictions/new",
        "restrictions/ended",
        "incidents/incidents",
        "duties_kept/due",
        "appeals/received",
    ):
        assert counts[name, str(YEAR)] == sum(counts[name, str(quarter)] for quarter in YEAR.quarters), name
    for name in ("restrictions/in_force", "restrictions/customers_restricted"):
        assert counts[name, str(YEAR)] == counts[name, str(YEAR.last)], name
    assert counts["restrictions/opening", str(YEAR)] == counts["restrictions/opening", str(YEAR.first)]


def count_figures(engine: Engine, out: Path) -> dict[tuple[str, str], float]:
    for quarter in (YEAR, YEAR.last):
        build(engine, out, quarter=quarter, edition="publishable")
    with reading(engine, NAME) as connection:
        rows = connection.scalars(select(PackRow.figures)).all()
    found = {name.rpartition("/"): values[0] for figures in rows for name, values in figures.items()}
    return {(name, quarter): value for (name, _, quarter), value in found.items()}


def test_a_year_has_no_confidential_edition_and_must_have_ended(loaded: Engine, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="publishable edition alone"):
        build(loaded, tmp_path, quarter=YEAR)
    with pytest.raises(PackError, match="its year has ended"):
        build(loaded, tmp_path, quarter=YEAR.shift(1), edition="publishable")


def test_a_year_has_a_life_and_meets_no_duty(loaded: Engine, whole: packs.PackReport) -> None:
    key = packs.PackKey(PACK, str(YEAR), "publishable")
    with writing(loaded, NAME) as connection:
        life = packs.read_pack_life(connection, NAME, key)
        assert life.name_state(1) == "draft"
        packs.record_approval(connection, NAME, life, SaidWords("cli:ben", "read", BUILT))
        packs.record_issue(connection, NAME, whole.pack_id, how="by hand", now=BUILT)
    with reading(loaded, NAME) as connection:
        assert packs.read_pack_life(connection, NAME, key).name_state(1) == "issued"
    as_at = BUILT.date() + timedelta(days=100)
    duties = packs.assess_report_duties(loaded, context_of(NAME), as_at=as_at, reports=REPORTS)
    assert len(duties) and "overdue" in set(duties["state"]) and "met" not in set(duties["state"])
    assert verify_audit(loaded).rows


def test_what_counts_nobody_is_never_hidden() -> None:
    found, tables = example_snapshots(NAME), example_tables(NAME)
    true = {
        f"{name}/{row.measure}/{row.quarter}": row.numerator
        for name, table in tables.items() if table.figures is not None for row in table.figures.itertuples()
    }  # fmt: skip
    wanted = {name for one in count_published_cases(found, SMALLEST_SHOWN) for name in one.nobodys} & true.keys()
    assert {name.split("/")[0] for name in wanted} == {"data_quality", "incidents_by_team"}
    # Not even where an edition of an earlier program hid one.
    done = protect_tables(tables, found, before=PublishedBefore({}, frozenset(wanted)))
    shown = {
        f"{name}/{row.measure}/{row.quarter}": row.numerator
        for name, table in done.tables.items() if table.figures is not None for row in table.figures.itertuples()
    }  # fmt: skip
    small = [name for name in wanted if shown[name] == true[name]]
    assert len(small) == len(wanted) > 10
    assert any(0 < true[name] < SMALLEST_SHOWN for name in wanted), "a small one among them"


@pytest.fixture
def withheld(
    loaded: Engine, tmp_path: Path, small: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> packs.PackReport:
    """A quarter of which too little could be shown: the rule asks for all of it."""
    monkeypatch.setattr(published_share, "LEAST_SHARE", 1.0)
    return build(loaded, tmp_path / "withheld", edition="publishable", **small)


def test_too_little_is_not_published(loaded: Engine, withheld: packs.PackReport, tmp_path: Path) -> None:
    assert withheld.files == () and not list(tmp_path.glob("withheld/*"))
    assert "could be shown" in withheld.withheld and "too little to publish" in withheld.withheld
    key = packs.PackKey("small", str(QUARTER), "publishable")
    with reading(loaded, NAME) as connection:
        life, before = packs.read_pack_life(connection, NAME, key), read_published_before(connection, NAME)
    assert life.name_state(1) == "not published"
    assert (dict(before.shown), before.hidden) == ({}, frozenset()), "nobody was shown anything"
    for act in (packs.record_approval, packs.record_rejection):
        with writing(loaded, NAME) as connection, pytest.raises(PackError, match=r"not published.*pack --year"):
            act(connection, NAME, life, SaidWords("cli:ben", "read", BUILT))
    with pytest.raises(PackError, match="not published"):
        packs.check_may_be_issued(life, needs_approval=False)


def test_where_more_is_left_again_the_pack_is_a_draft(
    loaded: Engine, withheld: packs.PackReport, tmp_path: Path, small: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(published_share, "LEAST_SHARE", 0)
    again = build(loaded, tmp_path / "again", edition="publishable", **small)
    assert again.status == "different" and again.files and not again.withheld
    with reading(loaded, NAME) as connection:
        life = packs.read_pack_life(connection, NAME, packs.PackKey("small", str(QUARTER), "publishable"))
    assert life.name_state(1) == "draft"


@pytest.mark.parametrize(
    ("shown", "of", "has_headline", "is_enough"),
    [(0, 0, False, True), (9, 9, False, True), (1, 10, True, True), (9, 91, True, False), (9, 10, False, False)],
)
def test_the_boundaries_of_too_little(shown: int, of: int, has_headline: bool, is_enough: bool) -> None:
    assert published_share.ShownShare(shown, of, has_headline).is_enough is is_enough


def test_the_year_that_holds_a_quarter_is_offered() -> None:
    landlord = context_of(NAME).landlord
    offer = packs.find_annual_offer(landlord, PACK, "2026-Q2")
    assert offer is not None and (offer.year, offer.label, offer.day) == ("2026-27", "Year 2026/27", "1 April 2027")
    assert f"--year 2026-27 --pack {PACK}" in offer.command and not offer.is_switched_on
    assert packs.find_annual_offer(landlord, PACK, "2026-27") is None
    odd = landlord.model_copy(update={"reporting_year_starts": 9})
    assert packs.find_annual_offer(odd, PACK, "2026-Q2") is None
    switched = tuple(switch.model_copy(update={"publishes": ("year",)}) for switch in landlord.packs)
    on = packs.find_annual_offer(replace_packs(landlord, switched), PACK, "2026-Q2")
    assert on is not None and on == replace(offer, is_switched_on=True)


def replace_packs(landlord: Any, switched: Any) -> Any:
    return landlord.model_copy(update={"packs": switched})
