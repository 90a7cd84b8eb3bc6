"""Bad input to any command ends in one line and a documented exit code: no traceback, no file, no value of a secret."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from due_regard.__main__ import build_parser, list_parsers, main
from due_regard.console import start_program
from due_regard.register import upgrade_register
from due_regard.services import list_findings

L, DAY, SHIPPED = "queens_cross", "2026-06-30", Path(__file__).parents[1] / "include"
POLICY = str(SHIPPED / "policies" / L / "2022-01-01.yaml")
SAID = ["--by", "governance officer", "--why", "- as agreed"]
ASSESS, PACK = ["assess", "--landlord", L, "--as-at", DAY], ["pack", "--landlord", L, "--quarter", "2026-Q2"]

DECIDED_ON_PACK = [
    [*PACK[1:], "--pack", "none", *SAID],
    [*PACK[1:], "--pack", "senior_management", *SAID],
    [*PACK[1:], "--pack", "senior_management", "--by", "b", "--why", " "],
    ["--landlord", "nobody", "--quarter", "2026-Q2", "--pack", "x", *SAID],
    ["--landlord", L, "--quarter", "x", "--pack", "senior_management", *SAID],
]
BAD: dict[str, list[list[str]]] = {
    "intake": [["nowhere"], ["file"], ["empty"], ["empty", "--source", "none"], ["empty", "--landlord", "nobody"]],
    "drop list": [["--landlord", "nobody"], ["--landlord", ""]],
    "drop release": [["7", *SAID], ["x", *SAID], ["9" * 30, *SAID], ["-1", *SAID], ["7", "--by", "", "--why", "b"]],
    "drop missing": [["--landlord", "nobody"], ["--landlord", "../x"]],
    "source check": [
        ["none", "empty"], ["canonical", "nowhere"], ["../x", "empty"], ["canonical", "empty", "--on", "x"],
    ],
    "assess": [
        [*ASSESS[1:], "--out", "empty"], [*ASSESS[1:], "--out", "file/out.csv"], [*ASSESS[1:], "--known-at", "x"],
        [*ASSESS[1:], "--explain", "a", "b"], [*ASSESS[1:], "--drop", "nowhere"], [*ASSESS[1:], "--drop", "file"],
        ["--landlord", L, "--as-at", "9999-12-31"], ["--landlord", L, "--as-at", "0001-01-01"],
        ["--landlord", L, "--as-at", "2026-02-30"], ["--landlord", "", "--as-at", DAY],
    ],
    "findings": [
        ["--as-at", DAY], ["--as-at", DAY, "--landlord", L], ["--as-at", DAY, "--landlord", ""],
        ["--as-at", "30/06/26"], ["--as-at", DAY, "--rule", "x"], ["--as-at", DAY, "--owner", "x"],
    ],
    "silences": [["--landlord", "nobody"], ["--landlord", ""]],
    "finding show": [["F-1"], ["x'; DROP TABLE findings"], ["F-1", "--landlord", "nobody"]],
    "finding silence": [
        ["F-1", *SAID, "--until", "2099-01-01"], ["F-1", *SAID, "--until", "9999-12-31"],
        ["F-1", *SAID, "--until", "30/06/26"], ["F-1", *SAID],
    ],
    "finding resolve": [["F-1", *SAID], ["F-1", "--by", " ", "--why", " "]],
    "finding hand-over": [
        ["F-1", *SAID, "--to", "S1"], ["F-1", *SAID, "--to", ""], ["F-1", "--by", "", "--why", "b", "--to", "S1"],
        ["F-1", *SAID], ["F-1", *SAID, "--to", "S1", "--landlord", "nobody"], ["F-1", *SAID, "--to", "'; DROP TABLE"],
    ],
    "finding dispute": [["F-1", *SAID], ["F-1", "--by", "b", "--why", " "], ["F-1", *SAID, "--seen", "x"]],
    "finding comment": [["F-1", *SAID], ["F-1", *SAID, "--seen", "-1"], ["F-1", *SAID, "--seen", "9" * 40]],
    "finding undo": [["F-1", *SAID], ["F-1", *SAID, "--seen", ""], ["F-1", *SAID, "--landlord", "nobody"]],
    "alerts run": [
        ["--as-at", DAY, "--landlord", "nobody"], ["--as-at", "2099-01-01"], ["--as-at", DAY, "--dry-run", "file"],
        ["--as-at", DAY, "--dry-run", "file/x"],
    ],
    "alerts explain": [["x"], ["x", "--landlord", "nobody"]],
    "pack": [
        [*PACK[1:], "--out", "file"], [*PACK[1:], "--out", "packs"], [*PACK[1:], "--out", "packs", "--pack", "none"],
        ["--landlord", L, "--quarter", "2026-Q5", "--out", "packs"], ["--landlord", L, "--quarter", "", "--out", "p"],
        [*PACK[1:], "--out", "packs", "--known-at", "yesterday"],
    ],
    "mail bounced": [["x"], ["x", "--landlord", "nobody"]],
    "pack issue": [
        [*PACK[1:], "--by", "the clerk", "--why", "handed over"],
        [*PACK[1:], "--pack", "none", "--by", "the clerk", "--why", "handed over"],
        ["--landlord", "nobody", "--quarter", "x", "--pack", "none", "--by", "the clerk", "--why", "handed over"],
    ],
    "pack approve": DECIDED_ON_PACK, "pack reject": DECIDED_ON_PACK, "pack correct": DECIDED_ON_PACK,
    "pack undo": DECIDED_ON_PACK,
    "pack comment": [
        [*PACK[1:], "--pack", "senior_management", "--section", "decision", *SAID],
        [*PACK[1:], "--pack", "senior_management", "--section", "none", *SAID],
    ],
    "pack figure": [["x"], [""], [f"{L}/2026-Q2/senior_management/confidential/1/restrictions/new/2026-Q2"]],
    "pack verify": [["nowhere"], ["empty"], ["file", "--landlord", L], ["file", "--digest", "x"]],
    "policy check": [["nowhere.yaml"], ["empty"], ["file"]],
    "policy show": [["nobody"], [L, "--on", "x"], [""]],
    "policy rules": [["--out", "empty"], ["--out", "file/x.md"]],
    "policy codes": [["--out", "empty"], ["--out", "file/x.md"]],
    "policy diff": [["file", "file"], ["nowhere", POLICY], [POLICY, POLICY], [POLICY, POLICY, "--drop", "nowhere"]],
    "landlord new": [["Bad Id"], ["../x"], [""], [L]],
    "landlord check": [["nobody"], [""], ["../x"]],
    "record list": [["--landlord", "nobody"], ["--landlord", ""], []],
    "record withdraw": [
        ["restrictions", "R1", "--landlord", L, *SAID], ["none", "R1", "--landlord", L, *SAID],
        ["restrictions", "\udcff", "--landlord", L, *SAID], ["restrictions", "R1", "--landlord", "nobody", *SAID],
        ["restrictions", "R1", *SAID], ["restrictions", "R1", "--landlord", L, "--by", "b", "--why", " "],
    ],
    "record undo": [["restrictions", "R1", "--landlord", L, *SAID], ["restrictions", "", "--landlord", L, *SAID]],
    "register upgrade": [["--landlord", "nobody"], ["--register", "sqlite:////proc/none/register.db"]],
    "register login": [
        ["x", "--role", "pages"], ["x", "--role", "owner"], ["x", "--role", "pages", "--landlord", "nobody"],
    ],
    "audit verify": [
        ["--landlord", "nobody"], ["--head", "-:1:ab"], ["--head=-:1:ab"], ["--head", "x"],
        ["--runs", "1"], ["--deep", "--runs=-1"], ["--deep", "--runs", "x"], ["--deep", "--head", "x"],
    ],
    "audit acknowledge": [[], ["--landlord", "nobody"]],
    "move": [["--to", ""], ["--to", "x"], ["--to", "sqlite:///file"], ["--to", "postgresql://127.0.0.1:1/x"]],
    "register redate": [
        ["--landlord", L, *SAID], ["--landlord", "nobody", *SAID], ["--landlord", L, "--by", "b", "--why", " "],
    ],
    "backup": [["file"], ["file/x"], ["b", "--landlord", "nobody"]],
    "restore": [["nowhere"], ["empty"], ["file"]],
    "doctor": [["--freshness", "--register", "sqlite:///nowhere/register.db"]],
    "metrics": [["--now", "x"], ["--now", "9999-12-31T00:00:00Z"], ["--register", "sqlite:///nowhere/register.db"]],
    "watch": [["--now", "yesterday"], ["--register", "sqlite:///nowhere/register.db"]],
}  # fmt: skip
NO_BAD_INPUT = {"calendar refresh"}
"""Commands without a word that could be wrong."""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an empty register, an empty folder and a file that is no folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    monkeypatch.setenv("DUE_REGARD_VAR_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("DUE_REGARD_OWN_DIR", str(tmp_path / "own"))
    (tmp_path / "own").mkdir()
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("\x00 no database, no YAML\n" * 100, encoding="utf-8")
    upgrade_register(f"sqlite:///{tmp_path}/var/register.db").dispose()
    return tmp_path


def test_every_command_is_given_bad_input() -> None:
    leaves = {parser.prog.removeprefix("due-regard ") for parser in list_parsers(build_parser()) if _is_leaf(parser)}
    assert leaves - NO_BAD_INPUT == set(BAD)


def _is_leaf(parser: object) -> bool:
    return "run" in parser._defaults  # type: ignore[attr-defined]


def attempt(words: list[str]) -> int:
    try:
        return main(words)
    except SystemExit as left:
        return int(left.code or 0)


@pytest.mark.parametrize(
    ("command", "words"), [(name, words) for name, cases in BAD.items() for words in cases], ids=lambda v: str(v)[:60]
)
def test_bad_words_end_in_a_line_and_a_code(
    place: Path, command: str, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    needed = ["--landlord", L] if command == "intake" and "--landlord" not in words else []
    before = list_files(place)
    code = attempt([*command.split(), *words, *needed])
    said = capsys.readouterr()
    assert code in {2, 5}, said.err
    assert "Traceback" not in said.out + said.err
    told = [line for line in said.err.splitlines() if not line.startswith(("usage:", " "))]
    assert len(told) == 1 or (not told and said.out), said.err
    assert list_files(place) == before


def list_files(folder: Path) -> set[str]:
    """Every file but those that a database keeps beside its own."""
    files = (file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())
    return {file for file in files if not file.endswith(("-wal", "-shm"))}


URLS = [
    "postgresql+psycopg2://due_regard:s3cret@127.0.0.1:1/due_regard", "postgresql+psycopg2://u:s3cret@127.0.0.1:x/db",
    "mysql://u:s3cret@127.0.0.1/db", "nonsense", "", "sqlite:///file", "sqlite:////proc/none/register.db", "sqlite://",
]  # fmt: skip


QUESTIONS = [
    ["findings", "--as-at", DAY], ["silences"], ["audit", "verify"], ["backup", "b"], ["doctor"], ASSESS,
    ["alerts", "run", "--as-at", DAY], ["restore", "empty"],
]  # fmt: skip
UNREACHABLE = [(words, url) for url in URLS for words in QUESTIONS]
# A register in memory can be made, and is gone with the command.
UNREACHABLE += [(["register", "upgrade"], url) for url in URLS if url != "sqlite://"]


@pytest.mark.parametrize(("words", "url"), UNREACHABLE, ids=str)
def test_a_register_that_cannot_be_reached_is_said_without_its_password(
    place: Path, words: list[str], url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = list_files(place)
    assert attempt([*words, "--register", url]) in {2, 5}
    said = capsys.readouterr()
    assert "s3cret" not in said.out + said.err
    assert "Traceback" not in said.err
    assert said.err.count("\n") == (0 if words == ["doctor"] and url else 1), said.err
    if url.endswith(":1/due_regard") and words[0] != "restore":
        assert "127.0.0.1" in said.out + said.err
    assert list_files(place) == before


WELL_MEANT: dict[str, list[str]] = {
    "intake": ["empty", "--landlord", L], "drop list": [], "drop release": ["7", *SAID],
    "drop missing": ["--landlord", L], "assess": ASSESS[1:], "findings": ["--as-at", DAY], "silences": [],
    "finding show": ["F-1"], "finding silence": ["F-1", *SAID, "--until", "2099-01-01"],
    "finding resolve": ["F-1", *SAID], "finding hand-over": ["F-1", *SAID, "--to", "S1"],
    "finding dispute": ["F-1", *SAID], "finding comment": ["F-1", *SAID], "finding undo": ["F-1", *SAID],
    "alerts run": ["--as-at", DAY], "alerts explain": ["x"], "pack": [*PACK[1:], "--out", "packs"],
    "mail bounced": ["x"], "pack issue": [*PACK[1:], "--pack", "senior_management", *SAID],
    **{
        f"pack {verb}": [*PACK[1:], "--pack", "senior_management", *SAID]
        for verb in ("approve", "reject", "undo", "correct")
    },
    "pack comment": [*PACK[1:], "--pack", "senior_management", "--section", "decision", *SAID],
    "pack figure": [f"{L}/2026-Q2/senior_management/confidential/1/restrictions/new/2026-Q2"],
    "pack verify": ["file", "--landlord", L],
    "audit acknowledge": ["--landlord", L], "register redate": ["--landlord", L, *SAID],
    "record list": ["--landlord", L], "record withdraw": ["restrictions", "R1", "--landlord", L, *SAID],
    "record undo": ["restrictions", "R1", "--landlord", L, *SAID], "register upgrade": [], "audit verify": [],
    "backup": ["b"], "doctor": ["--freshness"], "metrics": [], "watch": [],
}  # fmt: skip
NEEDS_NO_REGISTER = {
    *("source check", "policy check", "policy show", "policy rules", "policy codes", "policy diff", "landlord new"),
    *("landlord check", "calendar refresh", "register login", "restore", "move"),
}
"""They read files alone, ask for something else first, or name another register; `landlord check` says what it can."""


def test_every_command_meets_a_register_of_a_newer_program_below() -> None:
    assert set(BAD) | NO_BAD_INPUT <= set(WELL_MEANT) | NEEDS_NO_REGISTER


@pytest.mark.parametrize(("command", "words"), WELL_MEANT.items(), ids=WELL_MEANT)
def test_a_program_older_than_the_register_says_so(
    place: Path, command: str, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    engine = create_engine(f"sqlite:///{place}/var/register.db")
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999_later'")
        connection.exec_driver_sql("ALTER TABLE findings RENAME COLUMN severity TO weight")
    engine.dispose()
    before = list_files(place)
    assert attempt([*command.split(), *words]) == 5
    said = capsys.readouterr()
    assert "Traceback" not in said.out + said.err
    lines = [line for line in (said.err or said.out).splitlines() if not line.startswith("INFO")]
    assert len(lines) == 1 or (lines and command == "doctor"), "doctor says it of each landlord"
    assert all("the register of a newer version of this program" in line for line in lines)
    assert list_files(place) == before


@pytest.mark.parametrize("value", ["-:1:ab", "-x"])
def test_a_value_may_begin_with_a_dash(place: Path, value: str, capsys: pytest.CaptureFixture[str]) -> None:
    apart, joined = attempt(["audit", "verify", "--head", value]), capsys.readouterr().err
    assert (apart, joined) == (attempt(["audit", "verify", f"--head={value}"]), capsys.readouterr().err)
    assert apart == 5


@pytest.mark.parametrize(
    ("number", "code", "told"), [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")]
)
def test_a_stopped_command_ends_in_a_line_and_its_code(
    number: signal.Signals,
    code: int,
    told: str,
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = signal.getsignal(number)
    monkeypatch.setattr(list_findings, "_open_registers", lambda *_, **__: signal.raise_signal(number))
    assert main(["silences"]) == code
    assert signal.getsignal(number) == before
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert said.err.startswith(f"due-regard: {told};")


def test_ctrl_c_in_a_real_process_says_one_line(place: Path) -> None:
    """A load of many rows, interrupted once it says that it reads them."""
    rows = "\n".join(f"M{n},C{n % 50},2026-01-05" for n in range(900_000))
    (place / "empty" / "markers.csv").write_text(f"marker_ref,customer_ref,placed_on\n{rows}\n", encoding="utf-8")
    words = [sys.executable, "-m", "due_regard", "intake", "empty", "--landlord", L, "--source", "canonical"]
    with subprocess.Popen(words, cwd=place, env=dict(os.environ), stderr=subprocess.PIPE, text=True) as run:
        assert run.stderr is not None
        assert any("reading" in line for line in run.stderr)
        run.send_signal(signal.SIGINT)
        told = run.stderr.read()
        assert run.wait(timeout=60) == 130
    assert told.splitlines()[-1].startswith("due-regard: interrupted;")
    assert "Traceback" not in told


def test_ctrl_c_while_the_program_is_loaded_says_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Interrupting:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "due_regard.__main__":
                raise KeyboardInterrupt

    scripts = tomllib.loads((SHIPPED.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    assert scripts == {"due-regard": "due_regard.console:start_program"}
    monkeypatch.delitem(sys.modules, "due_regard.__main__")
    monkeypatch.setattr(sys, "meta_path", [Interrupting(), *sys.meta_path])
    assert start_program() == 130
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "due-regard: interrupted; nothing was begun\n")


def test_an_error_is_json_where_json_is_asked_for(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--json", "assess", "--landlord", L, "--as-at", DAY, "--out", "empty"]) == 5
    assert json.loads(capsys.readouterr().out)["exit_code"] == 5


@pytest.fixture
def spoilt(place: Path) -> Path:
    """An installation in which one landlord's settings are wrong."""
    text = (SHIPPED / "landlords" / "hanover.yaml").read_text(encoding="utf-8")
    (place / "own" / "landlords").mkdir()
    (place / "own" / "landlords" / "hanover.yaml").write_text(text.replace("daily", "hourly"), encoding="utf-8")
    return place


