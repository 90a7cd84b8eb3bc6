"""`--now`: who takes it, what is refused, and that nothing is changed then."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from due_regard.__main__ import build_parser, list_parsers, main
from due_regard.config.settings import Settings
from due_regard.register import load_drop, verify_audit
from due_regard.services.landlord_context import open_landlord_register
from tests.register.drops import accepted, appeal, at, drop

L = "queens_cross"
Run = Callable[..., tuple[int, str]]
NOW = {parser.prog for parser in list_parsers(build_parser()) if "--now" in parser._option_string_actions}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """One landlord's register, loaded on 1 June; runs one command, gives exit code and what was said."""
    monkeypatch.setenv("DUE_REGARD_VAR_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("DUE_REGARD_LANDLORDS", L)
    with open_landlord_register(Settings(), L, upgrade=True) as engine:
        load_drop(engine, drop(accepted("appeals", [appeal("A1")]), landlord=L), now=at("2026-06-01 08:00"))

    def command(*words: object) -> tuple[int, str]:
        code = main([str(word) for word in words])
        said = capsys.readouterr()
        return code, said.out + said.err

    return command


def count_acts() -> int:
    with open_landlord_register(Settings(), L) as engine:
        return verify_audit(engine).rows


def test_every_command_that_records_by_the_clock_takes_it() -> None:
    acts = {
        "intake",
        "assess",
        "alerts run",
        "pack",
        "pack issue",
        "drop release",
        "mail bounced",
        "silences",
        "doctor",
        "watch",
    }
    acts |= {f"finding {verb}" for verb in ("show", "silence", "resolve", "hand-over", "dispute", "comment", "undo")}
    missing = {act for act in acts if not any(prog == f"due-regard {act}" or _is_verb(prog, act) for prog in NOW)}
    assert missing == set()


def _is_verb(prog: str, act: str) -> bool:
    """`pack issue` stands after the options of `pack` in its own name."""
    return bool(re.fullmatch("due-regard " + act.replace(" ", r" (\[.*\] )?"), prog))


def test_no_command_that_takes_it_reads_the_clock_by_itself() -> None:
    folder = Path(__file__).parents[1] / "plugins/due_regard/commands"
    readers = {
        file.name for file in folder.glob("*.py") if re.search(r"now=datetime\.now", file.read_text(encoding="utf-8"))
    }
    assert readers <= {"register_commands.py"}, "backup, restore and move are of today"


@pytest.mark.parametrize(
    ("now", "code", "said"),
    [
        ("2026-06-01", 2, "an instant with its zone"),
        ("2026-06-01T09:00:00", 2, "an instant with its zone"),
        ("yesterday", 2, "an instant with its zone"),
        ("2099-01-01T09:00:00+00:00", 2, "ahead of this machine's clock, which says"),
        ("2026-05-31T09:00:00+01:00", 5, "something was recorded at 2026-06-01 08:00:00 UTC; nothing was changed"),
    ],
)
@pytest.mark.parametrize(
    "words",
    [
        ("assess", "--landlord", L, "--as-at", "2026-06-01"),
        ("alerts", "run", "--as-at", "2026-06-01"),
        ("finding", "comment", "F-000001", "--by", "a", "--why", "w"),
        ("intake", "nowhere", "--landlord", L),
    ],
    ids=" ".join,
)
def test_an_instant_that_cannot_be_now_changes_nothing(
    run: Run, words: tuple[str, ...], now: str, code: int, said: str
) -> None:
    before = count_acts()
    ended, told = run(*words, "--now", now)
    assert (ended, said in told) == (code, True), told
    assert count_acts() == before


def test_acts_are_recorded_at_the_given_instant_and_in_its_order(run: Run) -> None:
    words = ("assess", "--landlord", L, "--as-at", "2026-06-20")
    assert run(*words, "--now", "2026-06-20T09:00:00+01:00")[0] == 0
    assert run(*words, "--now", "2026-06-20T08:58:00+01:00")[0] == 0, "two machines a little apart"
    assert run(*words, "--now", "2026-06-10T09:00:00+01:00")[0] == 5
    comment = ("finding", "comment", "F-000001", "--by", "a", "--why", "w", "--landlord", L)
    assert run(*comment, "--now", "2026-06-21T09:00:00+01:00")[0] == 0
    assert (
        "21 June 2026" in run("finding", "show", "F-000001")[1] or "2026-06-21" in run("finding", "show", "F-000001")[1]
    )


def test_a_past_day_mails_nobody_for_real(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUE_REGARD_MAIL_MODE", "live")
    code, told = run("alerts", "run", "--as-at", "2026-06-20", "--now", "2026-06-20T09:00:00+01:00")
    assert (code, "--now mails nobody" in told) == (2, True), told
