"""Writing what is to be done: a run's work items and owner problems in place of those of the run before.

Who must act and how urgent it is comes from the caller (alerts/work_plan.py); reading is work_list.py's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from sqlalchemy import Connection, delete, insert

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
