"""An export on an SFTP server, with asyncssh: the server's key is always checked, and a file is renamed, never copied.

The connection is Airflow's of the kind `sftp` or `ssh`: host, port, login, password, and in `extra` `host_key` (a line
such as `ssh-ed25519 AAAA…`), `private_key` or `key_file`, `private_key_passphrase`.
"""

from __future__ import annotations

import asyncio
import posixpath
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import Any, TypeVar

import asyncssh

from due_regard.config.connections import Connection
from due_regard.config.export_place import ExportPlace
from due_regard.delivery.export_sources import MOST_FILES, FoundFile, FoundFiles, check_name
from due_regard.errors import FetchError, FetchRefused

_SECONDS = 30
"""How long a server may take to answer."""

Answer = TypeVar("Answer")


@contextmanager
def open_sftp_source(place: ExportPlace, connection: Connection | None) -> Iterator[SftpSource]:
    """The folder on the server that a connection names.

    Raises:
        FetchError: nothing answers.
        FetchRefused: the login, or the server's key, is not the one.
    """
    runner = asyncio.Runner()
    try:
        with _say_failures():
            session = runner.run(_log_in(connection))
            sftp = runner.run(asyncio.wait_for(session.start_sftp_client(), _SECONDS))
        try:
            yield SftpSource(runner, sftp, str(place.path))
        finally:
            session.abort()
            runner.run(session.wait_closed())
    finally:
        runner.close()


async def _log_in(connection: Connection | None) -> asyncssh.SSHClientConnection:
    if connection is None or not connection.host:
        raise FetchRefused("the connection names no host")
    extra = connection.extra_dejson
    options: dict[str, Any] = {"agent_path": None, "config": None}
    if connection.login:
        options["username"] = connection.login
    if connection.password:
        options |= {"password": connection.password, "client_keys": None}
    if extra.get("host_key"):
        options["known_hosts"] = ([_read_host_key(str(extra["host_key"]))], [], [])
    if extra.get("private_key") or extra.get("key_file"):
        options["client_keys"] = _read_login_key(extra)
    return await asyncssh.connect(
        connection.host,
        connection.port or 22,
        connect_timeout=_SECONDS,
        login_timeout=_SECONDS,
        # A server that hangs must not hold a task for its hour.
        keepalive_interval=_SECONDS,
        **options,
    )


def _read_host_key(text: str) -> asyncssh.SSHKey:
    """A host's key with its kind in front; Airflow takes one without, which is then RSA's."""
    try:
        return asyncssh.import_public_key(text if " " in text.strip() else f"ssh-rsa {text}")
    except asyncssh.KeyImportError:
        raise FetchRefused(
            "`host_key` in the connection's extra is no key; write it from its kind on, as ssh-ed25519 AAAA…"
        ) from None


def _read_login_key(extra: Mapping[str, Any]) -> Any:
    """The key that logs in, from the connection or from a file here, with a certificate that lies beside it."""
    passphrase = extra.get("private_key_passphrase")
    try:
        if extra.get("private_key"):
            return [asyncssh.import_private_key(str(extra["private_key"]), passphrase)]
        return asyncssh.load_keypairs(str(extra["key_file"]), passphrase)
    except OSError:
        raise FetchRefused(
            "`key_file` in the connection's extra cannot be read on this machine; look whether it is there, and may "
            "be read"
        ) from None
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError):
        raise FetchRefused(
            "the private key cannot be read; mend `private_key` or `key_file`, and `private_key_passphrase`, in the "
            "connection's extra"
        ) from None


