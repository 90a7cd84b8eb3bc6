"""The command line as users and acceptance runs rely on it (contract: CLI): words, exit codes, no traceback ever."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from due_regard.__main__ import main
from tests.contract_examples import CONTRACT, EXAMPLES, Example, differences

SHIPPED = Path(__file__).parents[1] / "include"
HEADER = "marker_ref,customer_ref,placed_on\n"

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs one command against a register of its own; gives exit code, stdout and stderr."""
    monkeypatch.setenv("DUE_REGARD_VAR_DIR", str(tmp_path / "var"))
    monkeypatch.chdir(tmp_path)

    def command(*words: object) -> tuple[int, str, str]:
        code = main([str(word) for word in words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return command


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    """A drop that loads without a rejection."""
    folder = tmp_path / "drop"
    shutil.copytree(CONTRACT / "examples" / "queens_cross" / "exports", folder)
    return folder


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_the_contract_examples_agree_through_the_command_line(run: Run, tmp_path: Path, example: Example) -> None:
    out = tmp_path / "out.csv"
    code, _, _ = run(
        "assess", "--landlord", example.landlord, "--as-at", example.as_at, "--drop", example.exports,
        "--source", "canonical", "--out", out,
    )  # fmt: skip
    assert code == 0
    assert differences(example, out) == ""


def test_the_register_gives_the_same_assessments_as_the_drop_alone(run: Run, drop: Path, tmp_path: Path) -> None:
    assert run("intake", drop, "--landlord", "queens_cross")[0] == 0
    alone, held = tmp_path / "alone.csv", tmp_path / "held.csv"
    run("assess", "--landlord", "queens_cross", "--as-at", "2026-06-30", "--drop", drop, "--out", alone)
    code, out, _ = run("assess", "--landlord", "queens_cross", "--as-at", "2026-06-30", "--out", held)
    assert code == 0
    assert "overdue 40" in out
    assert alone.read_bytes() == held.read_bytes()


def test_a_drop_is_judged_without_touching_the_register(run: Run, drop: Path, tmp_path: Path) -> None:
    run("assess", "--landlord", "queens_cross", "--as-at", "2026-06-30", "--drop", drop)
    assert not (tmp_path / "var").exists()


def test_a_drop_is_read_through_the_landlords_own_mapping_unless_another_is_named(run: Run) -> None:
    samples = SHIPPED / "samples" / "united_welsh"
    asked = ("assess", "--landlord", "united_welsh", "--as-at", "2026-06-30", "--drop", samples)
    own, named, other = run(*asked), run(*asked, "--source", "semicolon_cp1252"), run(*asked, "--source", "canonical")
    assert own == named
    assert own[0] in {0, 3}
    assert other[0] == 4


def test_rows_read_are_loaded_unchanged_or_rejected_and_a_second_delivery_is_a_no_op(run: Run, drop: Path) -> None:
    code, out, _ = run("--json", "intake", drop, "--landlord", "queens_cross")
    first = json.loads(out)
    assert (code, first["status"]) == (0, "loaded")
    assert all(file["read"] == file["loaded"] + file["unchanged"] + file["rejected"] for file in first["files"])
    again = json.loads(run("intake", drop, "--landlord", "queens_cross", "--json")[1])
    assert again["status"] == "unchanged"
    assert sum(file["loaded"] for file in again["files"]) == 0


def test_open_findings_are_the_assessments_that_are_open(run: Run, drop: Path) -> None:
    run("intake", drop, "--landlord", "queens_cross")
    states = json.loads(run("assess", "--landlord", "queens_cross", "--as-at", "2026-06-30", "--json")[1])
    found = json.loads(run("findings", "--as-at", "2026-06-30", "--landlord", "queens_cross", "--json")[1])["findings"]
    assert len(found) == states["findings"]["open"] > 0
    dues = [row["due_on"] for row in found if row["due_on"]]
    assert dues == sorted(dues)


@pytest.mark.parametrize(
    ("file", "text", "code", "told"),
    [
        ("markers.csv", "marker_ref,customer_ref\nM1,C000001\n", 4, ["markers.csv", "placed_on"]),
        ("markers.csv", HEADER.replace("\n", ",mood\n") + "M1,C000001,2026-01-05,glad\n", 4,
         ["markers.csv", "column D"]),
        ("markers.csv", HEADER + "M1,C000001,31/02/2026\n", 3, ["markers.csv", "row 2", "placed_on"]),
        ("reviews.csv", "review_ref,restriction_ref,reviewed_on,outcome\nV1,R1,2026-01-05,gnome\n", 3,
         ["reviews.csv", "row 2", "outcome"]),
        ("markers.csv", HEADER + "M1,C000001,2026-01-05\nM1,C000001,2026-01-06\n", 3, ["row 2", "row 3"]),
        ("markers.csv", HEADER + "M1,C999999,2026-01-05\n", 3, ["markers.csv", "row 2", "customer_ref"]),
        ("markers.csv", "", 4, ["markers.csv"]),
        ("letters.docx", "not an export", 4, ["letters.docx"]),
    ],
    ids=["missing-column", "unknown-column", "unreadable-date", "unknown-code", "duplicate", "orphan", "empty",
         "no-export"],
)  # fmt: skip
def test_bad_input_is_told_by_place_and_the_rest_still_loads(
    run: Run, drop: Path, file: str, text: str, code: int, told: list[str]
) -> None:
    (drop / file).write_text(text, encoding="utf-8")
    tried, out, err = run("assess", "--landlord", "queens_cross", "--as-at", "2026-06-30", "--drop", drop)
    assert tried == code
    assert all(word in out for word in told), out
    loaded, out, _ = run("--json", "intake", drop, "--landlord", "queens_cross")
    result = json.loads(out)
    assert loaded == code
    assert "Traceback" not in err
    assert sum(f["loaded"] for f in result["files"] if f["file"] == "restrictions.csv") == 30
    assert Path(result["quarantine" if code == 4 else "rejections"]).is_dir()
    values = {"gnome", "glad", "mood", "C999999", "31/02/2026"}
    assert not any(value in err for value in values), "a cell's value stands in the log"


def test_a_refused_file_wins_over_rejected_rows(run: Run, drop: Path) -> None:
    (drop / "markers.csv").write_text(HEADER + "M1,C999999,2026-01-05\n", encoding="utf-8")
    (drop / "reviews.csv").write_text("nothing", encoding="utf-8")
    assert run("intake", drop, "--landlord", "queens_cross")[0] == 4


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["assess", "--landlord", "nobody", "--as-at", "2026-06-30"], 2),
        (["assess", "--landlord", "hanover", "--as-at", "30/06/2026"], 2),
        (["assess", "--landlord", "hanover", "--as-at", "2026-06-30", "--drop", "nowhere"], 5),
        (["assess", "--landlord", "hanover", "--as-at", "2026-06-30", "--drop", ".", "--source", "none"], 2),
        (["intake", "nowhere", "--landlord", "hanover"], 5),
        (["pack", "--landlord", "hanover", "--quarter", "summer", "--out", "packs"], 2),
        (["policy", "check", "nowhere.yaml"], 2),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(run: Run, words: list[str], code: int) -> None:
    tried, out, err = run(*words)
    assert tried == code
    assert out or err
    assert "Traceback" not in err


@pytest.mark.parametrize("words", [[], ["assess"], ["no-such-command"], ["pack", "--edition", "secret"]])
def test_wrong_usage_ends_with_2(run: Run, words: list[str]) -> None:
    with pytest.raises(SystemExit) as left:
        run(*words)
    assert left.value.code == 2


def test_version(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        run("--version")
    assert left.value.code == 0
    assert capsys.readouterr().out.startswith("due-regard ")
