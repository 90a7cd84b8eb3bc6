"""Comparing a file's rows with what the register knows, and writing a version of each that differs.

A file that says what the last one said is known by one digest and writes nothing. Else rows are compared by a hash of
their content, chunk by chunk in order of their reference, so that memory is bounded by the chunk. A column that the
file does not carry is no news: it keeps what earlier files said.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, select

from due_regard.records.canonical import ENTITY, UNKNOWN_CELLS, Entity
from due_regard.records.validated_drop import ROW_NUMBER, AcceptedFile
from due_regard.register.loading import bulk
from due_regard.register.loading.encoding import (
    ContentDigest,
    Hashes,
    as_signed,
    find_key_order,
    hash_rows,
    make_arrow_column,
)
from due_regard.register.schema.column_types import BEFORE_ALL
from due_regard.register.schema.drop_tables import BatchFile
from due_regard.register.schema.record_tables import RECORD_TABLES
from due_regard.register.sealing.group_digests import GroupDigest, take_seal_key
from due_regard.register.sealing.record_leaves import make_record_leaves
from due_regard.register.sealing.seal_rules import LEAF
from due_regard.register.stored_records import (
    has_records,
    read_carried_columns,
    read_record_frame,
    read_record_versions,
)


@dataclass(frozen=True)
class WrittenVersions:
    """What writing a file's rows came to: how many versions, of which customers, what identifies and seals them."""

    loaded: int
    customers: frozenset[str]
    rows_sha256: str
    seals: dict[str, dict[str, Any]]


_Place = slice | npt.NDArray[np.int64]
"""Where the rows of one chunk are in their file."""


@dataclass(frozen=True)
class _LoadTarget:
    """Where a file's rows go, and what every row of it says about its origin."""

    connection: Connection
    landlord: str
    entity: Entity
    file_id: int
    known_from: datetime
    missing: frozenset[str]
    is_empty: bool
    digest: GroupDigest


def write_versions(
    connection: Connection, landlord: str, part: AcceptedFile, file_id: int, known_from: datetime
) -> WrittenVersions:
    """Append a version of every row of `part` that is new or differs from the newest version.

    Raises:
        ValueError: a reference comes twice among the accepted rows.
    """
    entity = ENTITY[part.entity]
    names = [column.name for column in entity.columns if column.name in part.columns]
    if UNKNOWN_CELLS in part.rows:
        names.append(UNKNOWN_CELLS)
    rows = pa.RecordBatch.from_pydict({name: make_arrow_column(part.rows[name]) for name in [*names, ROW_NUMBER]})
    places = _find_chunk_places(rows.num_rows, find_key_order(rows[entity.key], entity.key))
    identity = _compute_identity(rows, places, names)
    if identity == _read_last_identity(connection, landlord, entity.name, file_id):
        return WrittenVersions(0, frozenset(), identity, {})
    missing = read_carried_columns(connection, landlord).get(entity.name, frozenset()) - set(part.columns)
    is_empty = not has_records(connection, landlord, entity.name)
    digest = GroupDigest(take_seal_key(connection, landlord))
    target = _LoadTarget(connection, landlord, entity, file_id, known_from, missing, is_empty, digest)
    is_new = _write_rows(target, rows, places, names)
    return WrittenVersions(digest.rows, _list_customers(rows, is_new), identity, {str(file_id): digest.describe()})


def _write_rows(
    target: _LoadTarget, rows: pa.RecordBatch, places: list[_Place], names: list[str]
) -> npt.NDArray[np.bool_]:
    """Write what changed, chunk by chunk, and say which rows did."""
    hashes = _hash_rows(rows, names, target.entity.key)
    is_new = np.zeros(rows.num_rows, dtype=bool)
    for place in places:
        is_new[place] = _write_chunk(target, _take_chunk(rows, place), names, hashes[place])
    return is_new


def _list_customers(rows: pa.RecordBatch, which: npt.NDArray[np.bool_]) -> frozenset[str]:
    if "customer_ref" not in rows.schema.names:
        return frozenset()
    return frozenset(rows["customer_ref"].filter(pa.array(which)).unique().drop_null().to_pylist())


def _find_chunk_places(count: int, order: npt.NDArray[np.int64] | None) -> list[_Place]:
    """Where the rows of each chunk are, chunks and rows in order of their reference."""
    spans = [slice(start, start + bulk.CHUNK) for start in range(0, count, bulk.CHUNK)]
    return list(spans) if order is None else [order[span] for span in spans]


def _take_chunk(rows: pa.RecordBatch, place: _Place) -> pa.RecordBatch:
    return rows.slice(place.start, bulk.CHUNK) if isinstance(place, slice) else rows.take(pa.array(place))


def _compute_identity(rows: pa.RecordBatch, places: list[_Place], names: list[str]) -> str:
    """What the accepted rows and columns are, whatever order and file they came in."""
    digest = ContentDigest(names)
    for place in places:
        chunk = _take_chunk(rows, place)
        digest.add((name, chunk[name]) for name in names)
    return digest.hexdigest()


def _read_last_identity(connection: Connection, landlord: str, entity: str, file_id: int) -> str | None:
    """Identity of the newest accepted file of the entity before this one: only then is it what the register says."""
    last = (
        select(BatchFile.rows_sha256)
        .where(BatchFile.landlord == landlord, BatchFile.entity == entity, BatchFile.id < file_id)
        .where(BatchFile.status != "refused")
        .order_by(BatchFile.id.desc())
        .limit(1)
    )
    return connection.scalar(last)


