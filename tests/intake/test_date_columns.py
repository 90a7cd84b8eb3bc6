"""Days swapped with months by a spreadsheet program: the column goes back, and nothing of it loads by a detour."""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path

import openpyxl
import pytest
from openpyxl import Workbook

from due_regard.intake.date_columns import find_column_fault
from due_regard.intake.drop_reading import read_drop
from due_regard.intake.rejections import write_rejections
from due_regard.intake.source_mapping import SourceMapping
from due_regard.records.validated_drop import AcceptedFile
from tests.intake.drops import ON, only, reasons, source, write
from tests.intake.packages import saved

NAME, HEADER = "UB_SARS_1__xlsx", "Received Date"


def source_of(order: str) -> SourceMapping:
    """The day-first mapping, for workbooks, with another date order."""
    mapping = source("dmy_csv")
    files = tuple(
        part.model_copy(update={"files": ("*.xlsx",)}) for part in mapping.files if "access_requests" in part.entities
    )
    return mapping.model_copy(update={"date_order": order, "files": files})


def written(day: date, order: str) -> str:
    return f"{day:%d/%m/%Y}" if order == "dmy" else f"{day:%m/%d/%Y}"


def opened_elsewhere(text: str) -> date | str:
    """What Excel makes of a typed date where it is set to the other order: a swapped date, or text still."""
    first, second, year = map(int, text.split("/"))
    return text if second > 12 or first > 12 else date(year, first, second)


def take(folder: Path, cells: list[date | str], order: str = "dmy") -> AcceptedFile:
    book = Workbook()
    book.active.append(["SAR No", "Person Ref", HEADER, "Answered Date"])
    for number, cell in enumerate(cells):
        book.active.append([f"{number}", "7", cell, None])
    drop = write(folder, **{NAME: saved(book)})
    return only(
        read_drop(drop, "a", source_of(order), on=ON, known=lambda _: None, great_expectations=False), "access_requests"
    )


def mirrored(cell: date | str, order: str) -> date | str:
    if order == "dmy" or isinstance(cell, date):
        return cell
    day, month, year = cell.split("/")
    return f"{month}/{day}/{year}"


def list_days(rows: int, seed: int) -> list[date]:
    chance = random.Random(seed)
    return [date(2025, 1, 1) + timedelta(days=chance.randrange(500)) for _ in range(rows)]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("rows", [8, 60])
def test_a_column_opened_in_another_order_goes_back_whole(tmp_path: Path, rows: int, seed: int) -> None:
    cells = [opened_elsewhere(written(day, "dmy")) for day in list_days(rows, seed)]
    assert {type(cell) for cell in cells} == {date, str}
    accepted = take(tmp_path, cells)
    assert len(accepted.rows) == 0
    assert {(column, reason) for _, column, reason in reasons(accepted)} == {(HEADER, "swapped_dates")}
    message = accepted.rejections[0].message
    assert f"{HEADER} (column C) is in a column where a spreadsheet program" in message
    assert "day/month/year (31/12/2026)" in message


def test_a_month_first_column_opened_where_days_come_first_goes_back(tmp_path: Path) -> None:
    # 06/05/2026 is the fifth of June; Excel set to day first makes the sixth of May of it.
    cells = [date(2026, 5, 6), date(2026, 1, 3), "06/25/2026", "05/13/2026"]
    accepted = take(tmp_path, cells, "mdy")
    assert [reason for _, _, reason in reasons(accepted)] == ["swapped_dates"] * 4
    assert "month/day/year" in accepted.rejections[0].message


@pytest.mark.parametrize("order", ["dmy", "mdy"])
@pytest.mark.parametrize(
    ("cells", "faulty"),
    [
        ([date(2026, 5, 6), "25/06/2026"], True),
        ([date(2026, 5, 6), date(2026, 5, 12), "13/06/2026", "14/06/2026"], True),
        (["2026-05-06", "25/06/2026"], True),
        (["46148", "25/06/2026"], True),
        ([date(2026, 5, 6), date(2026, 5, 13), "25/06/2026"], False),
        ([date(2026, 5, 6), "25/06/2026", "12/06/2026"], False),
        ([date(2026, 5, 6), "25 June 2026"], False),
        ([date(2026, 5, 6), date(2026, 5, 7)], False),
        (["25/06/2026", "26/06/2026"], False),
        ([date(2026, 5, day) for day in range(1, 13)] + ["25/06/2026", None], True),
    ],
)
def test_what_counts_as_swapped(tmp_path: Path, cells: list[date | str], order: str, faulty: bool) -> None:
    accepted = take(
        tmp_path,
        [cell and mirrored(cell, order) if "-" not in str(cell) and "/" in str(cell) else cell for cell in cells],
        order,
    )
    found = {reason for _, _, reason in reasons(accepted)} - {"required"}
    assert found == ({"swapped_dates"} if faulty else set())


@pytest.mark.parametrize(
    ("real", "typed", "fault"),
    [
        ([1] * 9 + [20], [(20, 1)] * 9 + [(2, 1)], "swapped_dates"),
        ([1] * 8 + [20] * 2, [(20, 1)] * 10, ""),
        ([1] * 10, [(20, 1)] * 8 + [(2, 1)] * 2, ""),
        ([1], [(20, 1), (2, 25)], "month_first_column"),
        ([], [], ""),
    ],
)
def test_one_in_ten_may_be_otherwise(real: list[int], typed: list[tuple[int, int]], fault: str) -> None:
    assert find_column_fault("dmy", typed, real) == fault
    assert find_column_fault("iso", typed, real) == ""


def test_a_day_first_date_in_a_month_first_column_rejects_it(tmp_path: Path) -> None:
    accepted = take(tmp_path, ["25/06/2026", "03/04/2026"], "mdy")
    assert [reason for _, _, reason in reasons(accepted)] == ["day_first_column"] * 2


def test_swapped_dates_do_not_load_by_way_of_the_file_to_mend(tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(["SAR No", "Person Ref", HEADER, "Answered Date"])
    for number, cell in enumerate((date(2026, 5, 6), "25/06/2026")):
        book.active.append([f"{number}", "7", cell, None])
    drop = write(tmp_path / "drop", **{NAME: saved(book)})

    def take_again(folder: Path) -> AcceptedFile:
        validated = read_drop(folder, "a", source_of("dmy"), on=ON, known=lambda _: None, great_expectations=False)
        if folder == drop:
            write_rejections(validated, tmp_path / "out")
        return only(validated, "access_requests")

    take_again(drop)
    path = tmp_path / "out" / "UB_SARS_1.xlsx"
    sheet = (mended := openpyxl.load_workbook(path)).active
    assert [row[5].value for row in sheet.iter_rows(min_row=2)] == ["2026-05-06 00:00:00?", "25/06/2026"]
    sheet.delete_rows(3)
    mended.save(path)
    assert [reason for _, _, reason in reasons(take_again(path.parent))] == ["unreadable_date"]
    sheet["F2"].value = "05/06/2026"
    assert sheet["F2"].number_format == "@", "what is typed here stays as it is typed"
    mended.save(path)
    assert take_again(path.parent).rows["received_on"].dt.strftime("%d %B").tolist() == ["05 June"]
