"""A housing provider's SFTP server: a container outside the project, on the ways out that the workers have."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncssh

from tests.containers.compose_project import ComposeProject, ask_engine
from tests.containers.sftp_server import PORT

HOST = "files.landlord.example"
LOGIN = "fetcher"


@dataclass(frozen=True)
class SftpContainer:
    """How to log in there, and the folder of this machine that it serves."""

    files: Path
    password: str
    host_key: str

    def list_names(self) -> set[str]:
        """Every file below the folder."""
        return {file.relative_to(self.files).as_posix() for file in self.files.rglob("*") if file.is_file()}


@contextmanager
def start_sftp(project: ComposeProject, *networks: str) -> Iterator[SftpContainer]:
    """Serve the clone's folder `outgoing` on these of the project's networks."""
    files, key = project.folder / "outgoing", asyncssh.generate_private_key("ssh-ed25519")
    files.mkdir()
    project.give_to_containers(files)
    found = SftpContainer(files, secrets.token_hex(16), key.export_public_key().decode().strip())
    name, first = f"{project.name}-sftp", f"{project.name}_{networks[0]}"
    script = Path(__file__).with_name("sftp_server.py").read_text("utf-8")
    given = {"SFTP_LOGIN": LOGIN, "SFTP_PASSWORD": found.password, "SFTP_KEY": key.export_private_key().decode()}
    ask_engine(
        *("run", "-d", "--name", name, "--user", f"{project.read_setting('DUE_REGARD_UID')}:0"),
        *("--network", first, "--network-alias", HOST, "-v", f"{files}:/srv/files"),
        *(word for variable, value in given.items() for word in ("-e", f"{variable}={value}")),
        *(project.inspect("init")["Config"]["Image"], "python", "-c", script),
    )
    try:
        for each in networks[1:]:
            ask_engine("network", "connect", "--alias", HOST, f"{project.name}_{each}", name)
        yield found
    finally:
        subprocess.run(["docker", "rm", "-f", name], capture_output=True, check=False, timeout=120)


def describe_connection(found: SftpContainer) -> dict[str, object]:
    """The parts of Airflow's connection of the kind `sftp`."""
    extra = {"host_key": found.host_key}
    return {"host": HOST, "port": PORT, "login": LOGIN, "password": found.password, "extra": extra}
