"""Servers here that an export is fetched from: SFTP (asyncssh), S3 (moto), Azure (Azurite), PostgreSQL."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from fsspec import AbstractFileSystem
from sqlalchemy import create_engine, make_url

from due_regard.config.connections import WrittenConnection
from tests.delivery.places import EXPORT, OLD, connect, write_export

LOGIN, PASSWORD = "fetcher", "Nightingale-7"
AZURE_ACCOUNT = "devstoreaccount1"
AZURE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""Of Azurite alone: every installation of it has them, and no other service does."""


MADE = """
CREATE SCHEMA reporting;
CREATE TABLE reporting.people (ref text, age numeric(8,3), since timestamp, note text);
INSERT INTO reporting.people VALUES ('00045', 7.100, '2026-01-02 03:04:05', E'two\nlines, "quoted"');
INSERT INTO reporting.people VALUES ('C2', NULL, NULL, '');
CREATE VIEW reporting.v_customers AS SELECT ref AS customer_ref, 'tenant' AS customer_type FROM reporting.people;
CREATE VIEW reporting.v_exact AS SELECT ref, age, since, note FROM reporting.people;
CREATE VIEW reporting.v_bytes AS SELECT ref, decode('00', 'hex') AS raw FROM reporting.people;
"""


def make_database(url: str) -> WrittenConnection:
    """What a housing database has in a new database of PostgreSQL; the connection to it."""
    engine = create_engine(url)
    with engine.begin() as session:
        session.exec_driver_sql(MADE)
    engine.dispose()
    found = make_url(url)
    # The server listens on a socket alone: its folder is the host.
    host = found.host or str(found.query.get("host", ""))
    return connect(
        "postgres", host=host, port=found.port, login=found.username, password=found.password or PASSWORD,
        schema=found.database,
    )  # fmt: skip


@dataclass
class Remote:
    """A place that an export was laid into: how to fetch from it, how to look into it, and logins that are wrong."""

    fetch: dict[str, Any]
    connection: WrittenConnection
    now: datetime
    write: Callable[..., None]
    write_huge: Callable[[str, int], None] | None
    list_names: Callable[[], set[str]]
    read: Callable[[str], bytes]
    port: int
    make_connection: Callable[[int], WrittenConnection]
    wrong: Mapping[str, WrittenConnection]
    no_place: str
    secrets: tuple[str, ...] = field(default=())

    def lay_export(self, files: Mapping[str, str] = EXPORT) -> None:
        for name, content in files.items():
            self.write(name, content)


MakePlace = Callable[[str], Remote]
"""Gives a new and empty place of a server that runs."""


@contextmanager
def open_places(kind: str, root: Path) -> Iterator[MakePlace]:
    """A server of a kind of place.

    Raises:
        LookupError: it is not installed.
    """
    if kind == "sftp":
        with open_sftp_places(root) as made:
            yield made
    elif kind == "s3":
        with open_s3_places() as made:
            yield made
    elif program := find_azurite():
        with open_azure_places(program, root) as made:
            yield made
    else:
        raise LookupError(
            "NOT RUN: no Azurite here; `npm install azurite`, and name its azurite-blob in DUE_REGARD_TEST_AZURITE"
        )


def find_free_port() -> int:
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return int(made.getsockname()[1])


def wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(3000):
        assert process.poll() is None, "the server ended"
        with socket.socket() as trying:
            if trying.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("the server did not answer")


@contextmanager
def run_server(command: list[str], port: int, **env: str) -> Iterator[None]:
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, env=os.environ | env, stdout=quiet, stderr=quiet)
    try:
        wait_for_port(port, process)
        yield
    finally:
        process.kill()
        process.wait()


@contextmanager
def accept_lines(take: Callable[[socket.socket], None]) -> Iterator[int]:
    """A port of this machine; every line that comes in by it is given to `take`, one after the other."""

    def listen() -> None:
        with suppress(OSError):
            while True:
                take(listening.accept()[0])

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        yield int(listening.getsockname()[1])
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(60)


@contextmanager
def cut_line(port: int | str, after: int) -> Iterator[int]:
    """The port of a line to a server's port, or its Unix socket, that breaks once `after` bytes came back by it."""
    left = after
    guard = threading.Lock()

    def pass_on(source: socket.socket, sink: socket.socket, *, is_answer: bool) -> None:
        nonlocal left
        with suppress(OSError):
            while part := source.recv(2**14):
                if is_answer:
                    with guard:
                        left -= len(part)
                    if left < 0:
                        break
                sink.sendall(part)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def join_ends(near: socket.socket) -> None:
        far = socket.socket(socket.AF_INET if isinstance(port, int) else socket.AF_UNIX)
        far.connect(("127.0.0.1", port) if isinstance(port, int) else port)
        opened.extend((near, far))
        for ends, is_answer in (((near, far), False), ((far, near), True)):
            threading.Thread(target=pass_on, args=ends, kwargs={"is_answer": is_answer}, daemon=True).start()

    opened: list[socket.socket] = []
    with accept_lines(join_ends) as near_port:
        yield near_port
    for end in opened:
        end.close()


