"""A pack built from a register: kept, rebuilt to the same bytes, as known then and as known now."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pandas as pd
import pytest
from openpyxl import load_workbook
from sqlalchemy import Engine, select

from due_regard.calendars.quarters import Quarter
from due_regard.errors import PackError, SettingsError
from due_regard.packs import PackReport, record_issue
from due_regard.packs.content.disputed_findings import describe_disputes
from due_regard.records.canonical import ASSESSMENT_COLUMNS, find_open_rows
from due_regard.records.validated_drop import ValidatedDrop
from due_regard.register import (
    dispute_finding,
    hand_over_finding,
    load_drop,
    reading,
    record_assessment,
    undo_decision,
    writing,
)
from due_regard.register.redating import redate_register
from due_regard.register.schema.pack_tables import PackRow
from tests.packs.known import QUARTER, TAKEN_IN, example_drop, example_snapshots
from tests.packs.registers import BUILT, NAME, Made, build


def changed_drop(ref: str, **values: object) -> ValidatedDrop:
    """The example's appeals once more, one of them with other values."""
    drop = example_drop(NAME)
    (appeals,) = (file for file in drop.files if file.entity == "appeals")
    rows = appeals.rows.copy()
    for column, value in values.items():
        rows.loc[rows["appeal_ref"] == ref, column] = value
    return replace(drop, drop="late", files=(replace(appeals, rows=rows, sha256="0" * 64),))


def sheet_rows(file: Path, title: str) -> list[list[object]]:
    book = load_workbook(file)
    (name,) = (name for name in book.sheetnames if name.endswith(title))
    return [[cell.value for cell in row] for row in book[name]]


def workbook(report: PackReport) -> Path:
    return next(file for file in report.files if file.name.endswith(f"{report.edition}.xlsx"))


@pytest.fixture
def built(made: Made) -> PackReport:
    return made.report


def test_a_pack_is_kept_with_what_went_into_it(kept: Engine, built: PackReport) -> None:
    assert built.status == "built"
    with reading(kept, NAME) as conn:
        (row,) = conn.execute(select(PackRow)).all()
    found = row._mapping
    assert found["sha256"] == built.sha256 and found["built_at"] == BUILT
    assert set(found["files"]) == {file.name for file in built.files}
    made = found["ingredients"]
    assert len(made["drops"]) == 1 and made["audit_head"].startswith(NAME)
    assert made["policy"].keys() == {"2022-01-01"} and made["counting"] == "day0"
    assert found["figures"]["restrictions/in_force/2026-Q2"] == [22.0, None]
    json.dumps([found["files"], made, found["figures"]], allow_nan=False)


def test_the_same_snapshot_gives_the_same_bytes(kept: Engine, built: PackReport, tmp_path: Path) -> None:
    later = build(kept, tmp_path / "second", now=BUILT + timedelta(days=90))
    assert (later.status, later.pack_id, later.sha256) == ("unchanged", built.pack_id, built.sha256)
    assert [f.read_bytes() for f in later.files] == [f.read_bytes() for f in built.files]


def test_a_late_correction_changes_the_pack_and_says_so(loaded: Engine, small: dict[str, Any], tmp_path: Path) -> None:
    filed = build(loaded, tmp_path / "filed", known_at=QUARTER.closes_at, **small)
    first = build(loaded, tmp_path / "first", **small)
    assert not [name for name in load_workbook(workbook(first)).sheetnames if "What changed" in name]
    with writing(loaded, NAME) as conn:
        record_issue(conn, NAME, first.pack_id, how="by hand", now=BUILT)
    same = build(loaded, tmp_path / "same", **small)
    assert same.sha256 == first.sha256, "an unchanged figure is not listed"
    load_drop(loaded, changed_drop("A000010", decided_on=pd.Timestamp("2026-06-25")), now=BUILT + timedelta(days=5))
    now = build(loaded, tmp_path / "now", now=BUILT + timedelta(days=6), **small)
    assert now.status == "different"
    assert now.differs_in[0] == "the drops taken in"
    assert re.fullmatch(r"[1-9]\d* figures", now.differs_in[-1])
    changes = sheet_rows(workbook(now), "What changed since the")
    row = ["Appeals", "Longest working days to decide", "2026-Q2", 10, 27, "A late or corrected export"]
    assert row in changes
    marked = [row[0] for row in sheet_rows(workbook(now), "Appeals") if str(row[0]).endswith("[r]")]
    assert "Longest working days to decide (working days) [r]" in marked
    again = build(loaded, tmp_path / "again", known_at=QUARTER.closes_at, now=BUILT + timedelta(days=6), **small)
    assert (again.status, again.sha256) == ("unchanged", filed.sha256)


