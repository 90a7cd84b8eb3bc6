"""What one transaction a drop costs: how long another writer waits, the write-ahead log, memory. SQLite.

Run `python -m benchmarks.drops [incidents]`: a landlord's whole history is loaded, then again with one row in a hundred
corrected, while another thread asks for the write lock again and again.
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from sqlalchemy import Engine

from benchmarks.intake_memory import most
from benchmarks.packs import LANDLORD, history
from due_regard.records.canonical import Records
from due_regard.records.validated_drop import ROW_NUMBER, AcceptedFile, ValidatedDrop
from due_regard.register import load_drop, upgrade_register

NOW = datetime(2026, 7, 1, 7, tzinfo=UTC)


@dataclass
class Watched:
    """What another process would have met while a drop was loaded."""

    longest_wait: float = 0.0
    log_bytes: int = 0


@contextmanager
def watching(register: Path) -> Iterator[Watched]:
    """Ask for the write lock again and again, from a thread of its own."""
    seen, stop = Watched(), threading.Event()

    def ask() -> None:
        with closing(sqlite3.connect(register, timeout=600, isolation_level=None)) as other:
            while not stop.is_set():
                start = time.perf_counter()
                other.execute("BEGIN IMMEDIATE")
                other.execute("ROLLBACK")
                seen.longest_wait = max(seen.longest_wait, time.perf_counter() - start)
                stop.wait(0.02)

    def measure() -> None:
        log = register.with_name(f"{register.name}-wal")
        while not stop.wait(0.02):
            seen.log_bytes = max(seen.log_bytes, log.stat().st_size if log.exists() else 0)

    threads = [threading.Thread(target=work) for work in (ask, measure)]
    for thread in threads:
        thread.start()
    try:
        yield seen
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def make_drop(frames: Records) -> ValidatedDrop:
    """A drop of a file an entity."""
    files = tuple(
        AcceptedFile(f"{name}.csv", name, name, tuple(f), f.assign(**{ROW_NUMBER: np.arange(2, len(f) + 2)}), len(f))
        for name, f in frames.items()
    )
    return ValidatedDrop(LANDLORD, "canonical", "history", files)


def report_load(engine: Engine, register: Path, name: str, frames: Records, now: datetime) -> None:
    """Load a drop, and print what it cost."""
    drop, before = make_drop(frames), most()
    start = time.perf_counter()
    with watching(register) as seen:
        load_drop(engine, drop, now=now)
    print(
        f"{name:13} {time.perf_counter() - start:6.1f} s, another writer waited {seen.longest_wait:5.1f} s at most, "
        f"log {seen.log_bytes / 2**20:5.0f} MB, register {register.stat().st_size / 2**20:5.0f} MB, "
        f"memory +{(most() - before) / 2**20:4.0f} MB"
    )


def main(incidents: int = 1_000_000) -> None:
    """Load the history, then a correction of it."""
    frames = history(incidents)
    rows = frames["incidents"]
    column = "team" if "team" in rows else next(name for name in rows if str(rows[name].dtype) == "str")
    changed = rows.assign(**{column: rows[column].mask(np.arange(len(rows)) % 100 == 0, "corrected")})
    print(f"{sum(map(len, frames.values())):,} records in {len(frames)} files")
    with tempfile.TemporaryDirectory() as folder:
        register = Path(folder) / "register.db"
        engine = upgrade_register(f"sqlite:///{register}")
        report_load(engine, register, "first load", frames, NOW)
        report_load(engine, register, "1% corrected", {**frames, "incidents": changed}, NOW + timedelta(days=1))
        engine.dispose()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
