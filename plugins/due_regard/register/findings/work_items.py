"""Writing what is to be done: a run's items and owner problems in place of the last one's, and hand-overs between runs.

Who must act and how urgent it is comes from the caller (alerts/work_plan.py); reading is work_list.py's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from sqlalchemy import Connection, delete, insert, update

from due_regard.register.case_references import find_team
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


def hand_work_over(connection: Connection, landlord: str, finding_id: int, to_ref: str | None) -> None:
    """Let a member of staff own a finding from now on; None: whom the record names again. A run says the same."""
    team = None if to_ref is None else find_team(connection, landlord, to_ref)
    mine = (WorkItem.landlord == landlord, WorkItem.finding_id == finding_id)
    connection.execute(update(WorkItem).where(*mine).values(handed_to=to_ref, handed_team=team, is_deputy=False))
