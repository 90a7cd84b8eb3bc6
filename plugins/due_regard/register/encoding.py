"""Frames of records as columns of distinct values: what is hashed, and what is written to the database.

Everything here works on one chunk of rows, so that memory is bounded by the chunk. Where rows go is bulk.py's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

Hashes = npt.NDArray[np.uint64]
_CACHED_VALUES = 500_000


def arrow(series: pd.Series) -> pa.Array:
    """One column as Arrow: text, date32, boolean, integer or UTC instant; null for blank."""
    found = pa.array(series)
    whole = found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found
    is_date = pa.types.is_timestamp(whole.type) and whole.type.tz is None
    return whole.cast(pa.date32()) if is_date else whole


def words(values: pa.Array) -> pa.Array:
    """The values as the text that is hashed and that SQLite stores: ISO dates, UTC instants, yes/no as 1 and 0."""
    if pa.types.is_boolean(values.type):
        return values.cast(pa.int8()).cast(pa.string())
    text = values.cast(pa.string())
    return pc.utf8_rtrim(text, "Z") if pa.types.is_timestamp(values.type) else text


@dataclass
class RowHasher:
    """64-bit hashes of rows, by content: the sum of a hash of every `column=value` that is not blank.

    A sum does not depend on the order of columns and ignores blank ones, so a column added to the contract later
    does not make every old row look changed. blake2b, because the hash is kept for years and must not depend on a
    library's version; each distinct value is hashed once.
    """

    _seen: dict[str, dict[str, int]] = field(default_factory=dict)

    def column(self, name: str, values: pa.Array) -> Hashes:
        """Hashes of one column's cells (0 for a blank)."""
        coded = values.dictionary_encode(null_encoding="mask")
        seen = self._seen.setdefault(name, {})
        if len(seen) > _CACHED_VALUES:
            seen.clear()
        distinct = np.fromiter(
            (seen.get(word) or self._hash(seen, name, word) for word in words(coded.dictionary).to_pylist()),
            dtype=np.uint64,
            count=len(coded.dictionary),
        )
        with_blank: Hashes = np.append(distinct, np.uint64(0))
        cells: Hashes = with_blank[pc.fill_null(coded.indices, len(distinct)).to_numpy()]
        return cells

    def rows(self, columns: Iterable[tuple[str, pa.Array]], count: int) -> Hashes:
        """Hashes of `count` rows."""
        total = np.zeros(count, dtype=np.uint64)
        for name, values in columns:
            total += self.column(name, values)  # wraps around: that is the modulus
        return total

    @staticmethod
    def _hash(seen: dict[str, int], name: str, word: str) -> int:
        digest = hashlib.blake2b(f"{name}={word}".encode(), digest_size=8).digest()
        seen[word] = int.from_bytes(digest, "little")
        return seen[word]


def signed(hashes: Hashes) -> npt.NDArray[np.int64]:
    """The same 64 bits as databases know them."""
    return hashes.view(np.int64)


def python_values(values: pa.Array) -> list[Any]:
    """A column as SQLite's driver takes it; equal values share one object."""
    if pa.types.is_boolean(values.type):
        values = values.cast(pa.int8())
    if pa.types.is_integer(values.type):
        return list(values.to_pylist() if values.null_count else values.to_numpy().tolist())
    coded = values.dictionary_encode(null_encoding="encode")
    distinct = np.array(words(coded.dictionary).to_pylist(), dtype=object)
    return list(distinct[coded.indices.to_numpy()]) if len(values) else []


def key_order(frame: pd.DataFrame, key: str) -> npt.NDArray[np.int64] | None:
    """Positions of the rows in code-point order of their key; None where they are in order already.

    Raises:
        ValueError: a key comes twice; intake should have collapsed or rejected it.
    """
    keys = arrow(frame[key])
    order = None if _is_ascending(keys) else pc.sort_indices(keys)
    if order is not None and not _is_ascending(keys.take(order)):
        raise ValueError(f"{key} is not unique among the accepted rows")
    return None if order is None else order.to_numpy().astype(np.int64)


def _is_ascending(keys: pa.Array) -> bool:
    return len(keys) < 2 or bool(pc.all(pc.less(keys[:-1], keys[1:])).as_py())