class _Server(asyncssh.SSHServer):
    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (LOGIN, PASSWORD)


@contextmanager
def serve_sftp(
    root: Path, server_type: type[asyncssh.SFTPServer] = asyncssh.SFTPServer, known: str = ""
) -> Iterator[tuple[int, asyncssh.SSHKey]]:
    """An SFTP server whose whole world is `root`, for who has the password or a key `known`; its port and key."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def make_sftp(channel: asyncssh.SSHServerChannel[bytes]) -> asyncssh.SFTPServer:
        return server_type(channel, chroot=str(root).encode())

    async def listen() -> asyncssh.SSHAcceptor:
        keys = asyncssh.import_authorized_keys(known) if known else None
        return await asyncssh.listen(
            "127.0.0.1", 0, server_factory=_Server, server_host_keys=[key], sftp_factory=make_sftp,
            authorized_client_keys=keys,
        )  # fmt: skip

    server = asyncio.run_coroutine_threadsafe(listen(), loop).result(60)
    try:
        yield server.get_port(), key
    finally:
        server.close()
        asyncio.run_coroutine_threadsafe(server.wait_closed(), loop).result(60)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(60)
        loop.close()


@contextmanager
def open_sftp_places(root: Path) -> Iterator[MakePlace]:
    root.mkdir(parents=True)
    with serve_sftp(root) as (port, key):

        def make(password: str = PASSWORD, host_key: asyncssh.SSHKey = key, at: int = port) -> WrittenConnection:
            line = host_key.export_public_key().decode().strip()
            parts = {"host": "127.0.0.1", "port": at, "login": LOGIN, "password": password}
            return connect("sftp", **parts, extra_dejson={"host_key": line})

        def make_with(**extra: str) -> WrittenConnection:
            line = key.export_public_key().decode().strip()
            return connect("sftp", host="127.0.0.1", port=port, login=LOGIN, extra_dejson={"host_key": line} | extra)

        unknown = connect("sftp", host="127.0.0.1", port=port, login=LOGIN, password=PASSWORD)
        unread, locked = root.parent / "no_key", key.export_private_key("openssh", PASSWORD).decode()
        wrong = {
            "the server refuses the login": make(password=f"{PASSWORD}x"),
            "shows another key": make(host_key=asyncssh.generate_private_key("ssh-ed25519")),
            "or none is known": unknown,
            "`host_key` in the connection's extra is no key": make_with(host_key=f"files.landlord.example {PASSWORD}"),
            "`key_file` in the connection's extra cannot be read": make_with(key_file=str(unread)),
            "the private key cannot be read": make_with(private_key=PASSWORD),
            "the private key cannot": make_with(private_key=locked, private_key_passphrase=f"{PASSWORD}x"),
            "does not answer": make(at=find_free_port()),
        }

        def make_place(name: str) -> Remote:
            folder = root / name / "export"
            folder.mkdir(parents=True)

            def write(name: str, content: str, at: datetime = OLD) -> None:
                write_export(folder, {name: content}, at=at)

            def write_huge(name: str, size: int) -> None:
                with (folder / name).open("wb") as sink:
                    sink.truncate(size)

            return Remote(
                {"kind": "sftp", "path": f"/{name}/export"}, make(), OLD + timedelta(hours=2), write, write_huge,
                lambda: {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()},
                lambda name: (folder / name).read_bytes(), port, lambda at: make(at=at), wrong, f"/{name}/none",
                (PASSWORD, key.export_public_key().decode().split()[1]),
            )  # fmt: skip

        yield make_place


def _make_object_place(
    store: AbstractFileSystem, fetch: Mapping[str, Any], port: int, make: Callable[[int], WrittenConnection],
    wrong: Mapping[str, WrittenConnection], secrets: tuple[str, ...],
    write_huge: Callable[[str, int], None] | None = None,
) -> Remote:  # fmt: skip
    path = str(fetch["path"])

    def write(name: str, content: str, at: datetime | None = None) -> None:
        store.pipe_file(f"{path}/{name}", content.encode())

    return Remote(
        dict(fetch), make(port), datetime.now(UTC) + timedelta(hours=1), write, write_huge,
        lambda: {name.removeprefix(f"{path}/") for name in store.find(path)},
        lambda name: bytes(store.cat_file(f"{path}/{name}")), port, make, wrong, "exports/none", secrets,
    )  # fmt: skip


@contextmanager
def open_s3_places() -> Iterator[MakePlace]:
    """Moto's server; it asks for keys once the four calls that make a user, a login and a bucket are made."""
    import boto3
    import s3fs

    port = find_free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with run_server(command, port, INITIAL_NO_AUTH_ACTION_COUNT="4"):
        anyone = {"endpoint_url": url, "region_name": "eu-west-2"}
        first = boto3.session.Session(aws_access_key_id="x", aws_secret_access_key="y")  # noqa: S106
        users = first.client("iam", **anyone)
        users.create_user(UserName=LOGIN)
        allowed = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'
        users.put_user_policy(UserName=LOGIN, PolicyName="all", PolicyDocument=allowed)
        key = users.create_access_key(UserName=LOGIN)["AccessKey"]
        where = {"LocationConstraint": "eu-west-2"}
        first.client("s3", **anyone).create_bucket(Bucket="exports", CreateBucketConfiguration=where)

        def make(
            secret: str = key["SecretAccessKey"], at: str = url, login: str = key["AccessKeyId"]
        ) -> WrittenConnection:
            extra = {"endpoint_url": at, "region_name": "eu-west-2"}
            return connect("aws", login=login, password=secret, extra_dejson=extra)

        options: dict[str, Any] = {"endpoint_url": url, "client_kwargs": {"region_name": "eu-west-2"}}
        store = s3fs.S3FileSystem(
            key=key["AccessKeyId"], secret=key["SecretAccessKey"], use_listings_cache=False, **options
        )
        wrong = {
            "refuses the login": make(login="AKIANIGHTINGALE00000"),
            "a key or the address in the connection cannot be read": make(at=f"127.0.0.1:{port}"),
            "does not answer": make(at=f"http://127.0.0.1:{find_free_port()}"),
        }
        secrets = key["SecretAccessKey"], key["AccessKeyId"]
        yield lambda name: _make_object_place(
            store,
            {"kind": "s3", "path": f"exports/{name}"},
            port,
            lambda at: make(at=f"http://127.0.0.1:{at}"),
            wrong,
            secrets,
        )


