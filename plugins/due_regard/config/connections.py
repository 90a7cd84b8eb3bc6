"""Logins of the places that exports are fetched from, as Airflow's connections have them; nothing here knows Airflow.

Within Airflow a task hands in what finds its connections. Without, a connection is read here from `AIRFLOW_CONN_<ID>`,
the same variable, as URI or JSON, that Airflow itself reads. What a kind of place asks of it is delivery's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import Field, create_model
from pydantic_settings import BaseSettings, SettingsConfigDict

from due_regard.errors import SettingsError

PREFIX = "AIRFLOW_CONN_"
_EXTRA = "__extra__"


class Connection(Protocol):
    """What is read of a connection: Airflow's own has these names."""

    @property
    def conn_type(self) -> str:
        """Airflow's word for the kind of service."""

    @property
    def host(self) -> str | None:
        """Name or address of the server."""

    @property
    def port(self) -> int | None:
        """Its port, where it is not the usual one."""

    @property
    def login(self) -> str | None:
        """Whose login."""

    @property
    def password(self) -> str | None:
        """Its password, or secret key."""

    @property
    def schema(self) -> str | None:
        """Of a database, its name."""

    @property
    def extra_dejson(self) -> Mapping[str, Any]:
        """What else the kind of service asks for."""


FindConnection = Callable[[str], Connection]
"""Gives the connection of an id."""


@dataclass(frozen=True)
class WrittenConnection:
    """A connection as a variable of the environment has it; never printed."""

    conn_type: str
    host: str | None = None
    port: int | None = None
    login: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    schema: str | None = None
    extra_dejson: Mapping[str, Any] = field(default_factory=dict, repr=False)


def read_connection(name: str) -> Connection:
    """The connection `name`, from `AIRFLOW_CONN_<NAME>` of the environment or of `.env`.

    Raises:
        SettingsError: it is not there, or no connection can be read from it; never with what it says.
    """
    variable = PREFIX + name.upper()
    text = _read_variable(variable)
    if not text:
        raise SettingsError(f"there is no connection {name}; set {variable} to it, as Airflow's JSON or URI")
    try:
        return _parse_json(text) if text.lstrip().startswith("{") else _parse_uri(text)
    except (ValueError, TypeError, AttributeError):
        raise SettingsError(
            f"{variable} is no connection; write kind://login:password@host:port/schema?key=value, each part "
            "percent-encoded, or Airflow's JSON"
        ) from None


class _OneVariable(BaseSettings):
    model_config = SettingsConfigDict(env_file=".env", extra="ignore", hide_input_in_errors=True)


def _read_variable(name: str) -> str | None:
    place = create_model("_Variable", __base__=_OneVariable, text=(str | None, Field(None, validation_alias=name)))
    text: str | None = place().model_dump()["text"]
    return text


def _parse_uri(text: str) -> WrittenConnection:
    parts = urlsplit(text)
    if not parts.scheme:
        raise ValueError("no kind")
    given = dict(parse_qsl(parts.query, keep_blank_values=True))
    extra = json.loads(given.pop(_EXTRA)) if _EXTRA in given else {}
    # Not .hostname, which is lower-cased: a container or an account's key may stand there.
    place = parts.netloc.rpartition("@")[2]
    host = place[: -len(f":{parts.port}")] if parts.port else place.removesuffix(":")
    return WrittenConnection(
        conn_type=parts.scheme.replace("-", "_"),
        host=unquote(host).removeprefix("[").removesuffix("]") or None,
        port=parts.port,
        login=unquote(parts.username or "") or None,
        password=unquote(parts.password or "") or None,
        schema=unquote(parts.path.removeprefix("/")) or None,
        extra_dejson={**extra, **given},
    )


def _parse_json(text: str) -> WrittenConnection:
    given = json.loads(text)
    extra = given.get("extra") or {}
    port = given.get("port")
    return WrittenConnection(
        conn_type=str(given["conn_type"]) if "conn_type" in given else "",
        host=given.get("host"),
        port=None if port in {None, ""} else int(port),
        login=given.get("login"),
        password=given.get("password"),
        schema=given.get("schema"),
        extra_dejson=json.loads(extra) if isinstance(extra, str) else dict(extra),
    )
