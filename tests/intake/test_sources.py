"""Source mappings: what a mapping may say, the shipped ones, and that every shape reads as the canonical form does."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from due_regard.errors import SourceError
from due_regard.intake.source_mapping import ColumnMap, SourceMapping, SourcePart, load_source_mapping
from tests.intake.drops import SOURCES, only, read, reasons, source, workbook, write
from tests.intake.shapes import write_shape

CONTRACT = Path(__file__).parents[1] / "contract" / "examples"
SHARED_SHEET = Path(__file__).parents[3] / "shared" / "data" / "hackney_cautionary_alerts.csv"
VENDORS = ("dmy_csv", "titled_workbook", "sheet_per_entity", "semicolon_cp1252")


@pytest.mark.parametrize("name", sorted(path.stem for path in SOURCES.glob("*.yaml")))
def test_a_shipped_mapping_is_whole(name: str) -> None:
    found = source(name)
    assert found.name == name
    for part in found.files:
        headers = [header.casefold() for header in part.list_headers() if len(part.entities) == 1]
        assert len(headers) == len(set(headers)), "two columns would feed from one header"


@pytest.mark.parametrize("landlord", ["queens_cross", "united_welsh"])
@pytest.mark.parametrize("name", VENDORS)
def test_every_shape_reads_as_the_canonical_form(tmp_path: Path, name: str, landlord: str) -> None:
    canonical = read(CONTRACT / landlord / "exports")
    written = write_shape(canonical.records(), source(name), tmp_path)
    validated = read(written, name=name)
    assert validated.refused == ()
    assert [accepted.rejections for accepted in validated.files if accepted.rejections] == []
    assert set(validated.records()) == set(canonical.records())
    for entity, expected in canonical.records().items():
        found = validated.records()[entity]
        columns = [column for column in expected if expected[column].notna().any()]
        pd.testing.assert_frame_equal(found[columns], expected[columns])


@pytest.mark.parametrize("name", VENDORS)
def test_ignored_columns_are_never_loaded(tmp_path: Path, name: str) -> None:
    canonical = read(CONTRACT / "queens_cross" / "exports")
    validated = read(write_shape(canonical.records(), source(name), tmp_path), name=name)
    for frame in validated.records().values():
        assert not frame.astype("str").apply(lambda column: column.str.contains("Never", na=False)).any(axis=None)


SHEET = (
    "A,B,C,D,E,F,G,H,I,J,K,L,M,N,O,P,AH\r\n"
    "Mx Nobody,1,Nowhere,North,11/2/2011,9,CAL,No,Yes,x,y,,1 Nowhere,,Mx Nobody,Yes,p-1\r\n"
    "Mx Nobody,2,Nowhere,North,1/12/2012,9,CAL,No,Yes,x,y,,2 Nowhere,00999996,Mx Nobody,Yes,p-1 \r\n"
    "Mx Nobody,3,Nowhere,North,29/2/2012,9,CAL,No,Yes,x,y,,3 Nowhere,00999997,Mx Nobody,Yes,p\u20112\r\n"
    "Mx Nobody,4,Nowhere,North,3/4/2013,9,CAL,No,Yes,x,y,,4 Nowhere,00999997,Mx Nobody,Yes,"
)


def test_the_hackney_shape_is_read_as_customers_and_markers(tmp_path: Path) -> None:
    validated = read(write(tmp_path, **{"my_cautionary_alerts__csv": SHEET}), name="hackney")
    customers, markers = only(validated, "customers"), only(validated, "markers")
    assert (customers.rows["customer_ref"].tolist(), customers.collapsed) == (["p-1", "p-2"], 1)
    assert markers.rows["marker_ref"].tolist() == ["p-1", "p-1-00999996", "p-2-00999997"]
    assert markers.rows["placed_on"].dt.strftime("%Y-%m-%d").tolist() == ["2011-02-11", "2012-12-01", "2012-02-29"]
    assert reasons(customers) == reasons(markers) == [(5, "AH", "required")]
    assert markers.columns == ("marker_ref", "customer_ref", "marker_type", "placed_on")


@pytest.mark.skipif(
    not SHARED_SHEET.is_file(), reason="the council's own sheet lies beside the repository only at home"
)
def test_the_councils_own_sheet(tmp_path: Path) -> None:
    (tmp_path / SHARED_SHEET.name).write_bytes(SHARED_SHEET.read_bytes())
    validated = read(tmp_path, name="hackney")
    customers, markers = only(validated, "customers"), only(validated, "markers")
    assert (len(customers.rows), customers.collapsed, len(markers.rows)) == (3, 2, 5)
    assert customers.rejections == markers.rejections == ()
    assert markers.rows["marker_ref"].str.endswith("-00999996").sum() == 1
    assert set(markers.rows["placed_on"].dt.strftime("%Y-%m-%d")) == {"2011-02-11"}
    assert set(customers.rows["customer_type"]) == {"tenant"}


MAPPING = """
name: small
title: A small one
files:
  - files: people*.csv
    entities:
      customers: {customer_ref: Ref, customer_type: {header: Type, codes: {T: tenant}}}
    ignore: [Name]
