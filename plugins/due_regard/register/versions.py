"""Comparing a file's rows with what the register knows, and writing a version of each that differs.

A file that says what the last one said is known by one digest and writes nothing. Else rows are compared by a hash of
their content, chunk by chunk in order of their reference, so that memory is bounded by the chunk. A column that the
file does not carry is no news: it keeps what earlier files said.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, select

from due_regard.batch import ROW_NUMBER, AcceptedFile
from due_regard.contract import ENTITY, Entity
from due_regard.register import bulk
from due_regard.register.encoding import ContentDigest, Hashes, arrow, key_order, row_hashes, signed
from due_regard.register.record_tables import RECORD_TABLES
from due_regard.register.records import carried, frame, has_records, versions
from due_regard.register.tables import BatchFile


@dataclass(frozen=True)
class Written:
    """What writing a file's rows came to: how many versions, of which customers, and what identifies the rows."""

    loaded: int
    customers: frozenset[str]
    rows_sha256: str


_Place = slice | npt.NDArray[np.int64]
"""Where the rows of one chunk are in their file."""


@dataclass(frozen=True)
class _Target:
    """Where a file's rows go, and what every row of it says about its origin."""

    connection: Connection
    landlord: str
    entity: Entity
    file_id: int
    known_from: datetime
    missing: frozenset[str]
    is_empty: bool


def write_versions(
    connection: Connection, landlord: str, part: AcceptedFile, file_id: int, known_from: datetime
) -> Written:
    """Append a version of every row of `part` that is new or differs from the newest version.

    Raises:
        ValueError: a reference comes twice among the accepted rows.
    """
    entity = ENTITY[part.entity]
    places = _places(len(part.rows), key_order(part.rows, entity.key))
    names = [column.name for column in entity.columns if column.name in part.columns]
    identity = _identity(part.rows, places, names)
    if identity == _last_identity(connection, landlord, entity.name, file_id):
        return Written(0, frozenset(), identity)
    is_empty = not has_records(connection, landlord, entity.name)
    missing = carried(connection, landlord).get(entity.name, frozenset()) - set(names)
    target = _Target(connection, landlord, entity, file_id, known_from, missing, is_empty)
    hashes = _hash_rows(part.rows, names, entity.key)
    is_new = np.zeros(len(part.rows), dtype=bool)
    for place in places:
        is_new[place] = _write_chunk(target, part.rows.iloc[place], names, hashes[place])
    met = part.rows["customer_ref"][is_new].dropna().unique() if "customer_ref" in names else ()
    return Written(int(is_new.sum()), frozenset(met), identity)


def _places(count: int, order: npt.NDArray[np.int64] | None) -> list[_Place]:
    """Where the rows of each chunk are, chunks and rows in order of their reference."""
    spans = [slice(start, start + bulk.CHUNK) for start in range(0, count, bulk.CHUNK)]
    return list(spans) if order is None else [order[span] for span in spans]


def _identity(rows: pd.DataFrame, places: list[_Place], names: list[str]) -> str:
    """What the accepted rows and columns are, whatever order and file they came in."""
    digest = ContentDigest(names)
    for place in places:
        chunk = rows.iloc[place]
        digest.add((name, arrow(chunk[name])) for name in names)
    return digest.hexdigest()


def _last_identity(connection: Connection, landlord: str, entity: str, file_id: int) -> str | None:
    """Identity of the newest accepted file of the entity before this one: only then is it what the register says."""
    last = (
        select(BatchFile.rows_sha256)
        .where(BatchFile.landlord == landlord, BatchFile.entity == entity, BatchFile.id < file_id)
        .where(BatchFile.status != "refused")
        .order_by(BatchFile.id.desc())
        .limit(1)
    )
    return connection.scalar(last)


def _write_chunk(target: _Target, chunk: pd.DataFrame, names: list[str], hashes: Hashes) -> npt.NDArray[np.bool_]:
    """Write what changed of one chunk, and say which rows did."""
    if target.is_empty:
        _append(target, chunk, names, hashes)
        return np.ones(len(chunk), dtype=bool)
    keys = arrow(chunk[target.entity.key])
    span = (keys[0].as_py(), keys[-1].as_py())
    if target.missing:
        chunk, hashes = _with_earlier_columns(target, chunk, hashes, span)
        names = [*names, *sorted(target.missing)]
    version, known_hashes = _newest(target, keys, span)
    changed: npt.NDArray[np.bool_] = (version == 0) | (known_hashes != signed(hashes))
    if changed.any():
        _append(target, chunk[changed], names, hashes[changed], after=version[changed])
    return changed


def _hash_rows(rows: pd.DataFrame, names: Iterable[str], key: str) -> Hashes:
    """Hashes of what the rows say, without the reference, which is what rows are matched by."""
    return row_hashes(((name, arrow(rows[name])) for name in names if name != key), len(rows))


def _newest(
    target: _Target, keys: pa.Array, span: tuple[str, str]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Newest version number (0 if the record is new) and its hash, for each of `keys`."""
    key = target.entity.key
    names = [key, "version", "row_hash"]
    known = versions(target.connection, target.landlord, target.entity, names, between=span)
    place = pc.index_in(keys, known[key].combine_chunks().cast(keys.type))
    found = place.is_valid().to_numpy(zero_copy_only=False)
    result = []
    for name in names[1:]:
        values = np.append(known[name].cast(pa.int64()).to_numpy(), 0)
        result.append(np.where(found, values[pc.fill_null(place, len(values) - 1).to_numpy()], 0))
    return result[0], result[1]


def _with_earlier_columns(
    target: _Target, chunk: pd.DataFrame, hashes: Hashes, span: tuple[str, str]
) -> tuple[pd.DataFrame, Hashes]:
    """The chunk with the columns its file does not carry, as earlier files left them."""
    key = target.entity.key
    earlier = frame(target.connection, target.landlord, target.entity, target.missing | {key}, between=span)
    filled = chunk.merge(earlier, on=key, how="left", sort=False)
    return filled, hashes + _hash_rows(filled, sorted(target.missing), key)


def _append(
    target: _Target,
    rows: pd.DataFrame,
    names: list[str],
    hashes: Hashes,
    after: npt.NDArray[np.int64] | None = None,
) -> None:
    """Write a version of each row, the next one `after` those that the register has; the first if it has none."""
    columns = {
        "row_number": arrow(rows[ROW_NUMBER]),
        "row_hash": pa.array(signed(hashes)),
        **{name: arrow(rows[name]) for name in names},
    }
    origin = {"landlord": target.landlord, "known_from": target.known_from, "batch_file_id": target.file_id}
    if after is None:
        origin["version"] = 1
    else:
        columns["version"] = pa.array(after + 1)
    bulk.insert(target.connection, RECORD_TABLES[target.entity.name], columns, origin)
