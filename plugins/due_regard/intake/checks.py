"""Names the rows of a drop that fail a check: invalid rows first, then duplicates, then orphans (contract: Exports).

Vectorised over whole columns; each step sees only rows the steps before it left, and does what the suite says, no more.
Beside the faults every check leaves a `Tally` for Great Expectations, which judges the same rows without this module.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from due_regard.batch import ROW_NUMBER
from due_regard.contract import ENTITIES, ENTITY
from due_regard.intake.cells import Coded
from due_regard.intake.mapping import Candidate
from due_regard.intake.suite import Check, Rule, Suite

Known = Callable[[str], frozenset[str] | None]
"""References of an entity that the register holds; None where it was never delivered."""

_SOURCE = "candidate"
_UNREADABLE = ("unreadable_date", "unreadable_yes_no", "unreadable_cell", "month_first_column")


@dataclass(frozen=True)
class Fault:
    """Why one row fails a check; `row` is its position in the table, columns are canonical, `reason` of messages.py."""

    row: int
    column: str
    reason: str
    after: str = ""


@dataclass(frozen=True)
class Tally:
    """What a check found: how many rows fail it, and what Great Expectations is to judge them by.

    Attributes:
        check: the check.
        failing: rows that fail it, as the vectorised check counts them.
        weights: for UNIQUE and REFERENCE, the value to be judged -> rows that have it; the others judge columns.
    """

    check: Check
    failing: int
    weights: dict[int, int] = field(default_factory=dict)


@dataclass
class Judged:
    """A candidate while it is judged: its rows in canonical dtypes, those still standing, and what was found."""

    candidate: Candidate
    rows: pd.DataFrame
    standing: NDArray[np.bool_]
    collapsed: int = 0
    faults: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)
    tallies: list[Tally] = field(default_factory=list)

    def record(self, check: Check, positions: NDArray[np.intp], reasons: Sequence[str]) -> None:
        """Keeps why the rows at `positions` fail `check`; a critical one takes them out at the end of its step."""
        kept = self.faults if check.severity == "critical" else self.warnings
        kept.extend(
            Fault(int(position), check.column, reason, check.after)
            for position, reason in zip(positions, reasons, strict=True)
        )

    def drop_faulty(self) -> None:
        """Takes the rows of every fault found so far out."""
        self.standing[[fault.row for fault in self.faults]] = False

    def accepted(self) -> pd.DataFrame:
        """The rows still standing, with their row numbers."""
        return self.rows if self.standing.all() else self.rows[self.standing].reset_index(drop=True)


def judge(candidates: Sequence[Candidate], known: Known, suite: Suite) -> list[Judged]:
    """Every candidate with its faults, in the order given."""
    judged = [_invalid_rows(candidate, _checks(suite, candidate.entity)) for candidate in candidates]
    for entity in ENTITIES:
        unique = [check for check in suite if check.entity == entity.name and check.rule is Rule.UNIQUE]
        _duplicates(unique, [item for item in judged if item.candidate.entity == entity.name])
    for target in _targets():
        _orphans(target, judged, known, suite)
    return judged


def _checks(suite: Suite, entity: str) -> list[Check]:
    return [check for check in suite if check.entity == entity]


def _invalid_rows(candidate: Candidate, checks: Sequence[Check]) -> Judged:
    columns = {name: coded.rows() for name, coded in candidate.columns.items()}
    rows = pd.DataFrame(columns | {ROW_NUMBER: candidate.table.row_numbers}, copy=False)
    judged = Judged(candidate, rows, np.ones(len(rows), dtype=bool))
    for check in checks:
        coded = candidate.columns.get(check.column)
        if coded is None or check.rule in {Rule.UNIQUE, Rule.REFERENCE}:
            continue
        if check.rule is Rule.ORDER:
            _misordered(judged, check)
        else:
            _bad_cells(judged, check, coded)
    judged.drop_faulty()
    return judged


def _bad_cells(judged: Judged, check: Check, coded: Coded) -> None:
    bad = _bad_values(check.rule, coded)
    positions = np.flatnonzero(bad[coded.codes]) if bad.any() else np.empty(0, dtype=np.intp)
    reasons = coded.problems[coded.codes[positions]]
    judged.record(check, positions, [str(reason) or str(check.rule) for reason in reasons])
    judged.tallies.append(Tally(check, len(positions)))


def _bad_values(rule: Rule, coded: Coded) -> NDArray[np.bool_]:
    """Which distinct values of a column fail a rule of cells."""
    if rule is Rule.REQUIRED:
        blank: NDArray[np.bool_] = coded.values.isna().to_numpy() & (coded.problems == "")
        return blank
    if rule is Rule.TYPE:
        return np.isin(coded.problems.astype(str), _UNREADABLE)
    if rule is Rule.CODES:
        return np.isin(coded.problems.astype(str), ("unknown_code", "unreadable_cell"))
    return np.asarray(coded.problems == "date_out_of_range")


def _misordered(judged: Judged, check: Check) -> None:
    if check.after not in judged.rows:
        return
    positions = np.flatnonzero(judged.rows[check.column].to_numpy() < judged.rows[check.after].to_numpy())
    judged.record(check, positions, ["order"] * len(positions))
    judged.tallies.append(Tally(check, len(positions)))


def _duplicates(checks: Sequence[Check], judged: Sequence[Judged]) -> None:
    """Rows of one reference: identical ones collapse to the first, differing ones are all rejected."""
    if not judged:
        return
    key = ENTITY[judged[0].candidate.entity].key
    total = [int(item.standing.sum()) for item in judged]
    keys = [item.rows.loc[item.standing, key] for item in judged]
    shared = np.split(
        (pd.concat(keys) if len(keys) > 1 else keys[0]).duplicated(keep=False).to_numpy(), np.cumsum(total)
    )
    rows = pd.concat(
        item.rows.iloc[np.flatnonzero(item.standing)[again]].drop(columns=ROW_NUMBER).assign(**{_SOURCE: number})
        for number, (item, again) in enumerate(zip(judged, shared, strict=False))
    )
    values = rows.drop(columns=_SOURCE)
    repeated = values.duplicated().to_numpy()
    different = values[~repeated][key]
    conflicting = rows[key].isin(different[different.duplicated()]).to_numpy()
    versions = rows[key].map(different.value_counts()).to_numpy(dtype=np.int64)
    for number, item in enumerate(judged):
        own = (rows[_SOURCE] == number).to_numpy()
        clash = rows.index[own & conflicting].to_numpy()
        weights = {
            int(count): int(times) for count, times in zip(*np.unique(versions[own], return_counts=True), strict=True)
        }
        weights[1] = weights.get(1, 0) + total[number] - int(own.sum())
        for check in checks:
            item.record(check, clash, ["conflicting_duplicate"] * len(clash))
            item.tallies.append(Tally(check, len(clash), weights))
        same = rows.index[own & repeated & ~conflicting]
        item.standing[same] = False
        item.collapsed += len(same)
        item.drop_faulty()


def _orphans(target: str, judged: Sequence[Judged], known: Known, suite: Suite) -> None:
    """Rows whose customer or restriction stands neither in the drop nor in the register, or was itself rejected.

    A record that the drop brings and that was rejected counts as missing even where the register holds an earlier
    version of it (contract: Exports).
    """
    delivered = [item for item in judged if item.candidate.entity == target]
    registered = known(target)
    if registered is None and not delivered:
        return
    own = [(item.rows[ENTITY[target].key], item.standing) for item in delivered]
    rejected = [refs[~standing] for refs, standing in own]
    refs = pd.Index(list(registered or ()), dtype="str")
    if rejected:
        refs = refs.difference(pd.Index(pd.concat(rejected)), sort=False)
    for accepted, standing in own:
        refs = refs.append(pd.Index(accepted[standing]))
    for item in judged:
        for check in _checks(suite, item.candidate.entity):
            links = dict(ENTITY[check.entity].links)
            if check.rule is not Rule.REFERENCE or links.get(check.column) != target or check.column not in item.rows:
                continue
            found = item.rows[check.column].isin(refs).to_numpy()
            lost = np.flatnonzero(item.standing & ~found)
            item.record(check, lost, ["orphan"] * len(lost))
            item.tallies.append(Tally(check, len(lost), {1: int((item.standing & found).sum()), 0: len(lost)}))
        item.drop_faulty()


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
