"""Writing what is to be done: a run's work items and owner problems in place of those of the run before; a new owner.

Who must act and how urgent it is comes from the caller (alerts/work_plan.py); reading is work_list.py's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from sqlalchemy import Connection, delete, insert, update

from due_regard.register.loading import bulk
from due_regard.register.schema.drop_tables import Base
from due_regard.register.schema.work_tables import OwnerProblem, WorkItem

ITEMS = Base.metadata.tables[WorkItem.__tablename__]


def replace_work(
    connection: Connection, landlord: str, run_id: int, items: pd.DataFrame, problems: Sequence[dict[str, Any]]
) -> None:
    """Put `items` (columns of `WorkItem` but landlord and run_id) and `problems` in place of the landlord's last."""
    connection.execute(delete(WorkItem).where(WorkItem.landlord == landlord))
    connection.execute(delete(OwnerProblem).where(OwnerProblem.landlord == landlord))
    if len(items):
        said = {"landlord": landlord, "run_id": run_id}
        bulk.insert_rows(connection, ITEMS, bulk.list_frame_columns(items), said)
    if problems:
        connection.execute(insert(OwnerProblem), [{"landlord": landlord, **problem} for problem in problems])


def move_work_item(
    connection: Connection, finding_id: int, *, is_handed_over: bool, backlog_word: str, **owner: Any
) -> None:
    """Name another owner (staff_ref, team, is_deputy, has_problem) between two runs; the next works all out anew.

    What was handed over is no backlog any more; given back it is again, where its stage is still `backlog_word`.
    """
    is_backlog = False if is_handed_over else WorkItem.stage == backlog_word
    mine = update(WorkItem).where(WorkItem.finding_id == finding_id)
    connection.execute(mine.values(is_backlog=is_backlog, **owner))
