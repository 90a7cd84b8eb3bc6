"""What the register knew at one instant, as a pack or an opened figure rests on it: snapshots, and the files taken in.

Reads alone. What is counted and said of it is content's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import pandas as pd
import pyarrow as pa
from sqlalchemy import Engine

from due_regard.calendars.quarters import LONDON, Quarter
from due_regard.errors import PackError
from due_regard.packs.content.opened_figure import OpenedFigure, open_table_figure
from due_regard.packs.content.snapshots import take_snapshots, take_whole_snapshot
from due_regard.packs.measures import BATCH_COLUMNS, QuarterSnapshot
from due_regard.policy import LandlordContext
from due_regard.records.canonical import Records
from due_regard.register import EVER, read_records, reading, sql_files


@dataclass(frozen=True)
class KnownState:
    """What the register knew at one instant: five snapshots, and the files they rest on."""

    snapshots: tuple[QuarterSnapshot, ...] = field(repr=False)
    files: pd.DataFrame = field(repr=False)
    known_at: datetime | None


def read_known_state(
    engine: Engine, context: LandlordContext, quarter: Quarter, known_at: datetime | None
) -> KnownState:
    """Five snapshots of what was known by `known_at` (None: everything), the reported quarter first.

    Raises:
        PackError: nothing had been taken in.
    """
    landlord = context.landlord.id
    files = _read_files(engine, landlord, known_at)
    records = read_records(engine, landlord, known_at=known_at)
    # Arrow keeps what it freed: after a million rows that is a seventh of the memory a pack may take.
    pa.default_memory_pool().release_unused()
    shown = _choose_shown_files(files)
    return KnownState(take_snapshots(records, context, quarter, files=shown), files, known_at)


def _read_files(engine: Engine, landlord: str, known_at: datetime | None) -> pd.DataFrame:
    with reading(engine, landlord) as conn:
        files = sql_files.read_statement(conn, "packs/files_taken_in", landlord=landlord, known_at=known_at or EVER)
    if files.empty:
        raise PackError(f"nothing had been taken in for {landlord}; run intake first")
    return files


def _choose_shown_files(files: pd.DataFrame) -> pd.DataFrame:
    days = files["loaded_at"].dt.tz_convert(LONDON).dt.tz_localize(None).dt.normalize()
    return files.assign(loaded_on=days)[list(BATCH_COLUMNS)]


def open_known_figure(
    engine: Engine,
    context: LandlordContext,
    table: str,
    measure: str,
    quarter: Quarter,
    *,
    reported: Quarter,
    known_at: datetime,
    is_whole: bool = False,
) -> tuple[OpenedFigure, Records]:
    """One figure of a pack of the quarter `reported`, taken apart as it was known then, and the records known then.

    Raises:
        UnknownReference: there is no such figure.
    """
    snapshot, records = read_known_snapshot(engine, context, quarter, reported, known_at)
    return open_table_figure(snapshot, table, measure, is_whole=is_whole), records


def read_known_snapshot(
    engine: Engine, context: LandlordContext, quarter: Quarter, reported: Quarter, known_at: datetime
) -> tuple[QuarterSnapshot, Records]:
    """A quarter as a pack of the quarter `reported` took it, with every assessment, and the records known then.

    Its files are indexed by their ids.
    """
    landlord = context.landlord.id
    files = _read_files(engine, landlord, known_at)
    records = read_records(engine, landlord, known_at=known_at)
    shown = _choose_shown_files(files).set_axis(files["file_id"])
    return take_whole_snapshot(records, context, quarter, files=shown, is_reported=quarter == reported), records
