"""The audit head that a pack prints: that of the newest load or decision, and nothing that building appends."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import Engine, create_engine

from due_regard.errors import AuditError
from due_regard.packs import PackReport
from due_regard.register import (
    comment_on_finding,
    load_drop,
    read_audit_head,
    record_assessment,
    verify_audit,
    write_backup,
)
from tests.packs.known import TAKEN_IN
from tests.packs.registers import BUILT, NAME, build
from tests.packs.test_build import changed_drop
from tests.packs.test_paper import read_paragraphs
from tests.register.drops import assessments

HEAD = re.compile(rf"{NAME}:\d+:[0-9a-f]{{32}}")


def printed_head(report: PackReport) -> str:
    """The one head that the workbook's cover prints, and the paper where it says how it was made."""
    book = load_workbook(next(file for file in report.files if file.name.endswith("confidential.xlsx")))
    cover = " ".join(str(cell.value) for row in book.worksheets[0] for cell in row if cell.value)
    paper = next(file for file in report.files if file.suffix == ".docx").read_bytes()
    words = [text for _, text in read_paragraphs(paper)]
    made = " ".join(words[words.index("How this paper was made") :])
    assert HEAD.findall(cover) == HEAD.findall(made)
    (head,) = HEAD.findall(cover)
    return str(head)


def test_the_printed_head_is_that_of_the_newest_load_and_is_in_the_register(
    loaded: Engine, small: dict[str, Any], tmp_path: Path
) -> None:
    head = printed_head(build(loaded, tmp_path / "first", **small))
    with loaded.connect() as connection:
        asked = "SELECT max(seq), max(at) FROM audit WHERE action = 'batch'"
        assert int(head.split(":")[1]) == connection.exec_driver_sql(asked).scalar()
    verify_audit(loaded, head)


@pytest.mark.usefixtures("publish_the_least")
def test_building_mailing_and_backing_up_leave_the_bytes_as_they_are(
    loaded: Engine, small: dict[str, Any], tmp_path: Path
) -> None:
    first = build(loaded, tmp_path / "first", **small)
    before = read_audit_head(loaded)
    write_backup(str(loaded.url), tmp_path / "kept", now=BUILT)
    build(loaded, tmp_path / "publishable", edition="publishable", **small)
    assert read_audit_head(loaded) != before
    again = build(loaded, tmp_path / "again", now=BUILT + timedelta(days=1), **small)
    assert (again.status, again.sha256) == ("unchanged", first.sha256)


def test_a_decision_moves_the_printed_head_and_the_pack_says_why_it_differs(
    loaded: Engine, small: dict[str, Any], tmp_path: Path
) -> None:
    rows = assessments([{"rule": "appeal.decide", "subject_ref": "A000010", "state": "overdue"}], NAME)
    as_at = TAKEN_IN.date()
    record_assessment(loaded, NAME, rows, as_at=as_at, now=TAKEN_IN + timedelta(hours=1), policy_version="2022-01-01")
    first = build(loaded, tmp_path / "first", **small)
    comment_on_finding(loaded, "F-000001", actor="an officer", why="a word", now=BUILT)
    later = build(loaded, tmp_path / "later", now=BUILT + timedelta(hours=1), **small)
    assert later.differs_in == ("the newest load or decision", "0 figures")
    assert printed_head(later) != printed_head(first)
    then = build(loaded, tmp_path / "then", known_at=BUILT - timedelta(seconds=1), **small)
    assert printed_head(then) == printed_head(first)


def test_a_pack_in_other_hands_tells_a_removed_tail(loaded: Engine, small: dict[str, Any], tmp_path: Path) -> None:
    load_drop(loaded, changed_drop("A000010", decided_on=None), now=TAKEN_IN + timedelta(hours=2))
    report = build(loaded, tmp_path / "packs", **small)
    head = printed_head(report)
    engine = create_engine(loaded.url)
    with engine.begin() as connection:
        for (name,) in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").all():
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        connection.exec_driver_sql("DELETE FROM audit WHERE seq >= ?", (int(head.split(":")[1]),))
    engine.dispose()
    verify_audit(loaded)
    with pytest.raises(AuditError, match="tail removed"):
        verify_audit(loaded, head)
