"""Rejected rows go back in the landlord's own shape; mended and sent again, they and nothing else are loaded."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from due_regard.intake.rejections import summarise_rejections, write_rejections
from due_regard.records.validated_drop import ValidatedDrop
from tests.intake.drops import APPEALS, CUSTOMERS, RESTRICTIONS, only, read, reasons, source, workbook, write
from tests.intake.shapes import write_shape

CONTRACT = Path(__file__).parents[1] / "contract" / "examples"


def rows_of(path: Path) -> list[list[str]]:
    return [[cell or "" for cell in row] for row in openpyxl.load_workbook(path).active.iter_rows(values_only=True)]


def mend(path: Path, change: Callable[[str], str]) -> None:
    book = openpyxl.load_workbook(path)
    for row in book.active.iter_rows(min_row=2):
        for cell in row[3:]:
            if cell.value and change(cell.value) != cell.value:
                cell.value = change(cell.value)
    book.save(path)


def known_after(validated: ValidatedDrop) -> dict[str, set[str]]:
    return {file.entity: set(file.rows.iloc[:, 0]) for file in validated.files}


def test_rejected_rows_alone_come_back_with_reason_and_cell(tmp_path: Path) -> None:
    drop = write(tmp_path / "drop", customers=CUSTOMERS + "003,lodger,yes\n,tenant,\n", appeals=APPEALS)
    summary, written = write_rejections(read(drop), tmp_path / "out")
    assert written == tmp_path / "out" / "customers.csv.xlsx"
    header, *rows = rows_of(written)
    ours = ["Due Regard: what to mend", "Due Regard: cell", "Due Regard: reference as sent"]
    assert header == [*ours, *CUSTOMERS.splitlines()[0].split(",")]
    assert [row[1:] for row in rows] == [["B4", "customers 003", "003", "lodger", "yes"], ["A5", "", "", "tenant", ""]]
    assert "customer_type" in rows[0][0]
    text = summary.read_text(encoding="utf-8")
    assert "customers.csv: 2 of 4 customers rejected" in text
    assert "lodger" not in text


def test_a_mended_file_loads_just_its_rows(tmp_path: Path) -> None:
    drop = write(tmp_path / "drop", customers=CUSTOMERS + "003,lodger,yes\n", restrictions=RESTRICTIONS)
    first = read(drop, name="canonical_snapshot")
    _, written = write_rejections(first, tmp_path / "out")
    mend(written, lambda text: text.replace("lodger", "tenant"))
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
    drop = write(tmp_path / "drop", customers=f"customer_ref,customer_type\n{evil},-2+3\n@sum,+1\n'-5,x\n")
    _, written = write_rejections(read(drop), tmp_path / "out")
    cells = [cell for row in openpyxl.load_workbook(written).active.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells if cell.value is not None} == {"s"}
    assert {cell.number_format for cell in cells} == {"@"}
    assert all(cell.quotePrefix for cell in cells if str(cell.value)[:1] in "=+-@")
    mend(written, lambda text: {"-2+3": "tenant", "+1": "tenant", "x": "tenant"}.get(text, text))
    refs = only(read(tmp_path / "out"), "customers").rows["customer_ref"].tolist()
    assert refs == ['=HYPERLINK("http://x")', "@sum", "'-5"]


def test_nothing_that_a_workbook_would_run_goes_out(tmp_path: Path) -> None:
    path = workbook(tmp_path / "drop" / "customers.xlsx", {"Sheet1": [["customer_ref", "customer_type"], ["x", "y"]]})
    book = openpyxl.load_workbook(path)
    book.active["A2"].value = "=1+1"
    book.active["A2"].data_type = "s"
    book.save(path)
    _, written = write_rejections(read(path.parent), tmp_path / "out")
    cells = [cell for row in openpyxl.load_workbook(written)["Sheet1"].iter_rows() for cell in row]
    assert {cell.number_format for cell in cells} == {"@"}
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


INCIDENTS = (
    "Incident No,Person Ref,Incident Date,Incident Heading,Channel\n"
    "00044,00122,03/04/2026,Harassment of staff,Phone\n00045,00123,04/05/2026,Rudeness,Phone\n"
    "00046,00124,45000,Harassment of staff,Phone\n"
)


def hand_back(folder: Path, text: str = INCIDENTS) -> Path:
    """Rows of a day-first CSV export, handed back."""
    first = read(write(folder / "drop", **{"UB_INCIDENTS_1__csv": text}), name="dmy_csv")
    _, written = write_rejections(first, folder / "out")
    return written


def test_rows_of_a_csv_file_come_back_in_a_workbook_that_loads_in_its_place(tmp_path: Path) -> None:
    written = hand_back(tmp_path)
    assert written.name == "UB_INCIDENTS_1.csv.xlsx"
    mend(written, lambda text: {"Rudeness": "Harassment of staff", "45000": "12/03/2026"}.get(text, text))
    accepted = only(read(tmp_path / "out", name="dmy_csv"), "incidents")
    assert accepted.rows["incident_ref"].tolist() == ["00045", "00046"]
    assert accepted.rows["customer_ref"].tolist() == ["00123", "00124"]
    assert accepted.rows["occurred_on"].dt.strftime("%Y-%m-%d").tolist() == ["2026-05-04", "2026-03-12"]
    assert (accepted.delivery, accepted.rejections) == ("changes", ())


def test_the_same_rows_are_handed_back_in_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    once = hand_back(tmp_path / "once").read_bytes()
    monkeypatch.setattr("time.time", lambda: 2_000_000_000.0)
    assert hand_back(tmp_path / "twice").read_bytes() == once
    assert b"1980-01-01T00:00:00Z" in zipfile.ZipFile(tmp_path / "once/out/UB_INCIDENTS_1.csv.xlsx").read(
        "docProps/core.xml"
    )


def test_a_number_that_was_no_date_in_the_csv_file_is_none_in_the_workbook(tmp_path: Path) -> None:
    hand_back(tmp_path)
    accepted = only(read(tmp_path / "out", name="dmy_csv"), "incidents")
    assert len(accepted.rows) == 0
    assert [reason for _, _, reason in reasons(accepted)] == ["unknown_code", "unreadable_date"]


def test_a_mended_row_with_another_reference_is_asked_about_until_a_person_says_so(tmp_path: Path) -> None:
    written = hand_back(tmp_path)
    mend(
        written, lambda text: {"Rudeness": "Harassment of staff", "00045": "45", "45000": "12/03/2026"}.get(text, text)
    )
    again = read(tmp_path / "out", name="dmy_csv")
    accepted = only(again, "incidents")
    assert accepted.rows["incident_ref"].tolist() == ["00046"]
    assert reasons(accepted) == [(2, "Incident No", "changed_reference")]
    assert "45" not in accepted.rejections[0].message
    _, twice = write_rejections(again, tmp_path / "out2")
    book = openpyxl.load_workbook(twice)
    assert book.active["C2"].value == "incidents 00045 | incidents.customer_ref 00123"
    book.active["C2"].value = None
    book.save(twice)
    accepted = only(read(tmp_path / "out2", name="dmy_csv"), "incidents")
    assert accepted.rows["incident_ref"].tolist() == ["45"]


def test_a_mended_row_that_points_elsewhere_for_lost_zeros_is_asked_about(tmp_path: Path) -> None:
    written = hand_back(tmp_path)
    mend(
        written,
        lambda text: {"Rudeness": "Harassment of staff", "00123": "123", "45000": "12/03/2026"}.get(text, text),
    )
    accepted = only(read(tmp_path / "out", name="dmy_csv"), "incidents")
    assert {(column, reason) for _, column, reason in reasons(accepted)} == {("Person Ref", "changed_reference")}
    mend(written, lambda text: {"123": "00124"}.get(text, text))
    assert reasons(only(read(tmp_path / "out", name="dmy_csv"), "incidents")) == []


def test_a_row_that_did_not_fit_the_header_is_not_taken_before_it_was_mended(tmp_path: Path) -> None:
    drop = write(tmp_path / "drop", customers=CUSTOMERS + "003,tenant\n")
    _, written = write_rejections(read(drop), tmp_path / "out")
    assert [reason for _, _, reason in reasons(only(read(tmp_path / "out"), "customers"))] == ["ragged_row"]
    book = openpyxl.load_workbook(written)
    book.active["C2"].value = None
    book.save(written)
    assert only(read(tmp_path / "out"), "customers").rows["customer_ref"].tolist() == ["003"]


SOFFICE = shutil.which("soffice")


@pytest.mark.skipif(SOFFICE is None, reason="LibreOffice is not installed: the round through a spreadsheet program")
@pytest.mark.timeout(180)
def test_the_round_through_a_spreadsheet_program(tmp_path: Path) -> None:
    """As a workbook every zero survives; as CSV they are lost, and the row is asked about instead of loaded."""
    written = hand_back(tmp_path)
    mend(written, lambda text: {"Rudeness": "Harassment of staff", "45000": "12/03/2026"}.get(text, text))
    saved = convert(written, tmp_path / "as workbook", "xlsx")
    rows = only(read(saved.parent, name="dmy_csv"), "incidents").rows
    assert rows["incident_ref"].tolist() == ["00045", "00046"]
    assert rows["occurred_on"].dt.strftime("%Y-%m-%d").tolist() == ["2026-05-04", "2026-03-12"]
    plain = convert(written, tmp_path / "as csv", "csv")
    opened = convert(plain, tmp_path / "opened again", "csv")
    assert ",45,123," in opened.read_text(encoding="utf-8")
    accepted = only(read(opened.parent, name="dmy_csv"), "incidents")
    assert len(accepted.rows) == 0
    assert {reason for _, _, reason in reasons(accepted)} == {"changed_reference"}


def convert(file: Path, folder: Path, form: str) -> Path:
    """The file opened and saved by LibreOffice, under the name that intake expects."""
    home = f"-env:UserInstallation=file://{folder.parent}/office"
    command = [str(SOFFICE), home, "--headless", "--convert-to", form, "--outdir", str(folder), str(file)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    (made,) = folder.iterdir()
    return made.rename(folder / (f"UB_INCIDENTS_1.csv{'.xlsx' if form == 'xlsx' else ''}"))


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
