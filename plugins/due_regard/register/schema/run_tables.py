"""Table of task runs: which work was begun for a landlord, by when it must have ended, and how it did.

No personal data: who or what a run was about stands in the tables it wrote.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from due_regard.register.schema.drop_tables import Base


class TaskRun(Base):
    """One piece of work (`verb`) for one landlord in one run of a DAG; tried again, it is the same row.

    `outcome`: running (also of a process that was killed), failed, succeeded. A row not succeeded by `must_end_by` is
    told to the data owner.
    """

    __tablename__ = "runs"
    __table_args__ = (Index(None, "outcome", "must_end_by"),)

    landlord: Mapped[str] = mapped_column(primary_key=True)
    dag_id: Mapped[str] = mapped_column(primary_key=True)
    verb: Mapped[str] = mapped_column(primary_key=True)
    run_id: Mapped[str] = mapped_column(primary_key=True)
    started_at: Mapped[datetime]
    must_end_by: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str]
