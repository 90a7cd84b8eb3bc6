"""What the register knew at one instant, as a pack or an opened figure rests on it: snapshots, and the files taken in.

Reads alone. What is counted and said of it is content's.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import Engine

from due_regard.calendars.quarters import LONDON, find_london_day
from due_regard.calendars.reporting_years import Period
from due_regard.errors import PackError
from due_regard.packs.content.filled_tables import build_measure_table
from due_regard.packs.content.opened_figure import OpenedFigure, open_table_figure
from due_regard.packs.content.snapshots import take_snapshots, take_whole_snapshot
from due_regard.packs.content.table_forms import MeasureTable
from due_regard.packs.measures import BATCH_COLUMNS, QuarterSnapshot
from due_regard.policy import LandlordContext
from due_regard.records.canonical import Records
from due_regard.register import EVER, read_records, reading, sql_files
from due_regard.register.vanished_records import find_last_act, list_withdrawals_made


@dataclass(frozen=True)
class KnownState:
    """What the register knew at one instant: five snapshots and the files they rest on.

    Attributes:
        references: of every finding its reference, and what was decided on it (`packs/finding_references`).
        withdrawn_at: when the last record was withdrawn or stood again.
    """

    snapshots: tuple[QuarterSnapshot, ...] = field(repr=False)
    files: pd.DataFrame = field(repr=False)
    references: pd.DataFrame = field(repr=False)
    known_at: datetime | None
    withdrawn_at: datetime | None
    _tables: dict[str, MeasureTable] = field(default_factory=dict, repr=False, compare=False)

    def fill_table(self, name: str, title: str) -> MeasureTable:
        """Table `name` under a pack's own title (empty: the table's): counted once, for packs share their tables."""
        if name not in self._tables:
            self._tables[name] = build_measure_table(name, self.snapshots)
        found = self._tables[name]
        return replace(found, title=title) if title else found

    def has_acts_after(self, at: datetime) -> bool:
        """Whether a record was withdrawn, or stands again, since an instant."""
        return self.withdrawn_at is not None and self.withdrawn_at > at


@dataclass(frozen=True)
class _KnownRows:
    """Records, files and withdrawals (`WITHDRAWAL_COLUMNS`) as known at one instant; when the last of these was."""

    records: Records = field(repr=False)
    files: pd.DataFrame = field(repr=False)
    withdrawals: pd.DataFrame = field(repr=False)
    changed_at: datetime | None

    def choose_shown_files(self) -> pd.DataFrame:
        """The files as a snapshot has them (`BATCH_COLUMNS`)."""
        days = self.files["loaded_at"].dt.tz_convert(LONDON).dt.tz_localize(None).dt.normalize()
        return self.files.assign(loaded_on=days)[list(BATCH_COLUMNS)]


def read_known_state(
    engine: Engine,
    context: LandlordContext,
    quarter: Period,
    known_at: datetime | None,
    withdrawn_at: datetime | None = None,
) -> KnownState:
    """What was known at an instant (None: now), with what was withdrawn at that one, or at another.

    Raises:
        PackError: nothing had been taken in by then.
    """
    rows = _read_known_rows(engine, context.landlord.id, known_at, withdrawn_at)
    shown = rows.choose_shown_files()
    snapshots = take_snapshots(rows.records, context, quarter, files=shown, withdrawals=rows.withdrawals)
    return KnownState(
        snapshots, rows.files, _read_references(engine, context.landlord.id, known_at), known_at, rows.changed_at
    )


def _read_references(engine: Engine, landlord: str, known_at: datetime | None) -> pd.DataFrame:
    with reading(engine, landlord) as conn:
        return sql_files.read_statement(conn, "packs/finding_references", landlord=landlord, known_at=known_at or EVER)


def _read_known_rows(
    engine: Engine, landlord: str, known_at: datetime | None, withdrawn_at: datetime | None
) -> _KnownRows:
    withdrawn_at = withdrawn_at or known_at or EVER
    with reading(engine, landlord) as conn:
        withdrawals = list_withdrawals_made(conn, landlord, withdrawn_at)
        changed_at = find_last_act(conn, landlord, withdrawn_at)
        files = sql_files.read_statement(conn, "packs/files_taken_in", landlord=landlord, known_at=known_at or EVER)
    if files.empty:
        raise PackError(f"nothing had been taken in for {landlord}; run intake first")
    records = read_records(engine, landlord, known_at=known_at, withdrawn_at=withdrawn_at)
    return _KnownRows(records, files, _make_withdrawals(withdrawals), changed_at)


def _make_withdrawals(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Withdrawals as a snapshot has them (`WITHDRAWAL_COLUMNS`)."""
    days = pd.Series([find_london_day(row["at"]) for row in rows], dtype="datetime64[s]")
    return pd.DataFrame({
        "withdrawn_on": days,
        **{name: pd.Series([row[name] for row in rows], dtype="str") for name in ("entity", "ref")},
    })


def open_known_figure(
    engine: Engine,
    context: LandlordContext,
    table: str,
    measure: str,
    quarter: Period,
    *,
    reported: Period,
    known_at: datetime,
    withdrawn_at: datetime | None = None,
    is_whole: bool = False,
) -> tuple[OpenedFigure, Records]:
    """One figure of a pack of the quarter `reported`, taken apart as it was known then, and the records known then.

    Raises:
        UnknownReference: there is no such figure.
    """
    snapshot, records = read_known_snapshot(engine, context, quarter, reported, known_at, withdrawn_at)
    return open_table_figure(snapshot, table, measure, is_whole=is_whole), records


def read_known_snapshot(
    engine: Engine,
    context: LandlordContext,
    quarter: Period,
    reported: Period,
    known_at: datetime,
    withdrawn_at: datetime | None = None,
) -> tuple[QuarterSnapshot, Records]:
    """A quarter as a pack of the quarter `reported` took it, with every assessment, and the records known then.

    Its files are indexed by their ids. What was withdrawn by `withdrawn_at` counts; None: by `known_at`.
    """
    rows = _read_known_rows(engine, context.landlord.id, known_at, withdrawn_at)
    shown = rows.choose_shown_files().set_axis(rows.files["file_id"])
    taken = take_whole_snapshot(rows.records, context, quarter, files=shown, is_reported=quarter == reported)
    return replace(taken, withdrawals=rows.withdrawals), rows.records
