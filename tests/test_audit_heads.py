"""Audit heads noted outside the register: what is removed from it, lost or put back is found by comparing."""

from __future__ import annotations

import shutil
import stat
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from due_regard.__main__ import main
from due_regard.config.settings import Settings
from due_regard.register import load_drop, record_assessment
from due_regard.services.check_installation import check_installation
from due_regard.services.check_result import CheckResult
from due_regard.services.landlord_context import find_head_file, open_landlord_register
from tests.register.drops import accepted, appeal, assessments, drop

ONE, OTHER = "hanover", "port_of_leith"
NOW = datetime(2026, 7, 1, 9, tzinfo=UTC)
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.chdir(tmp_path)
    for name in ("VAR_DIR", "REGISTER_URL", "HEADS_DIR"):
        monkeypatch.delenv(f"DUE_REGARD_{name}", raising=False)

    def run_command(*words: object) -> tuple[int, str, str]:
        code = main([str(word) for word in words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run_command


def load(settings: Settings, *refs: str, landlord: str = ONE) -> None:
    with open_landlord_register(settings, landlord, upgrade=True) as engine:
        load_drop(engine, drop(accepted("appeals", [appeal(ref) for ref in refs]), landlord=landlord), now=NOW)


@pytest.fixture
def noted(run: Run) -> Settings:
    """An installation with two landlords in one register, and acts of both."""
    settings = Settings()
    load(settings, "A1")
    load(settings, "B1", landlord=OTHER)
    load(settings, "A1", "A2")
    return settings


def change(settings: Settings, *statements: str) -> None:
    """Whoever has the database's own rights."""
    engine = create_engine(settings.register())
    with engine.begin() as connection:
        for (name,) in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").all():
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


def check(settings: Settings, what: str) -> CheckResult:
    return next(one for one in check_installation(settings, now=NOW) if one.what == what)


def test_each_act_is_noted_in_a_line_of_a_private_file_that_only_grows(noted: Settings) -> None:
    file = find_head_file(noted)
    assert file.parent == Path("var/audit_heads") and file.name.startswith("register-")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = file.read_text()
    assert [line.split()[1].rsplit(":", 1)[0] for line in before.splitlines()][-1] == f"{ONE}:4"
    load(noted, "A1", "A2", "A3")
    assert file.read_text().startswith(before)
    assert all(len(line) < 90 for line in file.read_text().splitlines())


def test_what_is_rolled_back_is_not_noted(noted: Settings) -> None:
    before = find_head_file(noted).read_text()
    with open_landlord_register(noted, ONE) as engine:
        from due_regard.register import append_audit, writing

        with pytest.raises(ZeroDivisionError), writing(engine, ONE) as connection:
            append_audit(connection, landlord=ONE, action="try", subject="s", details={}, at=NOW)
            raise ZeroDivisionError
        with writing(engine, ONE):
            pass
    assert find_head_file(noted).read_text() == before


def test_verify_compares_with_what_is_noted_and_says_so(run: Run, noted: Settings) -> None:
    code, out, _ = run("audit", "verify")
    assert code == 0 and "no --head was given: all 3 heads noted in var/audit_heads/register-" in out
    head = next(line for line in out.splitlines() if "rows hold" in line).rpartition(" ")[2]
    code, out, _ = run("audit", "verify", "--head", head)
    assert code == 0 and "noted" not in out
    find_head_file(noted).unlink()
    assert "a removed tail would not show" in run("audit", "verify")[1]


ATTACKS = {
    "a tail": [f"DELETE FROM audit WHERE landlord = '{ONE}' AND seq > 2"],
    "a chain": [f"DELETE FROM audit WHERE landlord = '{OTHER}'"],
    "everything": ["DELETE FROM audit"],
}


@pytest.mark.parametrize("attack", list(ATTACKS))
def test_a_removed_tail_a_lost_chain_and_an_emptied_register_are_found(run: Run, noted: Settings, attack: str) -> None:
    change(noted, *ATTACKS[attack])
    code, _, said = run("audit", "verify")
    assert code == 5 and "tail removed" in said and "audit acknowledge" in said
    found = check(noted, "audit chain")
    assert not found.ok and "tail removed" in found.says


def test_a_tail_that_the_program_has_written_over_is_found_too(run: Run, noted: Settings) -> None:
    change(noted, f"DELETE FROM audit WHERE landlord = '{ONE}' AND seq > 2")
    load(noted, "A1", "A9")
    code, _, said = run("audit", "verify")
    assert code == 5 and "is not the one a head was printed for" in said


def test_a_copied_back_file_is_found_and_may_be_acknowledged(run: Run, noted: Settings, tmp_path: Path) -> None:
    kept = tmp_path / "kept.db"
    shutil.copyfile("var/register.db", kept)
    load(noted, "A1", "A2", "A3")
    shutil.copyfile(kept, "var/register.db")
    assert run("audit", "verify")[0] == 5
    code, out, _ = run("audit", "acknowledge")
    assert code == 0 and "put back on purpose" in out
    code, out, _ = run("audit", "verify")
    assert code == 0 and "since the restore of 20" in out
    assert "since the restore of" in check(noted, "audit heads").says
    code, _, said = run("audit", "acknowledge")
    assert code == 5 and "nothing to acknowledge" in said


def test_a_broken_chain_cannot_be_acknowledged(run: Run, noted: Settings) -> None:
    change(noted, f"UPDATE audit SET details = '{{}}' WHERE landlord = '{ONE}' AND seq = 3")
    before = find_head_file(noted).read_text()
    code, _, said = run("audit", "acknowledge")
    assert code == 5 and "was changed after it was written" in said
    assert find_head_file(noted).read_text() == before


def test_a_restored_backup_notes_that_it_was_restored(run: Run, noted: Settings, tmp_path: Path) -> None:
    assert run("backup", tmp_path / "kept")[0] == 0
    load(noted, "A1", "A2", "A3")
    Path("var/register.db").unlink()
    code, out, _ = run("restore", tmp_path / "kept")
    assert code == 0
    code, out, _ = run("audit", "verify")
    assert code == 0 and "since the restore of" in out
    load(noted, "A1", "A7")
    assert run("audit", "verify")[0] == 0


def test_a_file_that_cannot_be_written_stops_no_act_and_the_doctor_says_so(
    run: Run, noted: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "no_folder").write_text("")
    monkeypatch.setenv("DUE_REGARD_HEADS_DIR", str(tmp_path / "no_folder"))
    settings = Settings()
    load(settings, "A1", "A2", "A3")
    assert not check(settings, "audit heads folder").ok
    assert check(settings, "audit heads").is_warning


def test_acts_that_are_not_noted_are_said(noted: Settings) -> None:
    file = find_head_file(noted)
    assert not check(noted, "audit heads").is_warning
    file.write_text("".join(file.read_text().splitlines(keepends=True)[:-1]))
    assert "the newest acts are not noted" in check(noted, "audit heads").says
    file.unlink()
    assert "none is noted" in check(noted, "audit heads").says
    file.write_text("something else\n")
    assert any("1 lines are no heads" in one.says for one in check_installation(noted, now=NOW))


def test_two_writers_at_once_note_whole_lines(noted: Settings) -> None:
    def record(landlord: str) -> None:
        with open_landlord_register(noted, landlord) as engine:
            for day in range(1, 9):
                rows = assessments([{"rule": "appeal.decide", "subject_ref": "A1", "state": "overdue"}], landlord)
                as_at = date(2026, 7, day)
                record_assessment(engine, landlord, rows, as_at=as_at, now=NOW, policy_version="2024-01-01")

    threads = [threading.Thread(target=record, args=(landlord,)) for landlord in (ONE, OTHER)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    from due_regard.register.head_log import read_noted_heads

    found = read_noted_heads(find_head_file(noted))
    assert found.unread == 0 and len(found.heads[ONE]) == 2 + 8 and len(found.heads[OTHER]) == 1 + 8
    assert check(noted, "audit chain").ok


def test_each_register_has_a_file_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings(register_url=f"sqlite:///{tmp_path}/{{landlord}}.db")
    assert find_head_file(settings, ONE) != find_head_file(settings, OTHER)
    secret = Settings(register_url="postgresql+psycopg2://user:secret@host/due_regard")
    assert find_head_file(secret).name.startswith("due_regard-")
    other = Settings(register_url="postgresql+psycopg2://other:word@host/due_regard")
    assert find_head_file(secret) == find_head_file(other)
