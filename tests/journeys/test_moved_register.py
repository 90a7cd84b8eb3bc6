"""A register moves to PostgreSQL with its whole life, killed on the way or not, and goes on as if it had not moved."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import create_engine, inspect, text

from due_regard import register
from due_regard.__main__ import main
from due_regard.config.settings import Settings
from due_regard.errors import AuditError, MailError, RegisterError
from due_regard.intake.drop_reading import read_drop
from due_regard.intake.source_mapping import load_source_mapping
from due_regard.register import moving
from due_regard.services.assess_landlord import assess_landlord
from due_regard.services.build_packs import build_packs
from due_regard.services.landlord_context import open_landlord_register
from due_regard.services.move_register import move_landlord_register
from due_regard.services.run_alerts import run_alerts
from tests.alerts.mail_server import Mailbox, serving
from tests.contract_examples import CONTRACT
from tests.register.engines import new_postgresql, postgresql_url  # noqa: F401

L = "hanover"
NOW, AS_AT = datetime(2026, 7, 1, 9, tzinfo=UTC), date(2026, 7, 1)
LATER = timedelta(days=1)


def load(settings: Settings, folder: Path, now: datetime) -> None:
    source = load_source_mapping(settings.sources_dir, "canonical")
    with open_landlord_register(settings, L, upgrade=True) as engine:
        known = partial(register.read_known_refs, engine, L)
        validated = read_drop(folder, L, source, on=now.date(), known=known, great_expectations=False)
        register.load_drop(engine, validated, now=now)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A register in a file with records, findings, decisions, packs and mails that wait for their server."""
    folder = tmp_path_factory.mktemp("lived")
    there = {"mail_mode": "live", "smtp_host": "127.0.0.1", "smtp_port": 9, "smtp_starttls": False}
    settings = Settings(var_dir=folder / "var", landlords=(L,), **there)
    load(settings, CONTRACT / "examples" / L / "exports", NOW - timedelta(days=2))
    assess_landlord(settings, L, as_at=AS_AT, now=NOW)
    said: dict[str, Any] = {"actor": "an officer", "why": 'é, "x"; \\N', "now": NOW}
    with open_landlord_register(settings, L) as engine:
        refs = list(register.read_open_findings(engine, L, as_at=AS_AT)["register_ref"][:3])
        register.silence_finding(engine, refs[0], until=date(2026, 7, 31), **said)
        register.dispute_finding(engine, refs[1], **said)
        register.comment_on_finding(engine, refs[2], **said)
    for act in (
        partial(run_alerts, settings, as_at=AS_AT, now=NOW),
        partial(build_packs, settings, L, quarter="2026-Q2", now=NOW, issue=True),
    ):
        with pytest.raises(MailError):
            act()
    return settings


@pytest.fixture
def here(lived: Settings, tmp_path: Path) -> Settings:
    """A copy of it, as it stands on the day of the move."""
    shutil.copytree(lived.var_dir, tmp_path / "var")
    return lived.model_copy(update={"var_dir": tmp_path / "var"})


@pytest.fixture
def target(new_postgresql: Callable[[], str]) -> str:  # noqa: F811
    """URL of an empty database."""
    return new_postgresql()


def live_a_day(settings: Settings) -> tuple[pd.DataFrame, set[tuple[Any, ...]]]:
    """The next day's run: the findings that are open then, and the mails that left."""
    mailbox, now = Mailbox(), NOW + LATER
    with serving(mailbox) as port:
        real = settings.model_copy(update={"smtp_port": port})
        load(real, CONTRACT / "examples" / L / "exports", now)
        assess_landlord(real, L, as_at=AS_AT + LATER, now=now)
        run_alerts(real, as_at=AS_AT + LATER, now=now)
    with open_landlord_register(settings, L) as engine:
        found = register.read_open_findings(engine, L, as_at=AS_AT + LATER)
        ids = text("SELECT message_id, recipient, status, accepted_on FROM alert_messages")
        with register.reading(engine, L) as connection:
            mails = {tuple(map(str, row)) for row in connection.execute(ids)}
    assert len(mailbox.kept) > 2
    return found, mails


def is_empty(url: str) -> bool:
    engine = create_engine(url)
    names = inspect(engine).get_table_names()
    engine.dispose()
    return not names


