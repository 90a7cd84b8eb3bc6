"""How long sealing makes a load of 1,000,000 incidents, and how long it takes to prove every row of them.

Run `python -m benchmarks.proof [rows] [rounds]`. Both sides of the load run in this process on the same frame, in turn:
with the digests of the rows and without them (`make_record_leaves` gives blank columns). Medians and the ratio are
printed, then the proof of the whole register, and a run with 220,000 findings that is recorded and proved.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from sqlalchemy import Engine

from benchmarks.register import ENTITY_NAME, LANDLORD, NOW, incidents, number_rows, timed
from due_regard.records.validated_drop import AcceptedFile, ValidatedDrop
from due_regard.register import load_drop, record_assessment, upgrade_register, verify_rows
from due_regard.register.loading import row_versions


@contextmanager
def without_seals() -> Iterator[None]:
    """Loads as they were before records had digests."""
    sealing = row_versions.make_record_leaves
    blank: Callable[..., dict[str, pa.Array]] = lambda _columns, _same, count: {"leaf": pa.nulls(count, pa.string())}  # noqa: E731
    adding = row_versions.GroupDigest.add
    row_versions.make_record_leaves = blank
    row_versions.GroupDigest.add = lambda self, leaves: setattr(self, "rows", self.rows + len(leaves))  # type: ignore[method-assign, assignment]
    yield
    row_versions.make_record_leaves, row_versions.GroupDigest.add = sealing, adding  # type: ignore[method-assign]


def load(engine: Engine, frame: pd.DataFrame) -> None:
    """Load the frame as a first drop."""
    part = AcceptedFile("incidents.csv", "ab", ENTITY_NAME, tuple(frame.columns), number_rows(frame), len(frame))
    load_drop(engine, ValidatedDrop(LANDLORD, "s", "d", (part,)), now=NOW)


def make_findings(count: int) -> pd.DataFrame:
    """An assessment of so many open duties."""
    same = {"landlord": LANDLORD, "rule": "incident.police", "subject_type": "incident", "occurrence": 1}
    same |= {"state": "overdue", "due_on": pd.Timestamp("2026-01-02"), "done_on": pd.NaT, "days_overdue": 3}
    same |= {"severity": "breach", "clause": "1", "owner_role": "incident_manager"}
    table = pd.DataFrame({"subject_ref": [f"INC-{n:07d}" for n in range(count)]}).assign(**same)
    kinds = {"due_on": "datetime64[s]", "done_on": "datetime64[s]", "occurrence": "int64", "days_overdue": "int64"}
    texts = {name: "str" for name in table.columns if name not in kinds}
    return table.astype(kinds | texts)


def assess(engine: Engine, findings: pd.DataFrame) -> None:
    """Record the findings as a run."""
    record_assessment(engine, LANDLORD, findings, as_at=date(2026, 1, 5), now=NOW, policy_version="2026-01-01")


def main(rows: int = 1_000_000, rounds: int = 3) -> None:
    """Run both sides, print medians and the ratio, then prove the register."""
    frame, seconds = incidents(rows), dict[str, list[float]]()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        for number in range(rounds):
            bare = upgrade_register(f"sqlite:///{Path(folder) / f'bare{number}.db'}")
            with without_seals():
                seconds.setdefault("bare", []).append(timed(lambda engine=bare: load(engine, frame)))
            bare.dispose()
            (Path(folder) / f"bare{number}.db").unlink()
            engine = upgrade_register(f"sqlite:///{Path(folder) / f'sealed{number}.db'}")
            seconds.setdefault("sealed", []).append(timed(lambda engine=engine: load(engine, frame)))
        median = {side: statistics.median(values) for side, values in seconds.items()}
        ratio = median["sealed"] / median["bare"]
        print(f"{rows:,} incidents, medians of {rounds}, seconds")
        print(f"load without seals {median['bare']:.1f}, with seals {median['sealed']:.1f}: {ratio:.2f} times as long")
        print(f"proof of every row {timed(lambda: _prove(engine)):.1f}")
        findings = make_findings(min(220_000, rows))
        print(f"a first run with {len(findings):,} findings {timed(lambda: assess(engine, findings)):.1f}")
        print(f"the same again {timed(lambda: assess(engine, findings)):.1f}")
        gone = findings.iloc[np.arange(len(findings)) % 100 != 0]
        print(f"a run in which 1 in 100 is gone {timed(lambda: assess(engine, gone)):.1f}")
        print(f"proof of every row and finding {timed(lambda: _prove(engine)):.1f}")
        engine.dispose()


def _prove(engine: Engine) -> None:
    report = verify_rows(engine)
    if report.faults:
        raise SystemExit(f"{len(report.faults)} faults, the first {report.faults[0]}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
