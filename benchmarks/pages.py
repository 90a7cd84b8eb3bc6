"""How long the server takes for each page, on a landlord with 1,000,000 records and some 100,000 open findings.

Run `python -m benchmarks.pages [incidents] [sqlite|postgresql]`. Prints for each page's service the 95th percentiles of
its time, as a request pays it (files looked at, register opened, read, closed), and of this process's share of the
processor (what a busy machine does not change; PostgreSQL works beside it), and the most queries of one call. The
first call of a process, which imports, is left out. A new page is a line in `list_pages`.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Engine, event

from benchmarks.packs import history
from benchmarks.register import databases
from due_regard.config.settings import Settings
from due_regard.records.validated_drop import ROW_NUMBER, AcceptedFile, ValidatedDrop
from due_regard.register import load_drop
from due_regard.services.assess_landlord import assess_landlord
from due_regard.services.landlord_context import open_landlord_register
from due_regard.services.list_backlog import list_backlog
from due_regard.services.list_landlord_silences import list_landlord_silences
from due_regard.services.list_landlords_work import list_landlords_work
from due_regard.services.list_owner_problems import list_owner_problems
from due_regard.services.list_restrictions import list_restrictions
from due_regard.services.list_work import list_work
from due_regard.services.show_audit import show_audit
from due_regard.services.show_calendar import show_month
from due_regard.services.show_drops import list_drops
from due_regard.services.show_finding import show_finding
from due_regard.services.show_packs import list_packs
from due_regard.services.show_policy import show_policy
from due_regard.services.show_restriction import show_restriction
from due_regard.services.state_case import state_case
from due_regard.services.visitor_posts import Visitors
from due_regard.services.work_question import WorkQuestion

LANDLORD, INCIDENTS, STAFF = "queens_cross", 740_000, 1_000
NOW = datetime(2026, 6, 30, 18, tzinfo=UTC)
CALLS, LIMIT = 24, 0.3
MANAGER = Visitors("s0000007@landlord.example", (f"Due Regard: {LANDLORD}: Manager",))

Page = Callable[[int], object]
"""One request; the number says which of many like it."""


def list_pages(settings: Settings, refs: list[str]) -> dict[str, Page]:
    """Name -> a page's service, each called with what people ask of it."""

    def work(**asked: str) -> Page:
        return lambda _: list_work(settings, LANDLORD, WorkQuestion(**asked), MANAGER, sees_restricted=False, now=NOW)

    def search(call: int) -> object:
        asked = (refs[call % len(refs)], f"C{call * 97:07}", f"R{call * 31:07}", f"I{call * 977:07}")[call % 4]
        return list_work(settings, LANDLORD, WorkQuestion(q=asked), MANAGER, sees_restricted=False, now=NOW)

    def backlog(page: str) -> Page:
        question = WorkQuestion(page=page)
        return lambda _: list_backlog(settings, LANDLORD, question, sees_restricted=True, now=NOW)

    return {
        "landlords": lambda _: list_landlords_work(settings, {LANDLORD: False}, MANAGER, now=NOW),
        "work, all": work(),
        "work, all, last page": work(page="99999"),
        "work, mine": work(owner="me"),
        "work, my team": work(owner="my_team"),
        "work, one duty, by age": work(rule="incident.manager_informed", age="90"),
        "work, silenced": work(state="silenced"),
        "work, search": search,
        "finding": lambda call: show_finding(settings, refs[call % len(refs)], now=NOW, landlord=LANDLORD),
        "backlog": backlog("1"),
        "backlog, last page": backlog("99999"),
        "silences": lambda _: list_landlord_silences(settings, LANDLORD, sees_restricted=True, now=NOW),
        "to mend": lambda _: list_owner_problems(settings, LANDLORD, sees_restricted=True),
        **_list_case_pages(settings),
    }


def _list_case_pages(settings: Settings) -> dict[str, Page]:
    """The pages of restrictions, dates, drops, packs, policy and audit."""
    seen: dict[str, Any] = {"sees_restricted": True}
    first = list_restrictions(settings, LANDLORD, page=1, **seen)
    refs = [row["restriction_ref"] for row in first["restrictions"]]

    def month(call: int) -> object:
        return show_month(settings, LANDLORD, month=f"2026-{call % 12 + 1:02}", page=1, now=NOW, **seen)

    return {
        "restrictions": lambda _: list_restrictions(settings, LANDLORD, page=1, **seen),
        "restrictions, last page": lambda _: list_restrictions(settings, LANDLORD, page=first["pages"], **seen),
        "restriction": lambda call: show_restriction(settings, LANDLORD, refs[call % len(refs)], **seen),
        "statement": lambda call: state_case(settings, LANDLORD, refs[call % len(refs)]),
        "calendar": month,
        "drops": lambda _: list_drops(settings, LANDLORD, page=1),
        "packs": lambda _: list_packs(settings, LANDLORD, page=1),
        "policy": lambda _: show_policy(settings, LANDLORD, now=NOW, **seen),
        "audit": lambda _: show_audit(settings, LANDLORD, subject="", page=1, **seen),
    }


