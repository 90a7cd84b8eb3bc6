"""Which rows of a drop cannot be taken, and why: invalid rows first, then duplicates, then orphans (contract: Exports).

Vectorised over whole columns; each step sees only rows the steps before it left. What one cell may hold is cells.py's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from due_regard.batch import ROW_NUMBER
from due_regard.contract import ENTITIES, ENTITY, Entity
from due_regard.intake.mapping import Candidate

Known = Callable[[str], frozenset[str] | None]
"""References of an entity that the register holds; None where it was never delivered."""

_SOURCE = "candidate"


@dataclass(frozen=True)
class Fault:
    """Why one row cannot be taken; `row` is its position in the table, `column` canonical."""

    row: int
    column: str
    reason: str


@dataclass
class Judged:
    """A candidate while it is judged: its rows in canonical dtypes, those still standing, and the faults found."""

    candidate: Candidate
    rows: pd.DataFrame
    standing: NDArray[np.bool_]
    collapsed: int = 0
    faults: list[Fault] = field(default_factory=list)

    def reject(self, positions: Iterable[int], column: str, reason: str) -> None:
        """Takes the rows at `positions` out, for `reason`."""
        for position in positions:
            self.faults.append(Fault(int(position), column, reason))
            self.standing[position] = False

    def accepted(self) -> pd.DataFrame:
        """The rows still standing, with their row numbers."""
        return self.rows[self.standing].reset_index(drop=True)


def judge(candidates: Sequence[Candidate], known: Known) -> list[Judged]:
    """Every candidate with its faults, in the order given."""
    judged = [_invalid_rows(candidate) for candidate in candidates]
    for entity in ENTITIES:
        _duplicates(entity, [item for item in judged if item.candidate.entity == entity.name])
    _orphans(judged, known)
    return judged


def _invalid_rows(candidate: Candidate) -> Judged:
    columns = {name: coded.rows() for name, coded in candidate.columns.items()}
    rows = pd.DataFrame(columns | {ROW_NUMBER: candidate.table.row_numbers})
    judged = Judged(candidate, rows, np.ones(len(rows), dtype=bool))
    for name, coded in candidate.columns.items():
        if not (coded.problems != "").any():
            continue
        problems = coded.problems[coded.codes]
        for position in np.flatnonzero(problems != ""):
            judged.reject([int(position)], name, str(problems[position]))
    return judged


def _duplicates(entity: Entity, judged: list[Judged]) -> None:
    """Rows of one reference: identical ones collapse to the first, differing ones are all rejected."""
    if not judged:
        return
    frames = [
        item.rows[item.standing].drop(columns=ROW_NUMBER).assign(**{_SOURCE: number})
        for number, item in enumerate(judged)
    ]
    rows = pd.concat(frames) if len(frames) > 1 else frames[0]
    rows = rows[rows[entity.key].duplicated(keep=False).to_numpy()]
    if rows.empty:
        return
    values = rows.drop(columns=_SOURCE)
    repeated = values.duplicated().to_numpy()
    different = values[~repeated][entity.key]
    conflicting = rows[entity.key].isin(different[different.duplicated()]).to_numpy()
    for number, item in enumerate(judged):
        own = (rows[_SOURCE] == number).to_numpy()
        item.reject(rows.index[own & conflicting], entity.key, "conflicting_duplicate")
        same = rows.index[own & repeated & ~conflicting]
        item.standing[same] = False
        item.collapsed += len(same)


def _orphans(judged: list[Judged], known: Known) -> None:
    """Rows whose customer or restriction stands neither in the drop nor in the register."""
    for target in _targets():
        delivered = [item for item in judged if item.candidate.entity == target]
        registered = known(target)
        if registered is None and not delivered:
            continue
        refs = pd.Index(sorted(registered or ()), dtype="str")
        for item in delivered:
            refs = refs.append(pd.Index(item.rows.loc[item.standing, ENTITY[target].key]))
        for item in judged:
            for column, entity in ENTITY[item.candidate.entity].links:
                if entity == target and column in item.rows:
                    lost = item.standing & ~item.rows[column].isin(refs).to_numpy()
                    item.reject(np.flatnonzero(lost), column, "orphan")


def _targets() -> list[str]:
    """Entities that others point to, in order: a rejected customer takes its restrictions along."""
    targets: list[str] = []

    def visit(name: str) -> None:
        for _, target in ENTITY[name].links:
            visit(target)
            if target not in targets:
                targets.append(target)

    for entity in ENTITIES:
        visit(entity.name)
    return targets
