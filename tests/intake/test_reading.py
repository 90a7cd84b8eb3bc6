"""Text as people send it: encodings, headers under titles, ragged and blank rows, look-alikes, what must stay."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from due_regard.intake.text_cleaning import clean_text, decode_text, fold_text
from due_regard.intake.text_tables import TextTable
from tests.intake.drops import CUSTOMERS, only, read, reasons, workbook, write

TEXT = "customer_ref,customer_type\nCafé-1,tenant\n"
NAMES = ["Café-1"]


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        TEXT.encode("cp1252"),
        TEXT.encode("utf-16"),
        TEXT.encode("utf-16-le"),
        TEXT.encode("utf-16-be"),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace("\n", "\r").encode(),
        TEXT.rstrip().encode(),
        TEXT.encode() + b"\x1a",
        b"sep=;\n" + TEXT.replace(",", ";").encode(),
        TEXT.replace(",", ";").encode(),
        TEXT.replace(",", "\t").encode("utf-16"),
        TEXT.replace(",", "|").encode(),
    ],
)
def test_encodings_line_ends_and_separators(tmp_path: Path, content: bytes) -> None:
    assert only(read(write(tmp_path, customers=content)), "customers").rows["customer_ref"].tolist() == NAMES


@pytest.mark.parametrize("cut", range(1, 12))
def test_short_cp1252_is_not_taken_for_anything_else(cut: int) -> None:
    text = "£é\u2013ñ°ü\u2019ß€øà"[:cut] + "a"
    assert decode_text("x.csv", text.encode("cp1252")) == (text, "cp1252")


def test_a_header_under_titles_is_found_and_rows_keep_their_numbers(tmp_path: Path) -> None:
    titles = '"Customers, all areas"\nPrinted 29/06/2026,,\n\n"Filter: ""open""\nonly",\n'
    accepted = only(read(write(tmp_path, customers=titles + CUSTOMERS + "3,lodger,\n")), "customers")
    assert accepted.rows["row_number"].tolist() == [6, 7]
    assert reasons(accepted) == [(8, "customer_type", "unknown_code")]
    assert [rejection.cell for rejection in accepted.rejections] == ["B8"]


@pytest.mark.parametrize("above", [18, 19, 20])
def test_a_header_is_looked_for_in_twenty_rows(tmp_path: Path, above: int) -> None:
    validated = read(write(tmp_path, customers="title\n" * above + CUSTOMERS))
    assert [refused.code for refused in validated.refused] == ([] if above < 20 else ["no_header"])


def test_line_breaks_and_spaces_in_a_header_do_not_matter(tmp_path: Path) -> None:
    text = '" customer_ref ","CUSTOMER_TYPE","receives_support_service\u00a0"\n1,tenant,yes\n'
    assert len(only(read(write(tmp_path, customers=text)), "customers").rows) == 1


def test_quoted_cells_keep_commas_quotes_and_line_breaks(tmp_path: Path) -> None:
    text = 'customer_ref,customer_type\n"a,b","tenant"\n"say ""hi""",tenant\n"two\nlines",tenant\n4,lodger\n'
    accepted = only(read(write(tmp_path, customers=text)), "customers")
    assert accepted.rows["customer_ref"].tolist() == ["a,b", 'say "hi"', "two\nlines"]
    assert reasons(accepted) == [(5, "customer_type", "unknown_code")]


def test_ragged_blank_and_closing_rows(tmp_path: Path) -> None:
    text = "customer_ref,customer_type,receives_support_service\n"
    text += "1,tenant,yes,,\n2,tenant\n,,\n\n3,tenant,no,x\n4,tenant,\n"
    accepted = only(read(write(tmp_path, customers=text + "Total,2,\nEnd of report\n\n")), "customers")
    assert accepted.rows["customer_ref"].tolist() == ["1", "4"]
    assert accepted.rows["row_number"].tolist() == [2, 7]
    assert reasons(accepted) == [(3, "", "ragged_row"), (6, "", "ragged_row")]
    assert [(note.row_number, note.reason) for note in accepted.notes] == [
        (8, "footer_row"), (9, "footer_row"), (0, "blank_rows"),
    ]  # fmt: skip
    assert accepted.read == 4


