"""One behaviour on every kind of storage: a file is whole or absent, stays in its folder, and says what is wrong."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import fsspec
import pytest
from fsspec.implementations.local import LocalFileSystem
from hypothesis import given
from hypothesis import strategies as st
from upath import UPath
from upath.registry import register_implementation

from due_regard.config.settings import Settings
from due_regard.config.storage import (
    StoredPath,
    bring_here,
    check_can_write,
    copy_file,
    join_name,
    make_folder,
    open_folder,
    open_new_file,
    write_file,
)
from due_regard.errors import SettingsError, StorageError

KEY_IN_URL = "hunter2"


class FileServer(LocalFileSystem):
    """Storage that shows a file while it is being written, as an SFTP server does, and keeps whoever watches posted."""

    protocol = ("fileserver",)
    seen: list[str] = []  # noqa: RUF012

    def put_file(self, lpath: str, rpath: str, **rest: object) -> None:
        self.seen.append(rpath)
        super().put_file(lpath, rpath, **rest)


fsspec.register_implementation("fileserver", FileServer, clobber=True)


class FileServerPath(UPath):
    """A place of `fileserver://`; without a class of its own the library warns."""


register_implementation("fileserver", FileServerPath, clobber=True)


@pytest.fixture(params=["path", "file", "memory", "fileserver"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StoredPath]:
    """A folder that is not there yet, on each kind of storage."""
    places = {
        "path": str(tmp_path / "a" / "b"),
        "file": (tmp_path / "a" / "b").as_uri(),
        "memory": f"memory://{uuid4().hex}/b",
        "fileserver": f"fileserver://{tmp_path}/a/b",
    }
    yield open_folder(places[request.param])


def names_in(folder: StoredPath) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_whether_a_folder_can_be_written_is_asked_without_a_trace(folder: StoredPath, tmp_path: Path) -> None:
    check_can_write(folder)
    if isinstance(folder, Path) or folder.protocol != "memory":  # which remembers folders that hold nothing
        assert not folder.exists()
    assert list(tmp_path.iterdir()) == []
    write_file(folder, "there", b"")
    check_can_write(folder)
    assert names_in(folder) == ["there"]


@pytest.mark.parametrize("name", ["file", "file/below", "file/far/below"])
def test_a_folder_in_a_files_place_cannot_be_written(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="cannot be written: Not a directory"):
        check_can_write(tmp_path / name)
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


def test_a_file_is_written_listed_and_read(folder: StoredPath) -> None:
    written = write_file(folder, "pack 2026.xlsx", b"\x00whole")
    assert written == folder / "pack 2026.xlsx"
    assert names_in(folder) == ["pack 2026.xlsx"]
    assert (folder / "pack 2026.xlsx").read_bytes() == b"\x00whole"
    assert written.exists()


def test_a_second_writing_replaces_the_first(folder: StoredPath) -> None:
    write_file(folder, "page.html", b"a long first version")
    write_file(folder, "page.html", b"second")
    assert (folder / "page.html").read_bytes() == b"second"
    assert names_in(folder) == ["page.html"]


def test_a_writing_that_fails_leaves_nothing(folder: StoredPath) -> None:
    with pytest.raises(ZeroDivisionError), open_new_file(folder, "rows.csv") as sink:
        sink.write(b"half")
        sink.flush()
        raise ZeroDivisionError
    assert not (folder / "rows.csv").exists()
    assert not folder.exists() or names_in(folder) == []


def test_a_writing_that_fails_leaves_what_was_there(folder: StoredPath) -> None:
    write_file(folder, "rows.csv", b"whole")
    with pytest.raises(ZeroDivisionError), open_new_file(folder, "rows.csv") as sink:
        sink.write(b"half")
        raise ZeroDivisionError
    assert (folder / "rows.csv").read_bytes() == b"whole"
    assert names_in(folder) == ["rows.csv"]


def test_a_reader_of_a_file_server_never_sees_a_name_whose_file_is_half_there(tmp_path: Path) -> None:
    write_file(open_folder(f"fileserver://{tmp_path}"), "pack.pdf", b"whole")
    assert Path(FileServer.seen[-1]).name != "pack.pdf"
    assert Path(FileServer.seen[-1]).parent == tmp_path
    assert names_in(tmp_path) == ["pack.pdf"]


KILLED = """
import os, signal, sys
from pathlib import Path
from due_regard.config.storage import open_new_file
with open_new_file(Path(sys.argv[1]), "pack.xlsx") as sink:
    sink.write(b"half"); sink.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("before", [None, b"whole"])
