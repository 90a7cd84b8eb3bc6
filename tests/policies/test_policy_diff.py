"""`policy diff OLD NEW --as-at D`: which findings a changed policy would add, remove or move."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from due_regard.__main__ import main
from due_regard.policy.policy_diff import compare_findings
from tests.policies.case_tables import INCLUDE
from tests.policies.policy_files import changed

SHIPPED = INCLUDE / "policies" / "queens_cross" / "2022-01-01.yaml"
RESTRICTIONS = """\
restriction_ref,customer_ref,measure,decided_on,decided_by,starts_on,ended_on
R1,C1,named_contact,2026-01-12,S1,2026-01-12,
R2,C2,named_contact,2026-05-01,S1,2026-05-01,
R3,C3,named_contact,2026-04-01,S1,2026-04-01,
R4,C4,named_contact,2025-12-01,S1,2025-12-01,
R5,C5,named_contact,2025-11-01,S1,2025-11-01,
R6,C6,named_contact,2025-11-01,S1,2025-11-01,2026-02-01
"""
REVIEWS = "review_ref,restriction_ref,reviewed_on,outcome\nV4,R4,2026-05-25,retain\n"


@pytest.fixture
def drop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DUE_REGARD_VAR_DIR", str(tmp_path / "var"))
    folder = tmp_path / "drop"
    folder.mkdir()
    (folder / "restrictions.csv").write_text(RESTRICTIONS, encoding="utf-8")
    (folder / "reviews.csv").write_text(REVIEWS, encoding="utf-8")
    return folder


def _quarterly(folder: Path) -> Path:
    """The shipped policy, with reviews every 3 months instead of 6."""
    file = folder / "proposed.yaml"
    text = SHIPPED.read_text(encoding="utf-8")
    file.write_text(changed(text, "restriction.review", "months: 6", "months: 3"), encoding="utf-8")
    return file


def test_what_if_reviews_were_every_three_months(
    drop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = _quarterly(tmp_path)
    call = ["policy", "diff", str(SHIPPED), str(new), "--as-at", "2026-06-30", "--drop", str(drop)]
    assert main(call) == 0
    assert capsys.readouterr().out.splitlines() == [
        "moved: restriction.review R1 (1) due_soon due 2026-07-12 -> overdue due 2026-04-12",
        "added: restriction.review R3 (1) - due - -> due_soon due 2026-07-01",
        "moved: restriction.review R5 (1) overdue due 2026-05-01 -> overdue due 2026-02-01",
        "findings: 1 added, 0 removed, 2 moved",
    ]
    assert main(["--json", *call]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["counts"] == {"added": 1, "moved": 2}
    assert [row["subject_ref"] for row in told["changes"]] == ["R1", "R3", "R5"]


def test_the_other_way_round_removes_what_it_added(
    drop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call = ["policy", "diff", str(_quarterly(tmp_path)), str(SHIPPED), "--as-at", "2026-06-30", "--drop", str(drop)]
    assert main(call) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "removed: restriction.review R3 (1) due_soon due 2026-07-01 -> - due -" in lines
    assert lines[-1] == "findings: 0 added, 1 removed, 2 moved"


def test_the_same_policy_changes_nothing(drop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "diff", str(SHIPPED), str(SHIPPED), "--as-at", "2026-06-30", "--drop", str(drop)]) == 0
    assert capsys.readouterr().out == "findings: 0 added, 0 removed, 0 moved\n"


def test_before_anything_happened_there_is_nothing_to_change(
    drop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call = ["policy", "diff", str(SHIPPED), str(_quarterly(tmp_path)), "--as-at", "2025-01-01", "--drop", str(drop)]
    assert main(call) == 0
    assert capsys.readouterr().out == "findings: 0 added, 0 removed, 0 moved\n"


def test_two_landlords_policies_are_not_compared(drop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = INCLUDE / "policies" / "hanover" / "2020-01-01.yaml"
    assert main(["policy", "diff", str(SHIPPED), str(other), "--as-at", "2026-06-30", "--drop", str(drop)]) == 2
    assert "is hanover's, not queens_cross's" in capsys.readouterr().err


def test_a_wrong_file_is_refused_at_its_line(drop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("landlord: queens_cross\ntitle: T\nduties: []\n", encoding="utf-8")
    assert main(["policy", "diff", str(SHIPPED), str(wrong), "--as-at", "2026-06-30", "--drop", str(drop)]) == 2
    assert "wrong.yaml:3: duties needs at least 1" in capsys.readouterr().err


def _version(folder: Path, starts_on: str) -> Path:
    """Reviews every 3 months from a day on, as a version of its own."""
    folder.mkdir()
    return _quarterly(folder).rename(folder / f"{starts_on}.yaml")


def diff(capsys: pytest.CaptureFixture[str], *words: object) -> list[str]:
    assert main(["policy", "diff", *map(str, words)]) == 0
    return capsys.readouterr().out.splitlines()


def test_a_new_version_changes_what_arises_from_its_day_on(
    drop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = _version(tmp_path / "new", "2026-03-01")
    assert diff(capsys, SHIPPED, new, "--as-at", "2026-06-30", "--drop", drop) == [
        "judged as one more version, for what arises from 2026-03-01 on",
        "added: restriction.review R3 (1) - due - -> due_soon due 2026-07-01",
        "findings: 1 added, 0 removed, 0 moved",
    ]


def test_a_version_still_to_come_changes_nothing_today_and_says_so(
    drop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = _version(tmp_path / "new", "2026-09-01")
    assert diff(capsys, SHIPPED, new, "--as-at", "2026-06-30", "--drop", drop) == [
        "judged as one more version, for what arises from 2026-09-01 on",
        "not yet in force as at 2026-06-30; ask --as-at 2026-09-01 or later what it will change",
        "findings: 0 added, 0 removed, 0 moved",
    ]


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of own policies in which quarterly reviews hold from March 2026 on."""
    folder = tmp_path / "own" / "policies" / "queens_cross"
    folder.parent.mkdir(parents=True)
    monkeypatch.setenv("DUE_REGARD_OWN_DIR", str(tmp_path / "own"))
    _version(folder, "2026-03-01")
    return folder