@pytest.mark.parametrize("ref", ["Total", "Total 9", "Totally", "12 rows"])
def test_a_record_is_never_taken_for_a_closing_row(tmp_path: Path, ref: str) -> None:
    text = f"customer_ref,customer_type,receives_support_service\n1,tenant,\n{ref},tenant,yes\n"
    assert only(read(write(tmp_path, customers=text)), "customers").rows["customer_ref"].tolist() == ["1", ref]


def test_a_quotation_mark_that_never_closes_swallows_no_row_in_silence(tmp_path: Path) -> None:
    text = 'customer_ref,customer_type\n1,tenant\n2,"tenant\n3,tenant\n4,tenant\n'
    (refused,) = read(write(tmp_path, customers=text)).refused
    assert refused.code == "open_quote"
    assert "line 3" in refused.message


def test_a_quotation_mark_closed_rows_later_swallows_no_row_in_silence(tmp_path: Path) -> None:
    text = 'customer_ref,customer_type\n1,tenant\n"2,tenant\n3,tenant\n4",tenant\n5,tenant\n'
    (refused,) = read(write(tmp_path, customers=text)).refused
    assert refused.code == "open_quote"


@pytest.mark.parametrize(
    "cell", ["two\nlines", "1 High St,\nGlasgow", "a\n\nb", "Flat 1, 2 High St\nFlat 3, 4 High St"]
)
def test_cells_of_several_lines_are_no_swallowed_rows(tmp_path: Path, cell: str) -> None:
    text = f'Person Ref,Person Type,Surname\n1,T,"{cell}"\n"2",T,\n'
    validated = read(write(tmp_path, **{"UB_PERSONS__csv": text}), name="dmy_csv")
    assert only(validated, "customers").rows["customer_ref"].tolist() == ["1", "2"]


def test_lookalikes_are_mended_in_references_and_codes_alone(tmp_path: Path) -> None:
    text = "restriction_ref,customer_ref,measure,decided_on,decided_by,starts_on,duration_reason\n"
    text += "R\u20111\u00a0,C\u20132\u200b,\u00a0Set_times,2026\u201101\u201105,S 1,2026-01-05 ,a \u2013 b\n"
    row = only(read(write(tmp_path, restrictions=text)), "restrictions").rows.iloc[0]
    assert row["restriction_ref"] == "R-1"
    assert row["customer_ref"] == "C-2"
    assert row["measure"] == "set_times"
    assert f"{row['decided_on']:%Y-%m-%d}" == "2026-01-05"
    assert row["decided_by"] == "S 1"
    assert row["duration_reason"] == "a \u2013 b"


@pytest.mark.parametrize(
    "ref", ["00123", "1E5", "NA", "NULL", "nan", "TRUE", "1.0", "+44", "2026-01-01", "\u2019quoted\u2019"]
)
def test_references_stay_as_they_are(tmp_path: Path, ref: str) -> None:
    text = f"customer_ref,customer_type\n{ref},tenant\n"
    assert only(read(write(tmp_path / "csv", customers=text)), "customers").rows["customer_ref"].tolist() == [ref]
    workbook(tmp_path / "x" / "customers.xlsx", {"Sheet1": [["customer_ref", "customer_type"], [ref, "tenant"]]})
    assert only(read(tmp_path / "x"), "customers").rows["customer_ref"].tolist() == [ref]


def test_numbers_in_a_workbook_are_written_as_people_type_them(tmp_path: Path) -> None:
    rows = [["customer_ref", "customer_type", "receives_support_service"]]
    rows += [[7, "tenant", True], [7.5, "tenant", 0], [1e5, "tenant", 1]]
    workbook(tmp_path / "customers.xlsx", {"Sheet1": rows})
    found = only(read(tmp_path), "customers").rows
    assert found["customer_ref"].tolist() == ["7", "7.5", "100000"]
    assert found["receives_support_service"].tolist() == [True, False, True]


def test_titles_and_blank_rows_in_a_workbook(tmp_path: Path) -> None:
    rows = [
        ["All customers"],
        [],
        ["customer_ref", "customer_type"],
        ["1", "tenant"],
        [],
        [None, " "],
        ["2", "lodger"],
        ["Total", 2],
    ]
    workbook(tmp_path / "customers.xlsx", {"Sheet1": rows}, {"Sheet1": ["A1:B1"]})
    accepted = only(read(tmp_path), "customers")
    assert accepted.rows["row_number"].tolist() == [4]
    assert [rejection.cell for rejection in accepted.rejections] == ["Sheet1!B7"]


