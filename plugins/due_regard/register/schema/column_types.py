"""Column types that mean the same on SQLite and PostgreSQL: instants, byte-ordered text, row ids, record columns.

Add a type when the two engines would otherwise store or sort a value differently. Keep tables out.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Date, DateTime, Dialect, Integer, String
from sqlalchemy.types import TypeDecorator, TypeEngine

from due_regard.records.canonical import CanonicalColumn, ColumnKind

Ref: TypeEngine[str] = String().with_variant(String(collation="C"), "postgresql")
"""Text compared by code point on both engines, so that ORDER BY is the contract's order and does not vary by locale."""

RowId: TypeEngine[int] = BigInteger().with_variant(Integer(), "sqlite")
"""A surrogate id; SQLite counts by itself only on a column declared INTEGER."""


class Instant(TypeDecorator[datetime]):
    """An aware UTC datetime: timestamptz on PostgreSQL, 'YYYY-MM-DD HH:MM:SS.ffffff' in UTC on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive datetimes: nobody could say which hour they mean."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give UTC back, whatever the session's zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


EVER = datetime(9999, 12, 31, tzinfo=UTC)
"""The instant that stands for "as known now" in a statement that takes `:known_at`."""

BEFORE_ALL = datetime(1900, 1, 1, tzinfo=UTC)
"""An instant before any act: of withdrawals it stands for "whatever was withdrawn"."""


def find_column_type(column: CanonicalColumn) -> TypeEngine[Any]:
    """The database type of a canonical column."""
    if column.kind is ColumnKind.DATE:
        return Date()
    return Boolean() if column.kind is ColumnKind.YN else Ref
