"""Counts the rows that PostgreSQL touches: those that every node of every plan gave or threw away, once a loop.

Each statement is first run under `EXPLAIN (ANALYZE)` within a savepoint and taken back, then for real. So a plan that
walks a table once a row of another shows by its count, whatever the planner had guessed; no clock is asked.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from sqlalchemy import Connection, Engine, event

from due_regard.register.loading import bulk

_PLANNED = re.compile(r"\s*(SELECT|UPDATE|DELETE|WITH|INSERT(?!.*\bVALUES\b))", re.IGNORECASE | re.DOTALL)
_NOT_TWICE = re.compile(r"nextval|advisory|pg_catalog|pg_class|current_setting|set_config")
"""What would count on, or asks about the session, and reads no rows of ours."""

_REMOVED = ("Rows Removed by Filter", "Rows Removed by Join Filter", "Rows Removed by Index Recheck")


_LIST = re.compile(r"\((?:%\(\w+\)s(?:, )?){2,}\)")
"""A list of values: however many there are, the statement is the same."""

_ENOUGH = 4
"""How often a statement is explained; what is asked again and again is taken to touch as many rows each time."""


@dataclass
class TouchedRows:
    """What was asked while watched.

    Attributes:
        explained: statement -> rows that each plan gave or threw away.
        asked: statement -> how often.
    """

    explained: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    asked: Counter[str] = field(default_factory=Counter)

    @property
    def touched(self) -> dict[str, int]:
        """Statement -> rows that it touched in all."""
        return {said: sum(rows) * self.asked[said] // len(rows) for said, rows in self.explained.items()}

    def note_plan(self, cursor: Any, statement: str, parameters: Any) -> None:
        """Run a statement for its plan, and take it back."""
        said = _LIST.sub("(...)", statement)
        self.asked[said] += 1
        if len(self.explained[said]) == _ENOUGH:
            return
        cursor.execute("SAVEPOINT watched")
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF, FORMAT JSON) {statement}", parameters)
        self.explained[said].append(count_touched(cursor.fetchone()[0][0]["Plan"]))
        cursor.execute("ROLLBACK TO SAVEPOINT watched; RELEASE SAVEPOINT watched")


def count_touched(plan: Mapping[str, Any]) -> int:
    """Rows of a plan's node and of all below it."""
    a_loop = plan["Actual Rows"] + sum(plan.get(name, 0) for name in _REMOVED)
    return round(a_loop * plan["Actual Loops"]) + sum(map(count_touched, plan.get("Plans", ())))


@contextmanager
def watch_rows() -> Iterator[TouchedRows]:
    """Watch every engine on PostgreSQL while the body runs."""
    watch, fetch = TouchedRows(), bulk._fetch_postgresql

    def listen(
        connection: Connection, cursor: Any, statement: str, parameters: Any, _context: object, is_many: bool
    ) -> None:
        is_ours = connection.dialect.name == "postgresql" and not cursor.connection.autocommit
        if is_ours and not is_many and _PLANNED.match(statement) and not _NOT_TWICE.search(statement):
            with cursor.connection.cursor() as own:
                watch.note_plan(own, statement, parameters)

    def fetch_watched(
        connection: Connection, statement: str, parameters: Mapping[str, Any], names: Sequence[str]
    ) -> object:
        # COPY goes past SQLAlchemy's events.
        with connection.connection.cursor() as own:
            watch.note_plan(own, re.sub(r":([a-z_]+)", r"%(\1)s", statement), dict(parameters))
        return fetch(connection, statement, parameters, names)

    event.listen(Engine, "before_cursor_execute", listen)
    try:
        with patch.object(bulk, "_fetch_postgresql", fetch_watched):
            yield watch
    finally:
        event.remove(Engine, "before_cursor_execute", listen)
