"""A row as text that both engines give alike, and the digest of it: what every seal rests on.

Dates are ISO, instants UTC with microseconds, yes/no 1 and 0, JSON as stored. A blank cell contributes nothing, so a
nullable column that is added later changes no digest. Which rows are sealed together is seal_rules.py's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    DateTime,
    Dialect,
    Table,
    Text,
    literal_column,
    select,
)

from due_regard.register.schema.column_types import Instant

_AT_ONCE = 20_000
"""Rows in memory at once."""


def make_text_expression(dialect: Dialect, column: Column[Any]) -> str:
    """SQL that gives a column's cells as text, the same on both engines."""
    name = f'{column.table.name}."{column.name}"'
    if dialect.name == "postgresql" and isinstance(column.type, DateTime | Instant):
        return f"to_char({name} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')"
    if dialect.name == "postgresql" and isinstance(column.type, Boolean):
        return f"CAST(CAST({name} AS integer) AS text)"
    return f"CAST({name} AS text)"


def stream_rows(
    connection: Connection, table: Table, names: Sequence[str], *conditions: ColumnElement[bool]
) -> Iterator[pa.RecordBatch]:
    """The chosen rows in order of their key, every column as text, some thousand at a time."""
    shown = [literal_column(make_text_expression(connection.dialect, table.c[n]), Text()).label(n) for n in names]
    rows = select(*shown).select_from(table).where(*conditions).order_by(*table.primary_key.columns)
    schema = pa.schema([(name, pa.string()) for name in names])
    for part in connection.execute(rows, execution_options={"yield_per": _AT_ONCE}).partitions():
        cells = [pa.array(values, pa.string()) for values in zip(*part, strict=True)]
        yield pa.RecordBatch.from_arrays(cells, schema=schema)


def hash_row_texts(columns: Mapping[str, pa.Array | str]) -> list[str]:
    """The SHA-256 of each row, by name, length and value of each cell that is not blank.

    `columns` are text by name; one that says the same in each row is a plain string. One at least is an array.
    """
    cells = [_make_cells(name, values) for name, values in sorted(columns.items()) if not _is_blank(values)]
    texts = pc.binary_join_element_wise(*cells, b"", null_handling="replace", null_replacement=b"")
    return [hashlib.sha256(text).hexdigest() for text in texts.to_pylist()]


def _is_blank(values: pa.Array | str) -> bool:
    """Whether nothing is said in any row, as in many columns of most files."""
    return not isinstance(values, str) and 0 < len(values) == values.null_count


def _make_cells(name: str, values: pa.Array | str) -> pa.Array | bytes:
    """`name=length:value;` of each cell, the length in bytes; null where it is blank."""
    if isinstance(values, str):
        whole = values.encode()
        return b"%s=%d:%s;" % (name.encode(), len(whole), whole)
    lengths = pc.binary_length(values).cast(pa.string()).view(pa.binary())
    return pc.binary_join_element_wise(f"{name}=".encode(), lengths, b":", values.view(pa.binary()), b";", b"")
