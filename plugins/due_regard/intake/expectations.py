"""Great Expectations as the validator: every check of the suite as an expectation, judged apart from row_checks.py.

It sees distinct texts as delivered with their counts (delivered_values.py), never rows: 100 rows of "tenant" are one
text of weight 100. So it is many times faster than on the raw frame, and no reference reaches it. A check on which the
two disagree, or which one did not ask, fails the drop. The library itself is reached through validation_project.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from due_regard.errors import DropError
from due_regard.intake import delivered_values
from due_regard.intake.cell_values import CodedColumn, find_latest_date
from due_regard.intake.check_suite import CheckRule, ColumnCheck, Suite
from due_regard.intake.date_patterns import make_date_pattern
from due_regard.intake.delivered_values import CheckProfile
from due_regard.intake.relation_counts import count_days_between, count_links, count_versions, find_target_refs
from due_regard.intake.row_checks import CheckedCandidate, Known
from due_regard.intake.validation_project import ValidationRun, load_great_expectations, run_expectations
from due_regard.records.canonical import EARLIEST_YEAR, ENTITIES, ENTITY, ColumnKind

_LATEST = "latest_date"
"""What the last day that a date may name is called in a kept suite, which outlives the day."""

_HARMLESS: dict[str, object] = {"O": None, "M": np.datetime64("NaT"), "i": 0}
"""Stand-in value, by kind of column, for a check without any value: it passes with weight 0."""


@dataclass(frozen=True)
class DropUnderTest:
    """What a drop is judged by beside its tables.

    Attributes:
        tables: with the tallies of the vectorised checks.
        suite: the checks that must have been asked.
        known: references of an entity in the register.
        on: day of intake, as for reading.
    """

    tables: Sequence[CheckedCandidate]
    suite: Suite
    known: Known
    on: date

    @cached_property
    def target_refs(self) -> dict[str, frozenset[str]]:
        """Entity -> the references that links may name, once for all its links; without entities that nobody has."""
        targets = {target for entity in ENTITIES for _, target in entity.links}
        found = {target: find_target_refs(target, self.tables, self.known(target)) for target in targets}
        return {target: refs for target, refs in found.items() if refs is not None}


@dataclass(frozen=True)
class _AskedCheck:
    table: CheckedCandidate
    check: ColumnCheck
    profile: CheckProfile
    expectation: Any


def validate_with_great_expectations(
    drop: DropUnderTest, *, project: Path | None = None
) -> tuple[dict[str, object], ...]:
    """Asks every check of every table again and returns what was found, without any cell's value.

    Args:
        drop: what to judge.
        project: folder of a Great Expectations project that keeps suite, checkpoint and results; None keeps nothing.

    Raises:
        DropError: Great Expectations counts other rows than the vectorised checks, one of the two did not ask a check
            of the suite, or it cannot judge.
    """
    pairs = [(table, check) for table in drop.tables for check in _list_expected_checks(table, drop)]
    if not pairs:
        return ()
    asked = [_ask_check(table, check, f"{number:03} {check.name}", drop) for number, (table, check) in enumerate(pairs)]
    failing = _count_failing_rows(asked, drop.on, project)
    answers: dict[int, list[dict[str, object]]] = {id(table): [] for table in drop.tables}
    for one, found in zip(asked, failing, strict=True):
        _compare_totals(one, found)
        answers[id(one.table)].append(_make_answer(one, found, drop.on))
    files = list(dict.fromkeys(table.candidate.table.file for table in drop.tables))
    return tuple(_make_table_answer(table, files, answers[id(table)]) for table in drop.tables)


def _list_expected_checks(table: CheckedCandidate, drop: DropUnderTest) -> list[ColumnCheck]:
    """The checks of the suite that a table's columns call for, whichever of them row_checks.py asked."""

    def is_called_for(check: ColumnCheck) -> bool:
        if check.entity != table.candidate.entity or check.column not in table.candidate.columns:
            return False
        if check.rule is CheckRule.ORDER:
            return check.after in table.candidate.columns
        if check.rule is CheckRule.REFERENCE:
            return dict(ENTITY[check.entity].links)[check.column] in drop.target_refs
        return True

    return [check for check in drop.suite if is_called_for(check)]