def test_a_version_that_is_in_the_history_is_taken_out_and_put_in(
    drop: Path, own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = own / "2026-03-01.yaml"
    lines = diff(capsys, SHIPPED, new, "--as-at", "2026-06-30", "--drop", drop)
    assert lines[-1] == "findings: 1 added, 0 removed, 0 moved"


def test_a_changed_older_version_leaves_what_a_later_one_judges(
    drop: Path, own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = _version(tmp_path / "new", "2022-01-01")
    lines = diff(capsys, SHIPPED, new, "--as-at", "2026-06-30", "--drop", drop)
    assert lines[0] == "a later version holds from 2026-03-01 on: only what arose before is judged by this one"
    assert [line.split(" (")[0] for line in lines[1:-1]] == [
        "moved: restriction.review R1", "moved: restriction.review R5",
    ]  # fmt: skip


def test_without_anything_taken_in_nothing_is_compared(
    drop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["register", "upgrade"]) == 0
    assert main(["policy", "diff", str(SHIPPED), str(_quarterly(tmp_path))]) == 5
    assert "nothing had been taken in for queens_cross" in capsys.readouterr().err


def test_what_of_the_drop_was_not_taken_is_said(drop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (drop / "reviews.csv").write_text("nothing\n", encoding="utf-8")
    call = ["policy", "diff", str(SHIPPED), str(_quarterly(tmp_path)), "--as-at", "2026-06-30", "--drop", str(drop)]
    assert main(call) == 4
    assert "reviews.csv: refused" in capsys.readouterr().out


def _frame(*rows: tuple[str, str, str, str | None]) -> pd.DataFrame:
    """Rows of subject, state, severity and due date."""
    return pd.DataFrame({
        "rule": pd.Series(["r.x"] * len(rows), dtype="str"),
        "subject_type": pd.Series(["r"] * len(rows), dtype="str"),
        "subject_ref": pd.Series([row[0] for row in rows], dtype="str"),
        "occurrence": pd.Series([1] * len(rows), dtype="int64"),
        "state": pd.Series([row[1] for row in rows], dtype="str"),
        "severity": pd.Series([row[2] for row in rows], dtype="str"),
        "due_on": pd.Series([row[3] for row in rows], dtype="datetime64[s]"),
    })


DAY, LATER = date(2026, 1, 1).isoformat(), date(2026, 1, 2).isoformat()
BREACH: tuple[str, str, str, str | None] = ("A", "breach", "breach", None)
DUE: tuple[str, str, str, str | None] = ("A", "due_soon", "breach", DAY)
NONE: list[tuple[str, str, str, str | None]] = []


@pytest.mark.parametrize(
    ("old", "new", "change"),
    [
        (NONE, NONE, []),
        ([BREACH], [BREACH], []),
        ([DUE], [DUE], []),
        (NONE, [BREACH], ["added"]),
        ([BREACH], NONE, ["removed"]),
        ([BREACH], [("A", "met", "breach", None)], ["removed"]),
        ([("A", "not_measured", "breach", None)], [BREACH], ["added"]),
        ([("A", "pending", "breach", DAY)], [("A", "pending", "breach", LATER)], []),
        ([DUE], [("A", "due_soon", "breach", LATER)], ["moved"]),
        ([DUE], [("A", "overdue", "breach", DAY)], ["moved"]),
        ([("A", "breach", "info", None)], [BREACH], ["added"]),
        (NONE, [("A", "breach", "info", None)], []),
        ([BREACH, ("B", *DUE[1:])], [("B", *DUE[1:]), ("C", *DUE[1:])], ["removed", "added"]),
    ],
)
def test_changes_are_of_findings(old: list[Any], new: list[Any], change: list[str]) -> None:
    assert list(compare_findings(_frame(*old), _frame(*new))["change"]) == change
