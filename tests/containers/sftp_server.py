"""An SFTP server, run in a container of its own by the image's Python: /srv/files is its whole world.

Its login and key come by variables: SFTP_LOGIN, SFTP_PASSWORD, SFTP_KEY (the private one, in PEM).
"""

from __future__ import annotations

import asyncio
import os

import asyncssh

PORT = 2222


class OneLogin(asyncssh.SSHServer):
    """Lets one login in, by its password."""

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (os.environ["SFTP_LOGIN"], os.environ["SFTP_PASSWORD"])


def make_sftp(channel: asyncssh.SSHServerChannel[bytes]) -> asyncssh.SFTPServer:
    return asyncssh.SFTPServer(channel, chroot=b"/srv/files")


async def serve_files() -> None:
    key = asyncssh.import_private_key(os.environ["SFTP_KEY"])
    await asyncssh.listen("", PORT, server_factory=OneLogin, server_host_keys=[key], sftp_factory=make_sftp)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve_files())
