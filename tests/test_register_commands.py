"""Who creates a register through the command line, and whose register a command opens where each landlord has one."""

from __future__ import annotations

import io
import json
import sys
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, inspect, make_url

from due_regard.__main__ import main
from due_regard.calendars.quarters import LONDON
from due_regard.config.settings import Settings
from due_regard.errors import PackError, RegisterError
from due_regard.register import (
    hold_drop,
    load_drop,
    open_register,
    read_finding,
    record_assessment,
    upgrade_register,
)
from due_regard.services.assess_landlord import assess_landlord, assess_with_rows
from due_regard.services.build_packs import build_packs
from due_regard.services.report_failure import watch_landlords
from due_regard.services.run_alerts import run_alerts
from tests.register.drops import accepted, appeal, assessments, drop
from tests.register.engines import new_postgresql, postgresql_url  # noqa: F401

NOW, AS_AT = datetime(2026, 7, 1, 9, tzinfo=UTC), date(2026, 7, 1)
ONE, OTHER = "hanover", "port_of_leith"
PASSWORD = "a password of tests"  # noqa: S105
UNTIL = (datetime.now(LONDON).date() + timedelta(days=30)).isoformat()
DECISION = ["--by", "governance officer", "--why", "with the ombudsman"]

Run = Callable[..., tuple[int, str, str]]

QUESTIONS = [
    ["findings", "--as-at", "2026-07-01"],
    ["silences"],
    ["finding", "show", "F-000001"],
    ["finding", "silence", "F-000001", *DECISION, "--until", UNTIL],
    ["finding", "resolve", "F-000001", *DECISION],
    ["finding", "undo", "F-000001", *DECISION],
    ["drop", "list"],
    ["drop", "release", "1", *DECISION],
    ["drop", "missing", "--landlord", ONE],
    ["audit", "verify"],
    ["backup", "kept"],
    ["alerts", "explain", "x@y"],
    ["alerts", "run", "--as-at", "2026-07-01", "--landlord", ONE],
    ["assess", "--landlord", ONE, "--as-at", "2026-07-01"],
    ["pack", "--landlord", ONE, "--quarter", "2026-Q2", "--out", "packs"],
    ["doctor"],
    ["doctor", "--freshness"],
]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs one command of an installation of two landlords; gives exit code, stdout and stderr."""
    monkeypatch.setenv("DUE_REGARD_VAR_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("DUE_REGARD_LANDLORDS", json.dumps([ONE, OTHER]))
    monkeypatch.chdir(tmp_path)

    def command(*words: object) -> tuple[int, str, str]:
        code = main([str(word) for word in words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return command


@pytest.fixture
def apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A register for each landlord, as a URL with {landlord}; the other landlord's holds a finding and a held drop."""
    url = f"sqlite:///{tmp_path}/{{landlord}}.db"
    monkeypatch.setenv("DUE_REGARD_REGISTER_URL", url)
    for landlord in (ONE, OTHER):
        fill(url.replace("{landlord}", landlord), [landlord] if landlord == OTHER else [])
    return url


def fill(url: str, landlords: list[str]) -> None:
    """A register with one open finding and one held drop of each landlord."""
    engine = upgrade_register(url)
    for landlord in landlords:
        load_drop(engine, drop(accepted("appeals", [appeal("A1")]), landlord=landlord), now=NOW)
        rows = assessments([{"rule": "appeal.decide", "subject_ref": "A1", "state": "breach"}], landlord)
        record_assessment(engine, landlord, rows, as_at=AS_AT, now=NOW, policy_version="2020-01-01")
        hold_drop(engine, landlord=landlord, source="s", drop="d", sha256=landlord, why="shrank", now=NOW)
    engine.dispose()


@pytest.mark.parametrize("words", QUESTIONS, ids=" ".join)
def test_a_question_creates_no_register_nor_anything_else(run: Run, tmp_path: Path, words: list[str]) -> None:
    code, out, err = run(*words)
    assert code == 5
    assert "there is no register" in out + err
    assert "due-regard register upgrade" in out + err
    assert list(tmp_path.iterdir()) == []