"""


def small(folder: Path, text: str = MAPPING) -> Path:
    (folder / "small.yaml").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("customers:", "people:", "no entity 'people'"),
        ("customer_ref: Ref, ", "", "customer_ref must be mapped"),
        ("{T: tenant}", "{T: lodger}", "lodger is not a canonical code"),
        ("{T: tenant}", "types", "no list 'types'"),
        ("customer_ref: Ref", "customer_ref: Ref, shoe_size: Size", "no column shoe_size"),
        ("ignore:", "ignored:", "ignored"),
        ("{header: Type, codes: {T: tenant}}", "{constant: lodger}", "constant"),
        ("customer_ref: Ref", "customer_ref: {header: Ref, constant: x}", "exactly one"),
        ("customer_ref: Ref", "customer_ref: {day_month_year: [D, M, Y]}", "not a date"),
        ("name: small", "name: large", "the file's name says"),
    ],
)
def test_a_wrong_mapping_is_told_by_file_and_line(tmp_path: Path, old: str, new: str, told: str) -> None:
    with pytest.raises(SourceError, match=r"small\.yaml") as caught:
        load_source_mapping(small(tmp_path, MAPPING.replace(old, new)), "small")
    assert told in str(caught.value)


def test_an_unknown_mapping_names_the_known_ones() -> None:
    with pytest.raises(SourceError, match="canonical"):
        load_source_mapping(SOURCES, "nowhere")


def test_a_column_with_month_first_dates_is_rejected_whole(tmp_path: Path) -> None:
    text = "SAR No,Person Ref,Received Date,Answered Date\n1,7,06/25/2026,\n2,7,03/04/2026,\n"
    accepted = only(read(write(tmp_path, **{"UB_SARS_1__csv": text}), name="dmy_csv"), "access_requests")
    assert reasons(accepted) == [(2, "Received Date", "month_first_column"), (3, "Received Date", "month_first_column")]
    assert len(accepted.rows) == 0


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("3/4/2026", "2026-04-03"),
        ("03-04-2026", "2026-04-03"),
        ("3.4.2026", "2026-04-03"),
        ("3 Apr 2026", "2026-04-03"),
        ("3 April 2026", "2026-04-03"),
        ("03/04/2026 23:59", "2026-04-03"),
        ("3/4/26", None),
        ("2026-04-03", None),
        ("31/4/2026", None),
        ("3 Avril 2026", None),
    ],
)
def test_day_first_dates(tmp_path: Path, cell: str, expected: str | None) -> None:
    text = f"SAR No,Person Ref,Received Date,Answered Date\n1,7,{cell},\n"
    accepted = only(read(write(tmp_path, **{"UB_SARS_1__csv": text}), name="dmy_csv"), "access_requests")
    assert accepted.rows["received_on"].dt.strftime("%Y-%m-%d").tolist() == ([expected] if expected else [])


def test_an_alias_is_taken_and_two_at_once_are_refused(tmp_path: Path) -> None:
    text = "Person Reference,Person Type\n1,T\n"
    assert len(only(read(write(tmp_path, **{"UB_PERSONS__csv": text}), name="dmy_csv"), "customers").rows) == 1
    text = "Person Reference,Person Ref,Person Type\n1,2,T\n"
    (refused,) = read(write(tmp_path, **{"UB_PERSONS__csv": text}), name="dmy_csv").refused
    assert refused.code == "ambiguous_column"


def test_an_unknown_sheet_stops_the_workbook_and_is_told_by_its_place(tmp_path: Path) -> None:
    sheets = {"Customers": [["Person ID", "Customer type"], ["1", "Tenant"]], "J Smith": [["x"]], "Empty": []}
    workbook(tmp_path / "UAP register.xlsx", sheets)
    (refused,) = read(tmp_path, name="sheet_per_entity").refused
    assert refused.code == "unknown_sheet"
    assert "sheet 2 is not known" in refused.message
    assert "Smith" not in refused.message


def test_every_word_of_a_mapping_is_documented() -> None:
    page = (SOURCES.parents[1] / "docs" / "sources.md").read_text(encoding="utf-8")
    for model in (SourceMapping, SourcePart, ColumnMap):
        for word in model.model_fields:
            assert f"`{word}`" in page, word
    for mapping in SOURCES.glob("*.yaml"):
        assert f"`{mapping.stem}`" in page, mapping.stem
