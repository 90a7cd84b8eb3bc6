"""Which records are withdrawn at an instant: conditions for every read that means "the records as they stand".

A withdrawal holds from its `known_from` until an act that ends it. Withdrawing a record is withdrawals.py's.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Select, Table, select

from due_regard.records.canonical import Entity
from due_regard.register.schema.column_types import EVER
from due_regard.register.schema.drop_tables import Base
from due_regard.register.schema.withdrawal_tables import Withdrawal

ACTS = Base.metadata.tables[Withdrawal.__tablename__]

WITHDRAWN, UNDONE, RETURNED = "withdrawn", "undone", "returned"
"""`withdrawals.event`."""

SELECT_WITHDRAWN_REFS = """
    SELECT act.ref FROM withdrawals AS act WHERE act.landlord = :landlord AND act.entity = :entity
    AND act.event = 'withdrawn' AND act.known_from <= :withdrawn_at AND NOT EXISTS (
        SELECT 1 FROM withdrawals AS ended WHERE ended.ends_id = act.id AND ended.known_from <= :withdrawn_at)"""
"""References of an entity that are withdrawn at an instant; looks at no row of the records, so it is asked once."""


def select_held_withdrawals(at: datetime = EVER) -> Select[tuple[str, str, str, int]]:
    """Withdrawals that hold at an instant: landlord, entity, ref, id."""
    ended = ACTS.alias("ended")
    is_ended = select(ended.c.id).where(ended.c.ends_id == ACTS.c.id, ended.c.known_from <= at).exists()
    held = select(ACTS.c.landlord, ACTS.c.entity, ACTS.c.ref, ACTS.c.id)
    return held.where(ACTS.c.event == WITHDRAWN, ACTS.c.known_from <= at, ~is_ended)


def is_standing(table: Table, entity: Entity, at: datetime = EVER) -> ColumnElement[bool]:
    """Condition: a record is not withdrawn at an instant; asked by index of each row, so of no more than are read."""
    own = (ACTS.c.landlord == table.c.landlord, ACTS.c.entity == entity.name, ACTS.c.ref == table.c[entity.key])
    return ~select_held_withdrawals(at).where(*own).correlate(table).exists()


def list_withdrawn_refs(connection: Connection, landlord: str, *, at: datetime = EVER) -> dict[tuple[str, str], int]:
    """(entity, reference) of each record that is withdrawn at an instant -> the act that says so."""
    own = select_held_withdrawals(at).where(ACTS.c.landlord == landlord)
    return {(row.entity, row.ref): row.id for row in connection.execute(own)}