def kill_during(settings: Settings, target: str, point: str) -> None:
    """Move in a process of its own, which is killed at a function of the move, or as the old register is closed."""
    process = os.fork()
    if process == 0:
        append = moving.append_audit

        def die(*_: Any, **__: Any) -> None:
            os.kill(os.getpid(), signal.SIGKILL)

        def die_at_the_end(*words: Any, **said: Any) -> Any:
            return die() if said["action"] == moving.MOVED else append(*words, **said)

        changes = {"filled": ("_compare_rows", die), "arrived": ("append_audit", die_at_the_end)}
        setattr(moving, *changes[point])
        try:
            move_landlord_register(settings, target, L, now=NOW)
        finally:
            os._exit(0)
    _, status = os.waitpid(process, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL


@pytest.mark.parametrize("killed", [(), ("filled",), ("filled", "arrived"), ("arrived", "arrived")])
def test_the_next_day_of_a_moved_register_is_that_of_one_that_stayed(
    here: Settings, target: str, tmp_path: Path, killed: tuple[str, ...]
) -> None:
    shutil.copytree(here.var_dir, tmp_path / "twin")
    twin = here.model_copy(update={"var_dir": tmp_path / "twin"})
    for point in killed:
        kill_during(here, target, point)
        assert is_empty(target) == (point == "filled")
    report = move_landlord_register(here, target, L, now=NOW)
    moved = here.model_copy(update={"register_url": target})
    with open_landlord_register(moved) as engine:
        register.verify_audit(engine, report["head"])
        assert register.verify_rows(engine).faults == ()
    found, mails = live_a_day(moved)
    expected, as_before = live_a_day(twin)
    pd.testing.assert_frame_equal(found, expected)
    assert mails == as_before


def test_a_moved_register_may_be_read_and_says_where_it_went(
    here: Settings, target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DUE_REGARD_VAR_DIR", str(here.var_dir))
    monkeypatch.setenv("DUE_REGARD_LANDLORDS", L)
    monkeypatch.chdir(tmp_path)
    asked = ["findings", "--as-at", str(AS_AT), "--landlord", L]
    assert main(asked) == 0
    before = capsys.readouterr().out
    assert main(["move", "--to", target]) == 0
    assert "read each back" in capsys.readouterr().out
    assert main(asked) == 0 and capsys.readouterr().out == before
    assert main(["audit", "verify"]) == 0
    capsys.readouterr()
    refused = [
        ["alerts", "run", "--as-at", str(AS_AT)],
        ["finding", "comment", "F-000001", "--by", "WHO", "--why", "x"],
        ["assess", "--landlord", L, "--as-at", str(AS_AT)],
        ["pack", "--landlord", L, "--quarter", "2026-Q2", "--out", "packs"],
        ["backup", "kept"],
        ["move", "--to", target],
    ]
    for words in refused:
        code = main(words)
        said = capsys.readouterr()
        assert code == 5, words
        assert "was moved to" in said.err + said.out and "postgres:" not in said.err + said.out, words
    assert main(["doctor"]) == 5
    assert "this register was moved to" in capsys.readouterr().out


def test_a_register_in_which_something_does_not_hold_is_not_moved(here: Settings, target: str) -> None:
    engine = create_engine(here.register())
    with engine.begin() as connection:
        for (name,) in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").all():
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        connection.exec_driver_sql("UPDATE finding_events SET why = 'other words' WHERE event = 'silenced'")
    engine.dispose()
    with open_landlord_register(here, L) as engine:
        before = register.verify_audit(engine)
        with pytest.raises(AuditError, match="finding_events"):
            move_landlord_register(here, target, L, now=NOW)
        assert register.verify_audit(engine) == before
    assert is_empty(target)


def test_what_waited_while_it_was_moved_writes_nothing_behind_it(here: Settings, target: str) -> None:
    with open_landlord_register(here, L) as engine:
        move_landlord_register(here, target, L, now=NOW)
        with pytest.raises(RegisterError, match="was moved to"), register.writing(engine, L):
            pass


def test_a_target_that_is_not_empty_is_refused_and_nothing_is_changed(here: Settings, target: str) -> None:
    shutil.copytree(here.var_dir, here.var_dir.with_name("other"))
    other = here.model_copy(update={"var_dir": here.var_dir.with_name("other")})
    load(other, CONTRACT / "examples" / L / "exports", NOW)
    move_landlord_register(other, target, L, now=NOW)
    with open_landlord_register(here, L) as engine:
        before = register.verify_audit(engine)
        with pytest.raises(RegisterError, match="not empty"):
            move_landlord_register(here, target, L, now=NOW)
        assert register.verify_audit(engine) == before
    with pytest.raises(RegisterError, match="only a register in an SQLite file"):
        move_landlord_register(here.model_copy(update={"register_url": target}), target, L, now=NOW)
    with pytest.raises(RegisterError, match="where the register is already"):
        move_landlord_register(here, here.register(), L, now=NOW)
    with pytest.raises(RegisterError, match=r"cannot be|could not be"):
        move_landlord_register(here, "postgresql+psycopg2://x:secret@127.0.0.1:9/nothing", L, now=NOW)