def test_a_killed_writing_leaves_no_half_file(tmp_path: Path, before: bytes | None) -> None:
    if before is not None:
        write_file(tmp_path, "pack.xlsx", before)
    ended = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    assert ended.returncode == -signal.SIGKILL
    file = tmp_path / "pack.xlsx"
    assert (file.read_bytes() if file.exists() else None) == before
    (left,) = [path for path in tmp_path.iterdir() if path != file]
    assert left.name.startswith(".")
    assert stat.S_IMODE(left.stat().st_mode) == 0o600


def test_two_that_write_the_same_file_at_once_do_not_mix(folder: StoredPath) -> None:
    with open_new_file(folder, "mail.eml") as one, open_new_file(folder, "mail.eml") as other:
        one.write(b"one")
        other.write(b"other")
    assert (folder / "mail.eml").read_bytes() == b"one"
    assert names_in(folder) == ["mail.eml"]


@pytest.mark.parametrize("name", ["", ".", "..", "../out", "/etc/out", "a/b", "memory://out", "a\0b"])
def test_a_hostile_name_cannot_leave_the_folder(folder: StoredPath, name: str) -> None:
    with pytest.raises(StorageError, match="rename the file"):
        write_file(folder, name, b"")
    assert not folder.exists()


@given(st.text(max_size=12))
def test_whatever_the_name_a_file_lies_directly_in_its_folder(name: str) -> None:
    for folder in (Path("/var/packs"), open_folder("memory://store/packs"), open_folder("fileserver:///packs")):
        try:
            file = join_name(folder, name)
        except StorageError:
            continue
        assert file.parent == folder
        assert file.name == name


def test_a_backslash_leads_out_of_no_file_server() -> None:
    with pytest.raises(StorageError):
        join_name(open_folder("fileserver:///packs"), "..\\..\\out")
    assert join_name(Path("/packs"), "a\\b").name == "a\\b"


def test_files_and_folders_are_their_owners_alone(tmp_path: Path) -> None:
    mask = os.umask(0)
    try:
        file = write_file(tmp_path / "var" / "packs" / "hanover", "pack.pdf", b"")
    finally:
        os.umask(mask)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (file, *file.parents[:3])}  # type: ignore[union-attr]
    assert modes == {"pack.pdf": 0o600, "hanover": 0o700, "packs": 0o700, "var": 0o700}


def test_a_folder_that_was_there_keeps_its_rights(tmp_path: Path) -> None:
    tmp_path.chmod(0o750)
    write_file(make_folder(tmp_path), "pack.pdf", b"")
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o750


def test_a_copy_has_the_bytes_and_on_this_disk_the_time(tmp_path: Path, folder: StoredPath) -> None:
    original = tmp_path / "export.csv"
    original.write_bytes(b"a,b\n")
    os.utime(original, (1_700_000_000, 1_700_000_000))
    copy = copy_file(original, folder)
    assert copy.read_bytes() == b"a,b\n"
    if isinstance(copy, Path):
        assert copy.stat().st_mtime == 1_700_000_000


def test_a_folder_is_brought_here_with_its_times(folder: StoredPath) -> None:
    file = write_file(folder, "export.csv", b"a,b\n")
    if not isinstance(folder, Path) and "memory" in folder.protocol:
        file.fs.store[file.path].modified = datetime(2026, 6, 1, tzinfo=UTC)  # type: ignore[union-attr]
    else:
        os.utime(Path(file.path) if isinstance(file, UPath) else file, (1_780_272_000, 1_780_272_000))
    write_file(folder / "deeper", "lost.csv", b"")
    with bring_here(folder) as here:
        assert here.name == folder.name
        assert (here / "export.csv").read_bytes() == b"a,b\n"
        assert (here / "deeper").is_dir()
        assert datetime.fromtimestamp((here / "export.csv").stat().st_mtime, UTC) == datetime(2026, 6, 1, tzinfo=UTC)
        here_was = here
    assert here_was.exists() == isinstance(folder, Path)


