"""How long a run takes that resolves many findings at once, next to the join that it was before.

Run `python -m benchmarks.resolving [findings ...]`. For each finding the file that settles it is looked up, under the
landlord's lock. The other side looks it up by joining the records to a temporary table, as one writes it first; SQLite
walks that table for each record. Both sides run in this process, in turn, and must find the same files.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from unittest.mock import patch

import pandas as pd
from sqlalchemy import Connection, column, func, select, table

from benchmarks.register import LANDLORD, NOW, databases, number_rows
from due_regard.records.canonical import ASSESSMENT_COLUMNS, ENTITIES, Entity
from due_regard.records.validated_drop import AcceptedFile, ValidatedDrop
from due_regard.register import load_drop, record_assessment, upgrade_register
from due_regard.register.findings import finding_transitions
from due_regard.register.loading import bulk
from due_regard.register.loading.encoding import make_arrow_column
from due_regard.register.schema.column_types import Ref
from due_regard.register.schema.record_tables import RECORD_TABLES

AS_AT = date(2026, 1, 5)
QUADRATIC_TO = 10_000
"""Beyond so many findings the join is not waited for."""


def find_files_by_join(connection: Connection, landlord: str, entity: Entity, refs: pd.Series) -> dict[str, int]:
    """What `_find_newest_files` finds, by a join with the temporary table."""
    wanted = {"subject_ref": make_arrow_column(refs.drop_duplicates())}
    bulk.stage_rows(connection, "gone_subjects", finding_transitions.FINDINGS, wanted)
    staged = table("gone_subjects", column("subject_ref", Ref))
    carriers = [(entity.name, entity.key)]
    carriers += [(other.name, name) for other in ENTITIES for name, to in other.links if to == entity.name]
    files: dict[str, int] = {}
    for name, link in carriers:
        own = RECORD_TABLES[name]
        newest = select(own.c[link], func.max(own.c.batch_file_id)).group_by(own.c[link])
        newest = newest.where(own.c.landlord == landlord, own.c[link] == staged.c.subject_ref)
        for ref, file_id in connection.execute(newest):
            files[ref] = max(files.get(ref, 0), file_id)
    return files


def fill_register(url: str, findings: int) -> None:
    """So many restrictions, and of each a finding that is open."""
    refs = pd.Series([f"R-{n:07d}" for n in range(findings)], dtype="str")
    said = {"customer_ref": "C-1", "measure": "no_contact", "decided_by": "S-1"}
    days = {name: pd.Timestamp("2025-06-02") for name in ("decided_on", "starts_on")}
    frame = pd.DataFrame({"restriction_ref": refs, **said, **days})
    frame = frame.astype({"decided_on": "datetime64[s]", "starts_on": "datetime64[s]"})
    part = AcceptedFile("r.csv", "0", "restrictions", tuple(frame.columns), number_rows(frame), findings)
    engine = upgrade_register(url)
    load_drop(engine, ValidatedDrop(LANDLORD, "s", "d", (part,)), now=NOW)
    judged = {"landlord": LANDLORD, "rule": "restriction.review", "subject_type": "restriction", "subject_ref": refs}
    judged |= {"occurrence": 1, "state": "breach", "due_on": pd.NaT, "done_on": pd.NaT, "days_overdue": 0}
    rows = pd.DataFrame(judged | {"severity": "breach", "clause": "1", "owner_role": "decider"})
    rows = rows.astype({"due_on": "datetime64[s]", "done_on": "datetime64[s]"})[list(ASSESSMENT_COLUMNS)]
    record_assessment(engine, LANDLORD, rows, as_at=AS_AT, now=NOW, policy_version="2020-01-01")
    engine.dispose()


def time_resolving(url: str, find_files: object) -> tuple[float, float, int]:
    """Seconds of clock and of this process's processor for the run that resolves them all, and how many it did."""
    engine, nothing = upgrade_register(url), pd.DataFrame(columns=list(ASSESSMENT_COLUMNS))
    nothing = nothing.astype({"due_on": "datetime64[s]", "done_on": "datetime64[s]", "occurrence": "int64"})
    with patch.object(finding_transitions, "_find_newest_files", find_files):
        clock, processor = time.perf_counter(), time.process_time()
        day = AS_AT + timedelta(days=1)
        report = record_assessment(
            engine, LANDLORD, nothing, as_at=day, now=NOW + timedelta(days=1), policy_version="2020-01-01"
        )
        taken = time.perf_counter() - clock, time.process_time() - processor
    with engine.connect() as connection:
        settled = connection.exec_driver_sql("SELECT count(*) FROM findings WHERE resolved_file_id IS NOT NULL")
        if settled.scalar() != report.resolved:
            raise AssertionError("a finding was resolved without the file that settles it")
    engine.dispose()
    return *taken, report.resolved


def main(*sizes: int) -> None:
    """Print both sides on both engines, and how ours grows."""
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    folder.chmod(0o755)
    sides = {"ours": finding_transitions._find_newest_files, "join": find_files_by_join}
    print("findings resolved by one run: clock, processor of this process (s)")
    try:
        with databases(folder) as empty:
            for engine in ("sqlite", "postgresql"):
                for size in sizes or (QUADRATIC_TO, 100_000):
                    print(f"{engine:12} {size:>9,} {_describe_sides(empty, engine, size, sides)}", flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _describe_sides(empty: object, engine: str, size: int, sides: dict[str, object]) -> str:
    taken = {}
    for side, find_files in sides.items():
        if side == "ours" or size <= QUADRATIC_TO or engine == "postgresql":
            url = empty(engine)
            fill_register(url, size)
            clock, processor, resolved = time_resolving(url, find_files)
            if resolved != size:
                raise AssertionError("not every finding was resolved")
            taken[side] = (clock, processor)
    said = "  ".join(f"{side} {clock:.2f} {busy:.2f}" for side, (clock, busy) in taken.items())
    return said + (f"  ratio {taken['join'][0] / taken['ours'][0]:.1f}" if "join" in taken else "")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