def test_one_landlords_wrong_settings_stop_no_other(spoilt: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--json", "alerts", "run", "--as-at", DAY]) == 2
    told = json.loads(capsys.readouterr().out)
    assert list(told["failed"]) == ["hanover"]
    assert "hanover.yaml:8: cadence" in told["failed"]["hanover"]
    assert main(["findings", "--as-at", DAY]) == 0, "the others were judged"
    assert f"{L}, judged as at {DAY}" in capsys.readouterr().out
    assert main(["alerts", "run", "--as-at", DAY]) == 2
    assert "hanover: could not be done: " in capsys.readouterr().out


def test_where_it_goes_wrong_for_all_who_are_asked_nothing_was_done(
    spoilt: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["alerts", "run", "--as-at", DAY, "--landlord", "hanover"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "hanover.yaml:8: cadence" in said.err


def test_a_landlord_nobody_knows_stops_no_other(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DUE_REGARD_LANDLORDS", f"nobody,{L}")
    assert main(["--json", "alerts", "run", "--as-at", DAY]) == 2
    assert list(json.loads(capsys.readouterr().out)["failed"]) == ["nobody"]
    monkeypatch.setenv("DUE_REGARD_REGISTER_URL", f"sqlite:///{place}/{{landlord}}.db")
    assert main(["--json", "register", "upgrade"]) == 2
    told = json.loads(capsys.readouterr().out)
    assert [each["landlords"] for each in told["registers"]] == [[L]]
    assert list(told["failed"]) == ["nobody"]


def test_doctor_checks_the_others_freshness_too(spoilt: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--freshness"]) == 5
    out = capsys.readouterr().out
    assert "hanover.yaml:8: cadence" in out
    assert f"{L} freshness" in out
    assert main(["doctor"]) == 5
    out = capsys.readouterr().out
    assert "ok    register" in out
