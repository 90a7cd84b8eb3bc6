"""A register that can only be read: questions are answered, whatever writes says so in a line.

Permission bits stop nobody who is root, so the file itself is opened for reading alone; one test takes the right to
pass them away from a process of its own, and a mount is read-only for everybody.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, make_url, text

from due_regard.errors import RegisterError
from due_regard.register import (
    append_audit,
    load_drop,
    open_register,
    read_audit_head,
    read_finding,
    read_records,
    reading,
    record_assessment,
    record_view,
    silence_finding,
    sqlite_files,
    upgrade_register,
    verify_audit,
    write_backup,
    writing,
)
from tests.register.drops import accepted, appeal, assessments, at, drop

NOW = at("2026-06-01 08:00")
LANDLORD = "hanover"


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A register with a record and a finding, whose writer has gone."""
    url = f"sqlite:///{tmp_path / 'kept' / 'register.db'}"
    engine = upgrade_register(url)
    fill(engine)
    engine.dispose()
    return url


def fill(engine: Engine) -> None:
    load_drop(engine, drop(accepted("appeals", [appeal("A1")]), landlord=LANDLORD), now=NOW)
    about = {"rule": "restriction.review", "subject_type": "restriction", "subject_ref": "R1", "state": "breach"}
    rows = assessments([about], LANDLORD)
    record_assessment(engine, LANDLORD, rows, as_at=date(2026, 6, 1), now=NOW, policy_version="2024-01-01")


