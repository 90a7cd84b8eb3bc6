"""Table of views: who looked at which record of a named person, on which page, by which right.

Rows are added and never changed or deleted; the audit holds a digest of each day's.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from due_regard.register.schema.column_types import RowId
from due_regard.register.schema.drop_tables import Base


class RecordView(Base):
    """One page with a named record on it, shown to one person.

    `actor` is the id that the sign-in gives, `used_right` the right that let them see it, `kind` and `ref` what they
    saw: a finding by its register reference, a record by the landlord's own.
    """

    __tablename__ = "record_views"
    __table_args__ = (Index(None, "landlord", "at"), Index(None, "landlord", "ref"))

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    landlord: Mapped[str]
    at: Mapped[datetime]
    actor: Mapped[str]
    used_right: Mapped[str]
    kind: Mapped[str]
    ref: Mapped[str]
