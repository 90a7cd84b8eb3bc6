"""Many rows into a table, and out of a query, by each engine's fastest door that SQLAlchemy opens.

SQLite: `executemany` of prepared tuples. PostgreSQL: COPY into a temporary staging table, then one INSERT … SELECT,
because COPY cannot write into a table under row-level security. Nothing here knows what a record is.
"""

from __future__ import annotations

import io
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import sqlalchemy as sa
from sqlalchemy import Connection, Table, column, literal, select, table

from due_regard.register.loading.encoding import make_arrow_column, make_sqlite_values, make_words

# Arrow's own pools keep what is freed: with a million incidents a tenth of the memory that a pack takes.
pa.set_memory_pool(pa.system_memory_pool())

Columns = Mapping[str, pa.Array]
CHUNK = 50_000
"""Rows in memory at once beside the frame itself."""

_FETCHED = 1000
"""Rows taken from SQLite at once: a few thousand values stay in the processor's cache, a million do not."""


def insert_rows(connection: Connection, into: Table, columns: Columns, constants: Mapping[str, Any]) -> None:
    """Append rows: `columns` differ from row to row, `constants` say the same in each.

    Args:
        connection: inside `writing`.
        into: the table.
        columns: text, dates, booleans, integers or UTC instants, all of one length.
        constants: Python values of the table's types; they are not copied a row.
    """
    if connection.dialect.name == "postgresql":
        name = f"staged_{into.name}"
        stage_rows(connection, name, into, columns)
        staged = table(name, *(column(n, into.c[n].type) for n in columns))
        same = [literal(value, into.c[n].type) for n, value in constants.items()]
        connection.execute(sa.insert(into).from_select([*columns, *constants], select(*staged.c, *same)))
    else:
        dialect, inline = connection.dialect, {"literal_binds": True}
        said = {n: literal(value, into.c[n].type) for n, value in constants.items()}
        inlined = [str(value.compile(dialect=dialect, compile_kwargs=inline)) for value in said.values()]
        _insert_many(connection, into.name, columns, dict(zip(constants, inlined, strict=True)))


def stage_rows(connection: Connection, name: str, like: Table, columns: Columns) -> None:
    """Make the temporary table `name` anew, columns as in `like`, and fill it with rows."""
    names = _quote_names(columns)
    schema = {"postgresql": "pg_temp", "sqlite": "temp"}[connection.dialect.name]
    connection.exec_driver_sql(f"DROP TABLE IF EXISTS {schema}.{name}")
    if connection.dialect.name == "postgresql":
        kinds = [f'"{c}" {like.c[c].type.compile(connection.dialect)}' for c in columns]
        connection.exec_driver_sql(f"CREATE TEMP TABLE {name} ({', '.join(kinds)}) ON COMMIT DROP")
        _copy_rows(connection, f"COPY {name} ({names}) FROM STDIN (FORMAT csv)", columns)
    else:
        connection.exec_driver_sql(f"CREATE TEMP TABLE {name} ({names})")
        _insert_many(connection, f"{schema}.{name}", columns, {})


def _quote_names(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _insert_many(connection: Connection, into: str, columns: Columns, inlined: Mapping[str, str]) -> None:
    """Insert by the driver's own executemany and from a zip: a list of row tuples costs half as much again."""
    if len(next(iter(columns.values()))):
        marks, values = zip(*map(make_sqlite_values, columns.values()), strict=True)
        names, expressions = _quote_names([*columns, *inlined]), ", ".join([*marks, *inlined.values()])
        with closing(_get_cursor(connection)) as cursor:
            cursor.executemany(
                f"INSERT INTO {into} ({names}) VALUES ({expressions})",  # noqa: S608 - our own names
                zip(*values, strict=True),
            )


def _copy_rows(connection: Connection, statement: str, columns: Columns) -> None:
    """COPY from Arrow: text is quoted and a null is not, which is how the server tells "" from NULL."""
    sink = io.BytesIO()
    pa_csv.write_csv(pa.table(dict(columns)), sink, pa_csv.WriteOptions(include_header=False))
    sink.seek(0)
    with closing(_get_cursor(connection)) as cursor:
        cursor.copy_expert(statement, sink)


def _get_cursor(connection: Connection) -> Any:
    """The driver's own cursor, inside the connection's transaction: COPY is psycopg2's, not the DBAPI's."""
    return connection.connection.cursor()


def fetch_columns(
    connection: Connection, statement: str, parameters: Mapping[str, Any], names: Sequence[str]
) -> pa.Table:
    """The result of a query, every column as text (dates ISO, yes/no 1 or 0, null for NULL).

    `statement` has `:name` parameters of text, integers and instants; `names` are the result's columns.
    """
    if connection.dialect.name == "postgresql":
        return _fetch_postgresql(connection, statement, parameters, names)
    schema = pa.schema([(name, pa.string()) for name in names])
    return pa.Table.from_batches(_iterate_batches(connection, statement, parameters, schema), schema)


def _iterate_batches(
    connection: Connection, statement: str, parameters: Mapping[str, Any], schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    result = connection.exec_driver_sql(statement, {k: _as_plain(v) for k, v in parameters.items()})
    cursor = result.cursor
    if cursor is None:
        raise TypeError("the statement returns no rows")
    while rows := cursor.fetchmany(_FETCHED):
        columns = [_as_text_array(values) for values in zip(*rows, strict=True)]
        yield pa.RecordBatch.from_arrays(columns, schema=schema)
    result.close()


def _as_text_array(values: tuple[Any, ...]) -> pa.Array:
    """SQLite's values of one column; naming the type spares Arrow a look at each."""
    first = next((value for value in values if value is not None), "")
    return pa.array(values, pa.string()) if isinstance(first, str) else make_words(pa.array(values))


def _as_plain(value: object) -> object:
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f") if isinstance(value, datetime) else value


def _fetch_postgresql(
    connection: Connection, statement: str, parameters: Mapping[str, Any], names: Sequence[str]
) -> pa.Table:
    marked = re.sub(r":([a-z_]+)", r"%(\1)s", statement)
    with closing(_get_cursor(connection)) as cursor, tempfile.TemporaryFile() as file:
        query = cursor.mogrify(marked, dict(parameters)).decode()
        cursor.copy_expert(f"COPY ({query}) TO STDOUT (FORMAT csv, FORCE_QUOTE *)", file)
        if file.tell() == 0:
            return pa.table({name: pa.array([], pa.string()) for name in names})
        file.seek(0)
        return pa_csv.read_csv(
            file,
            pa_csv.ReadOptions(column_names=list(names), block_size=1 << 24),
            pa_csv.ParseOptions(newlines_in_values=True),
            pa_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
                null_values=[""],
            ),
        )


def list_frame_columns(frame: pd.DataFrame) -> dict[str, pa.Array]:
    """A frame's columns as `insert_rows` and `stage_rows` take them."""
    return {str(name): make_arrow_column(frame[name]) for name in frame.columns}
