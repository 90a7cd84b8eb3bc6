"""The three shapes, each by what a person asks of it: which DAG holds a landlord's work, and how a run of it is begun.

Add a shape with its DAG files in `shape_dags`; what is asked of each is in the other modules of `shapes_`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from demo.place import REPOSITORY

TEMPLATES = Path(__file__).with_name("shape_dags")
KINDS = ("daily", "committee_packs")
_PAST: dict[str, dict[str, Any]] = {"daily": {"mail": True}, "committee_packs": {"issue": True}}
"""The samples' date is past: nobody is told of it unless asked for."""

Start = tuple[str, dict[str, Any]]
"""A DAG, and what is posted to begin a run of it."""


@dataclass(frozen=True)
class Shape:
    """One shape.

    Attributes:
        name: what it is called in the tables.
        files: its DAG files, with work.
        empty: its DAG file for tasks that do nothing.
        owner: what stands before the dot of a DAG's id; empty where each landlord's own does.
        announced: whether a DAG of its own starts all landlords' runs.
    """

    name: str
    files: tuple[Path, ...]
    empty: Path
    owner: str = ""
    announced: bool = False

    def name_dag(self, landlord: str, kind: str) -> str:
        """The DAG in which a landlord's work of a kind is done."""
        return f"{self.owner or landlord}.{kind}"

    def list_dags(self, landlords: Sequence[str]) -> list[str]:
        """Every DAG of the shape."""
        owners = [*([self.owner] if self.owner else landlords), *(["announce"] if self.announced else [])]
        return [f"{owner}.{kind}" for owner in owners for kind in KINDS]

    def begin_all(self, landlords: Sequence[str], kind: str, as_at: date) -> list[Start]:
        """What begins everybody's work of a kind, as the clock would."""
        body = _make_body(as_at, _PAST[kind])
        if self.announced:
            return [(f"announce.{kind}", body)]
        return [(dag, body) for dag in dict.fromkeys(self.name_dag(landlord, kind) for landlord in landlords)]

    def count_runs(self, landlords: Sequence[str]) -> int:
        """How many runs `begin_all` comes to."""
        return len(landlords) + 1 if self.announced else len(self.begin_all(landlords, "daily", date.min))

    def begin_one(self, landlord: str, kind: str, as_at: date) -> Start:
        """What begins one landlord's work alone; nobody is mailed."""
        body = _make_body(as_at, {"only": landlord} if self.owner else {})
        if self.announced:
            body["partition_key"] = f"{landlord}|{as_at}"
        return self.name_dag(landlord, kind), body


def _make_body(as_at: date, conf: dict[str, Any]) -> dict[str, Any]:
    return {"logical_date": None, "conf": {"as_at": as_at.isoformat(), **conf}}


MAPPED = Shape("mapped tasks", (TEMPLATES / "mapped_tasks.py",), TEMPLATES / "mapped_tasks.py", owner="all_landlords")
CHAINS = Shape(
    "one chain each",
    (REPOSITORY / "dags" / "daily.py", REPOSITORY / "dags" / "committee_packs.py"),
    TEMPLATES / "one_chain_each.py",
)
PARTITIONS = Shape(
    "partitions",
    (TEMPLATES / "partitions.py",),
    TEMPLATES / "partitions.py",
    owner="each_landlord",
    announced=True,
)
SHAPES = (MAPPED, CHAINS, PARTITIONS)
