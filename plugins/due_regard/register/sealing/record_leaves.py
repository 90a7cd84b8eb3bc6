"""The digests of records, worked out while they are written: a load never reads back what it has just written."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa

from due_regard.register.loading.encoding import make_words
from due_regard.register.sealing.row_text import hash_row_texts
from due_regard.register.sealing.seal_rules import LEAF, SALT

_SALT_BYTES = 16


def make_record_leaves(columns: Mapping[str, pa.Array], same: Mapping[str, Any], count: int) -> dict[str, pa.Array]:
    """A salt and a leaf for each of `count` records about to be written.

    `columns` differ from row to row, `same` says the same in each; together they are the whole row.
    """
    salts = _draw_salts(count)
    words = {name: make_words(values) for name, values in columns.items()}
    whole = {name: _as_word(value) for name, value in same.items()}
    return {SALT: salts, LEAF: pa.array(hash_row_texts({**words, **whole, SALT: salts}), pa.string())}


def _draw_salts(count: int) -> pa.Array:
    """Random salts as hexadecimal text, all of them drawn at once."""
    digits = secrets.token_bytes(_SALT_BYTES * count).hex().encode()
    offsets = np.arange(count + 1, dtype=np.int32) * (2 * _SALT_BYTES)
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(digits))


def _as_word(value: Any) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f") if isinstance(value, datetime) else str(value)
