"""`due-regard record`: which records vanished, and a person's word on one."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from due_regard.__main__ import main
from due_regard.register import load_drop, upgrade_register
from tests.register.drops import accepted, appeal, drop, restriction

L = "queens_cross"
SAID = ["--landlord", L, "--by", "governance officer", "--why", "entered for the wrong tenancy"]


@pytest.fixture
def register_option(tmp_path: Path) -> list[str]:
    """A register in which R2 and the appeal against it vanished."""
    url = f"sqlite:///{tmp_path / 'register.db'}"
    engine = upgrade_register(url)
    both, appeals = [restriction("R1"), restriction("R2")], [appeal("A1"), appeal("A2", restriction_ref="R2")]
    every = drop(accepted("restrictions", both), accepted("appeals", appeals), landlord=L)
    load_drop(engine, every, now=datetime(2026, 6, 1, 7, tzinfo=UTC))
    less = drop(
        accepted("restrictions", both[:1], disappeared=("R2",)),
        accepted("appeals", appeals[:1], disappeared=("A2",)),
        landlord=L,
    )
    load_drop(engine, less, now=datetime(2026, 6, 2, 7, tzinfo=UTC))
    engine.dispose()
    return ["--register", url]


def test_a_vanished_record_is_listed_withdrawn_and_taken_back(
    register_option: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*words: str) -> str:
        assert main([*register_option, "record", *words]) == 0
        return capsys.readouterr().out

    waiting = run("list", "--landlord", L)
    assert "restrictions R2: not in the export since 2026-06-02, 0 open findings" in waiting
    assert "  appeals A2 hangs on it and vanished too" in waiting
    assert "2 records vanished and waiting for a person" in waiting
    said = run("withdraw", "restrictions", "R2", *SAID, "--with-linked")
    assert said.splitlines()[0].startswith("restrictions R2 is withdrawn") and "appeals A2 is withdrawn" in said
    withdrawn = run("list", "--landlord", L, "--withdrawn")
    assert "by governance officer: entered for the wrong tenancy" in withdrawn
    run("undo", "restrictions", "R2", *SAID, "--with-linked")
    assert "2 records vanished" in run("list", "--landlord", L)


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["withdraw", "restrictions", "R1", *SAID], 5, "still comes with the export"),
        (["withdraw", "restrictions", "R2", *SAID], 5, "--with-linked"),
        (["withdraw", "restrictions", "R9", *SAID], 5, "no such record"),
        (["withdraw", "restriction", "R2", *SAID], 2, "there are: customers"),
        (["withdraw", "restrictions", "R2", *SAID[:3], " ", "--why", "x"], 2, "say who decides"),
        (["undo", "restrictions", "R2", *SAID], 5, "not withdrawn"),
    ],
)
def test_what_cannot_be_done_is_said_with_what_to_do_and_changes_nothing(
    register_option: list[str], capsys: pytest.CaptureFixture[str], words: list[str], code: int, told: str
) -> None:
    assert main([*register_option, "record", *words]) == code
    error = capsys.readouterr().err
    assert told in error and "R2" not in error and len(error.splitlines()) == 1
    assert main([*register_option, "--json", "record", "list", "--landlord", L]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["waiting"], found["withdrawn"]) == (2, 0)


def test_nothing_vanished_is_told_from_nothing_ever_came(
    register_option: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*register_option, "record", "list", "--landlord", "hanover"]) == 0
    assert "nothing of hanover was ever taken in" in capsys.readouterr().out


def test_twice_is_told_with_who_did_it(register_option: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    words = [*register_option, "record", "withdraw", "appeals", "A2", *SAID]
    assert (main(words), main(words)) == (0, 5)
    assert "governance officer withdrew this record on" in capsys.readouterr().err
