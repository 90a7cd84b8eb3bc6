"""Watches what SQLite is asked: each statement, how its plan walks the tables, and how many steps all of it took.

A plan is read as SQLite's `EXPLAIN QUERY PLAN` says it: the loops of one level stand one below the other, the outer one
first. Whatever walks a whole table, or all rows of a landlord, within another loop grows with the square of the rows.
"""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, event

_STEPS = 1000
"""SQLite tells after so many steps of its virtual machine."""

_FEW = ("landlord", "entity", "kind", "mode", "outcome", "status")
"""Columns of few values: an index that is searched by these alone is walked."""

_WHOLE = re.compile(rf"SCAN |SEARCH \S+ USING .*\((?:(?:{'|'.join(_FEW)})=\?(?: AND )?)+\)")
_LOOP = re.compile(r"SCAN |SEARCH ")
_PLANNED = re.compile(r"\s*(SELECT|UPDATE|DELETE|WITH|INSERT(?!.*\bVALUES\b))", re.IGNORECASE | re.DOTALL)


@dataclass
class Watch:
    """What was asked while watched.

    Attributes:
        asked: statement -> how often.
        nested: statement -> what of its plan walks all rows within a loop.
        steps: of SQLite's virtual machine, in thousands.
    """

    asked: Counter[str] = field(default_factory=Counter)
    nested: dict[str, list[str]] = field(default_factory=dict)
    steps: int = 0

    def count_step(self) -> int:
        self.steps += 1
        return 0


class _WatchedCursor(sqlite3.Cursor):
    watch: Watch

    def execute(self, sql: str, parameters: Any = ()) -> sqlite3.Cursor:
        if not self.watch.asked[sql] and _PLANNED.match(sql):
            plan = super().execute(f"EXPLAIN QUERY PLAN {sql}", parameters).fetchall()
            self.watch.nested[sql] = find_nested_walks([(node, parent, said) for node, parent, _, said in plan])
        self.watch.asked[sql] += 1
        return super().execute(sql, parameters)

    def executemany(self, sql: str, parameters: Any) -> sqlite3.Cursor:
        self.watch.asked[sql] += 1
        return super().executemany(sql, parameters)


def find_nested_walks(plan: list[tuple[int, int, str]]) -> list[str]:
    """What of a plan (node, parent, words) walks a whole table, or a landlord's rows of it, once a row of another."""
    words = {node: said for node, _, said in plan}
    parents = {node: parent for node, parent, _ in plan}
    return [
        said
        for place, (_, parent, said) in enumerate(plan)
        if _WHOLE.match(said) and (_has_outer_loop(plan[:place], parent) or _is_correlated(parent, words, parents))
    ]


def _has_outer_loop(before: list[tuple[int, int, str]], parent: int) -> bool:
    return any(its == parent and _LOOP.match(said) for _, its, said in before)


def _is_correlated(node: int, words: dict[int, str], parents: dict[int, int]) -> bool:
    while node:
        if words[node].startswith("CORRELATED"):
            return True
        node = parents[node]
    return False


@contextmanager
def watch_statements() -> Iterator[Watch]:
    """Watch every connection to SQLite that is opened inside."""
    watch = Watch()

    class WatchedCursor(_WatchedCursor):
        pass

    WatchedCursor.watch = watch

    class WatchedConnection(sqlite3.Connection):
        def cursor(self, factory: type[sqlite3.Cursor] = WatchedCursor) -> sqlite3.Cursor:
            return super().cursor(factory)

    def connect(_dialect: object, _record: object, _arguments: object, named: dict[str, Any]) -> None:
        named["factory"] = WatchedConnection

    def listen(connection: sqlite3.Connection, _record: object) -> None:
        connection.set_progress_handler(watch.count_step, _STEPS)

    event.listen(Engine, "do_connect", connect)
    event.listen(Engine, "connect", listen)
    try:
        yield watch
    finally:
        event.remove(Engine, "do_connect", connect)
        event.remove(Engine, "connect", listen)
