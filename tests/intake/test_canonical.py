"""Every rule of the canonical contract for rows and files, on drops of a few rows."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest

from due_regard.errors import DropError
from due_regard.records.canonical import ENTITIES, ENTITY, find_dtype
from tests.intake.drops import APPEALS, CUSTOMERS, RESTRICTIONS, only, read, reasons, workbook, write

CONTRACT = Path(__file__).parents[1] / "contract"
DROPS = sorted(CONTRACT.glob("*/*/exports"))


@pytest.mark.parametrize("drop", DROPS, ids=lambda drop: f"{drop.parents[1].name}/{drop.parent.name}")
def test_the_contract_examples_are_read_whole(drop: Path) -> None:
    validated = read(drop)
    assert validated.refused == ()
    assert {file.file for file in validated.files} == {path.name for path in drop.iterdir()}
    for file in validated.files:
        lines = (drop / file.file).read_text(encoding="utf-8").splitlines()
        assert (file.read, len(file.rows), file.rejections) == (len(lines) - 1, len(lines) - 1, ())
        assert file.columns == tuple(lines[0].split(","))
        for name in file.columns:
            assert str(file.rows[name].dtype) == str(
                pd.Series(dtype=find_dtype(ENTITY[file.entity].by_name[name])).dtype
            )


def test_cells_are_trimmed_codes_ignore_case_and_refs_are_kept(tmp_path: Path) -> None:
    text = "customer_ref,customer_type,receives_support_service\n 00123 , Tenant ,YES\n1E5,OTHER, n \nNA,applicant,0\n"
    rows = only(read(write(tmp_path, customers=text)), "customers").rows
    assert rows["customer_ref"].tolist() == ["00123", "1E5", "NA"]
    assert rows["customer_type"].tolist() == ["tenant", "other", "applicant"]
    assert rows["receives_support_service"].tolist() == [True, False, False]
    assert rows["row_number"].tolist() == [2, 3, 4]


def test_blank_is_null_and_absent_is_no_column(tmp_path: Path) -> None:
    rows = only(read(write(tmp_path, customers=CUSTOMERS, appeals=APPEALS)), "customers").rows
    assert pd.isna(rows["receives_support_service"][1])
    appeals = only(read(tmp_path), "appeals")
    assert appeals.columns == ("appeal_ref", "restriction_ref", "received_on")
    assert "outcome" not in appeals.rows


@pytest.mark.parametrize(
    ("column", "cell", "reason"),
    [
        ("restriction_ref", "  ", "required"),
        ("measure", ";", "required"),
        ("measure", "named_contact;shouting", "unknown_code"),
        ("decision_stage", "perhaps", "unknown_code"),
        ("emergency_route", "maybe", "unreadable_yes_no"),
        ("decided_on", "", "required"),
        ("decided_on", "31/02/2026", "unreadable_date"),
        ("decided_on", "2026-02-31", "unreadable_date"),
        ("decided_on", "2026-2-3", "unreadable_date"),
        ("decided_on", "20260203", "unreadable_date"),
        ("decided_on", "46023", "unreadable_date"),
        ("decided_on", "1989-12-31", "date_out_of_range"),
        ("expires_on", "2036-07-01", "date_out_of_range"),
        ("expires_on", "nan", "unreadable_date"),
    ],
)
def test_a_bad_cell_rejects_its_row_alone(tmp_path: Path, column: str, cell: str, reason: str) -> None:
    row = {
        "restriction_ref": "R9", "customer_ref": "001", "measure": "set_times", "decided_on": "2026-01-05",
        "decided_by": "S1", "starts_on": "2026-01-06", "decision_stage": "", "emergency_route": "", "expires_on": "",
    }  # fmt: skip
    good = {**row, "restriction_ref": "R8"}
    lines = [",".join(row), ",".join(good.values()), ",".join({**row, column: cell}.values())]
    accepted = only(read(write(tmp_path, restrictions="\n".join(lines))), "restrictions")
    assert accepted.rows["restriction_ref"].tolist() == ["R8"]
    assert reasons(accepted) == [(3, column, reason)]
    (rejection,) = accepted.rejections
    assert rejection.cell == f"{'ABCDEFGHI'[list(row).index(column)]}3"
    assert "restrictions.csv, row 3" in rejection.message
    assert not cell.strip(" ;") or cell not in rejection.message


@pytest.mark.parametrize("cell", ["1990-01-01", "2036-06-30", "2026-06-30 14:05:00", "2026-06-30T00:00"])
def test_the_bounds_of_a_date_and_a_time_after_it_are_taken(tmp_path: Path, cell: str) -> None:
    text = f"restriction_ref,customer_ref,measure,decided_on,decided_by,starts_on\nR1,1,set_times,{cell},S,{cell}\n"
    rows = only(read(write(tmp_path, restrictions=text)), "restrictions").rows
    assert rows["decided_on"].dt.strftime("%Y-%m-%d").tolist() == [cell[:10]]


def test_a_list_keeps_the_delivered_order(tmp_path: Path) -> None:
    text = RESTRICTIONS.replace("named_contact;set_times", " Writing_only ;named_contact;")
    rows = only(read(write(tmp_path, restrictions=text)), "restrictions").rows
    assert rows["measure"].tolist() == ["writing_only;named_contact", "writing_only"]


def test_every_fault_of_a_row_is_told_in_one_rejection(tmp_path: Path) -> None:
    text = "customer_ref,customer_type,receives_support_service\n,lodger,perhaps\n"
    (rejection,) = only(read(write(tmp_path, customers=text)), "customers").rejections
    assert (rejection.column, rejection.reason, rejection.cell) == ("customer_ref", "required", "A2")
    assert all(header in rejection.message for header in ("customer_ref", "customer_type", "receives_support_service"))


def test_an_unknown_column_stops_the_file_and_is_told_by_its_letter(tmp_path: Path) -> None:
    validated = read(
        write(tmp_path, customers=CUSTOMERS.replace("customer_type", "customer_type,shoe_size"), appeals=APPEALS)
    )
    (refused,) = validated.refused
    assert (refused.file, refused.code) == ("customers.csv", "unknown_column")
    assert "column C (row 1)" in refused.message
    assert "shoe_size" not in refused.message
    assert [file.entity for file in validated.files] == ["appeals"]


def test_a_missing_required_column_stops_the_file(tmp_path: Path) -> None:
    (refused,) = read(write(tmp_path, customers="customer_ref\n1\n")).refused
    assert refused.code == "missing_column"
    assert "customer_type" in refused.message


def test_a_header_twice_stops_the_file(tmp_path: Path) -> None:
    (refused,) = read(write(tmp_path, customers="customer_ref,customer_type,Customer_Ref\n1,tenant,2\n")).refused
    assert refused.code == "duplicate_header"


def test_cells_without_a_header_stop_the_file(tmp_path: Path) -> None:
    (refused,) = read(write(tmp_path, customers="customer_ref,customer_type,\n1,tenant,x\n")).refused
    assert refused.code == "unknown_column"
    assert "column C" in refused.message


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"\n\n", "empty_file"),
        (b"%PDF-1.7 ...", "not_an_export"),
        (b"<html><body>Please log in</body></html>", "not_an_export"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512, "old_workbook"),
        (b"Dear all,\nplease find nothing here\n", "no_header"),
        (bytes(range(256)) * 4, "encoding"),
    ],
)
def test_a_file_that_is_no_export_is_refused_by_name(tmp_path: Path, content: bytes, code: str) -> None:
    validated = read(write(tmp_path, customers=content, appeals=APPEALS))
    assert [(refused.file, refused.code) for refused in validated.refused] == [("customers.csv", code)]
    assert [file.entity for file in validated.files] == ["appeals"]


def test_a_file_of_an_unknown_name_is_refused(tmp_path: Path) -> None:
    (refused,) = read(write(tmp_path, notes__txt="hello")).refused
    assert refused.code == "unknown_file"


def test_a_header_alone_counts_as_delivered(tmp_path: Path) -> None:
    validated = read(write(tmp_path, customers=CUSTOMERS.splitlines()[0], restrictions=RESTRICTIONS))
    customers = only(validated, "customers")
    assert (customers.read, len(customers.rows)) == (0, 0)
    assert set(validated.records()) == {"customers", "restrictions"}
    assert reasons(only(validated, "restrictions")) == [(2, "customer_ref", "orphan"), (3, "customer_ref", "orphan")]


def test_identical_rows_collapse_and_differing_ones_are_both_rejected(tmp_path: Path) -> None:
    text = "customer_ref,customer_type,receives_support_service\n1,tenant,yes\n1,TENANT,y\n"
    text += "2,tenant,yes\n2,tenant,no\n3,other,\n"
    accepted = only(read(write(tmp_path, customers=text)), "customers")
    assert accepted.rows["customer_ref"].tolist() == ["1", "3"]
    assert reasons(accepted) == [
        (4, "customer_ref", "conflicting_duplicate"),
        (5, "customer_ref", "conflicting_duplicate"),
    ]
    assert (accepted.read, accepted.collapsed) == (5, 1)


def test_an_invalid_row_is_no_duplicate(tmp_path: Path) -> None:
    text = "customer_ref,customer_type\n1,lodger\n1,tenant\n"
    accepted = only(read(write(tmp_path, customers=text)), "customers")
    assert accepted.rows["customer_type"].tolist() == ["tenant"]
    assert reasons(accepted) == [(2, "customer_type", "unknown_code")]


def test_the_same_reference_in_two_files_of_a_drop_is_no_guess(tmp_path: Path) -> None:
    write(tmp_path, customers="customer_ref,customer_type\n1,tenant\n2,tenant\n")
    workbook(
        tmp_path / "customers.xlsx", {"Sheet1": [["customer_ref", "customer_type"], ["1", "other"], ["2", "tenant"]]}
    )
    csv_file, xlsx_file = read(tmp_path).files
    assert reasons(csv_file) == reasons(xlsx_file) == [(2, "customer_ref", "conflicting_duplicate")]
    assert (len(csv_file.rows), len(xlsx_file.rows), xlsx_file.collapsed) == (1, 0, 1)


def test_orphans_follow_a_rejected_record_down(tmp_path: Path) -> None:
    customers = CUSTOMERS.replace("002,factored_owner", "002,lodger")
    validated = read(write(tmp_path, customers=customers, restrictions=RESTRICTIONS, appeals=APPEALS))
    assert reasons(only(validated, "restrictions")) == [(3, "customer_ref", "orphan")]
    assert reasons(only(validated, "appeals")) == [(3, "restriction_ref", "orphan")]


def test_a_record_rejected_today_is_missing_though_the_register_knows_it(tmp_path: Path) -> None:
    customers = CUSTOMERS.replace("002,factored_owner", "002,lodger")
    drop = write(tmp_path, customers=customers, restrictions=RESTRICTIONS)
    found = read(drop, known={"customers": {"001", "002"}})
    assert reasons(only(found, "restrictions")) == [(3, "customer_ref", "orphan")]


def test_a_link_is_checked_only_where_its_entity_was_ever_delivered(tmp_path: Path) -> None:
    validated = read(write(tmp_path, restrictions=RESTRICTIONS))
    assert only(validated, "restrictions").rejections == ()
    known = read(tmp_path, known={"customers": {"001"}})
    assert reasons(only(known, "restrictions")) == [(3, "customer_ref", "orphan")]
    assert only(read(tmp_path, known={"customers": {"001", "002"}}), "restrictions").rejections == ()


def test_a_refused_file_is_not_delivered(tmp_path: Path) -> None:
    validated = read(write(tmp_path, customers="nonsense", restrictions=RESTRICTIONS))
    assert len(validated.refused) == 1
    assert only(validated, "restrictions").rejections == ()


def test_rows_are_conserved_whatever_happens(tmp_path: Path) -> None:
    customers = CUSTOMERS + "002,tenant,yes\n,tenant,yes\n003,tenant,yes,surplus\n004\n001,tenant,Y\n"
    accepted = only(read(write(tmp_path, customers=customers)), "customers")
    assert accepted.read == len(accepted.rows) + accepted.collapsed + len(accepted.rejections) == 7


def test_a_canonical_workbook_reads_as_its_csv(tmp_path: Path) -> None:
    header, *rows = [line.split(",") for line in RESTRICTIONS.splitlines()]
    typed = [[*row[:3], datetime.fromisoformat(row[3]), row[4], datetime.fromisoformat(row[5])] for row in rows]
    workbook(tmp_path / "x" / "restrictions.xlsx", {"Sheet1": [header, *typed]})
    from_workbook = only(read(tmp_path / "x"), "restrictions").rows
    from_csv = only(read(write(tmp_path / "c", restrictions=RESTRICTIONS)), "restrictions").rows
    pd.testing.assert_frame_equal(from_workbook, from_csv)


def test_serial_numbers_are_dates_in_a_workbook(tmp_path: Path) -> None:
    workbook(
        tmp_path / "appeals.xlsx", {"appeals": [["appeal_ref", "restriction_ref", "received_on"], [7, "R1", 46082]]}
    )
    rows = only(read(tmp_path), "appeals").rows
    assert rows["appeal_ref"].tolist() == ["7"]
    assert rows["received_on"].dt.strftime("%Y-%m-%d").tolist() == ["2026-03-01"]


def test_no_drop_or_an_empty_one_is_an_error_of_the_drop(tmp_path: Path) -> None:
    with pytest.raises(DropError, match="nowhere"):
        read(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DropError, match="empty"):
        read(tmp_path / "empty")


def test_every_entity_has_a_canonical_file(tmp_path: Path) -> None:
    write(tmp_path, **{entity.name: ",".join(entity.by_name) + "\n" for entity in ENTITIES})
    validated = read(tmp_path)
    assert set(validated.records()) == {entity.name for entity in ENTITIES}
    assert all(file.columns == tuple(ENTITY[file.entity].by_name) for file in validated.files)


def test_no_entity_points_to_one_that_follows_it() -> None:
    order = [entity.name for entity in ENTITIES]
    assert all(order.index(target) < order.index(entity.name) for entity in ENTITIES for _, target in entity.links), (
        "rows of a rejected record are rejected, and files are loaded, in this order"
    )