def test_more_columns_than_any_export_has_are_refused(tmp_path: Path) -> None:
    header = ",".join(f"c{number}" for number in range(800))
    (refused,) = read(write(tmp_path, customers=f"customer_ref,customer_type,{header}\n")).refused
    assert refused.code == "too_many_cells"


@pytest.mark.parametrize(("rows", "codes"), [(3, []), (4, ["too_many_rows"])])
def test_more_rows_than_any_export_has_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int, codes: list[str]
) -> None:
    monkeypatch.setattr("due_regard.intake.csv_reader.MOST_ROWS", 3)
    # The last row has a cell too many: rows that do not fit the header count as well.
    text = (
        "customer_ref,customer_type\n" + "".join(f"C{number},tenant\n" for number in range(rows - 1)) + "C9,tenant,\n"
    )
    validated = read(write(tmp_path, customers=text))
    assert [refused.code for refused in validated.refused] == codes
    assert all("customers.csv: has more than 3 rows" in refused.message for refused in validated.refused)


@pytest.mark.parametrize(
    ("position", "letters"), [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (701, "ZZ"), (702, "AAA")]
)
def test_column_letters(position: int, letters: str) -> None:
    table = TextTable("appeals.csv", None, (), (), pd.DataFrame(), np.array([], dtype=np.int64))
    assert table.make_address(position, 7) == f"{letters}7"


def test_folding_is_for_comparing_and_plain_for_keeping() -> None:
    assert fold_text("  Customer\u00a0 Ref\n\u2011 Nº ") == "customer ref - nº"
    assert clean_text("\ufeff a\u200b\u2011b \u00a0") == "a-b"


@pytest.mark.parametrize("at", [5, 30, 400])
def test_a_nul_is_named_with_its_line(tmp_path: Path, at: int) -> None:
    text = "customer_ref,customer_type\n" + "".join(f"{number:04d},tenant\n" for number in range(100))
    (refused,) = read(write(tmp_path, customers=(text[:at] + "\0" + text[at:]).encode())).refused
    assert refused.code == "nul"
    assert f"customers.csv: line {text[:at].count(chr(10)) + 1} holds a NUL byte" in refused.message


@pytest.mark.parametrize("lines", [1, 3])
def test_lines_of_cp1252_in_a_utf8_file_are_never_garbled(tmp_path: Path, lines: int) -> None:
    names = ["Café", "Zoë", "Łódź", "Siân"]
    rows = [f"{name}-{number},tenant\n" for number, name in enumerate(names * 5)]
    encoded = [row.encode() for row in rows]
    for at in range(5, 5 + lines):
        encoded[at] = f"Zoé-{at},tenant\n".encode("cp1252")
    (refused,) = read(write(tmp_path, customers=b"customer_ref,customer_type\n" + b"".join(encoded))).refused
    assert refused.code == "mixed_encoding"
    assert "lines 2 and 7" in refused.message


def test_one_line_of_utf8_in_a_cp1252_file_is_never_garbled(tmp_path: Path) -> None:
    rows = b"customer_ref;customer_type\r\n" + "Zoé;tenant\r\n".encode("cp1252") * 20 + "Zoë;tenant\r\n".encode()
    assert [refused.code for refused in read(write(tmp_path, customers=rows)).refused] == ["mixed_encoding"]


@pytest.mark.parametrize(
    "text", ["Zoé", "CAFÉ\u2019S and Zoé and Zoë", "£5 \u2013 \u2018no\u2019", "Œuvre", "50\u20ac"]
)
def test_a_cp1252_file_is_read_as_such(tmp_path: Path, text: str) -> None:
    content = f"customer_ref,customer_type\n{text},tenant\n".encode("cp1252")
    assert only(read(write(tmp_path, customers=content)), "customers").rows["customer_ref"].tolist() == [
        text.replace("\u2013", "-")
    ]


def test_bytes_that_are_no_text_are_named_with_their_line(tmp_path: Path) -> None:
    content = b"customer_ref,customer_type\n1,tenant\n\x81\x8d,tenant\n"
    (refused,) = read(write(tmp_path, customers=content)).refused
    assert (refused.code, "customers.csv: line 3 is not" in refused.message) == ("encoding", True)
