"""Rejected rows go back in the landlord's own shape; mended and sent again, they and nothing else are loaded."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from due_regard.intake import summarise_rejections, write_rejections
from due_regard.records.validated_drop import ValidatedDrop
from tests.intake.drops import APPEALS, CUSTOMERS, RESTRICTIONS, only, read, reasons, source, workbook, write
from tests.intake.shapes import write_shape

CONTRACT = Path(__file__).parents[1] / "contract" / "examples"


def rows_of(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def mend_csv(path: Path, mend: Callable[[str], str]) -> None:
    path.write_text(mend(path.read_text(encoding="utf-8-sig")), encoding="utf-8")


def known_after(validated: ValidatedDrop) -> dict[str, set[str]]:
    return {file.entity: set(file.rows.iloc[:, 0]) for file in validated.files}


def test_rejected_rows_alone_come_back_with_reason_and_cell(tmp_path: Path) -> None:
    drop = write(tmp_path / "drop", customers=CUSTOMERS + "003,lodger,yes\n,tenant,\n", appeals=APPEALS)
    summary, written = write_rejections(read(drop), tmp_path / "out")
    assert written == tmp_path / "out" / "customers.csv"
    header, *rows = rows_of(written)
    assert header == ["Due Regard: what to mend", "Due Regard: cell", *CUSTOMERS.splitlines()[0].split(",")]
    assert [row[1:] for row in rows] == [["B4", "003", "lodger", "yes"], ["A5", "", "tenant", ""]]
    assert "customer_type" in rows[0][0]
    text = summary.read_text(encoding="utf-8")
    assert "customers.csv: 2 of 4 customers rejected" in text
    assert "lodger" not in text


def test_a_mended_file_loads_just_its_rows(tmp_path: Path) -> None:
    drop = write(tmp_path / "drop", customers=CUSTOMERS + "003,lodger,yes\n", restrictions=RESTRICTIONS)
    first = read(drop, name="canonical_snapshot")
    _, written = write_rejections(first, tmp_path / "out")
    mend_csv(written, lambda text: text.replace("lodger", "tenant"))
    again = read(
        tmp_path / "out", name="canonical_snapshot", known=known_after(first), previous_rows={"customers": 99}.get
    )
    accepted = only(again, "customers")
    assert accepted.rows["customer_ref"].tolist() == ["003"]
    assert (accepted.delivery, accepted.disappeared, again.held, again.refused) == ("changes", (), (), ())


def test_a_file_sent_back_unmended_is_rejected_again_and_not_wrapped_twice(tmp_path: Path) -> None:
    drop = write(tmp_path / "drop", customers=CUSTOMERS + "003,lodger,yes\n")
    _, written = write_rejections(read(drop), tmp_path / "out")
    once = rows_of(written)
    again = read(tmp_path / "out")
    assert [reason for _, _, reason in reasons(only(again, "customers"))] == ["unknown_code"]
    _, twice = write_rejections(again, tmp_path / "out2")
    assert [row[2:] for row in rows_of(twice)] == [row[2:] for row in once]
    assert len(rows_of(twice)[0]) == len(once[0])


@pytest.mark.parametrize("name", ["dmy_csv", "titled_workbook", "sheet_per_entity", "semicolon_cp1252"])
def test_every_shape_comes_back_readable(tmp_path: Path, name: str) -> None:
    records = dict(read(CONTRACT / "queens_cross" / "exports").records())
    records["warnings"] = records["warnings"].assign(customer_ref=["nobody", *records["warnings"]["customer_ref"][1:]])
    drop = write_shape(records, source(name), tmp_path / "drop")
    first = read(drop, name=name)
    (rejected,) = [file for file in first.files if file.rejections]
    assert [rejection.reason for rejection in rejected.rejections] == ["orphan"]
    write_rejections(first, tmp_path / "out")
    again = read(tmp_path / "out", name=name, known={"customers": {"nobody"}})
    assert again.refused == ()
    (mended,) = again.files
    expected = records["warnings"].iloc[:1].reset_index(drop=True)
    columns = [column for column in expected if expected[column].notna().any()]
    pd.testing.assert_frame_equal(mended.rows[columns], expected[columns])


def test_nothing_that_a_spreadsheet_would_run_goes_out(tmp_path: Path) -> None:
    evil = '"=HYPERLINK(""http://x"")"'
    drop = write(tmp_path / "drop", customers=f"customer_ref,customer_type\n{evil},-2+3\n@sum,+1\n")
    _, written = write_rejections(read(drop), tmp_path / "out")
    assert all(cell[:1] not in {"=", "+", "-", "@"} for row in rows_of(written) for cell in row)
    mend_csv(written, lambda text: text.replace("'-2+3", "tenant").replace("'+1", "tenant"))
    assert only(read(tmp_path / "out"), "customers").rows["customer_ref"].tolist() == ['=HYPERLINK("http://x")', "@sum"]


def test_nothing_that_a_workbook_would_run_goes_out(tmp_path: Path) -> None:
    path = workbook(tmp_path / "drop" / "customers.xlsx", {"Sheet1": [["customer_ref", "customer_type"], ["x", "y"]]})
    book = openpyxl.load_workbook(path)
    book.active["A2"].value = "=1+1"
    book.active["A2"].data_type = "s"
    book.save(path)
    _, written = write_rejections(read(path.parent), tmp_path / "out")
    cells = [cell for row in openpyxl.load_workbook(written)["Sheet1"].iter_rows() for cell in row]
    assert [cell.data_type for cell in cells if cell.value is not None] == ["s"] * sum(
        cell.value is not None for cell in cells
    )
    assert [cell.quotePrefix for cell in cells if cell.value == "=1+1"] == [True]


def test_ragged_and_split_rows_come_back_once(tmp_path: Path) -> None:
    sheet = "A,B,C,D,E,F,G,H,I,J,K,L,M,N,O,P,AH\n,,,,never,,,,,,,,,1,,,p\n,,,,1/2/2020\n"
    drop = write(tmp_path / "drop", **{"cautionary_alerts__csv": sheet})
    validated = read(drop, name="hackney")
    assert {file.entity: len(file.rejections) for file in validated.files} == {"customers": 1, "markers": 2}
    _, written = write_rejections(validated, tmp_path / "out")
    assert [row[1] for row in rows_of(written)[1:]] == ["E2", "A3"]


def test_nothing_rejected_writes_nothing(tmp_path: Path) -> None:
    drop = write(tmp_path / "drop", customers=CUSTOMERS)
    assert write_rejections(read(drop), tmp_path / "out") == []
    assert not (tmp_path / "out").exists()


def test_the_summary_is_one_page_whatever_happens(tmp_path: Path) -> None:
    header = ",".join(["restriction_ref", "customer_ref", "measure", "decided_on", "decided_by", "starts_on"])
    files = {f"junk{number}__csv": "x" for number in range(60)}
    validated = read(write(tmp_path, restrictions=f"{header}\n1,,,,,\n", **files))
    lines = summarise_rejections(validated).splitlines()
    assert len(lines) <= 40
    assert any("1 of 1 restrictions rejected" in line for line in lines)


def page_of(folder: Path, **files: str) -> str:
    return summarise_rejections(read(write(folder, **files)))


def test_the_page_says_how_much_is_in_the_register(tmp_path: Path) -> None:
    header, bad, good = "customer_ref,customer_type\n", "1,lodger\n", "2,tenant\n"
    nothing = page_of(tmp_path / "nothing", customers=header + bad)
    assert "Nothing of this drop is in the register." in nothing
    assert "Mend the rows" in nothing
    assert "refused file" not in nothing
    assert "The one other record of this drop is in the register." in page_of(
        tmp_path / "one", customers=header + bad + good
    )
    some = page_of(tmp_path / "some", customers=header + bad + good + "3,tenant\n3,tenant\n")
    assert "The 2 other records of this drop are in the register." in some


def test_the_page_of_a_refused_file_speaks_of_no_rows_to_mend(tmp_path: Path) -> None:
    alone = page_of(tmp_path / "alone", customers="nothing\nknown\n")
    assert "Nothing of this drop is in the register." in alone
    beside = page_of(tmp_path / "beside", customers="customer_ref,customer_type\n2,tenant\n", staff="nothing\nknown\n")
    assert "The one record of this drop is in the register." in beside
    for page in (alone, beside):
        assert "A refused file is sent again whole" in page
        assert "Mend the rows" not in page
        assert "verything else" not in page