def load_history(settings: Settings, incidents: int) -> int:
    """Load and judge a landlord's history; how many findings are open."""
    frames = history(incidents)
    frames["staff"] = _make_staff()
    luck = np.random.default_rng(7)
    named = pd.Series([f"S{n:07}" for n in luck.integers(0, STAFF + 20, incidents)], dtype="str")
    frames["incidents"] = frames["incidents"].assign(manager_ref=named.mask(luck.random(incidents) < 0.1))
    files = tuple(
        AcceptedFile(f"{name}.csv", name, name, tuple(f), f.assign(**{ROW_NUMBER: np.arange(2, len(f) + 2)}), len(f))
        for name, f in frames.items()
    )
    with open_landlord_register(settings, LANDLORD, upgrade=True) as engine:
        load_drop(engine, ValidatedDrop(LANDLORD, "canonical", "history", files), now=NOW)
    print(f"{sum(len(frame) for frame in frames.values()):,} records", end=", ", flush=True)
    start = time.perf_counter()
    found = assess_landlord(settings, LANDLORD, as_at=NOW.date(), now=NOW)
    print(f"judged in {time.perf_counter() - start:.1f} s", end=", ", flush=True)
    _tidy_database(settings)
    return int(found["findings"]["open"])


def _tidy_database(settings: Settings) -> None:
    """What PostgreSQL's own housekeeping has done a minute after a load."""
    with open_landlord_register(settings, LANDLORD) as engine:
        if engine.dialect.name == "postgresql":
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("VACUUM ANALYZE")


def _make_staff() -> pd.DataFrame:
    numbers = range(STAFF)
    return pd.DataFrame({
        "staff_ref": pd.Series([f"S{n:07}" for n in numbers], dtype="str"),
        "role": pd.Series(["manager"] * STAFF, dtype="str"),
        "email": pd.Series([f"s{n:07}@landlord.example" for n in numbers], dtype="str"),
        "line_manager_ref": pd.Series([f"S{n // 10:07}" for n in numbers], dtype="str"),
        "deputy_ref": pd.Series([f"S{(n + 1) % STAFF:07}" for n in numbers], dtype="str"),
        "team": pd.Series([f"Team {n % 25}" for n in numbers], dtype="str"),
        "is_active": pd.Series([n % 20 > 0 for n in numbers], dtype="boolean"),
    })


@dataclass
class QueryCount:
    """Statements sent to any database of this process."""

    sent: int = 0
    most: int = field(default=0)

    def count(self, *_: object) -> None:
        """Called before each statement."""
        self.sent += 1


@contextmanager
def counting_queries() -> Iterator[QueryCount]:
    """Counts the statements of the body."""
    count = QueryCount()
    event.listen(Engine, "before_cursor_execute", count.count)
    try:
        yield count
    finally:
        event.remove(Engine, "before_cursor_execute", count.count)


def measure_page(page: Page) -> tuple[float, float, int]:
    """The 95th percentile of a page's time and of its processor time in seconds, and the most statements of a call."""
    page(0)
    times, works, most = [], [], 0
    for call in range(CALLS):
        with counting_queries() as count:
            start, work = time.perf_counter(), time.process_time()
            page(call)
            times.append(time.perf_counter() - start)
            works.append(time.process_time() - work)
        most = max(most, count.sent)
    return statistics.quantiles(times, n=20)[18], statistics.quantiles(works, n=20)[18], most


def _choose_refs(settings: Settings, count: int) -> list[str]:
    """Open findings spread over all duties."""
    from sqlalchemy import select

    from due_regard.register import reading
    from due_regard.register.schema.finding_tables import Finding

    with open_landlord_register(settings, LANDLORD) as engine, reading(engine, LANDLORD) as connection:
        rows = connection.execute(select(Finding.rule, Finding.register_ref).where(Finding.status == "open")).all()
    ordered = [ref for _, ref in sorted(rows)]
    return ordered[:: max(len(ordered) // count, 1)]


def measure_engine(settings: Settings, incidents: int) -> None:
    """Load a history and print a line for each page."""
    found = load_history(settings, incidents)
    print(f"{found:,} open findings; at the 95th percentile:", flush=True)
    for name, page in list_pages(settings, _choose_refs(settings, CALLS)).items():
        seconds, work, queries = measure_page(page)
        slow = "" if seconds <= LIMIT else "  over the limit"
        said = f"{seconds * 1000:6.0f} ms, {work * 1000:4.0f} ms of the processor here, {queries:3} queries"
        print(f"  {name:26} {said}{slow}", flush=True)


def main(incidents: int = INCIDENTS, only: str = "") -> None:
    """Measure every page on both engines, or on one."""
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    folder.chmod(0o755)
    try:
        with databases(folder) as new:
            for engine in (only,) if only else ("sqlite", "postgresql"):
                print(f"{engine}: ", end="", flush=True)
                settings = Settings(var_dir=folder / engine, register_url=new(engine), landlords=(LANDLORD,))
                measure_engine(settings, incidents)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(*(int(word) if word.isdigit() else word for word in sys.argv[1:3]))  # type: ignore[arg-type]