def _ask_check(table: CheckedCandidate, check: ColumnCheck, column: str, drop: DropUnderTest) -> _AskedCheck:
    profile = _build_profile(table, check, drop)
    return _AskedCheck(table, check, profile, _build_expectation(table, check, column))


def _compare_totals(asked: _AskedCheck, found: int) -> None:
    tallies = [tally.failing for tally in asked.table.tallies if tally.check == asked.check]
    if tallies != [found]:
        raise DropError(
            f"two validations differ on {asked.check.name} "
            f"({found} and {tallies[0] if tallies else 'no'} rows); nothing is loaded. Keep the drop and report it"
        )


def _make_table_answer(
    checked: CheckedCandidate, files: list[str], checks: list[dict[str, object]]
) -> dict[str, object]:
    """What was found in one table; its file by number, for a file's name may be a person's and is the data owner's."""
    table = checked.candidate.table
    return {
        "file": f"file {files.index(table.file) + 1}",
        "sheet": table.place or None,
        "entity": checked.candidate.entity,
        "rows": len(table.cells),
        "checks": checks,
    }


def _make_answer(asked: _AskedCheck, failing: int, on: date) -> dict[str, object]:
    check = asked.check
    return {
        "check": check.name,
        "column": check.column,
        "rule": str(check.rule),
        "after": check.after,
        "severity": check.severity,
        "expectation": asked.expectation.expectation_type,
        "asked": _describe_expectation(asked, on),
        "judged": int(asked.profile.weights.sum()),
        "failing": failing,
    }


def _describe_expectation(asked: _AskedCheck, on: date) -> dict[str, object]:
    """What the expectation requires: bounds and code lists of the contract, never a value of the drop."""
    kwargs, spec = asked.expectation.configuration.kwargs, ENTITY[asked.check.entity].by_name[asked.check.column]
    if "regex" in kwargs:
        return {"regex": "a date in the source's order" if spec.kind is ColumnKind.DATE else "codes of the list"}
    if asked.check.rule is CheckRule.CODES:
        return {"value_set": list(asked.check.codes)}
    if asked.check.rule is CheckRule.RANGE:
        return {"min_value": f"{EARLIEST_YEAR}-01-01", "max_value": str(find_latest_date(on))}
    return {word: kwargs[word] for word in ("value_set", "min_value", "max_value") if kwargs.get(word) is not None}


def _build_profile(table: CheckedCandidate, check: ColumnCheck, drop: DropUnderTest) -> CheckProfile:
    coded = table.candidate.columns[check.column]
    if check.rule is CheckRule.UNIQUE:
        return count_versions(table, [item for item in drop.tables if item.candidate.entity == check.entity])
    if check.rule is CheckRule.REFERENCE:
        target = dict(ENTITY[check.entity].links)[check.column]
        return count_links(table, check.column, drop.target_refs[target])
    if check.rule is CheckRule.ORDER:
        return count_days_between(table.rows[check.after], table.rows[check.column])
    if check.rule is CheckRule.REQUIRED:
        return delivered_values.show_presence(coded)
    if check.rule is CheckRule.CODES:
        return delivered_values.show_words(coded, check.codes)
    return delivered_values.show_dates(coded) if check.rule is CheckRule.RANGE else delivered_values.show_texts(coded)


