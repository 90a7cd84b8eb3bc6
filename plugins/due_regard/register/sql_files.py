"""Set-based reads kept as files: include/sql/<room>/<name>.sql, one statement a file, bound parameters only.

A statement runs on both engines: no date arithmetic (pass dates in), no engine's own syntax. The loader binds Python's
dates and instants as both engines store them, and gives results back in the dtypes of the rest of the program.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import BindParameter, Connection, CursorResult, bindparam, text

from due_regard.config.layered_folders import find_shipped_folder
from due_regard.errors import RegisterError
from due_regard.records.canonical import ENTITIES, ColumnKind
from due_regard.register.schema.column_types import Instant

FOLDER = find_shipped_folder() / "sql"

_YES_NO = frozenset(column.name for entity in ENTITIES for column in entity.columns if column.kind is ColumnKind.YN)
_WHOLE = frozenset({"occurrence", "days_overdue"})


@cache
def _load_statement(file: Path) -> str:
    try:
        # Without comments: a colon in one would be taken for a parameter.
        return re.sub(r"--[^\n]*", "", file.read_text(encoding="utf-8"))
    except OSError:
        raise RegisterError(f"there is no statement {file}") from None


def read_statement(connection: Connection, name: str, folder: Path = FOLDER, **parameters: Any) -> pd.DataFrame:
    """What the statement of `<folder>/<name>.sql` returns, in dtypes by the columns' names (see `make_frame`).

    Args:
        connection: inside `reading` or `writing`.
        name: such as `packs/restrictions_in_force`.
        folder: where statements are.
        parameters: a value for every `:name`; a tuple or list expands inside IN.

    Raises:
        RegisterError: there is no such file.
        ValueError: a parameter is missing or not used.
    """
    source = _load_statement(folder / f"{name}.sql")
    used = set(re.findall(r"(?<![:\w]):([a-z_]+)", source))
    if used != set(parameters):
        raise ValueError(f"{name}: parameters {sorted(used ^ set(parameters))} are missing or not used")
    bound = (_make_parameter(key, value) for key, value in parameters.items())
    return make_frame(connection.execute(text(source).bindparams(*bound)))


def _make_parameter(key: str, value: Any) -> BindParameter[Any]:
    """SQLAlchemy finds every type but an instant's by itself."""
    if isinstance(value, tuple | list | set | frozenset):
        return bindparam(key, list(value), expanding=True)
    return bindparam(key, value, Instant() if isinstance(value, datetime) else None)


def make_frame(result: CursorResult[Any]) -> pd.DataFrame:
    """A result as a frame, each column in the dtype its name calls for.

    `…_on`, `as_at` and `…_until` are datetime64[s], `…_at`, `…_since` and `known_from` datetime64[us, UTC], yes/no
    columns of the contract and `is_…`, `has_…` nullable boolean, `occurrence` and `days_overdue` int64; other whole
    numbers are int64 (Int64 where one is blank) and text str. A column of none of these names without any value is str:
    say what it is by `astype`.
    """
    names = list(result.keys())
    columns = list(zip(*_fetch_driver_rows(result), strict=True)) or [()] * len(names)
    return pd.DataFrame({name: _make_typed_series(name, values) for name, values in zip(names, columns, strict=True)})


def _fetch_driver_rows(result: CursorResult[Any]) -> list[tuple[Any, ...]]:
    """The rows as the driver gives them: SQLAlchemy would convert every date and instant, which is done by column."""
    cursor = result.cursor
    if cursor is None:
        raise TypeError("the statement returns no rows")
    rows = list(cursor.fetchall())
    result.close()
    return rows


def _make_typed_series(name: str, values: tuple[Any, ...]) -> pd.Series:
    if name in _YES_NO or name.startswith(("is_", "has_")):
        return pd.Series([None if value is None else bool(value) for value in values], dtype="boolean")
    if name in _WHOLE and None not in values:
        return pd.Series(values, dtype="int64")
    if name in {"as_at", "until"} or name.endswith(("_on", "_as_at", "_until")):
        return pd.to_datetime(pd.Series(values, dtype="object"), format="ISO8601").astype("datetime64[s]")
    if name in {"at", "known_from"} or name.endswith(("_at", "_since")):
        found = pd.to_datetime(pd.Series(values, dtype="object"), utc=True, format="ISO8601")
        return found.astype("datetime64[us, UTC]")
    return _as_plain_values(values)


def _as_plain_values(values: tuple[Any, ...]) -> pd.Series:
    first = next((value for value in values if value is not None), "")
    if isinstance(first, str):
        return pd.Series(values, dtype="str")
    return pd.Series(values, dtype="Int64") if isinstance(first, int) and None in values else pd.Series(values)