def _write_chunk(target: _LoadTarget, chunk: pa.RecordBatch, names: list[str], hashes: Hashes) -> npt.NDArray[np.bool_]:
    """Write what changed of one chunk, and say which rows did."""
    if target.is_empty:
        _append_versions(target, chunk, names, hashes)
        return np.ones(chunk.num_rows, dtype=bool)
    keys = chunk[target.entity.key]
    span = (keys[0].as_py(), keys[-1].as_py())
    if target.missing:
        chunk, hashes = _add_earlier_columns(target, chunk, hashes, span)
        names = [name for name in chunk.schema.names if name != ROW_NUMBER]
    version, known_hashes = _read_newest_versions(target, keys, span)
    changed: npt.NDArray[np.bool_] = (version == 0) | (known_hashes != as_signed(hashes))
    if changed.any():
        _append_versions(target, chunk.filter(pa.array(changed)), names, hashes[changed], after=version[changed])
    return changed


def _hash_rows(rows: pa.RecordBatch, names: Iterable[str], key: str) -> Hashes:
    """Hashes of what the rows say, without the reference, which is what rows are matched by."""
    return hash_rows(((name, rows[name]) for name in names if name != key), rows.num_rows)


def _read_newest_versions(
    target: _LoadTarget, keys: pa.Array, span: tuple[str, str]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Newest version number (0 if the record is new) and its hash, for each of `keys`."""
    key = target.entity.key
    names = [key, "version", "row_hash"]
    # A record that is withdrawn has its versions still: the next one follows them.
    known = read_record_versions(
        target.connection, target.landlord, target.entity, names, withdrawn_at=BEFORE_ALL, between=span
    )
    place = pc.index_in(keys, known[key].combine_chunks().cast(keys.type))
    found = place.is_valid().to_numpy(zero_copy_only=False)
    result = []
    for name in names[1:]:
        values = np.append(known[name].cast(pa.int64()).to_numpy(), 0)
        result.append(np.where(found, values[pc.fill_null(place, len(values) - 1).to_numpy()], 0))
    return result[0], result[1]


def _add_earlier_columns(
    target: _LoadTarget, chunk: pa.RecordBatch, hashes: Hashes, span: tuple[str, str]
) -> tuple[pa.RecordBatch, Hashes]:
    """The chunk with the columns its file does not carry, as earlier files left them, unknown cells included."""
    key, names = target.entity.key, sorted(target.missing)
    carried = target.missing | {key}
    earlier = read_record_frame(
        target.connection, target.landlord, target.entity, carried, withdrawn_at=BEFORE_ALL, between=span
    )
    known = make_arrow_column(earlier[key]).cast(chunk[key].type)
    place = pc.index_in(chunk[key], known)
    for name in names:
        chunk = chunk.append_column(name, make_arrow_column(earlier[name]).take(place))
    hashes = hashes + _hash_rows(chunk, names, key)
    if UNKNOWN_CELLS not in earlier:
        return chunk, hashes
    before = make_arrow_column(earlier[UNKNOWN_CELLS]).take(place)
    return _merge_unknown_cells(chunk, before, target.missing, hashes, key)


def _merge_unknown_cells(
    chunk: pa.RecordBatch, before: pa.Array, missing: frozenset[str], hashes: Hashes, key: str
) -> tuple[pa.RecordBatch, Hashes]:
    """The chunk with the unknown cells of its own columns, and of the `missing` ones those that were so `before`."""
    own = chunk[UNKNOWN_CELLS].to_pylist() if UNKNOWN_CELLS in chunk.schema.names else [None] * chunk.num_rows
    if UNKNOWN_CELLS in chunk.schema.names:
        hashes = hashes - _hash_rows(chunk, [UNKNOWN_CELLS], key)
        chunk = chunk.drop_columns([UNKNOWN_CELLS])
    kept = [set((text or "").split(";")) & missing for text in before.to_pylist()]
    merged = [
        ";".join(sorted({*filter(None, (text or "").split(";")), *names})) or None
        for text, names in zip(own, kept, strict=True)
    ]
    chunk = chunk.append_column(UNKNOWN_CELLS, pa.array(merged, pa.string()))
    return chunk, hashes + _hash_rows(chunk, [UNKNOWN_CELLS], key)


def _append_versions(
    target: _LoadTarget,
    rows: pa.RecordBatch,
    names: list[str],
    hashes: Hashes,
    after: npt.NDArray[np.int64] | None = None,
) -> None:
    """Write a version of each row, the next one `after` those that the register has; the first if it has none."""
    columns = {
        "row_number": rows[ROW_NUMBER],
        "row_hash": pa.array(as_signed(hashes)),
        **{name: rows[name] for name in names},
    }
    origin = {"landlord": target.landlord, "known_from": target.known_from, "batch_file_id": target.file_id}
    if after is None:
        origin["version"] = 1
    else:
        columns["version"] = pa.array(after + 1)
    columns |= make_record_leaves(columns, origin, rows.num_rows)
    target.digest.add(columns[LEAF].to_pylist())
    bulk.insert_rows(target.connection, RECORD_TABLES[target.entity.name], columns, origin)
