"""Names the rows of a drop that fail a check: invalid rows first, then duplicates, then orphans (contract: Exports).

Vectorised over whole columns; each step sees only rows the steps before it left, and does what the suite says, no more.
Beside the faults every check leaves a `CheckTally` for Great Expectations, which judges the same rows by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import reduce

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from due_regard.intake.cell_values import CodedColumn
from due_regard.intake.check_suite import CheckRule, ColumnCheck, Suite
from due_regard.intake.column_mapping import CandidateTable
from due_regard.intake.mended_references import find_changed_refs
from due_regard.records.canonical import ENTITIES, ENTITY, UNKNOWN_CELLS
from due_regard.records.validated_drop import NOT_KNOWN, ROW_NUMBER

Known = Callable[[str], frozenset[str] | None]
"""References of an entity that the register holds; None where it was never delivered."""

_SOURCE = "candidate"
_UNREADABLE = (
    "unreadable_date", "unreadable_cell", "date_as_reference",
    "month_first_column", "day_first_column", "swapped_dates",
)  # fmt: skip


@dataclass(frozen=True)
class RowFault:
    """Why one row fails a check; `row` is its position in the table, columns are canonical."""

    row: int
    column: str
    reason: str
    after: str = ""


@dataclass(frozen=True)
class CheckTally:
    """What a check found.

    Attributes:
        check: the check.
        failing: rows that fail it, as the vectorised check counts them.
    """

    check: ColumnCheck
    failing: int


@dataclass
class CheckedCandidate:
    """A candidate while it is judged: its rows in canonical dtypes, those not rejected, and what was found."""

    candidate: CandidateTable
    rows: pd.DataFrame
    standing: NDArray[np.bool_]
    collapsed: int = 0
    faults: list[RowFault] = field(default_factory=list)
    warnings: list[RowFault] = field(default_factory=list)
    tallies: list[CheckTally] = field(default_factory=list)

    def record_failures(
        self,
        check: ColumnCheck,
        positions: NDArray[np.intp],
        reasons: Sequence[str],
    ) -> None:
        """Keeps why the rows at `positions` fail `check`; a critical one takes them out at the end of its step."""
        kept = self.faults if check.severity == "critical" else self.warnings
        kept.extend(
            RowFault(int(position), check.column, reason, check.after)
            for position, reason in zip(positions, reasons, strict=True)
        )
        self.tallies.append(CheckTally(check, len(positions)))

    def drop_faulty(self) -> None:
        """Takes the rows of every fault found so far out."""
        self.standing[[fault.row for fault in self.faults]] = False

    def take_accepted(self) -> pd.DataFrame:
        """The rows not rejected, with their row numbers, and the names of unknown cells where there are any."""
        accepted = self.rows if self.standing.all() else self.rows[self.standing].reset_index(drop=True)
        has_unknown = UNKNOWN_CELLS in accepted and accepted[UNKNOWN_CELLS].notna().any()
        return accepted if has_unknown else accepted.drop(columns=UNKNOWN_CELLS, errors="ignore")


def check_candidates(candidates: Sequence[CandidateTable], known: Known, suite: Suite) -> list[CheckedCandidate]:
    """Every candidate with its faults, in the order given."""
    checked = [_find_invalid_rows(candidate, _choose_checks(suite, candidate.entity)) for candidate in candidates]
    for entity in ENTITIES:
        unique = [check for check in suite if check.entity == entity.name and check.rule is CheckRule.UNIQUE]
        _find_duplicates(unique, [item for item in checked if item.candidate.entity == entity.name])
    targets = {target for entity in ENTITIES for _, target in entity.links}
    # In the order of ENTITIES, in which nothing points to what follows it: the rows of a rejected record go with it.
    for entity in ENTITIES:
        if entity.name in targets:
            _find_orphans(entity.name, checked, known, suite)
    return checked


def _choose_checks(suite: Suite, entity: str) -> list[ColumnCheck]:
    return [check for check in suite if check.entity == entity]


def _find_invalid_rows(candidate: CandidateTable, checks: Sequence[ColumnCheck]) -> CheckedCandidate:
    columns = {name: coded.expand_rows() for name, coded in candidate.columns.items()}
    columns |= _name_unknown_cells(candidate)
    rows = pd.DataFrame(columns | {ROW_NUMBER: candidate.table.row_numbers}, copy=False)
    checked = CheckedCandidate(candidate, rows, np.ones(len(rows), dtype=bool))
    for check in checks:
        coded = candidate.columns.get(check.column)
        if coded is None or check.rule in {CheckRule.UNIQUE, CheckRule.REFERENCE}:
            continue
        if check.rule is CheckRule.ORDER:
            _find_misordered_rows(checked, check)
        else:
            _find_bad_cells(checked, check, coded)
    checked.faults += [RowFault(*fault) for fault in find_changed_refs(candidate, rows)]
    checked.drop_faulty()
    return checked


def _name_unknown_cells(candidate: CandidateTable) -> dict[str, pd.Series]:
    """The column `UNKNOWN_CELLS`, where any cell holds a word that is not known (records/canonical.py)."""
    bad = {name: np.isin(coded.problems.astype(str), NOT_KNOWN) for name, coded in sorted(candidate.columns.items())}
    marked = [
        np.where(found[candidate.columns[name].codes], f"{name};", "") for name, found in bad.items() if found.any()
    ]
    if not marked:
        return {}
    named = pd.Series(reduce(np.char.add, marked), dtype="str").str.rstrip(";")
    return {UNKNOWN_CELLS: named.where(named != "")}


def _find_bad_cells(checked: CheckedCandidate, check: ColumnCheck, coded: CodedColumn) -> None:
    bad = _find_bad_values(check.rule, coded)
    positions = np.flatnonzero(bad[coded.codes]) if bad.any() else np.empty(0, dtype=np.intp)
    reasons = coded.problems[coded.codes[positions]]
    checked.record_failures(check, positions, [str(reason) or str(check.rule) for reason in reasons])


def _find_bad_values(rule: CheckRule, coded: CodedColumn) -> NDArray[np.bool_]:
    """Which distinct values of a column fail a rule of cells."""
    if rule is CheckRule.REQUIRED:
        blank: NDArray[np.bool_] = coded.values.isna().to_numpy() & (coded.problems == "")
        return blank
    if rule is CheckRule.TYPE:
        return np.isin(coded.problems.astype(str), _UNREADABLE)
    if rule is CheckRule.CODES:
        return np.isin(coded.problems.astype(str), NOT_KNOWN)
    return np.asarray(coded.problems == "date_out_of_range")


def _find_misordered_rows(checked: CheckedCandidate, check: ColumnCheck) -> None:
    if check.after not in checked.rows:
        return
    positions = np.flatnonzero(checked.rows[check.column].to_numpy() < checked.rows[check.after].to_numpy())
    checked.record_failures(check, positions, ["order"] * len(positions))


def _find_duplicates(checks: Sequence[ColumnCheck], checked: Sequence[CheckedCandidate]) -> None:
    """Rows of one reference: identical ones collapse to the first, differing ones are all rejected."""
    if not checked:
        return
    key = ENTITY[checked[0].candidate.entity].key
    total = [int(item.standing.sum()) for item in checked]
    keys = [item.rows.loc[item.standing, key] for item in checked]
    shared = np.split(
        (pd.concat(keys) if len(keys) > 1 else keys[0]).duplicated(keep=False).to_numpy(), np.cumsum(total)
    )
    rows = pd.concat(
        item.rows.iloc[np.flatnonzero(item.standing)[again]].drop(columns=ROW_NUMBER).assign(**{_SOURCE: number})
        for number, (item, again) in enumerate(zip(checked, shared, strict=False))
    )
    values = rows.drop(columns=_SOURCE)
    repeated = values.duplicated().to_numpy()
    different = values[~repeated][key]
    conflicting = rows[key].isin(different[different.duplicated()]).to_numpy()
    for number, item in enumerate(checked):
        own = (rows[_SOURCE] == number).to_numpy()
        clash = rows.index[own & conflicting].to_numpy()
        for check in checks:
            item.record_failures(check, clash, ["conflicting_duplicate"] * len(clash))
        same = rows.index[own & repeated & ~conflicting]
        item.standing[same] = False
        item.collapsed += len(same)
        item.drop_faulty()


def _find_orphans(target: str, checked: Sequence[CheckedCandidate], known: Known, suite: Suite) -> None:
    """Rows whose customer or restriction stands neither in the drop nor in the register, or was itself rejected.

    A record that the drop brings and that was rejected counts as missing even where the register holds an earlier
    version of it (contract: Exports).
    """
    delivered = [item for item in checked if item.candidate.entity == target]
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
    for item in checked:
        for check in _choose_checks(suite, item.candidate.entity):
            links = dict(ENTITY[check.entity].links)
            if (
                check.rule is not CheckRule.REFERENCE
                or links.get(check.column) != target
                or check.column not in item.rows
            ):
                continue
            found = item.rows[check.column].isin(refs).to_numpy()
            lost = np.flatnonzero(item.standing & ~found)
            item.record_failures(check, lost, ["orphan"] * len(lost))
        item.drop_faulty()
