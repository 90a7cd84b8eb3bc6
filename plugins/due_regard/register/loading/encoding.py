"""Frames of records as columns of distinct values: what is hashed, and what is written to the database.

Everything here works on one chunk of rows, so that memory is bounded by the chunk. Where rows go is bulk.py's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

Hashes = npt.NDArray[np.uint64]

_AT_ONCE = 50_000
"""Distinct values that are Python objects at a time."""


def make_arrow_column(series: pd.Series) -> pa.Array:
    """One column as Arrow: text, date32, boolean, integer or UTC instant; null for blank."""
    found = pa.array(series)
    whole = found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found
    is_date = pa.types.is_timestamp(whole.type) and whole.type.tz is None
    return whole.cast(pa.date32()) if is_date else whole


def make_words(values: pa.Array) -> pa.Array:
    """The values as the text that is hashed and that SQLite stores: ISO dates, UTC instants, yes/no as 1 and 0."""
    if pa.types.is_boolean(values.type):
        return values.cast(pa.int8()).cast(pa.string())
    text = values.cast(pa.string())
    return pc.utf8_rtrim(text, "Z") if pa.types.is_timestamp(values.type) else text


class ContentDigest:
    """What identifies a file's rows: a sha256 over every column's cells, in the order in which rows are added.

    Faster than `hash_rows`, but it can only tell that everything is the same, not which rows differ. How rows came in
    chunks and how Arrow lays them out does not matter.
    """

    def __init__(self, names: Iterable[str]) -> None:
        """A digest of the columns `names`."""
        self._columns: dict[str, tuple[hashlib._Hash, hashlib._Hash]] = {
            name: (hashlib.sha256(), hashlib.sha256()) for name in names
        }

    def add(self, columns: Iterable[tuple[str, pa.Array]]) -> None:
        """Add a chunk of rows, every column of it."""
        for name, values in columns:
            lengths, cells = self._columns[name]
            if _is_text(values):
                text = values.cast(pa.large_string())
                lengths.update(pc.fill_null(pc.binary_length(text), -1).to_numpy())
                cells.update(_join_text_bytes(text))
            else:
                lengths.update(values.is_valid().cast(pa.int8()).to_numpy())
                cells.update(pc.fill_null(_as_numbers(values), 0).to_numpy())

    def hexdigest(self) -> str:
        """The digest of everything added, as 64 hexadecimal digits."""
        parts = (name.encode() + lengths.digest() + cells.digest() for name, (lengths, cells) in self._columns.items())
        return hashlib.sha256(b"".join(parts)).hexdigest()


def _is_text(values: pa.Array) -> bool:
    return bool(pa.types.is_string(values.type) or pa.types.is_large_string(values.type))


def _join_text_bytes(text: pa.LargeStringArray) -> memoryview:
    """The UTF-8 of all the cells, one after the other."""
    _, offsets, data = text.buffers()
    bounds = np.frombuffer(offsets, dtype=np.int64)[[text.offset, text.offset + len(text)]]
    return memoryview(data or b"")[bounds[0] : bounds[1]]


def _as_numbers(values: pa.Array) -> pa.Array:
    """Dates as days since 1970, instants as microseconds, yes/no as 1 and 0."""
    if pa.types.is_date32(values.type):
        return values.cast(pa.int32())
    return values.cast(pa.int8() if pa.types.is_boolean(values.type) else pa.int64())


def hash_rows(columns: Iterable[tuple[str, pa.Array]], count: int) -> Hashes:
    """64-bit hashes of `count` rows, by content: the sum of a hash of every `column=value` that is not blank.

    A sum does not depend on the order of columns and ignores blank ones, so a canonical column added later
    does not make every old row look changed. blake2b, because the hash is kept for years and must not depend on a
    library's version.
    """
    total = np.zeros(count, dtype=np.uint64)
    for name, values in columns:
        total += _hash_cells(name, values)  # wraps around: that is the modulus
    return total


def _hash_cells(name: str, values: pa.Array) -> Hashes:
    """Hashes of one column's cells (0 for a blank), each distinct value hashed once."""
    coded = values.dictionary_encode(null_encoding="mask")
    prefix, distinct = f"{name}=".encode(), make_words(coded.dictionary).cast(pa.binary())
    some = (distinct.slice(start, _AT_ONCE).to_pylist() for start in range(0, len(distinct), _AT_ONCE))
    hashed = b"".join(hashlib.blake2b(prefix + word, digest_size=8).digest() for each in some for word in each)
    with_blank: Hashes = np.append(np.frombuffer(hashed, dtype="<u8"), np.uint64(0))
    cells: Hashes = with_blank[pc.fill_null(coded.indices, len(distinct)).to_numpy()]
    return cells


def as_signed(hashes: Hashes) -> npt.NDArray[np.int64]:
    """The same 64 bits as databases know them."""
    return hashes.view(np.int64)


def make_sqlite_values(values: pa.Array) -> tuple[str, list[Any]]:
    """A column as SQLite's driver takes it fastest: its placeholder, and the values; equal ones share one object.

    Python's driver takes three times as long over None as over a text, because it looks for an adapter first. A blank
    is bound as what no other value of the column equals, 0 among texts and "" among numbers, and becomes NULL there.
    """
    is_number = pa.types.is_boolean(values.type) or pa.types.is_integer(values.type)
    if pa.types.is_integer(values.type) and not values.null_count:
        return "?", values.to_numpy().tolist()  # hashes and row numbers, nearly all of them distinct
    mark, blank = ("nullif(?, '')", "") if is_number else ("nullif(?, 0)", 0)
    coded = values.dictionary_encode(null_encoding="mask")
    distinct = coded.dictionary.cast(pa.int64()) if is_number else make_words(coded.dictionary)
    objects = np.array([*distinct.to_pylist(), blank], dtype=object)
    cells = objects[pc.fill_null(coded.indices, len(distinct)).to_numpy()].tolist()
    return mark if values.null_count else "?", cells


def find_key_order(keys: pa.Array, key: str) -> npt.NDArray[np.int64] | None:
    """Positions of the rows in code-point order of their keys; None where they are in order already.

    Raises:
        ValueError: a key comes twice; intake should have collapsed or rejected it.
    """
    order = None if _is_ascending(keys) else pc.sort_indices(keys)
    if order is not None and not _is_ascending(keys.take(order)):
        raise ValueError(f"{key} is not unique among the accepted rows")
    return None if order is None else order.to_numpy().astype(np.int64)


def _is_ascending(keys: pa.Array) -> bool:
    return len(keys) < 2 or bool(pc.all(pc.less(keys[:-1], keys[1:])).as_py())
