"""Servers on this machine's loopback that an export is fetched from: SFTP (asyncssh), S3 (moto), Azure (Azurite)."""

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
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncssh
from fsspec import AbstractFileSystem

from due_regard.config.connections import WrittenConnection
from tests.delivery.places import EXPORT, OLD, connect, write_export

LOGIN, PASSWORD = "fetcher", "Nightingale-7"
AZURE_ACCOUNT = "devstoreaccount1"
AZURE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""Of Azurite alone: every installation of it has them, and no other service does."""


@dataclass
class Remote:
    """A place that an export was laid into: how to fetch from it, how to look into it, and logins that are wrong."""

    fetch: dict[str, Any]
    connection: WrittenConnection
    now: datetime
    write: Callable[[str, str], None]
    list_names: Callable[[], set[str]]
    wrong: Mapping[str, WrittenConnection]
    no_place: str
    secrets: tuple[str, ...] = field(default=())

    def lay_export(self, files: Mapping[str, str] = EXPORT) -> None:
        for name, content in files.items():
            self.write(name, content)


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


class _Server(asyncssh.SSHServer):
    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (LOGIN, PASSWORD)


@contextmanager
def serve_sftp(
    root: Path, server_type: type[asyncssh.SFTPServer] = asyncssh.SFTPServer
) -> Iterator[tuple[int, asyncssh.SSHKey]]:
    """An SFTP server whose whole world is `root`; its port and key."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def make_sftp(channel: asyncssh.SSHServerChannel[bytes]) -> asyncssh.SFTPServer:
        return server_type(channel, chroot=str(root).encode())

    async def listen() -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(
            "127.0.0.1", 0, server_factory=_Server, server_host_keys=[key], sftp_factory=make_sftp
        )

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
def open_sftp_remote(root: Path) -> Iterator[Remote]:
    folder = root / "outgoing" / "export"
    folder.mkdir(parents=True)
    with serve_sftp(root) as (port, key):

        def make(password: str = PASSWORD, host_key: asyncssh.SSHKey = key, at: int = port) -> WrittenConnection:
            line = host_key.export_public_key().decode().strip()
            parts = {"host": "127.0.0.1", "port": at, "login": LOGIN, "password": password}
            return connect("sftp", **parts, extra_dejson={"host_key": line})

        unknown = connect("sftp", host="127.0.0.1", port=port, login=LOGIN, password=PASSWORD)
        yield Remote(
            {"kind": "sftp", "path": "/outgoing/export"}, make(), OLD + timedelta(hours=2),
            lambda name, content: (write_export(folder, {name: content}), None)[1],
            lambda: {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()},
            {
                "the server refuses the login": make(password=f"{PASSWORD}x"),
                "shows another key": make(host_key=asyncssh.generate_private_key("ssh-ed25519")),
                "or none is known": unknown,
                "does not answer": make(at=find_free_port()),
            },
            "/outgoing/none", (PASSWORD, key.export_public_key().decode().split()[1]),
        )  # fmt: skip


def _look_into(store: AbstractFileSystem, path: str) -> Callable[[], set[str]]:
    return lambda: {name.removeprefix(f"{path}/") for name in store.find(path)}


@contextmanager
def open_s3_remote() -> Iterator[Remote]:
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
        yield Remote(
            {"kind": "s3", "path": "exports/housing"}, make(), datetime.now(UTC) + timedelta(hours=1),
            lambda name, content: store.pipe_file(f"exports/housing/{name}", content.encode()),
            _look_into(store, "exports/housing"),
            {
                "refuses the login": make(login="AKIANIGHTINGALE00000"),
                "does not answer": make(at=f"http://127.0.0.1:{find_free_port()}"),
            },
            "exports/none", (key["SecretAccessKey"], key["AccessKeyId"]),
        )  # fmt: skip


def find_azurite() -> str | None:
    """Azurite's program, where npm has installed it (`npm install azurite`)."""
    return os.environ.get("DUE_REGARD_TEST_AZURITE") or shutil.which("azurite-blob")


@contextmanager
def open_azure_remote(program: str, root: Path) -> Iterator[Remote]:
    import adlfs

    port = find_free_port()
    command = [program, "--blobHost", "127.0.0.1", "--blobPort", str(port), "--location", str(root), "--silent"]
    with run_server([*command, "--skipApiVersionCheck"], port):

        def make(key: str = AZURE_KEY, at: int = port) -> WrittenConnection:
            words = f"DefaultEndpointsProtocol=http;AccountName={AZURE_ACCOUNT};AccountKey={key};"
            words += f"BlobEndpoint=http://127.0.0.1:{at}/{AZURE_ACCOUNT};"
            return connect("wasb", extra_dejson={"connection_string": words})

        store = adlfs.AzureBlobFileSystem(
            connection_string=make().extra_dejson["connection_string"], use_listings_cache=False
        )
        store.mkdir("exports")
        yield Remote(
            {"kind": "azure_blob", "path": "exports/housing"}, make(), datetime.now(UTC) + timedelta(hours=1),
            lambda name, content: store.pipe_file(f"exports/housing/{name}", content.encode()),
            _look_into(store, "exports/housing"),
            {
                "refuses the login": make(key="bmlnaHRpbmdhbGU="),
                "does not answer": make(at=find_free_port()),
            },
            "exports/none", (AZURE_KEY,),
        )  # fmt: skip
