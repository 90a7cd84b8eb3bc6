"""What a landlord's records as they stand rest on, as a value: by it a reader knows whether they changed since."""

from __future__ import annotations

from typing import TypeAlias

from sqlalchemy import Connection, Engine, func, select

from due_regard.register.engines import reading
from due_regard.register.stored_records import find_newest_load
from due_regard.register.withdrawn_records import ACTS

KnowledgeMark: TypeAlias = tuple[int, int]
"""The newest file and the newest act of a withdrawal: two marks differ where records as they stand may."""


def find_knowledge_mark(engine: Engine, landlord: str) -> KnowledgeMark:
    """What the landlord's records as they stand rest on; (0, 0) before anything came."""
    with reading(engine, landlord) as connection:
        return find_knowledge_mark_on(connection, landlord)


def find_knowledge_mark_on(connection: Connection, landlord: str) -> KnowledgeMark:
    """`find_knowledge_mark` inside the caller's own transaction."""
    act = connection.scalar(select(func.max(ACTS.c.id)).where(ACTS.c.landlord == landlord))
    return find_newest_load(connection, landlord)[0] or 0, act or 0
