"""Customers' numbers in reports: a surrogate each, so that a report can count people without naming a reference.

An unkeyed hash of a reference could be reversed by trying them all; a number drawn at random cannot.
"""

from __future__ import annotations

import secrets

import pyarrow as pa
from sqlalchemy import Connection, column, func, select, table

from due_regard.register import bulk
from due_regard.register.tables import Base, CustomerNumber
from due_regard.register.types import Ref

_NUMBERS = Base.metadata.tables[CustomerNumber.__tablename__]


def number_customers(connection: Connection, landlord: str, refs: set[str]) -> None:
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
        numbers = list(range(first, first + len(new)))
        secrets.SystemRandom().shuffle(numbers)
        columns = {"customer_ref": pa.array(new), "customer_no": pa.array(numbers)}
        bulk.insert(connection, _NUMBERS, columns, {"landlord": landlord})