def test_a_pack_known_at_an_instant_is_rebuilt_after_the_clock_ran_ahead_and_back(
    loaded: Engine, small: dict[str, Any], tmp_path: Path
) -> None:
    filed = build(loaded, tmp_path / "filed", known_at=BUILT, **small)
    far, repaired = datetime(2038, 1, 19, tzinfo=UTC), BUILT + timedelta(days=6)
    load_drop(loaded, changed_drop("A000010", decided_on=pd.Timestamp("2026-06-25")), now=far)
    ahead = build(loaded, tmp_path / "ahead", known_at=BUILT, now=BUILT + timedelta(days=5), **small)
    redate_register(loaded, NAME, actor="data-owner", why="the clock ran ahead", now=repaired)
    load_drop(loaded, changed_drop("A000010", decided_on=pd.Timestamp("2026-06-24")), now=repaired)
    back = build(loaded, tmp_path / "back", known_at=BUILT, now=repaired + timedelta(days=1), **small)
    assert [(report.status, report.sha256) for report in (ahead, back)] == [("unchanged", filed.sha256)] * 2
    assert [f.read_bytes() for f in back.files] == [f.read_bytes() for f in filed.files]
    now = build(loaded, tmp_path / "now", now=repaired + timedelta(days=1), **small)
    assert now.sha256 != filed.sha256


def test_one_appeals_date_moves_table_sentence_chart_and_alt_text(
    loaded: Engine, small: dict[str, Any], tmp_path: Path
) -> None:
    before = build(loaded, tmp_path / "before", **small)
    load_drop(loaded, changed_drop("A000010", decided_on=pd.Timestamp("2026-03-25")), now=TAKEN_IN + timedelta(hours=9))
    after = build(loaded, tmp_path / "after", **small)
    for sheet in ("Appeals", "Working days to decide"):
        assert sheet_rows(workbook(before), sheet) != sheet_rows(workbook(after), sheet)
    points = [[row[0] for row in sheet_rows(workbook(report), "Main points")] for report in (before, after)]
    assert "5 appeals were received and 3 decided." in points[0]
    assert "5 appeals were received and 2 decided." in points[1]
    assert _drawings(workbook(before)) != _drawings(workbook(after))
    charts = [next(f for f in report.files if f.suffix == ".png").read_bytes() for report in (before, after)]
    assert charts[0] != charts[1]


def _drawings(file: Path) -> list[str]:
    with ZipFile(file) as parts:
        return [parts.read(name).decode() for name in sorted(parts.namelist()) if "drawings/drawing" in name]


def test_no_reference_and_no_free_text_reaches_a_committee_file(built: PackReport) -> None:
    drop = example_drop(NAME)
    refs = {
        str(value)
        for file in drop.files
        for column in file.columns
        if column.endswith(("_ref", "_by")) or column == "duration_reason"
        for value in file.rows[column].dropna()
    }
    assert len(refs) > 200
    for file in built.files:
        if file.suffix != ".xlsx":
            continue
        cells = {str(c.value) for sheet in load_workbook(file) for row in sheet for c in row if c.value is not None}
        assert not {ref for ref in refs if any(re.search(rf"\b{re.escape(ref)}\b", text) for text in cells)}, file.name


def test_the_paper_is_an_accessible_pdf(built: PackReport) -> None:
    (paper,) = (file for file in built.files if file.suffix == ".pdf")
    content = paper.read_bytes()
    assert content.startswith(b"%PDF-1.7")
    assert b"pdfuaid:part>1<" in content.replace(b" ", b"") or b"<pdfuaid:part>1" in content


@pytest.mark.usefixtures("publish_the_least")
def test_the_published_edition_has_neither_pictures_nor_actions(
    loaded: Engine, small: dict[str, Any], tmp_path: Path
) -> None:
    report = build(loaded, tmp_path, edition="publishable", **small)
    names = [file.name for file in report.files]
    assert not [name for name in names if "action_list" in name]
    with ZipFile(workbook(report)) as parts:
        assert not [name for name in parts.namelist() if name.startswith("xl/media")]


