"""The landlords' exports on an SFTP server, away from every worker's disk, and what is said there once they are loaded.

The server hands out little at a time and slowly, as one at the end of a long line does: so a worker can be met while it
copies. Airflow keeps one of the two connections, as people make them in its pages; the workers' environment holds
the other.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh
import yaml

from tests.delivery.servers import LOGIN, PASSWORD, serve_sftp

KEPT_IN_AIRFLOW, KEPT_ON_WORKERS = "exports_kept_in_airflow", "exports_kept_on_workers"
_WORDS = ("move", "receipt", "leave")
"""What the landlords, one after the other, ask to be said of a loaded export."""

_PART, _PAUSE = 2048, 0.3
"""Bytes that the server gives at most for one question, and the seconds that it takes over them."""


class _SlowServer(asyncssh.SFTPServer):
    async def read(self, file_obj: object, offset: int, size: int) -> bytes:
        await asyncio.sleep(_PAUSE)
        found = super().read(file_obj, offset, min(size, _PART))
        assert isinstance(found, bytes)
        return found


@dataclass(frozen=True)
class RemoteExports:
    """Where the exports lie, and how to log in there."""

    root: Path
    port: int
    host_key: str

    def make_connection(self) -> dict[str, Any]:
        """The login, in the form in which Airflow takes a connection."""
        place = {"conn_type": "sftp", "host": "127.0.0.1", "port": self.port, "login": LOGIN, "password": PASSWORD}
        return place | {"extra": json.dumps({"host_key": self.host_key})}

    def make_worker_environment(self) -> dict[str, str]:
        """The login that the workers' own environment holds."""
        return {f"AIRFLOW_CONN_{KEPT_ON_WORKERS.upper()}": json.dumps(self.make_connection())}

    def list_names(self) -> list[str]:
        """What lies there now, and what was said there; without the instant of a fetch."""
        found = (file.relative_to(self.root).as_posix() for file in self.root.rglob("*") if file.is_file())
        return sorted(re.sub(r"\d{8}T\d{6}", "", name) for name in found)


def say_fetch(include: Path, landlords: Sequence[str]) -> None:
    """Have each landlord's settings file say that its export is fetched, and how that is acknowledged."""
    for number, landlord in enumerate(landlords):
        connection = (KEPT_IN_AIRFLOW, KEPT_ON_WORKERS)[number % 2]
        fetch = {"kind": "sftp", "connection": connection, "path": f"/{landlord}/export"}
        fetch["acknowledge"] = _WORDS[number % len(_WORDS)]
        file = include / "landlords" / f"{landlord}.yaml"
        file.write_text(f"{file.read_text(encoding='utf-8')}\n{yaml.safe_dump({'fetch': fetch})}", encoding="utf-8")


@contextmanager
def serve_exports(root: Path, samples: Path, landlords: Sequence[str]) -> Iterator[RemoteExports]:
    """The sample drops as exports on a server of their own."""
    for landlord in landlords:
        shutil.copytree(samples / landlord, root / landlord / "export")
    with serve_sftp(root, _SlowServer) as (port, key):
        yield RemoteExports(root, port, key.export_public_key().decode().strip())
