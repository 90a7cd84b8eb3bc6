"""Findings as a run would leave them, with nothing recorded: an assessment laid over what is on record.

For a dry run's mails of a day that was not assessed; what a run really does is finding_transitions.py's.
"""

from __future__ import annotations

from datetime import date

import pandas as pd
from sqlalchemy import Connection, select

from due_regard.records.canonical import find_open_rows
from due_regard.register import sql_files
from due_regard.register.findings.finding_transitions import KEY, list_policy_versions
from due_regard.register.schema.finding_tables import OPEN, Finding


def foresee_open_findings(
    connection: Connection, landlord: str, assessments: pd.DataFrame, *, as_at: date, policy_version: str
) -> pd.DataFrame:
    """Open findings as `read_open_findings` would give them after a run of `assessments`.

    One that is not on record has a reference that says so: `F-new-1`.
    """
    rows = assessments.assign(policy_version=list_policy_versions(assessments, policy_version))
    rows = rows[find_open_rows(rows)].sort_values(KEY)
    names = ("register_ref", *KEY, "status", "opened_on", "times_opened", "silenced_until", "awaiting_since")
    names += ("handed_to", "handed_at", "disputed_at")
    known = select(Finding.id.label("finding_id"), *(getattr(Finding, name) for name in names))
    on_record = sql_files.make_frame(connection.execute(known.where(Finding.landlord == landlord)))
    # A register without a finding gives columns without a dtype.
    on_record = on_record.astype({"finding_id": "Int64", "times_opened": "Int64", "occurrence": "int64"})
    on_record = on_record.astype({"opened_on": "datetime64[s]", "silenced_until": "datetime64[s]"})
    on_record = on_record.astype({"handed_to": "str"})
    found = rows.merge(on_record, on=KEY, how="left")
    is_new, was_open = found["finding_id"].isna(), found["status"] == OPEN
    numbers = is_new.cumsum()
    return found.assign(
        # Numbers of their own, below all that are on record.
        finding_id=found["finding_id"].where(~is_new, -numbers).astype("int64"),
        register_ref=found["register_ref"].where(~is_new, "F-new-" + numbers.astype("str")),
        opened_on=found["opened_on"].where(was_open, pd.Timestamp(as_at)),
        times_opened=(found["times_opened"].fillna(0) + ~was_open).astype("int64"),
        is_silenced=(found["silenced_until"] >= pd.Timestamp(as_at)).fillna(False).astype("bool"),
        is_awaiting=found["awaiting_since"].notna(),
    )