@pytest.mark.parametrize(
    ("asked", "error", "told"),
    [
        ({"quarter": Quarter(2026, 3)}, PackError, "ends on 30 September 2026"),
        ({"edition": "secret"}, SettingsError, "confidential, publishable"),
        ({"pack": "nonsense"}, SettingsError, "known: audit_performance_and_risk"),
        ({"known_at": datetime(2020, 1, 1, tzinfo=UTC)}, PackError, "nothing had been taken in"),
    ],
)
def test_what_cannot_be_built_is_refused(
    loaded: Engine, tmp_path: Path, asked: dict[str, Any], error: type[Exception], told: str
) -> None:
    with pytest.raises(error, match=told):
        build(loaded, tmp_path, **asked)
    assert not list(tmp_path.glob("**/*.xlsx"))


def test_bytes_hold_no_clock(built: PackReport) -> None:
    with ZipFile(workbook(built)) as parts:
        assert {entry.date_time for entry in parts.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        core = parts.read("docProps/core.xml").decode()
    assert "2026-06-30T23:00:00Z" in core
    assert str(datetime.now(UTC).date()) not in core


EVE = datetime(2026, 6, 30, 20, tzinfo=UTC)


@pytest.fixture
def disputing(loaded: Engine) -> Engine:
    """The example judged on the quarter's last day, a finding disputed then, and one disputed and handed over since."""
    rows = example_snapshots(NAME)[0].assessments[list(ASSESSMENT_COLUMNS)]
    rows = rows[find_open_rows(rows)].head(30)
    rows = rows.astype({name: "str" for name in rows.select_dtypes("category").columns})
    record_assessment(loaded, NAME, rows, as_at=QUARTER.ends_on, now=EVE, policy_version="2022-01-01")
    said: dict[str, Any] = {"actor": "fab:7", "why": "PLANTED"}
    dispute_finding(loaded, "F-000001", now=EVE + timedelta(hours=1), **said)
    dispute_finding(loaded, "F-000002", now=BUILT - timedelta(hours=1), **said)
    hand_over_finding(loaded, "F-000002", to_ref="PLANTED", now=BUILT - timedelta(hours=1), **said)
    return loaded


def read_actions(report: PackReport) -> dict[object, list[object]]:
    """Register reference -> whether it is disputed, and by whom it is to be done."""
    (file,) = (file for file in report.files if "action_list" in file.name)
    headings, *rows = sheet_rows(file, "Actions")
    with ZipFile(file) as parts:
        assert b"PLANTED" not in b"".join(parts.read(name) for name in parts.namelist())
    wanted = [headings.index(name) for name in ("Disputed", "By whom")]
    return {row[0]: [row[place] for place in wanted] for row in rows}


def read_cover(report: PackReport) -> list[str]:
    return [str(cell) for row in sheet_rows(workbook(report), "Cover") for cell in row if cell]


def test_a_disputed_finding_counts_and_the_pack_says_so_as_it_was_known(
    disputing: Engine, small: dict[str, Any], tmp_path: Path
) -> None:
    now = build(disputing, tmp_path / "now", **small)
    close = build(disputing, tmp_path / "close", known_at=QUARTER.closes_at, **small)
    actions, then = read_actions(now), read_actions(close)
    assert actions["F-000001"][0] == actions["F-000002"][0] == "Yes"
    assert actions["F-000002"][1] == "The person it was handed over to" != then["F-000002"][1]
    assert (then["F-000001"][0], then["F-000002"][0]) == ("Yes", None)
    ends = r"of the (\d{3}) open findings (is|are) disputed\. They count as they stand until governance has decided\."
    counts = [re.findall(rf"^(\d+) {ends}$", "\n".join(read_cover(one)), re.MULTILINE) for one in (now, close)]
    assert [[(n, verb) for n, _, verb in one] for one in counts] == [[("2", "are")], [("1", "is")]]
    for ref in ("F-000002", "F-000002", "F-000001"):
        undo_decision(disputing, ref, actor="x", why="y", now=BUILT)
    assert not any("disputed" in line for line in read_cover(build(disputing, tmp_path / "after", **small)))


@pytest.mark.parametrize("disputed", [0, 1, 9])
def test_a_published_edition_counts_no_disputes(disputed: int) -> None:
    found = pd.DataFrame({"rule": ["a"] * 12, "subject_ref": [str(n) for n in range(12)], "occurrence": 1})
    known = found.assign(is_disputed=[n < disputed for n in range(12)])
    told = describe_disputes(found, known, "publishable")
    assert [line.partition(" are ")[0] for line in told] == (["Some of the open findings"] if disputed else [])
    assert not any(sign.isdigit() for line in told for sign in line)
