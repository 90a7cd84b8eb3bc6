"""Tables of what is to be done: one row an open finding, with who must act, how urgent it is, how far it moved up.

Worked out anew by each run that moves findings, from findings, records and the landlord's settings: nothing here is
history, and nothing here is a person's decision. No address and no name: staff are the landlord's own references.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import JSON, Index
from sqlalchemy.orm import Mapped, mapped_column

from due_regard.register.schema.column_types import RowId
from due_regard.register.schema.drop_tables import Base

OVERDUE, DUE, COMING, NOTED = 1, 2, 3, 4
"""`work_items.urgency`: past its date; due today or to be put right; due later; nothing done now can put it right."""


COUNTED = (
    *("landlord", "owner_role", "staff_ref", "team", "handed_to", "handed_team", "has_problem", "rule", "urgency"),
    *("stage", "state", "is_backlog", "since_on", "finding_id"),
)


class WorkItem(Base):
    """One open finding as work: `staff_ref` is who must act by the record (or their deputy); None: a role's mailbox.

    `handed_to` must act instead where a person handed it over: the one column that a decision changes between runs.
    `is_deputy` is said of whoever must act now.
    `since_on` is its due date, or of a check the day it was first seen. `stage` is the stage that its date has reached;
    blank until a run has worked it out, as `staff_ref` is, after an upgrade. `has_problem`: the owner cannot be mailed.
    """

    __tablename__ = "work_items"
    __table_args__ = (
        Index("ix_work_items_in_order", "landlord", "urgency", "since_on", "finding_id", "rule"),
        # Holds every column that a list is chosen and counted by: no count looks at the rows themselves.
        Index("ix_work_items_counted", *COUNTED),
    )

    finding_id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    landlord: Mapped[str]
    run_id: Mapped[int] = mapped_column(RowId)
    rule: Mapped[str]
    state: Mapped[str]
    urgency: Mapped[int]
    since_on: Mapped[date]
    owner_role: Mapped[str]
    staff_ref: Mapped[str | None]
    team: Mapped[str | None]
    handed_to: Mapped[str | None]
    handed_team: Mapped[str | None]
    is_deputy: Mapped[bool]
    has_problem: Mapped[bool]
    stage: Mapped[str | None]
    is_backlog: Mapped[bool]


class OwnerProblem(Base):
    """What keeps owners from being mailed (`key`), for the data owner: in `words`, with the cells to mend.

    `cells` holds the first few as [entity, reference, column]; `findings` counts the open findings it concerns. A key
    that begins with `restricted:` is of a duty that only certain roles may hear of.
    """

    __tablename__ = "owner_problems"

    landlord: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    words: Mapped[str]
    remedy: Mapped[str]
    staff_ref: Mapped[str | None]
    cells: Mapped[list[list[str]]] = mapped_column(JSON)
    more_cells: Mapped[int]
    findings: Mapped[int]