def _build_expectation(table: CheckedCandidate, check: ColumnCheck, column: str) -> Any:
    gxe = load_great_expectations().expectations
    common = {"column": column, "severity": check.severity, "meta": {"check": check.name}}
    if check.rule is CheckRule.REQUIRED:
        return gxe.ExpectColumnValuesToNotBeNull(**common)
    if check.rule is CheckRule.UNIQUE:
        return gxe.ExpectColumnValuesToBeBetween(**common, max_value=1)
    if check.rule is CheckRule.REFERENCE:
        return gxe.ExpectColumnValuesToBeInSet(**common, value_set=[1])
    if check.rule is CheckRule.ORDER:
        return gxe.ExpectColumnValuesToBeBetween(**common, min_value=0)
    if check.rule is CheckRule.RANGE:
        first = datetime(EARLIEST_YEAR, 1, 1)  # noqa: DTZ001 - a day, compared with days
        return gxe.ExpectColumnValuesToBeBetween(**common, min_value=first, max_value={"$PARAMETER": _LATEST})
    coded = table.candidate.columns[check.column]
    if check.rule is CheckRule.CODES:
        return _build_word_expectation(gxe, coded, check.codes, common)
    if coded.column.kind is ColumnKind.DATE:
        pattern = make_date_pattern(coded.reading.date_order, also_iso=coded.reading.stored_as_numbers)
        return gxe.ExpectColumnValuesToMatchRegex(**common, regex=pattern)
    return gxe.ExpectColumnValuesToBeInSet(**common, value_set=[delivered_values.TEXT])


def _build_word_expectation(gxe: Any, coded: CodedColumn, codes: Sequence[str], common: dict[str, Any]) -> Any:
    """That the words of a cell are known, and were loaded as what they say; what cannot be read is TYPE's to judge."""
    if coded.column.kind is ColumnKind.LIST:
        code = f"(?:{'|'.join(codes)})"
        pattern = rf"^(?:{delivered_values.REFUSED}|({code}(?:;{code})*)(?:=\1)?)\Z"
        return gxe.ExpectColumnValuesToMatchRegex(**common, regex=pattern)
    words = delivered_values.list_allowed_words(coded, codes)
    return gxe.ExpectColumnValuesToBeInSet(**common, value_set=[delivered_values.REFUSED, *words])


def _build_profile_frame(asked: Sequence[_AskedCheck]) -> pd.DataFrame:
    """One column a check, filled up to the longest by repeating the first value, which then weighs nothing.

    Columns of a kind lie in one block: Great Expectations copies the whole frame for each check.
    """
    longest = max(len(one.profile.values) for one in asked)
    blocks: dict[str, dict[str, NDArray[Any]]] = {}
    for one in asked:
        values = one.profile.values.to_numpy()
        if not len(values):
            values = np.array([_HARMLESS[one.profile.values.dtype.kind]], dtype=values.dtype)
        whole = np.concatenate([values, np.repeat(values[:1], longest - len(values))]) if longest else values[:0]
        blocks.setdefault(one.profile.values.dtype.kind, {})[one.expectation.column] = whole
    frames = [pd.DataFrame(np.column_stack(list(block.values())), columns=list(block)) for block in blocks.values()]
    return pd.concat(frames, axis="columns")


def _count_failing_rows(asked: Sequence[_AskedCheck], on: date, project: Path | None) -> list[int]:
    """Rows that fail each expectation: first which expectations fail, then the values that fail them."""
    latest = datetime.combine(find_latest_date(on), time())
    run = ValidationRun(load_great_expectations(), _build_profile_frame(asked), {_LATEST: latest})
    first = run_expectations(run, [one.expectation for one in asked], "BOOLEAN_ONLY", project=project)
    failed = [number for number, result in enumerate(first) if not result.success]
    rows = [0] * len(asked)
    if failed:
        again = run_expectations(run, [asked[number].expectation for number in failed], "COMPLETE")
        for number, result in zip(failed, again, strict=True):
            weights = asked[number].profile.weights
            positions = [at for at in result.result["unexpected_index_list"] if at < len(weights)]
            rows[number] = int(weights[positions].sum())
    return rows
