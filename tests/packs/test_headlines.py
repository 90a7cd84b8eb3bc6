"""Sentences computed from tables: numbers, nouns, changes, and what is said where there is no figure."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from due_regard.calendars.quarters import Quarter
from due_regard.errors import DefinitionError
from due_regard.packs.content.filled_tables import build_measure_table
from due_regard.packs.content.headlines import HIDDEN, check_headline, compute_headline
from due_regard.packs.content.measure_tables import SPECS
from due_regard.packs.content.pack_content import compose_content, describe_basis
from due_regard.packs.content.pack_definition import load_pack_definition
from due_regard.packs.content.table_forms import MeasureTable
from due_regard.packs.documents.display_grid import build_grid
from due_regard.packs.measures.quarter_snapshot import NO_DUTY, NOT_MEASURED, NOTHING_TO_MEASURE
from tests.packs.known import LANDLORDS, QUARTER, REPORTS, example_tables, frame, landlord, snapshots

PACKS = sorted(file.stem for file in (REPORTS / "packs").glob("*.yaml"))


def table(values: list[float | None], *, of: int | None = None, why: str = "") -> MeasureTable:
    rows = [
        ("new", "New restrictions", str(QUARTER.shift(-back)), value, of, "", "count", why if value is None else "")
        for back, value in enumerate(values)
    ]
    columns = ["measure", "label", "quarter", "numerator", "denominator", "of", "unit", "why"]
    figures = pd.DataFrame(rows, columns=columns).astype({"numerator": "Float64", "denominator": "Int64"})
    return MeasureTable("restrictions", "Restrictions", figures=figures)


@pytest.mark.parametrize(
    ("wording", "values", "said"),
    [
        ("{new} began", [3], "3 began"),
        ("{new:restriction|restrictions} began", [1], "1 restriction began"),
        ("{new:restriction|restrictions} began", [0], "No restrictions began"),
        ("{new:restriction|restrictions} began", [1234], "1,234 restrictions began"),
        ("{new} days", [57.5], "57.5 days"),
        ("{new.change} before", [3, 1], "2 more than before"),
        ("{new.change} before", [1, 3], "2 fewer than before"),
        ("{new.change} before", [3, 3], "The same as before"),
        ("{new.change} before", [3, None], "Not comparable with before"),
        ("{new.year} a year ago", [3, 9, 9, 9, 1], "2 more than a year ago"),
        ("{new.year} a year ago", [3, 9], "Not comparable with a year ago"),
    ],
)
def test_what_is_said(wording: str, values: list[float | None], said: str) -> None:
    assert compute_headline(wording, table(values)) == said


def test_shares() -> None:
    assert compute_headline("{new} of {new.of}, {new.percent}", table([3], of=8)) == "3 of 8, 38 per cent"
    assert compute_headline("{new.percent}", table([0], of=0)) == ""


def test_a_hidden_whole_is_said_to_be_hidden_and_an_absent_one_not_measured() -> None:
    shown = table([3])
    assert shown.figures is not None
    hidden = replace(shown, figures=shown.figures.assign(of="in_force"))
    assert compute_headline("{new} of {new.of}", hidden).endswith(
        "not shown, to protect people where numbers are small."
    )
    assert compute_headline("{new} of {new.of}", shown).endswith("as the export does not carry what it needs.")


@pytest.mark.parametrize("name", [name for name, spec in SPECS.items() if spec.listing is not None])
def test_a_listing_that_cannot_be_made_says_so_and_not_that_there_are_none(name: str) -> None:
    full = {"restrictions": frame("restrictions", columns=("ended_on", "no_review_reason"))}
    full |= {
        "appeals": frame("appeals", columns=("decided_on",)),
        "incidents": frame("incidents", columns=("staff_named_publicly",)),
    }
    empty = build_measure_table(name, snapshots(full, "hanover"))
    absent = build_measure_table(name, snapshots({}, "hanover"))
    if SPECS[name].absence is None:
        assert (empty.why, absent.why) == ("", "")
        return
    said = "{rows:case has|cases have} come."
    assert (empty.why, absent.why) == ("", NOT_MEASURED)
    assert "not measured" not in compute_headline(said, empty)
    assert (
        compute_headline(said, absent) == f"{absent.title}: not measured, as the export does not carry what it needs."
    )
    assert {cell for row in build_grid(absent).rows for cell in row} == {
        "Not measured: the export does not carry it",
        "[x]",
    }


def test_every_listing_of_records_says_what_it_needs() -> None:
    """Lists of the policy's own words and of what was not measured need no record."""
    without = {name for name, spec in SPECS.items() if spec.listing is not None and spec.absence is None}
    assert without == {"lateness", "not_measured", "policy_review", "readings"}


