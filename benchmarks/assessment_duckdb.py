"""DuckDB's side of the assessment benchmark: records in its own tables, judged by one statement a landlord."""

from __future__ import annotations

import os
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from benchmarks.assessment_data import AS_AT, Case
from benchmarks.assessment_sql import assessment_sql
from due_regard.calendars.working_days import WorkingCalendar
from due_regard.records.canonical import ENTITY, ColumnKind

VERSION = duckdb.__version__


class DuckSide:
    """One landlord's records in DuckDB's own tables, and the statement that judges them."""

    def __init__(self, case: Case) -> None:
        self.sql = assessment_sql(case.history.find_version(AS_AT), case.calendar, AS_AT)
        self.connection = duckdb.connect(config={"threads": os.cpu_count()})
        put_calendar(self.connection, case.calendar)
        self.connection.execute("CREATE SCHEMA delivered")
        for name, frame in case.records.items():
            dated = {column.name for column in ENTITY[name].columns if column.kind is ColumnKind.DATE}
            columns = ", ".join(f"CAST({c} AS DATE) AS {c}" if c in dated else c for c in frame.columns)
            put_table(self.connection, f"delivered.{name}", columns, frame)

    def table(self) -> pa.Table:
        """Its answer as an Arrow table, the quickest way out of DuckDB."""
        return self.connection.sql(self.sql).to_arrow_table()

    def frame(self) -> pd.DataFrame:
        """Its answer as the frame that the engine gives."""
        found = self.table().to_pandas(date_as_object=False)
        return found.astype({name: "datetime64[s]" for name in ("due_on", "done_on", "policy_version")})


def put_calendar(connection: duckdb.DuckDBPyConnection, calendar: WorkingCalendar) -> None:
    """The tables `calendar` and `working` that the statement counts working days by."""
    days = np.arange(f"{calendar.first_year}-01-01", f"{calendar.last_year + 1}-01-01", dtype="datetime64[D]")
    working = np.is_busday(days, holidays=sorted(calendar.holidays))
    every = pa.table({"day": days, "elapsed": np.cumsum(working, dtype=np.int32)})
    numbered = pa.table({"n": np.arange(1, working.sum() + 1, dtype=np.int32), "day": days[working]})
    put_table(connection, "calendar", "*", every)
    put_table(connection, "working", "*", numbered)


def put_table(connection: duckdb.DuckDBPyConnection, table: str, columns: str, source: Any) -> None:
    """A table of its own, copied from a frame."""
    connection.register("source", source)
    connection.execute(f"CREATE TABLE {table} AS SELECT {columns} FROM source")
    connection.unregister("source")