def test_an_object_whose_name_leads_out_is_not_brought_here(tmp_path: Path) -> None:
    store = fsspec.filesystem("memory")
    name = f"/{uuid4().hex}/drop"
    store.pipe_file(f"{name}/..", b"out")
    with pytest.raises(StorageError, match="rename the file"), bring_here(open_folder(f"memory:/{name}")):
        pass


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("nonsense://bucket/x", "nonsense://"),
        ("gs://bucket/x", "gs://.*gcsfs"),
        (f"s3://key:{KEY_IN_URL}@bucket/x", "s3://.*FSSPEC_S3_"),
        (f"sftp://me:{KEY_IN_URL}@host/x", "sftp://.*FSSPEC_SFTP_"),
        (f"az://box/x?sig={KEY_IN_URL}", "az://.*FSSPEC_AZ_"),
    ],
)
def test_a_url_that_cannot_be_opened_names_its_scheme_and_the_remedy(url: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says) as caught:
        open_folder(url)
    assert KEY_IN_URL not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_folder_opened_again_forgets_what_was_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    forgotten: list[object] = []
    monkeypatch.setattr(FileServer, "invalidate_cache", lambda _, path=None: forgotten.append(path))
    open_folder("fileserver:///packs")
    assert forgotten == [None]


def test_a_disk_that_refuses_says_why_and_where(tmp_path: Path) -> None:
    (tmp_path / "packs").write_bytes(b"")
    with pytest.raises(StorageError, match=r"packs cannot be written: (File exists|Not a directory)"):
        write_file(tmp_path / "packs", "pack.pdf", b"")


def test_a_store_that_refuses_is_told_without_what_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(f"key {KEY_IN_URL} may not write")

    monkeypatch.setattr(fsspec.filesystem("memory"), "put_file", refuse)
    with pytest.raises(StorageError, match="memory://box/packs cannot be written: PermissionError") as caught:
        write_file(open_folder("memory://box/packs"), "pack.pdf", b"")
    assert KEY_IN_URL not in str(caught.value)


def test_one_setting_moves_what_runs_write_and_another_the_drops(tmp_path: Path) -> None:
    here = Settings(var_dir=tmp_path)
    assert (here.packs, here.rejections, here.quarantine) == tuple(
        tmp_path / name for name in ("packs", "rejections", "quarantine")
    )
    assert (here.drops, here.mail_dir, here.data_docs) == tuple(tmp_path / n for n in ("drops", "mail", "data_docs"))
    there = Settings(var_dir=tmp_path, files_url="memory://shared/files", drops_dir="memory://inbox")
    folders = (there.packs, there.rejections, there.quarantine, there.mail_dir, there.data_docs)
    assert [str(folder) for folder in folders] == [
        f"memory://shared/files/{name}" for name in ("packs", "rejections", "quarantine", "mail", "data_docs")
    ]
    assert str(there.drops) == "memory://inbox"


ACTS: dict[str, tuple[str, Callable[[StoredPath], object]]] = {
    "read": ("_bring_file_here", lambda folder: bring_here(folder).__enter__()),
    "written": ("_upload_file", lambda folder: write_file(folder, "b.txt", b"")),
}


@pytest.mark.parametrize("what", ACTS)
@pytest.mark.parametrize("reason", [ValueError, KeyError, RuntimeError])
def test_what_a_library_raises_is_storages_and_what_we_raise_is_ours(
    what: str, reason: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, act = ACTS[what]
    folder = open_folder(f"memory://{uuid4().hex}/b")
    write_file(folder, "a.txt", b"")

    def fail(*_: object, **__: object) -> None:
        raise reason("s3cret")

    with monkeypatch.context() as patch:
        patch.setattr("fsspec.implementations.memory.MemoryFileSystem._open", fail)
        with pytest.raises(StorageError, match=f"cannot be {what}: {reason.__name__}$"):
            act(folder)
    monkeypatch.setattr(f"due_regard.config.storage.{ours}", fail)
    with pytest.raises(reason):
        act(folder)
