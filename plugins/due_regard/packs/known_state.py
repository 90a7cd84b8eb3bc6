"""What the register knew at one instant, as a pack rests on it: snapshots of five quarters, and their files."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pandas as pd
import pyarrow as pa
from sqlalchemy import Engine

from due_regard.calendars.quarters import LONDON, Quarter, find_london_day
from due_regard.errors import PackError
from due_regard.packs.content.snapshots import take_snapshots
from due_regard.packs.measures import BATCH_COLUMNS, QuarterSnapshot
from due_regard.policy import LandlordContext
from due_regard.register import EVER, read_records, reading, sql_files
from due_regard.register.vanished_records import find_last_act, list_withdrawals_made


@dataclass(frozen=True)
class KnownState:
    """What the register knew at one instant: five snapshots, the files they rest on, when the last record was withdrawn
    or stood again.
    """  # noqa: D205 - one sentence

    snapshots: tuple[QuarterSnapshot, ...] = field(repr=False)
    files: pd.DataFrame = field(repr=False)
    known_at: datetime | None
    withdrawn_at: datetime | None

    def has_acts_after(self, at: datetime) -> bool:
        """Whether a record was withdrawn, or stands again, since an instant."""
        return self.withdrawn_at is not None and self.withdrawn_at > at


def read_known_state(
    engine: Engine,
    context: LandlordContext,
    quarter: Quarter,
    known_at: datetime | None,
    withdrawn_at: datetime | None = None,
) -> KnownState:
    """What was known at an instant (None: now), with what was withdrawn at that one, or at another.

    Raises:
        PackError: nothing had been taken in by then.
    """
    landlord, withdrawn_at = context.landlord.id, withdrawn_at or known_at or EVER
    with reading(engine, landlord) as conn:
        withdrawals = list_withdrawals_made(conn, landlord, withdrawn_at)
        changed_at = find_last_act(conn, landlord, withdrawn_at)
        files = sql_files.read_statement(conn, "packs/files_taken_in", landlord=landlord, known_at=known_at or EVER)
    if files.empty:
        raise PackError(f"nothing had been taken in for {landlord}; run intake first")
    records = read_records(engine, landlord, known_at=known_at, withdrawn_at=withdrawn_at)
    # Arrow keeps what it freed: after a million rows that is a seventh of the memory a pack may take.
    pa.default_memory_pool().release_unused()
    days = files["loaded_at"].dt.tz_convert(LONDON).dt.tz_localize(None).dt.normalize()
    shown = files.assign(loaded_on=days)[list(BATCH_COLUMNS)]
    snapshots = take_snapshots(records, context, quarter, files=shown, withdrawals=_make_withdrawals(withdrawals))
    return KnownState(snapshots, files, known_at, changed_at)


def _make_withdrawals(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Withdrawals as a snapshot has them (`WITHDRAWAL_COLUMNS`)."""
    days = pd.Series([find_london_day(row["at"]) for row in rows], dtype="datetime64[s]")
    return pd.DataFrame({
        "withdrawn_on": days,
        **{name: pd.Series([row[name] for row in rows], dtype="str") for name in ("entity", "ref")},
    })
