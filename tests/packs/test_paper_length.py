"""The paper stays a paper, whatever the register holds: a bound on its rows, its pages and its size."""

from __future__ import annotations

import re
from dataclasses import replace

import pandas as pd
import pytest

from due_regard.packs.documents.display_grid import build_grid
from due_regard.packs.documents.paper import ROWS_SHOWN, build_paper
from tests.packs.known import LANDLORDS, REPORTS, content, example_tables

PAGES = 16
"""An example's longest paper has eleven; each table may fill half a page more."""
PACK = {"hanover": "senior_management_team", "clydebank": "senior_management_team"}


def count_pages(paper: bytes) -> int:
    (pages,) = {int(n) for n in re.findall(rb"/Type\s*/Pages.{0,200}?/Count (\d+)", paper, re.DOTALL)}
    return pages


def lengthen(frame: pd.DataFrame, rows: int) -> pd.DataFrame:
    """A listing of so many rows, each as long as a cell may be."""
    if frame.empty:
        frame = pd.DataFrame({name: ["R1"] for name in frame.columns})
    return pd.concat([frame.iloc[:1]] * rows, ignore_index=True)


@pytest.mark.parametrize("rows", [ROWS_SHOWN, 50_000])
def test_a_long_table_is_cut_and_says_so(rows: int) -> None:
    tables = example_tables("queens_cross")
    listed = tables["no_review_by_choice"]
    assert listed.listing is not None
    long = {**tables, "no_review_by_choice": replace(listed, listing=lengthen(listed.listing, rows))}
    made = content("queens_cross", "health_and_safety_committee", long)
    assert any(len(build_grid(section.table).rows) == rows for section in made.sections)
    paper = build_paper(made, REPORTS / "paper")
    assert len(paper) < 1_000_000 and count_pages(paper) <= PAGES


def test_a_register_of_a_thousand_teams_still_makes_a_paper() -> None:
    tables = example_tables("queens_cross")
    figures = tables["incidents_by_team"].figures
    assert figures is not None
    team = figures[figures["measure"] == "team_1"]
    many = [team.assign(measure=f"crowd_{n}", label=f"Team {n} " + "of a very long name " * 40) for n in range(1000)]
    long = {**tables, "incidents_by_team": replace(tables["incidents_by_team"], figures=pd.concat([figures, *many]))}
    for pack in ("health_and_safety_committee", "senior_management"):
        paper = build_paper(content("queens_cross", pack, long), REPORTS / "paper")
        assert len(paper) < 1_000_000 and count_pages(paper) <= PAGES


@pytest.mark.parametrize("landlord", LANDLORDS[:2])
def test_an_ordinary_paper_is_whole(landlord: str) -> None:
    made = content(landlord, PACK.get(landlord, "health_and_safety_committee"))
    assert all(len(build_grid(section.table).rows) <= ROWS_SHOWN for section in made.sections)
    assert count_pages(build_paper(made, REPORTS / "paper")) <= PAGES
