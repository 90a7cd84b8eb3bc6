"""What PostgreSQL is asked stays linear, too: rows touched grow as findings do, in every statement of every act."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date
from functools import partial

import pytest
from sqlalchemy import create_engine, text

from due_regard.register import upgrade_register
from tests.alerts.test_bounds import judge, restriction, staff
from tests.alerts.world import World
from tests.postgresql_plans import watch_rows
from tests.register.engines import empty_database, run_statement

SMALL, GROWTH = 12_500 if os.environ.get("DUE_REGARD_LONG_TESTS") else 100, 4
"""Restrictions, each with two findings; the larger register has so many times as many: 100,000 findings in long."""

_FEW = 1_000
"""Rows touched by a statement that is not asked after: of a handful, a plan may change its mind."""


def test_a_walk_once_a_row_is_counted(new_postgresql: Callable[[], str]) -> None:
    engine = create_engine(new_postgresql())
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE many AS SELECT generate_series(1, 200) AS n")
        connection.exec_driver_sql("SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off")
        with watch_rows() as watch:
            connection.execute(text("SELECT count(*) FROM many AS a JOIN many AS b USING (n)"))
            connection.execute(text("SELECT count(*) FROM many"))
    engine.dispose()
    joined, counted = watch.touched.values()
    assert joined > 200 * 200 > counted > 200


@pytest.mark.timeout(3600 if SMALL > 1000 else 240)
def test_every_statement_stays_linear(shared_postgresql: str) -> None:
    small, large = (count_rows(shared_postgresql, count) for count in (SMALL, GROWTH * SMALL))
    assert {"load", "open", "stay", "close", "return"} <= small.keys()
    assert sum(len(found) for found in large.values()) > 40, "the register was not watched"
    grown = {
        f"{act}: {statement[:200]}": (small[act].get(statement, 0), rows)
        for act, found in large.items()
        for statement, rows in found.items()
        if rows > max(1.3 * GROWTH * small[act].get(statement, 0), _FEW * GROWTH)
    }
    assert grown == {}


def count_rows(url: str, restrictions: int) -> dict[str, dict[str, int]]:
    """Act -> statement -> rows touched, for findings that open, stay, close and return, and the mails about each."""
    empty_database(url)
    engine = upgrade_register(url)
    world = World(engine).patient()
    records = {
        "staff": staff(),
        "customers": [{"customer_ref": "C1", "customer_type": "tenant"}],
        "restrictions": [restriction(n) for n in range(restrictions)],
    }
    found, rows = {}, judge(restrictions)
    acts: list[tuple[str, Callable[[], object]]] = [("load", partial(world.load, records, date(2026, 6, 1)))]
    for number, (name, judged) in enumerate((("open", rows), ("stay", rows), ("close", []), ("return", rows)), start=1):
        day = date(2026, 6, number)
        acts += [(name, partial(world.assess, judged, day)), (f"mails when they {name}", partial(world.compose, day))]
    for name, act in acts:
        # What autovacuum does in its own time; without it the plans are those of a register just emptied.
        run_statement(url, "ANALYZE")
        with watch_rows() as watch:
            act()
        found[name] = watch.touched
    engine.dispose()
    return found