@pytest.fixture
def locked(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The same, opened as on a read-only mount: SQLite itself refuses to write."""
    monkeypatch.setattr(sqlite_files, "can_write", lambda _: False)
    yield url
    open_register(url).dispose()


def find_file(url: str) -> Path:
    return Path(str(make_url(url).database))


def test_questions_are_answered_and_nothing_is_left_beside_the_file(locked: str, tmp_path: Path) -> None:
    before = sorted(find_file(locked).parent.iterdir())
    engine = open_register(locked)
    assert verify_audit(engine).rows > 0
    assert read_records(engine, LANDLORD)["appeals"]["appeal_ref"].tolist() == ["A1"]
    assert read_finding(engine, "F-000001")["status"] == "open"
    with reading(engine) as connection:
        connection.execute(text("CREATE TEMP TABLE staged (ref)"))
    engine.dispose()
    report = write_backup(locked, tmp_path / "elsewhere", now=NOW)
    assert report.file.exists() and report.tables["findings"] == 1
    assert sorted(find_file(locked).parent.iterdir()) == before


ACTS: dict[str, Callable[[Engine], object]] = {
    "load": lambda engine: load_drop(engine, drop(accepted("appeals", [appeal("A2")]), landlord=LANDLORD), now=NOW),
    "silence": lambda engine: silence_finding(engine, "F-000001", actor="a", why="b", until=date(2026, 7, 1), now=NOW),
    "view": lambda engine: record_view(
        engine, LANDLORD, actor="fab:7", used_right="read", kind="finding", ref="F-000001", now=NOW
    ),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_whatever_writes_says_so_in_a_line(locked: str, act: Callable[[Engine], object]) -> None:
    engine, before = open_register(locked), find_file(locked).read_bytes()
    with pytest.raises(RegisterError, match=r"can only be read here.*nothing was changed") as caught:
        act(engine)
    assert "\n" not in str(caught.value)
    assert find_file(locked).read_bytes() == before


def test_sqlite_itself_refuses_where_the_check_is_passed_by(locked: str) -> None:
    engine = open_register(locked)
    with pytest.raises(RegisterError, match="readonly database"), reading(engine) as connection:
        connection.execute(text("DELETE FROM work_items"))


def test_what_a_writer_elsewhere_has_committed_is_read(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its log lies beside the file: both are read, through the same locks."""
    writer = upgrade_register(url)
    with writing(writer, LANDLORD) as connection:
        append_audit(connection, landlord=LANDLORD, action="try", subject="x", details={}, at=NOW)
    monkeypatch.setattr(sqlite_files, "can_write", lambda _: False)
    engine = open_register(url)
    assert read_audit_head(engine) == read_audit_head(writer)
    with writing(writer, LANDLORD) as connection:
        append_audit(connection, landlord=LANDLORD, action="try", subject="y", details={}, at=NOW)
        before = read_audit_head(engine)
    assert read_audit_head(engine) == read_audit_head(writer) != before
    assert verify_audit(engine).rows == verify_audit(writer).rows
    for one in (engine, writer):
        one.dispose()


def test_an_answer_from_a_file_that_was_written_meanwhile_is_thrown_away(locked: str) -> None:
    engine = open_register(locked)
    file = find_file(locked)
    words = "written elsewhere while it was read here; ask again"
    with pytest.raises(RegisterError, match=words), reading(engine) as connection:
        connection.execute(text("SELECT count(*) FROM audit"))
        os.utime(file, ns=(1, 1))
    assert verify_audit(engine).rows > 0


def test_a_log_that_cannot_be_read_is_said(url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A writer was killed: what it wrote last is in the log alone, and only a writer can put it in."""
    writer = upgrade_register(url)
    with writing(writer, LANDLORD) as connection:
        append_audit(connection, landlord=LANDLORD, action="try", subject="x", details={}, at=NOW)
    copy = tmp_path / "copy" / "register.db"
    copy.parent.mkdir()
    for end in ("", "-wal"):
        shutil.copyfile(f"{find_file(url)}{end}", f"{copy}{end}")
    head = read_audit_head(writer)
    writer.dispose()
    monkeypatch.setattr(sqlite_files, "can_write", lambda _: False)
    # The folder of a test can be written, so SQLite makes what it needs: nothing of the log is missed.
    engine = open_register(f"sqlite:///{copy}")
    assert read_audit_head(engine) == head
    engine.dispose()


def test_a_database_that_is_read_only_answers_and_refuses_in_a_line(new_postgresql: Callable[[], str]) -> None:
    url = new_postgresql()
    engine = upgrade_register(url)
    fill(engine)
    with engine.begin() as connection:
        name = make_url(url).database
        connection.exec_driver_sql(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    engine.dispose()
    engine = open_register(url)
    assert verify_audit(engine).rows > 0
    assert read_records(engine, LANDLORD)["appeals"]["appeal_ref"].tolist() == ["A1"]
    with pytest.raises(RegisterError, match="read-only transaction") as caught:
        ACTS["load"](engine)
    assert "\n" not in str(caught.value)
    engine.dispose()


COMMANDS = """
import sys
from due_regard.__main__ import main
for words in sys.argv[1:]:
    print("code", main(words.split()), flush=True)
"""


def run_without_rights(url: str, *commands: str, here: Path) -> list[str]:
    """Run commands in a process that may pass no permission bit, though it be root's; what it printed."""
    drop_rights = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.getuid() == 0 else []
    words = [*drop_rights, sys.executable, "-c", COMMANDS, *(f"{command} --register {url}" for command in commands)]
    environment = os.environ | {"DUE_REGARD_VAR_DIR": str(here), "DUE_REGARD_LANDLORDS": "hanover"}
    done = subprocess.run(words, capture_output=True, text=True, env=environment, timeout=300)
    assert "Traceback" not in done.stderr, done.stderr
    return [line for line in (done.stdout + done.stderr).splitlines() if not line.startswith("INFO")]


@pytest.mark.parametrize("locks", ["a file and folder without the right to write", "a read-only mount"])
def test_the_command_line_reads_a_register_that_cannot_be_written(url: str, tmp_path: Path, locks: str) -> None:
    folder = find_file(url).parent
    out = tmp_path / "out"
    out.mkdir()
    if locks == "a read-only mount":
        if subprocess.run(["mount", "--bind", folder, folder], capture_output=True).returncode:
            pytest.skip("a mount needs rights that this machine does not give")
        subprocess.run(["mount", "-o", "remount,ro,bind", folder], check=True)
    else:
        find_file(url).chmod(0o400)
        folder.chmod(0o500)
    try:
        said = run_without_rights(
            url,
            "audit verify",
            "finding show F-000001",
            "drop list",
            f"backup {out}",
            "finding comment F-000001 --by post --why words",
            "register upgrade",
            here=out,
        )
    finally:
        if locks == "a read-only mount":
            subprocess.run(["umount", folder], check=True)
        folder.chmod(0o700)
    codes = [line for line in said if line.startswith("code ")]
    assert codes == ["code 0", "code 0", "code 0", "code 0", "code 5", "code 5"], said
    assert any("can only be read here" in line for line in said)
    assert list(out.glob("register-*.zip"))


def test_an_older_program_says_of_a_column_it_does_not_know_what_to_do(url: str) -> None:
    engine = open_register(url)
    other = create_engine(url)
    with other.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE findings RENAME COLUMN severity TO weight")
    other.dispose()
    with pytest.raises(RegisterError, match=r"no such column.*not of this program's version.*newer program") as caught:
        read_finding(engine, "F-000001")
    assert "\n" not in str(caught.value)
    engine.dispose()
