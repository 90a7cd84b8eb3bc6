"""Records withdrawn as entered by mistake, in packs: counted in their quarter, and said where they change a figure."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from openpyxl import load_workbook
from sqlalchemy import Engine

from due_regard.packs import PackReport, record_issue
from due_regard.packs.content.filled_tables import build_measure_table
from due_regard.packs.content.snapshots import take_snapshots
from due_regard.packs.measures import BATCH_COLUMNS, WITHDRAWAL_COLUMNS
from due_regard.register import load_drop, read_records, reading, undo_withdrawal, withdraw_record, writing
from due_regard.register.findings.said_words import SaidWords
from due_regard.register.linked_records import RecordName, find_linked_records
from due_regard.register.vanished_records import list_withdrawals_made
from tests.packs.known import QUARTER, TAKEN_IN, context_of, example_drop
from tests.packs.registers import BUILT, NAME, build
from tests.packs.test_build import changed_drop, sheet_rows, workbook

LATER = BUILT + timedelta(days=1)
WHY = "A record was withdrawn as entered by mistake, or stands again"


def lose_record(register: Engine, *lost: str) -> set[RecordName]:
    """Take a snapshot in that has no longer these restrictions, nor what hangs on them; what went."""
    records = [("restrictions", ref) for ref in lost]
    with reading(register, NAME) as connection:
        linked = find_linked_records(connection, NAME, records)
    gone = {*records, *(one for record in records for one in linked[record])}
    files = []
    for part in example_drop(NAME).files:
        refs = tuple(sorted(ref for entity, ref in gone if entity == part.entity))
        key = part.rows.columns[0]
        rows = part.rows[~part.rows[key].isin(refs)].reset_index(drop=True)
        files.append(replace(part, rows=rows, read=len(rows), sha256="1" * 64, disappeared=refs, rejections=()))
    load_drop(register, replace(example_drop(NAME), drop="less", files=tuple(files)), now=TAKEN_IN + timedelta(hours=1))
    return gone


def find_mistake(register: Engine, place: int = 0) -> str:
    """A restriction in force at the quarter's end, or the one at another place among them."""
    frame = read_records(register, NAME)["restrictions"]
    end = pd.Timestamp(QUARTER.ends_on)
    return str(frame[(frame["decided_on"] < end - pd.Timedelta(days=200)) & frame["ended_on"].isna()].iloc[place, 0])


def issue(register: Engine, report: PackReport) -> None:
    """Its audience has it."""
    with writing(register, NAME) as connection:
        record_issue(connection, NAME, report.pack_id, how="by hand", now=BUILT)


def withdraw(register: Engine, ref: str, now: datetime = LATER) -> None:
    words = SaidWords("cli:governance", "wrong tenancy", now)
    withdraw_record(register, NAME, "restrictions", ref, words=words, with_linked=True)


def test_a_figure_that_changes_by_a_withdrawal_says_so(loaded: Engine, small: dict[str, Any], tmp_path: Path) -> None:
    mistake = find_mistake(loaded)
    lose_record(loaded, mistake)
    first = build(loaded, tmp_path / "first", now=BUILT, **small)
    issue(loaded, first)
    withdraw(loaded, mistake)
    load_drop(loaded, changed_drop("A000010", decided_on=pd.Timestamp("2026-06-25")), now=LATER)
    now = build(loaded, tmp_path / "now", now=LATER + timedelta(days=1), **small)
    assert "the newest load or decision" in now.differs_in
    changes = sheet_rows(workbook(now), "What changed since the")
    by_measure = {(row[0], row[1]): row[2:] for row in changes}
    mine = [row for (table, _), row in by_measure.items() if table == "Customers and restrictions"]
    assert mine and all(row[-1] == WHY for row in mine), changes
    assert any(row[1] - row[2] == 1 for row in mine), changes
    assert by_measure["Appeals", "Longest working days to decide"][-1] == "A late or corrected export"
    again = build(loaded, tmp_path / "again", known_at=QUARTER.closes_at, now=LATER + timedelta(days=2), **small)
    figures = [sheet_rows(workbook(report), "Customers and restrictions") for report in (first, again)]
    assert figures[0] == figures[1], "as known at the close it still stands"


def test_what_was_taken_back_leaves_every_figure_as_issued(
    loaded: Engine, small: dict[str, Any], tmp_path: Path
) -> None:
    mistake = find_mistake(loaded)
    lose_record(loaded, mistake)
    issue(loaded, build(loaded, tmp_path / "first", now=BUILT, **small))
    withdraw(loaded, mistake)
    words = SaidWords("cli:governance", "it was none", LATER + timedelta(hours=1))
    undo_withdrawal(loaded, NAME, "restrictions", mistake, words=words, with_linked=True)
    now = build(loaded, tmp_path / "now", now=LATER + timedelta(days=1), **small)
    assert not any(name.endswith("What changed since the") for name in load_workbook(workbook(now)).sheetnames)


@pytest.mark.usefixtures("publish_the_least")
@pytest.mark.parametrize("edition", ["confidential", "publishable"])
def test_withdrawals_are_counted_in_their_quarter_by_entity(
    loaded: Engine, small: dict[str, Any], tmp_path: Path, edition: str
) -> None:
    mistake = find_mistake(loaded)
    gone = lose_record(loaded, mistake)
    withdraw(loaded, mistake, TAKEN_IN + timedelta(hours=2))
    with reading(loaded, NAME) as connection:
        rows = list_withdrawals_made(connection, NAME, LATER)
    assert {(row["entity"], row["ref"]) for row in rows} == gone
    reports = tmp_path / "reports"
    shutil.copytree(small["reports"], reports)
    with (reports / "packs" / "small.yaml").open("a", encoding="utf-8") as file:
        file.write("  - {table: data_quality, why: Whole data.}\n")
    pack = build(loaded, tmp_path / "now", edition=edition, **(small | {"reports": reports}))
    line = next(
        row
        for row in sheet_rows(workbook(pack), "Rows of the exports")
        if str(row[0]).startswith("Restrictions withdrawn as entered by mistake")
    )
    shown = 1 if edition == "confidential" else "[c]"
    assert shown in line[1:] and line[1:].count(0) == 4


def test_withdrawals_of_other_quarters_make_a_line_of_noughts_in_this_one() -> None:
    days = pd.Series(["2026-03-31", "2026-04-01", "2026-06-30", "2026-07-01"], dtype="datetime64[s]")
    made = pd.DataFrame({"withdrawn_on": days, "entity": "reviews", "ref": ["V1", "V2", "V3", "V4"]})
    assert tuple(made.columns) == WITHDRAWAL_COLUMNS
    files = pd.DataFrame(columns=list(BATCH_COLUMNS)).astype({"loaded_on": "datetime64[s]"})
    records = {part.entity: part.rows.drop(columns="row_number") for part in example_drop(NAME).files}
    snapshots = take_snapshots(
        records, context_of(NAME), QUARTER, files=files, periods=(QUARTER, QUARTER.shift(-1)), withdrawals=made
    )
    figures = build_measure_table("data_quality", snapshots).figures
    assert figures is not None
    mine = figures[figures["measure"] == "withdrawn_reviews"]
    assert mine[["quarter", "numerator"]].values.tolist() == [["2026-Q2", 2.0], ["2026-Q1", 1.0]]
