"""Opening a register: what is refused and why, who may read the file, and who waits for whom."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from due_regard.errors import RegisterError
from due_regard.register import (
    engines,
    load_drop,
    open_register,
    read_records,
    reading,
    upgrade_register,
    verify_audit,
    writing,
)
from due_regard.register.network_shares import find_network_share
from tests.register.drops import LANDLORD, OTHER, accepted, appeal, at, drop

NOW = at("2026-06-01 08:00")
MOUNTS = """\
/dev/sda1 / ext4 rw 0 0
server:/export /srv/nfs nfs4 rw 0 0
//server/share /srv/with\\040space cifs rw 0 0
/dev/sdb1 /srv/nfs/local ext4 rw 0 0
sshfs#host: /home/a/far fuse.sshfs rw 0 0
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/lib/register.db", None),
        ("/srv/nfs/register.db", "nfs4"),
        ("/srv/nfs/deep/er/register.db", "nfs4"),
        ("/srv/nfs/local/register.db", None),
        ("/srv/nfsx/register.db", None),
        ("/srv/with space/register.db", "cifs"),
        ("/home/a/far/register.db", "fuse.sshfs"),
        ("//server/share/register.db", "UNC path"),
        ("\\\\server\\share\\register.db", "UNC path"),
    ],
)
def test_network_shares_are_told_from_local_disks(path: str, kind: str | None) -> None:
    assert find_network_share(Path(path), MOUNTS) == kind


def test_a_register_on_a_network_share_is_refused_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/sda1 / ext4 rw 0 0\nserver:/x {tmp_path} nfs rw 0 0\n")
    monkeypatch.setattr("due_regard.register.network_shares._MOUNTS", mounts)
    with pytest.raises(RegisterError, match=r"network share \(nfs\).*local disk, or use PostgreSQL"):
        upgrade_register(f"sqlite:///{tmp_path}/register.db")
    assert not (tmp_path / "register.db").exists()


def test_the_sqlite_file_and_its_companions_are_its_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "new" / "register.db"
    file.parent.mkdir()
    file.touch(0o644)
    engine = upgrade_register(f"sqlite:///{file}")
    with writing(engine, LANDLORD) as connection:
        connection.execute(text("CREATE TABLE t (a)"))
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in file.parent.iterdir()}
    assert set(modes) == {"register.db", "register.db-wal", "register.db-shm"}
    assert set(modes.values()) == {0o600}
    engine.dispose()


def test_sqlite_writes_ahead_and_waits(tmp_path: Path) -> None:
    engine = upgrade_register(f"sqlite:///{tmp_path}/register.db")
    with engine.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "busy_timeout", "synchronous", "foreign_keys")
        }
    assert pragmas == {"journal_mode": "wal", "busy_timeout": 120_000, "synchronous": 2, "foreign_keys": 1}
    engine.dispose()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("nonsense", "DUE_REGARD_REGISTER_URL"),
        ("nosuchdb://x", "DUE_REGARD_REGISTER_URL"),
        ("postgresql+psycopg2://nobody@/x?host=/nowhere", "cannot be opened"),
        ("sqlite:////proc/register.db", "cannot be written"),
    ],
)
def test_a_register_that_cannot_be_opened_says_so_in_one_line(url: str, words: str) -> None:
    with pytest.raises(RegisterError, match=words) as caught:
        upgrade_register(url)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "register.db"
    file.write_text("Dear Sir or Madam, " * 400)
    with pytest.raises(RegisterError, match="not a database"):
        upgrade_register(f"sqlite:///{file}")


def test_a_writer_that_waits_too_long_says_who_it_waits_for(register: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "LOCK_SECONDS", 0.2)
    other = open_register(register.url)
    with (
        writing(register, LANDLORD),
        pytest.raises(RegisterError, match="another run is writing"),
        writing(other, LANDLORD),
    ):
        pass
    with writing(other, LANDLORD) as connection:
        assert connection.scalar(text("SELECT 1")) == 1
    other.dispose()


def test_a_reader_sees_one_unchanging_view(register: Engine) -> None:
    load_drop(register, drop(accepted("appeals", [appeal("A1")])), now=NOW)
    count = text("SELECT count(*) FROM appeals")
    with reading(register, LANDLORD) as connection:
        before = connection.scalar(count)
        load_drop(register, drop(accepted("appeals", [appeal("A2")])), now=NOW)
        assert connection.scalar(count) == before == 1
    with reading(register, LANDLORD) as connection:
        assert connection.scalar(count) == 2


@pytest.mark.parametrize("landlords", [(LANDLORD, LANDLORD), (LANDLORD, OTHER)], ids=["one", "two"])
def test_two_drops_at_once_end_as_if_one_after_the_other(register: Engine, landlords: tuple[str, str]) -> None:
    own = open_register(register.url), open_register(register.url)
    barrier = threading.Barrier(2)
    failed: list[BaseException] = []

    def load(which: int) -> None:
        try:
            for turn in range(6):
                rows = [appeal(f"A{n}", outcome=("upheld", "quashed")[which], handled_by=f"S{turn}") for n in range(20)]
                barrier.wait(30)
                load_drop(own[which], drop(accepted("appeals", rows), landlord=landlords[which]), now=NOW)
        except BaseException as error:
            failed.append(error)
            barrier.abort()

    threads = [threading.Thread(target=load, args=(which,)) for which in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failed
    for landlord in set(landlords):
        last = read_records(register, landlord)["appeals"]
        assert len(last) == 20
        assert last["outcome"].nunique() == 1, "one drop or the other, never a mixture"
        assert last["handled_by"].unique().tolist() == ["S5"]
    with reading(register) as connection:
        gaps = text("SELECT count(*), max(version) FROM appeals GROUP BY landlord, appeal_ref")
        assert all(n == newest for n, newest in connection.execute(gaps)), "no version is missing or doubled"
    verify_audit(register)
    for engine in own:
        engine.dispose()


def test_many_processes_may_create_the_same_register_at_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/register.db"
    pids = []
    for _ in range(6):
        pid = os.fork()
        if not pid:
            try:
                upgrade_register(url).dispose()
                os._exit(0)
            except BaseException:
                os._exit(1)
        pids.append(pid)
    assert [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids] == [0] * 6


def test_a_second_engine_of_one_process_leaves_the_firsts_locks(tmp_path: Path) -> None:
    """Closing any descriptor of a file drops all of a process's locks on it: another would then undo the register."""
    url = f"sqlite:///{tmp_path / 'register.db'}"
    take_over = (
        "import sqlite3, sys\n"
        "print(sqlite3.connect(sys.argv[1], timeout=0).execute('PRAGMA journal_mode = DELETE').fetchall())"
    )
    first = upgrade_register(url)
    with reading(first):
        upgrade_register(url).dispose()
        done = subprocess.run(
            [sys.executable, "-c", take_over, str(tmp_path / "register.db")],
            capture_output=True,
            text=True,
            check=False,
        )
    first.dispose()
    assert "database is locked" in done.stderr, done.stdout