@pytest.mark.parametrize(
    ("why", "said"),
    [
        (NOT_MEASURED, "New restrictions: not measured, as the export does not carry what it needs."),
        (HIDDEN, "New restrictions: not shown, to protect people where numbers are small."),
        (NO_DUTY, ""),
        (NOTHING_TO_MEASURE, ""),
    ],
)
def test_what_is_said_without_a_figure(why: str, said: str) -> None:
    assert compute_headline("{new} began, {new.change} before", table([None, 4], why=why)) == said


@pytest.mark.parametrize("wording", ["{new", "new}", "{new.nonsense}", "{new:one}", "{New}", "{}", "{new!r}", "{0}"])
def test_braces_that_cannot_be_read_are_refused(wording: str) -> None:
    with pytest.raises(ValueError, match="braces"):
        check_headline(wording)


def test_rows_of_a_listing() -> None:
    listing = MeasureTable("readings", "Readings", listing=pd.DataFrame({"Duty": ["one", "two"]}))
    assert compute_headline("{rows:reading stands|readings stand}", listing) == "2 readings stand"


@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.parametrize("name", LANDLORDS)
def test_every_sentence_of_every_pack_finds_its_figures(name: str, pack: str) -> None:
    tables = example_tables(name)
    sections = load_pack_definition(REPORTS, pack).sections
    said = [compute_headline(wording, tables[section.table]) for section in sections for wording in section.headlines]
    assert len(said) >= 5
    assert not any("{" in sentence or "nan" in sentence.lower() for sentence in said)


def test_a_sentence_of_an_unknown_figure_names_it() -> None:
    definition = load_pack_definition(REPORTS, "senior_management")
    section = definition.sections[1].model_copy(update={"headlines": ("{no_such_figure} began",)})
    spoilt = definition.model_copy(update={"sections": (section,)})
    with pytest.raises(DefinitionError, match="no_such_figure"):
        compose_content(
            spoilt, landlord("hanover"), example_tables("hanover"), quarter=QUARTER, edition="confidential", standing=()
        )


def test_every_pack_a_landlord_switches_on_is_defined() -> None:
    names = {switch.name for name in LANDLORDS for switch in landlord(name).packs}
    assert names == set(PACKS)
    for name in LANDLORDS:
        assert "senior_management" in {switch.name for switch in landlord(name).packs}


@pytest.mark.parametrize(
    ("name", "pack", "clause"),
    [
        ("queens_cross", "health_and_safety_committee", "Clause 12"),
        ("hanover", "senior_management_team", "Clause 8.1"),
        ("hanover", "audit_performance_and_risk", "Clause 8.1"),
        ("clydebank", "senior_management_team", "Clause 71"),
        ("port_of_leith", "senior_management", "No clause"),
        ("united_welsh", "senior_management", "No clause"),
    ],
)
def test_a_pack_says_which_clause_asks_for_it(name: str, pack: str, clause: str) -> None:
    assert describe_basis(load_pack_definition(REPORTS, pack), name, Quarter(2026, 2))[0].startswith(clause)
