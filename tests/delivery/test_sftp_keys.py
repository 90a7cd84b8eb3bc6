"""A key in place of a password: from a file of this machine or from the connection, with a passphrase or without."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import asyncssh
import pytest

from tests.delivery.places import EXPORT, connect, make_landlord, write_export
from tests.delivery.servers import LOGIN, PASSWORD, serve_sftp

WAYS = {
    "its text": {"private_key": "openssh"},
    "its text, locked": {"private_key": "pkcs8-pem", "private_key_passphrase": PASSWORD},
    "its text, locked by ssh-keygen": {"private_key": "openssh", "private_key_passphrase": PASSWORD},
    "a file": {"key_file": "openssh"},
    "a file, locked": {"key_file": "pkcs8-pem", "private_key_passphrase": PASSWORD},
    "a file, locked by ssh-keygen": {"key_file": "openssh", "private_key_passphrase": PASSWORD},
}


@pytest.mark.parametrize("way", WAYS)
def test_a_key_logs_in(way: str, tmp_path: Path) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")
    write_export(tmp_path / "root" / "export")
    with serve_sftp(tmp_path / "root", known=key.export_public_key().decode()) as (port, host_key):
        extra = write_extra(key, WAYS[way], tmp_path) | {"host_key": host_key.export_public_key().decode()}
        login = connect("sftp", host="127.0.0.1", port=port, login=LOGIN, extra_dejson=extra)
        fetch = {"kind": "sftp", "connection": "export", "path": "/export"}
        assert make_landlord(tmp_path, fetch, {"export": login}).fetch()["files"] == len(EXPORT)


def write_extra(key: asyncssh.SSHKey, way: dict[str, str], folder: Path) -> dict[str, Any]:
    """The extra of a connection that logs in by `key`, in the form that a way names."""
    (name, form), *_ = way.items()
    text = key.export_private_key(form, way.get("private_key_passphrase")).decode()
    if name == "key_file":
        file = folder / "key"
        file.write_text(text, encoding="utf-8")
        text = str(file)
    return way | {name: text}
