"""Customers' numbers in reports: a surrogate each, so that a report can count people without naming a reference.

An unkeyed hash of a reference could be reversed by trying them all; a number drawn at random cannot.
"""

from __future__ import annotations

import secrets

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from sqlalchemy import Connection, column, func, select, table

from due_regard.register import bulk
from due_regard.register.tables import Base, CustomerNumber
from due_regard.register.types import Ref

_NUMBERS = Base.metadata.tables[CustomerNumber.__tablename__]


def number_customers(connection: Connection, landlord: str, refs: frozenset[str]) -> None:
    """Give a number to each customer of `refs` that has none."""
    if not refs:
        return
    bulk.stage(connection, "met_customers", _NUMBERS, {"customer_ref": pa.array(sorted(refs))})
    met = table("met_customers", column("customer_ref", Ref))
    own = _NUMBERS.c.landlord == landlord
    known = select(_NUMBERS.c.customer_no).where(own, _NUMBERS.c.customer_ref == met.c.customer_ref)
    new = list(connection.scalars(select(met.c.customer_ref).where(~known.exists())))
    if new:
        first = int(connection.scalar(select(func.coalesce(func.max(_NUMBERS.c.customer_no), 0)).where(own)) or 0) + 1
        columns = {"customer_ref": pa.array(new), "customer_no": pa.array(first + _shuffled(len(new)))}
        bulk.insert(connection, _NUMBERS, columns, {"landlord": landlord})


def _shuffled(count: int) -> npt.NDArray[np.int64]:
    """0 to `count` - 1 in an order that only the operating system's randomness decides."""
    return np.argsort(np.frombuffer(secrets.token_bytes(8 * count), dtype=np.uint64))
