"""Customers' numbers in reports: a surrogate each, so that a report can count people without naming a reference.

An unkeyed hash of a reference could be reversed by trying them all; a number drawn at random cannot.
"""

from __future__ import annotations

import secrets

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, func, select

from due_regard.register.loading import bulk
from due_regard.register.schema.drop_tables import Base, CustomerNumber

_NUMBERS = Base.metadata.tables[CustomerNumber.__tablename__]


def number_customers(connection: Connection, landlord: str, refs: frozenset[str], file_id: int) -> None:
    """Give a number to each customer of `refs` that has none; `file_id` is the file that named them."""
    if not refs:
        return
    all_known = "SELECT customer_ref FROM customer_numbers WHERE landlord = :landlord"
    known = bulk.fetch_columns(connection, all_known, {"landlord": landlord}, ["customer_ref"])["customer_ref"]
    met = pa.array(sorted(refs))
    new = met.filter(pc.invert(pc.is_in(met, known.combine_chunks())))
    if len(new) == 0:
        return
    last = select(func.coalesce(func.max(_NUMBERS.c.customer_no), 0)).where(_NUMBERS.c.landlord == landlord)
    numbers = int(connection.scalar(last) or 0) + 1 + _shuffle_range(len(new))
    said = {"landlord": landlord, "batch_file_id": file_id}
    bulk.insert_rows(connection, _NUMBERS, {"customer_ref": new, "customer_no": pa.array(numbers)}, said)


def _shuffle_range(count: int) -> npt.NDArray[np.int64]:
    """0 to `count` - 1 in an order that only the operating system's randomness decides."""
    return np.argsort(np.frombuffer(secrets.token_bytes(8 * count), dtype=np.uint64))
