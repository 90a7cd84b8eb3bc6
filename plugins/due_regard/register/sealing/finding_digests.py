"""Digests of findings, kept in the events that open and resolve them: `findings` itself may change with each run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
from sqlalchemy import ColumnElement, Connection

from due_regard.register.loading.encoding import make_words
from due_regard.register.schema.drop_tables import Base
from due_regard.register.schema.finding_tables import Finding
from due_regard.register.sealing.row_text import hash_row_texts, stream_rows
from due_regard.register.sealing.seal_rules import DECIDED

_FINDINGS = Base.metadata.tables[Finding.__tablename__]

IDENTITY = ("id", "register_ref", "landlord", "rule", "subject_type", "subject_ref", "occurrence")
"""What makes a finding this one: the event `opened` holds its digest."""

RUN_MADE = tuple(column.name for column in _FINDINGS.c if column.name not in DECIDED)
"""All that runs say of a finding: the event `resolved` holds its digest."""


def hash_identities(columns: Mapping[str, pa.Array], landlord: str) -> pa.Array:
    """The digests of findings about to be opened; `columns` are those of `IDENTITY` but the landlord."""
    words: dict[str, pa.Array | str] = {name: make_words(values) for name, values in columns.items()}
    return pa.array(hash_row_texts({**words, "landlord": landlord}), pa.string())


def read_finding_digests(
    connection: Connection, names: tuple[str, ...], *conditions: ColumnElement[bool]
) -> Iterator[tuple[str, str]]:
    """(id, digest) of findings as they stand, by the columns `names`, in order of their id."""
    for part in stream_rows(connection, _FINDINGS, names, *conditions):
        cells: dict[str, Any] = dict(zip(part.schema.names, part.columns, strict=True))
        yield from zip(cells["id"].to_pylist(), hash_row_texts(cells), strict=True)
