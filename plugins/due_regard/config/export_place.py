"""Where a landlord's export lies and how it is fetched: the `fetch` of a landlord's settings file.

How to log in there is an Airflow connection's matter (connections.py); what the files hold the source mapping's.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

ConnectionId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,200}$")]
_Entity = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
_Query = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
_VIEW = re.compile(r"\w+(\.\w+){0,2}")
_SELECT = re.compile(r"(select|with)\s[^;]*", re.IGNORECASE)


class ExportPlace(BaseModel):
    """A folder, an SFTP server, a bucket, a container or a database, and what is said there once it is loaded."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["folder", "sftp", "s3", "azure_blob", "sql"]
    connection: ConnectionId | None = Field(default=None, description="id of the Airflow connection")
    path: str | None = Field(default=None, description="folder; bucket/prefix for s3, container/prefix for azure_blob")
    queries: dict[_Entity, _Query] = Field(default_factory=dict, description="for sql: entity -> view, or one SELECT")
    acknowledge: Literal["leave", "move", "receipt"] = Field(
        default="leave", description="once it is loaded: leave it, move it into taken/, or lay a receipt into receipts/"
    )

    @model_validator(mode="after")
    def _check_connection(self) -> ExportPlace:
        if self.connection is None and self.kind != "folder":
            raise ValueError(f"{self.kind} needs `connection`, the id of the Airflow connection that logs in there")
        return self

    @model_validator(mode="after")
    def _check_path(self) -> ExportPlace:
        if self.kind == "sql":
            if self.path is not None:
                raise ValueError("sql has no path; say the views or queries under `queries`")
            return self
        if self.queries:
            raise ValueError(f"`queries` are for sql; {self.kind} needs `path`")
        if not self.path:
            raise ValueError(f"{self.kind} needs `path`, the folder in which the export lies")
        if "://" in self.path or "@" in self.path:
            raise ValueError("write the path alone; the server and the login stand in the connection")
        if ".." in PurePosixPath(self.path).parts:
            raise ValueError("`path` must have no '..'")
        if self.kind == "folder" and self.connection is None and not self.path.startswith("/"):
            raise ValueError("write the whole `path` of the folder, from / on")
        return self

    @model_validator(mode="after")
    def _check_queries(self) -> ExportPlace:
        if self.kind != "sql":
            return self
        if not self.queries:
            raise ValueError("sql needs `queries`, one for each entity: customers: reporting.v_customers")
        if self.acknowledge != "leave":
            raise ValueError("a database is only read: sql can only say `acknowledge: leave`")
        wrong = [name for name, query in self.queries.items() if not (_VIEW.fullmatch(query) or is_select(query))]
        if wrong:
            raise ValueError(f"{', '.join(wrong)}: write the name of a view, or one SELECT without a semicolon")
        return self


def is_select(query: str) -> bool:
    """Whether a query is one statement that asks, and not the name of a view."""
    return _SELECT.fullmatch(query) is not None