def find_azurite() -> str | None:
    """Azurite's program, where npm has installed it (`npm install azurite`)."""
    return os.environ.get("DUE_REGARD_TEST_AZURITE") or shutil.which("azurite-blob")


@contextmanager
def open_azure_places(program: str, root: Path) -> Iterator[MakePlace]:
    import adlfs
    from azure.storage.blob import BlobClient

    port = find_free_port()
    command = [program, "--blobHost", "127.0.0.1", "--blobPort", str(port), "--location", str(root), "--silent"]
    with run_server([*command, "--skipApiVersionCheck", "--disableTelemetry"], port):

        def make(key: str = AZURE_KEY, at: int = port) -> WrittenConnection:
            words = f"DefaultEndpointsProtocol=http;AccountName={AZURE_ACCOUNT};AccountKey={key};"
            words += f"BlobEndpoint=http://127.0.0.1:{at}/{AZURE_ACCOUNT};"
            return connect("wasb", extra_dejson={"connection_string": words})

        store = adlfs.AzureBlobFileSystem(
            connection_string=make().extra_dejson["connection_string"], use_listings_cache=False
        )
        store.mkdir("exports")
        wrong = {
            "refuses the login": make(key="bmlnaHRpbmdhbGU="),
            "a key or the address in the connection cannot be read": make(key="!no key!"),
            "does not answer": make(at=find_free_port()),
        }

        def make_place(name: str) -> Remote:
            def write_huge(file: str, size: int) -> None:
                words = make().extra_dejson["connection_string"]
                with BlobClient.from_connection_string(words, "exports", f"{name}/{file}") as blob:
                    blob.create_page_blob(size)  # sparse, as disks of virtual machines are

            fetch = {"kind": "azure_blob", "path": f"exports/{name}"}
            return _make_object_place(store, fetch, port, lambda at: make(at=at), wrong, (AZURE_KEY,), write_huge)

        yield make_place


def use_object_storage(place: Remote, monkeypatch: pytest.MonkeyPatch) -> str:
    """A URL of a bucket for this installation's own files; its login stands in the variables that the library reads."""
    import s3fs

    extra = place.connection.extra_dejson
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", str(place.connection.login))
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", str(place.connection.password))
    monkeypatch.setenv("AWS_ENDPOINT_URL", str(extra["endpoint_url"]))
    monkeypatch.setenv("AWS_DEFAULT_REGION", str(extra["region_name"]))
    s3fs.S3FileSystem.clear_instance_cache()  # of another server's
    return f"s3://{place.fetch['path']}"
