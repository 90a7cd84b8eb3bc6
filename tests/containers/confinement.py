"""What the engine and a container's own processes say of how it is confined: asked, not read from the compose file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from tests.containers.compose_project import ComposeProject

_CONNECT = """
import socket, sys
for place in sys.argv[1:]:
    try:
        socket.create_connection(place.split(":"), 3).close()
        print(place)
    except OSError:
        pass
"""


def check_confined(project: ComposeProject, service: str) -> None:
    """Read-only, without a capability, within limits, no root; published on loopback by the API server alone."""
    found = project.inspect(service)
    host = found["HostConfig"]
    assert host["ReadonlyRootfs"] is True
    assert host["CapDrop"] == ["ALL"]
    assert not host["CapAdd"]
    assert host["SecurityOpt"] == ["no-new-privileges:true"]
    assert host["Memory"] > 0
    assert host["PidsLimit"] > 0
    assert not host["Privileged"]
    assert found["Config"]["User"] not in {"", "0", "root", "0:0"}
    published = [each["HostIp"] for ports in (host["PortBindings"] or {}).values() for each in ports]
    assert published == (["127.0.0.1"] if service == "api-server" else [])


def check_nothing_changes(project: ComposeProject, service: str) -> None:
    """Its own processes cannot write into the image, and have no capability to gain one."""
    for place in ("/usr/bin/x", "/etc/x", "/opt/x"):
        done = project.call("exec", "-T", service, "touch", place)
        assert done.returncode != 0, place
        assert "Read-only file system" in done.stderr or "Permission denied" in done.stderr
    said = project.do("exec", "-T", service, "grep", "-E", "^(CapEff|NoNewPrivs)", "/proc/self/status")
    assert said.split() == ["CapEff:", "0000000000000000", "NoNewPrivs:", "1"]


def list_reached(project: ComposeProject, service: str, places: Iterable[str]) -> set[str]:
    """Those of `places` (host:port) that answer a service of ours."""
    return set(project.do("exec", "-T", service, "python", "-c", _CONNECT, *sorted(places)).split())


def find_holders(project: ComposeProject) -> dict[str, set[str]]:
    """Secret of .env -> the services that are given its value, under whatever name, also inside a URL."""
    given = {each: json.dumps(project.inspect(each)["Config"]["Env"]) for each in project.started}
    lines = [line.partition("=") for line in (project.folder / ".env").read_text().splitlines() if "=" in line]
    secret = re.compile(r"^[^#]*(PASSWORD|SECRET|KEY$)")
    return {name: {each for each in given if value in given[each]} for name, _, value in lines if secret.search(name)}
