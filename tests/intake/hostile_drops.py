"""Drops in which names stand wherever a landlord's system might put one: cells, headers, names of files and sheets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from openpyxl import Workbook

from tests.intake.drops import write
from tests.intake.packages import saved

CELL, HEADER, SHEET, FILE = "Canary", "Parakeet", "Lovebird", "Budgerigar"
"""One name a place, so that a test says which of them got out."""

_NO_HEADER = [[f"Mrs {CELL}", "I1", "P1", "01/03/2026", "harassment", "Phone"]] * 3
_UNKNOWN_HEADER = [["customer_ref", "customer_type", HEADER], ["1", "tenant", CELL]]
_TWO_OF_A_HEADER = [["warning_ref", "customer_ref", "issued_on", HEADER, HEADER, "issued_on"], ["W1", CELL, CELL]]
_WRONG_TYPES = [
    ["review_ref", "restriction_ref", "reviewed_on", "outcome", "explanation_recorded", "reviewed_by_role"],
    ["V1", "R1", CELL, "upheld", "yes", "manager"],
    ["V2", f"R {CELL}", "2026-03-02", f"Mrs {CELL}", CELL, CELL],
    ["V3", "R1", "2026-03-02", "continued", f"{CELL} said so", f"Miss {CELL}"],
]
_TOO_LONG = ["V4", "R1", "2026-03-02", "continued", "yes", "manager", f"{CELL} beyond the last column"]
_LOADED = [
    ["restriction_ref", "customer_ref", "measure", "decided_on", "decided_by", "starts_on", "duration_reason"],
    ["R1", f"Mrs {CELL}", "named_contact", "2026-01-05", CELL, "2026-01-06", f"as {CELL} asked"],
    ["R1", f"Mr {CELL}", "named_contact", "2026-01-05", CELL, "2026-01-06", f"as {CELL} asked"],
    ["R2", f"Mrs {CELL}", "set_times", "2026-01-05", CELL, "2026-01-06", f"as {CELL} asked"],
    ["R3", f"Mr {CELL}", "set_times", "2026-01-05", f"{CELL.lower()}@{CELL.lower()}.example", "2026-01-06", ""],
]
_STAFF = [["staff_ref", "role", "email"], [f"Ms {CELL}", "manager", f"{CELL}@example.org"], ["S1", CELL, CELL]]
_APPEALS = [["appeal_ref", "restriction_ref", "received_on"], [f"A{CELL}", "R1", "2026-03-01"]]
_PERSONS = [["Person Ref", "Person Type", "Surname", "Support Service"], ["1", "Tenant", CELL, CELL]]
_CUSTOMERS = [
    ["Person ID", "Customer type", "Receives a support service", "Name"],
    ["1", "Tenant", "", CELL],
    ["2", CELL, CELL, CELL],
    [f'=CONCAT("{CELL}")', "Tenant", f'=CONCAT("{CELL}")', CELL],
]

Rows = list[list[str]]


def make_csv(rows: Rows) -> bytes:
    return "".join(",".join(row) + "\n" for row in rows).encode()


def make_workbook(**sheets: Rows) -> bytes:
    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.worksheets[-1].sheet_state = "hidden" if len(sheets) > 1 else "visible"
    return saved(book)


def write_csv_drop(folder: Path) -> Path:
    return write(
        folder,
        incidents=make_csv(_NO_HEADER),
        customers=make_csv(_UNKNOWN_HEADER),
        warnings=make_csv(_TWO_OF_A_HEADER),
        appeals=make_csv(_APPEALS) + f"A2,R1,2026-03-0\0{CELL}\n".encode(),
        reviews=make_csv([*_WRONG_TYPES, _TOO_LONG]),
        restrictions=make_csv(_LOADED),
        staff=make_csv(_STAFF),
        access_requests=f'request_ref,customer_ref,received_on\nQ1,"{CELL},2026-03-01\nQ2,{CELL},2026-03-02\n',
        markers=f"%PDF-1.7 {CELL}",
    )


def write_workbook_drop(folder: Path) -> Path:
    """As above, each in a workbook: a NUL stands there as text, an open quotation as a hidden sheet."""
    nul = [*_APPEALS, ["A2", "R1", f"_x0000_{CELL}"], [f"_x0000_{CELL}", "R1", "2026-03-02"]]
    return write(
        folder,
        incidents__xlsx=make_workbook(**{SHEET: _NO_HEADER}),
        customers__xlsx=make_workbook(**{SHEET: _UNKNOWN_HEADER}),
        warnings__xlsx=make_workbook(**{SHEET: _TWO_OF_A_HEADER}),
        appeals__xlsx=make_workbook(**{SHEET: nul}),
        reviews__xlsx=make_workbook(**{SHEET: _WRONG_TYPES}),
        restrictions__xlsx=make_workbook(**{SHEET: _LOADED}),
        staff__xlsx=make_workbook(**{SHEET: _STAFF}),
        access_requests__xlsx=make_workbook(**{SHEET: _APPEALS, f"{SHEET} 2": _NO_HEADER}),
    )


def write_named_csv_drop(folder: Path) -> Path:
    return write(
        folder,
        **{
            f"UB_PERSONS {FILE}__csv": make_csv([*_PERSONS, ["2", CELL, CELL, "yes"], ["3", "Tenant", CELL, "no"]]),
            f"UB_INCIDENTS {FILE}__csv": make_csv(_NO_HEADER),
            f"{FILE}__csv": make_csv(_PERSONS),
        },
    )


def write_named_workbook_drop(folder: Path) -> Path:
    return write(
        folder,
        **{
            f"UAP register {FILE}__xlsx": make_workbook(Customers=_CUSTOMERS),
            f"UAP register 2 {FILE}__xlsx": make_workbook(**{"Staff": _STAFF, SHEET: _NO_HEADER}),
            f"{FILE}__xlsx": make_workbook(Customers=_CUSTOMERS),
        },
    )


def write_refused_drop(folder: Path) -> Path:
    return write(folder, **{f"{FILE}__csv": make_csv(_PERSONS), f"{FILE} 2__csv": f"%PDF-1.7 {CELL}"})


@dataclass(frozen=True)
class HostileDrop:
    """A drop, the mapping it is read by, and how many of its files are refused."""

    write: Callable[[Path], Path]
    source: str
    refused: int


DROPS = {
    "csv": HostileDrop(write_csv_drop, "canonical", 6),
    "workbooks": HostileDrop(write_workbook_drop, "canonical", 4),
    "named csv": HostileDrop(write_named_csv_drop, "dmy_csv", 2),
    "named workbooks": HostileDrop(write_named_workbook_drop, "sheet_per_entity", 2),
    "refused": HostileDrop(write_refused_drop, "canonical", 2),
}