def test_no_question_creates_a_table_in_an_empty_postgresql_database(
    run: Run,
    new_postgresql: Callable[[], str],  # noqa: F811
) -> None:
    url = new_postgresql()
    for words in QUESTIONS:
        code, out, err = run("--register", url, *words)
        assert code == 5, words
        assert "there is no register" in out + err, words
    engine = create_engine(url)
    assert inspect(engine).get_table_names() == []
    engine.dispose()


def test_a_question_on_an_older_register_says_so(run: Run, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/old.db"
    engine = upgrade_register(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0003_packs'")
    engine.dispose()
    code, _, err = run("findings", "--as-at", "2026-07-01", "--register", url)
    assert code == 5
    assert "older than this program; `due-regard register upgrade`" in err


def test_upgrade_creates_the_register_and_may_be_run_again(run: Run, tmp_path: Path) -> None:
    for _ in range(2):
        code, out, _ = run("--json", "register", "upgrade")
        (made,) = json.loads(out)["registers"]
        assert code == 0
        assert made["landlords"] == [ONE, OTHER]
        assert Path(made["place"]) == tmp_path / "var" / "register.db"
    assert run("audit", "verify")[0] == 0


def test_upgrade_creates_the_register_of_each_landlord_or_of_one(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DUE_REGARD_REGISTER_URL", f"sqlite:///{tmp_path}/{{landlord}}.db")
    assert run("register", "upgrade", "--landlord", OTHER)[0] == 0
    assert [file.stem for file in tmp_path.glob("*.db")] == [OTHER]
    assert run("register", "upgrade")[0] == 0
    assert sorted(file.stem for file in tmp_path.glob("*.db")) == [ONE, OTHER]
    code, _, err = run("register", "upgrade", "--landlord", "nobody")
    assert code == 2
    assert "known:" in err


def test_what_the_dags_run_creates_the_register_and_the_same_verb_by_hand_does_not(tmp_path: Path) -> None:
    def settings(name: str) -> Settings:
        return Settings(var_dir=tmp_path / name, landlords=(ONE,))

    with pytest.raises(RegisterError, match="there is no register"):
        run_alerts(settings("by_hand"), as_at=AS_AT, now=NOW)
    with pytest.raises(RegisterError, match="there is no register"):
        assess_with_rows(settings("by_hand"), ONE, as_at=AS_AT, now=NOW)
    with pytest.raises(RegisterError, match="there is no register"):
        build_packs(settings("by_hand"), ONE, quarter="2026-Q2", now=NOW)
    assert not (tmp_path / "by_hand").exists()
    run_alerts(settings("alerts"), as_at=AS_AT, now=NOW, upgrade=True)
    assess_landlord(settings("assess"), ONE, as_at=AS_AT, now=NOW)
    watch_landlords(settings("watch"), now=NOW)
    with pytest.raises(PackError):
        build_packs(settings("packs"), ONE, quarter="2026-Q2", now=NOW, upgrade=True)
    for name in ("alerts", "assess", "watch", "packs"):
        assert (tmp_path / name / "register.db").is_file()


NEEDING = [words for words in QUESTIONS if words[0] in {"finding", "drop", "audit", "backup"} or "explain" in words]


@pytest.mark.parametrize("words", [*NEEDING, ["restore", "kept"]], ids=" ".join)
def test_a_command_on_one_register_asks_whose_where_there_are_several(run: Run, apart: str, words: list[str]) -> None:
    if "--landlord" in words:
        words = words[: words.index("--landlord")]
        with pytest.raises(SystemExit) as left:
            run(*words)
        assert left.value.code == 2
        return
    code, _, err = run(*words)
    assert code == 2
    assert "say --landlord" in err


def test_each_command_opens_the_register_of_the_landlord_that_is_named(run: Run, apart: str, tmp_path: Path) -> None:
    def asked(*words: str, landlord: str = OTHER) -> dict[str, Any]:
        code, out, err = run("--json", *words, "--landlord", landlord)
        assert code == 0, err
        found: dict[str, Any] = json.loads(out)
        return found

    assert {row["landlord"] for row in asked("drop", "list")["drops"]} == {OTHER}
    assert asked("drop", "list", landlord=ONE)["drops"] == []
    assert asked("audit", "verify", landlord=ONE)["rows"] == 0
    assert asked("audit", "verify")["rows"] > 0
    assert asked("drop", "release", "2", *DECISION)["status"] == "released"
    assert asked("drop", "missing")["missing"] == []
    assert asked("finding", "show", "F-000001")["landlord"] == OTHER
    asked("finding", "silence", "F-000001", *DECISION, "--until", UNTIL)
    assert [row["register_ref"] for row in asked("silences")["silences"]] == ["F-000001"]
    assert asked("silences", landlord=ONE)["silences"] == []
    assert asked("finding", "undo", "F-000001", *DECISION)["undone"] == "silenced"
    assert asked("finding", "resolve", "F-000001", *DECISION)["status"] == "awaiting"
    head = asked("backup", "kept")["head"]
    assert OTHER in head
    (tmp_path / f"{ONE}.db").unlink()
    asked("restore", "kept", landlord=ONE)
    engine = open_register(apart.replace("{landlord}", ONE))
    assert read_finding(engine, "F-000001")["landlord"] == OTHER
    engine.dispose()


def test_where_one_register_holds_all_a_landlord_narrows_and_refuses(run: Run, tmp_path: Path) -> None:
    fill(f"sqlite:///{tmp_path}/var/register.db", [ONE, OTHER])
    assert {row["landlord"] for row in json.loads(run("--json", "drop", "list")[1])["drops"]} == {ONE, OTHER}
    narrowed = json.loads(run("--json", "drop", "list", "--landlord", ONE)[1])["drops"]
    assert {row["landlord"] for row in narrowed} == {ONE}
    for words in (
        ["finding", "show", "F-000001"],
        ["finding", "silence", "F-000001", *DECISION, "--until", UNTIL],
        ["finding", "resolve", "F-000001", *DECISION],
        ["finding", "undo", "F-000001", *DECISION],
        ["drop", "release", "2", *DECISION],
    ):
        code, _, err = run(*words, "--landlord", OTHER)
        assert code == 5, words
        assert f"of {OTHER}" in err, words
    engine = open_register(f"sqlite:///{tmp_path}/var/register.db")
    assert read_finding(engine, "F-000001")["silenced_until"] is None
    engine.dispose()
    assert run("drop", "release", "2", *DECISION, "--landlord", ONE)[0] == 0
    code, _, err = run("drop", "list", "--landlord", "nobody")
    assert code == 2
    assert "known:" in err


def test_a_login_takes_its_password_from_standard_input(
    run: Run,
    new_postgresql: Callable[[], str],  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name, url = f"t_{uuid.uuid4().hex}", new_postgresql()
    fill(url, [ONE, OTHER])
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{PASSWORD}\n"))
    code, out, err = run("--register", url, "register", "login", name, "--role", "pages", "--landlord", ONE)
    assert (code, err) == (0, ""), err
    assert f"{name} may log in" in out and PASSWORD not in out
    engine = create_engine(make_url(url).set(username=name, password=PASSWORD))
    with engine.connect() as connection:
        assert set(connection.exec_driver_sql("SELECT landlord FROM findings").scalars()) == {ONE}
    engine.dispose()


def test_a_register_in_a_file_has_no_logins(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(f"sqlite:///{tmp_path}/var/register.db", [ONE])
    monkeypatch.setattr(sys, "stdin", io.StringIO(PASSWORD))
    code, _, err = run("register", "login", "x", "--role", "pages")
    assert code == 5
    assert "only a register on PostgreSQL" in err


def test_who_may_make_no_logins_is_told(
    run: Run,
    new_postgresql: Callable[[], str],  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url, name = new_postgresql(), f"t_{uuid.uuid4().hex}"
    fill(url, [ONE])
    monkeypatch.setattr(sys, "stdin", io.StringIO(PASSWORD))
    assert run("--register", url, "register", "login", name, "--role", "loader")[0] == 0
    monkeypatch.setattr(sys, "stdin", io.StringIO(PASSWORD))
    own = make_url(url).set(username=name, password=PASSWORD).render_as_string(hide_password=False)
    code, _, err = run("--register", own, "register", "login", "other", "--role", "pages")
    assert code == 5
    assert "permission denied" in err and PASSWORD not in err and "Traceback" not in err
