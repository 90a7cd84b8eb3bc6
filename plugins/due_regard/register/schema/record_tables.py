"""The records' own tables, one a canonical entity, built from records/canonical.py.

Every row is a version: what was valid, from which instant we knew it, which file brought it. A correction is the next
version; nothing is updated in place. Columns come from `ENTITIES`: a new one there needs a revision here. Beside them
`unknown_cells` names the columns of a row that hold a word which is not known; such a cell itself is NULL.
`leaf` is the digest of the row, `salt` keeps it from being guessed; rows of earlier revisions have neither.
"""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, Table
from sqlalchemy import types as sa_types

from due_regard.records.canonical import ENTITIES, UNKNOWN_CELLS, Entity
from due_regard.register.schema.column_types import Instant, Ref, RowId, find_column_type
from due_regard.register.schema.drop_tables import Base

CASE_LINKS = ("customer_ref", "restriction_ref", "incident_ref")
"""Columns by which the records of one case are found among all: each that does not begin its own key has an index."""


def _make_table(entity: Entity) -> Table:
    own = [
        Column(
            column.name, find_column_type(column), primary_key=column.name == entity.key, nullable=not column.required
        )
        for column in entity.columns
    ]
    return Table(
        entity.name,
        Base.metadata,
        Column("landlord", Ref, primary_key=True),
        own[0],
        Column("version", Integer, primary_key=True, autoincrement=False),
        Column("known_from", Instant, nullable=False),
        Column("batch_file_id", RowId, nullable=False),
        Column("row_number", Integer, nullable=False),
        Column("row_hash", sa_types.BigInteger, nullable=False),
        *own[1:],
        Column(UNKNOWN_CELLS, Ref),
        Column("salt", Ref),
        Column("leaf", Ref),
        # By the link first: without statistics SQLite would take the primary key, and read all rows of a landlord.
        *(Index(None, name, "landlord") for name in CASE_LINKS if name in entity.by_name and name != entity.key),
        # The primary key is the order in which rows are loaded and read.
        sqlite_with_rowid=False,
    )


RECORD_TABLES: dict[str, Table] = {entity.name: _make_table(entity) for entity in ENTITIES}
"""Entity name -> its table. No foreign keys: files may arrive in any order, and intake has judged the links."""