class SftpSource:
    """Files of one folder of a server; folders in it are left alone."""

    def __init__(self, runner: asyncio.Runner, sftp: asyncssh.SFTPClient, path: str) -> None:
        self._runner, self._sftp, self._path = runner, sftp, path

    def _run(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        with _say_failures():
            return self._runner.run(work)

    def list_files(self) -> FoundFiles:
        """What lies in the folder."""
        entries = [entry for entry in self._run(self._sftp.readdir(self._path)) if entry.filename not in {".", ".."}]
        entries.sort(key=lambda entry: str(entry.filename))
        folders = sum(S_ISDIR(entry.attrs.permissions or 0) for entry in entries)
        if len(entries) - folders > MOST_FILES:
            raise FetchRefused(f"more than {MOST_FILES} files lie there; name the folder of one export")
        listed = enumerate(entries, 1)
        files = [_describe(entry, at) for at, entry in listed if not S_ISDIR(entry.attrs.permissions or 0)]
        return FoundFiles(tuple(files), folders)

    def copy_file(self, file: FoundFile, target: Path) -> None:
        """Copy a file, in blocks."""
        self._run(self._sftp.get(self._join(file.name), str(target), follow_symlinks=False))

    def move_file(self, file: FoundFile, folder: str) -> None:
        """Move a file into a folder below."""
        self._run(self._move(file, folder))

    async def _move(self, file: FoundFile, folder: str) -> None:
        here = self._join(file.name)
        try:
            known = await self._sftp.lstat(here)
        except asyncssh.SFTPNoSuchFile:
            return
        if (known.size, str(known.mtime)) == (file.size, file.stamp):
            await self._sftp.makedirs(self._join(folder), exist_ok=True)
            await self._replace(here, posixpath.join(self._join(folder), file.name))

    async def _replace(self, here: str, there: str) -> None:
        """Rename a file; many servers refuse to where one of this name is, and not all know how to replace it."""
        with suppress(asyncssh.SFTPNoSuchFile):
            await self._sftp.remove(there)
        await self._sftp.rename(here, there)

    def write_note(self, folder: str, name: str, content: bytes) -> None:
        """Write a small file, whole or not at all."""
        self._run(self._write(folder, name, content))

    async def _write(self, folder: str, name: str, content: bytes) -> None:
        await self._sftp.makedirs(self._join(folder), exist_ok=True)
        part = posixpath.join(self._join(folder), f".{name}.part")
        async with self._sftp.open(part, "wb") as sink:
            await sink.write(content)
        await self._replace(part, posixpath.join(self._join(folder), name))

    def remove_note(self, folder: str, name: str) -> None:
        """Remove a small file."""
        self._run(self._sftp.remove(posixpath.join(self._join(folder), name)))

    def _join(self, name: str) -> str:
        return posixpath.join(self._path, name)


def _describe(entry: asyncssh.SFTPName, position: int) -> FoundFile:
    known = entry.attrs
    if not S_ISREG(known.permissions or 0) or known.size is None or known.mtime is None:
        raise FetchRefused(f"file {position} of the list is a link, or no file; deliver the file itself")
    changed_at = datetime.fromtimestamp(known.mtime, UTC)
    return FoundFile(check_name(str(entry.filename), position), known.size, changed_at, str(known.mtime))


@contextmanager
def _say_failures() -> Iterator[None]:
    """A failure in our words: the library's may hold a file's name, or part of a login."""
    try:
        yield
    except asyncssh.HostKeyNotVerifiable:
        raise FetchRefused(
            "the server shows another key than the one known, or none is known; ask its administrators for its key, "
            "and put it as `host_key` into the connection's extra"
        ) from None
    except asyncssh.PermissionDenied:
        raise FetchRefused("the server refuses the login; mend login, password or key in the connection") from None
    except asyncssh.SFTPPermissionDenied:
        raise FetchRefused(
            "the server refuses the right to read or write in the folder; ask its administrators for it"
        ) from None
    except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
        raise FetchError("the server has no such folder, or a file went meanwhile; look at `path`") from None
    except (asyncssh.Error, OSError, TimeoutError) as reason:
        raise FetchError(
            f"the server does not answer, or broke off ({type(reason).__name__}); look at host and port in the "
            "connection, and whether the server runs"
        ) from None
