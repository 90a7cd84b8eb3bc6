"""Files that must never reach a parser, each refused by its named reason while the rest of the drop is read."""

from __future__ import annotations

import os
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from due_regard.intake.rejections import quarantine_files
from tests.intake.drops import APPEALS, CUSTOMERS, only, read, reasons, workbook, write
from tests.intake.packages import customers_workbook, repacked, saved, with_dimension, with_sheet


def zipped(**members: bytes) -> bytes:
    content = BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as package:
        for name, part in members.items():
            package.writestr(name, part)
    return content.getvalue()


def encrypted_flag(content: bytes) -> bytes:
    """The package with the encryption bit of every central record set."""
    parts = content.split(b"PK\x01\x02")
    return b"PK\x01\x02".join([parts[0], *(part[:4] + bytes([part[4] | 1]) + part[5:] for part in parts[1:])])


def far_cell(address: str) -> bytes:
    row = "".join(filter(str.isdigit, address))
    cell = f'<row r="{row}"><c r="{address}"><v>1</v></c></row></sheetData>'.encode()
    return with_sheet(customers_workbook(), lambda part: part.replace(b"</sheetData>", cell))


WORKBOOK = customers_workbook()
ENTITY = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]>'


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (zipped(readme=b"hello"), "not_an_export"),
        (repacked(WORKBOOK, added={"xl/vbaProject.bin": b"x"}), "macro"),
        (repacked(WORKBOOK, added={"xl/externalLinks/externalLink1.xml": b"<x/>"}), "external_link"),
        (repacked(WORKBOOK, added={"xl/connections.xml": b"<x/>"}), "external_link"),
        (repacked(WORKBOOK, added={"../../outside.xml": b"<x/>"}), "path_traversal"),
        (repacked(WORKBOOK, added={"/etc/outside.xml": b"<x/>"}), "path_traversal"),
        (repacked(WORKBOOK, added={"xl\\..\\..\\outside.xml": b"<x/>"}), "path_traversal"),
        (repacked(WORKBOOK, added={f"xl/media/{number}": b"" for number in range(2001)}), "too_many_members"),
        (repacked(WORKBOOK, added={"xl/media/zeros": b"\0" * 64 * 2**20}), "ratio"),
        (with_sheet(WORKBOOK, lambda part: ENTITY + part), "doctype"),
        (with_sheet(WORKBOOK, lambda part: part[: len(part) // 2]), "corrupt_workbook"),
        (repacked(WORKBOOK, lambda name, part: None if name.endswith("sheet1.xml") else part), "corrupt_workbook"),
        (repacked(WORKBOOK, lambda name, part: b"<x" if name.endswith("styles.xml") else part), "corrupt_workbook"),
        (WORKBOOK[: len(WORKBOOK) // 2], "corrupt_workbook"),
        (encrypted_flag(WORKBOOK), "encrypted"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "old_workbook"),
        (far_cell("ABC7"), "too_many_cells"),
        (far_cell("ZZ1000000"), "too_many_cells"),
    ],
)  # fmt: skip
def test_what_may_not_be_opened_is_refused_and_kept_untouched(tmp_path: Path, content: bytes, code: str) -> None:
    drop = write(tmp_path / "drop", customers__xlsx=content, appeals=APPEALS)
    validated = read(drop)
    assert [(refused.file, refused.code) for refused in validated.refused] == [("customers.xlsx", code)]
    assert [accepted.entity for accepted in validated.files] == ["appeals"]
    (kept,) = quarantine_files(validated, drop, tmp_path / "quarantine")
    assert kept.read_bytes() == content == (drop / "customers.xlsx").read_bytes()
    assert code in (tmp_path / "quarantine" / "customers.xlsx.why.txt").read_text(encoding="utf-8")


def test_a_duplicate_part_is_damage(tmp_path: Path) -> None:
    content = BytesIO(WORKBOOK)
    with zipfile.ZipFile(content, "a") as package, pytest.warns(UserWarning, match="Duplicate"):
        package.writestr("xl/workbook.xml", b"<x/>")
    (refused,) = read(write(tmp_path, customers__xlsx=content.getvalue())).refused
    assert refused.code == "corrupt_workbook"


def test_a_link_out_of_the_drop_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside.csv").write_text(CUSTOMERS, encoding="utf-8")
    drop = write(tmp_path / "drop", appeals=APPEALS)
    Path(drop / "customers.csv").symlink_to(tmp_path / "outside.csv")
    validated = read(drop)
    assert [refused.code for refused in validated.refused] == ["outside_drop"]
    assert quarantine_files(validated, drop, tmp_path / "quarantine") == []


@pytest.mark.parametrize("name", [b"cust\nomers.csv", b"customers\xff.csv", b"\x1b[31mcustomers.csv"])
def test_a_name_that_cannot_be_printed_is_refused_and_made_printable(tmp_path: Path, name: bytes) -> None:
    drop = write(tmp_path / "drop", appeals=APPEALS)
    (drop / os.fsdecode(name)).write_text(CUSTOMERS, encoding="utf-8")
    validated = read(drop)
    (refused,) = validated.refused
    assert refused.code == "bad_name"
    assert refused.file.isprintable()
    assert refused.file.encode().decode() in refused.message
    quarantine_files(validated, drop, tmp_path / "quarantine")


@pytest.mark.timeout(20)
def test_folders_and_pipes_are_no_files(tmp_path: Path) -> None:
    drop = write(tmp_path, appeals=APPEALS)
    (drop / "restrictions.csv").mkdir()
    os.mkfifo(drop / "customers.csv")
    assert {refused.file: refused.code for refused in read(drop).refused} == {
        "customers.csv": "not_a_file",
        "restrictions.csv": "not_a_file",
    }


def test_a_csv_name_on_a_workbook_and_the_other_way_round(tmp_path: Path) -> None:
    validated = read(write(tmp_path, customers__csv=WORKBOOK, appeals__xlsx=APPEALS))
    assert validated.refused == ()
    assert only(validated, "customers").rows["customer_ref"].tolist() == ["00000", "00001", "00002"]
    assert only(validated, "appeals").rows["appeal_ref"].tolist() == ["A1", "A2"]


@pytest.mark.parametrize("area", ["A1", "A1:B2", "A1:XFD1048576"])
def test_a_stale_dimension_is_not_believed(tmp_path: Path, area: str) -> None:
    content = with_dimension(customers_workbook(100), area)
    assert only(read(write(tmp_path, customers__xlsx=content)), "customers").read == 100


def test_formats_far_from_the_table_are_no_cells(tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(["customer_ref", "customer_type"])
    book.active.append(["1", "tenant"])
    book.active["ZZ100000"].font = Font(bold=True)
    accepted = only(read(write(tmp_path, customers__xlsx=saved(book))), "customers")
    assert (accepted.read, len(accepted.rows)) == (1, 1)


def test_cells_that_show_an_error_or_no_value_reject_their_row(tmp_path: Path) -> None:
    rows = [["customer_ref", "customer_type", "receives_support_service"]]
    rows += [["1", "tenant", "=1=1"], ["2", "tenant", "#N/A"], ["3", "tenant", "yes"]]
    workbook(tmp_path / "customers.xlsx", {"Sheet1": rows})
    accepted = only(read(tmp_path), "customers")
    column = "receives_support_service"
    assert reasons(accepted) == [(2, column, "unreadable_cell"), (3, column, "unreadable_cell")]
    assert [rejection.cell for rejection in accepted.rejections] == ["Sheet1!C2", "Sheet1!C3"]


def test_a_cell_with_a_nul_rejects_its_row(tmp_path: Path) -> None:
    """PostgreSQL stores no NUL: one cell must not stop the whole drop."""
    content = with_sheet(customers_workbook(3), lambda part: part.replace(b"00001", b"000_x0000_1"))
    accepted = only(read(write(tmp_path, customers__xlsx=content)), "customers")
    assert accepted.rows["customer_ref"].tolist() == ["00000", "00002"]
    assert reasons(accepted) == [(3, "customer_ref", "unreadable_cell")]


def test_a_formula_with_its_value_stored_is_read(tmp_path: Path) -> None:
    content = with_sheet(
        customers_workbook(1), lambda part: part.replace(b'<c r="C2" t="inlineStr"><is><t>yes</t></is></c>',
                                                         b'<c r="C2" t="str"><f>B1</f><v>yes</v></c>')
    )  # fmt: skip
    assert only(read(write(tmp_path, customers__xlsx=content)), "customers").rows["receives_support_service"].all()


def test_a_workbook_without_styles_is_read_as_reporting_tools_write_it(tmp_path: Path) -> None:
    bare = b'<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"/>'
    content = repacked(customers_workbook(), lambda name, part: bare if name == "xl/styles.xml" else part)
    assert len(only(read(write(tmp_path, customers__xlsx=content)), "customers").rows) == 3


def test_leading_zeros_that_are_in_a_format_alone_are_kept(tmp_path: Path) -> None:
    book = Workbook()
    for row in (["customer_ref", "customer_type"], [123, "tenant"], [1234567, "tenant"], [5, "tenant"], [7.5, "other"]):
        book.active.append(row)
    for address in ("A2", "A3", "A5"):
        book.active[address].number_format = "000000"
    accepted = only(read(write(tmp_path, customers__xlsx=saved(book))), "customers")
    assert accepted.rows["customer_ref"].tolist() == ["000123", "1234567", "5"]
    assert reasons(accepted) == [(5, "customer_ref", "unreadable_cell")], "it shows 000008"


def test_dates_from_1904_are_read_as_such(tmp_path: Path) -> None:
    book = Workbook()
    book.epoch = CALENDAR_MAC_1904
    book.active.append(["appeal_ref", "restriction_ref", "received_on"])
    book.active.append(["A1", "R1", 46082 - 1462])
    rows = only(read(write(tmp_path, appeals__xlsx=saved(book))), "appeals").rows
    assert rows["received_on"].dt.strftime("%Y-%m-%d").tolist() == ["2026-03-01"]


def test_a_number_that_lost_digits_is_no_reference(tmp_path: Path) -> None:
    workbook(
        tmp_path / "customers.xlsx", {"Sheet1": [["customer_ref", "customer_type"], [12345678901234567890, "tenant"]]}
    )
    assert reasons(only(read(tmp_path), "customers")) == [(2, "customer_ref", "unreadable_cell")]
