"""Is writing rows in bulk worth own code? The register's writing next to SQLAlchemy's own bulk insert, on both engines.

Run `python -m benchmarks.inserts [rows] [rounds]`. Each side loads the same drop through `load_drop` into an empty
register, in turn and in this process; the other side's rows go through `connection.execute(insert(table), [dict, …])`.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

import sqlalchemy as sa
from sqlalchemy import Connection, Table

from benchmarks.register import LANDLORD, NOW, databases, incidents, number_rows
from due_regard.records.validated_drop import AcceptedFile, ValidatedDrop
from due_regard.register import load_drop, open_register
from due_regard.register.loading import bulk


def insert_through_core(
    connection: Connection, into: Table, columns: bulk.Columns, constants: Mapping[str, Any]
) -> None:
    """What `bulk.insert_rows` does, by SQLAlchemy alone: a dict a row, each value through its column's type."""
    values = zip(*(columns[name].to_pylist() for name in columns), strict=True)
    rows = [{**dict(zip(columns, row, strict=True)), **constants} for row in values]
    if rows:
        connection.execute(sa.insert(into), rows)


def time_load(url: str, drop: ValidatedDrop, insert: Callable[..., None]) -> tuple[float, float]:
    """Seconds of clock and of this process's processor for one load, and for nothing else."""
    engine = open_register(url)
    with patch.object(bulk, "insert_rows", insert):
        clock, processor = time.perf_counter(), time.process_time()
        done = load_drop(engine, drop, now=NOW)
        taken = time.perf_counter() - clock, time.process_time() - processor
    engine.dispose()
    if done.files[0].loaded != len(drop.files[0].rows):
        raise AssertionError("not every row was written")
    return taken


def main(rows: int = 100_000, rounds: int = 3) -> None:
    """Print medians and ratios of both sides on both engines."""
    frame = incidents(rows)
    part = AcceptedFile("incidents.csv", "0", "incidents", tuple(frame.columns), number_rows(frame), rows)
    drop = ValidatedDrop(LANDLORD, "s", "d", (part,))
    sides = {"ours": bulk.insert_rows, "sqlalchemy": insert_through_core}
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    folder.chmod(0o755)
    print(f"{rows:,} incidents of {frame.shape[1]} columns, first load, medians of {rounds}: clock, processor (s)")
    try:
        with databases(folder) as empty:
            for engine in ("sqlite", "postgresql"):
                runs = [
                    {side: time_load(empty(engine), drop, insert) for side, insert in sides.items()}
                    for _ in range(rounds)
                ]
                medians = {side: [statistics.median(run[side][i] for run in runs) for i in (0, 1)] for side in sides}
                said = "  ".join(f"{side} {clock:.2f} {busy:.2f}" for side, (clock, busy) in medians.items())
                print(f"{engine:12} {said}  ratio {medians['sqlalchemy'][0] / medians['ours'][0]:.1f}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
