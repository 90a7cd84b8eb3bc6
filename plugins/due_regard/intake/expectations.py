"""Great Expectations as the validator: every check of the suite as an expectation, independent of row_checks.py.

It sees distinct values and their counts, never rows: 100 rows of "tenant" are one value of weight 100, a reference is
only "text", blank or unreadable. So it is many times faster than on the raw frame, and no reference reaches it. A check
on which the two disagree fails the drop. Import Great Expectations inside functions only: it takes seconds.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from due_regard.errors import DropError
from due_regard.intake.cell_values import CodedColumn, find_latest_date
from due_regard.intake.check_suite import CheckRule, ColumnCheck
from due_regard.intake.row_checks import CheckedCandidate, CheckTally
from due_regard.intake.text_cleaning import fold_text
from due_regard.records.canonical import EARLIEST_YEAR, ENTITY, ColumnKind

_UNREADABLE = "unreadable"
_WORDS_SHOWN = 1000
"""Unknown words of a column that are shown one by one; a column mapped to codes by mistake may hold a million."""
_HARMLESS: dict[str, object] = {"O": None, "M": np.datetime64("NaT"), "i": 0}
"""Stand-in value, by kind of column, for a check without any value: it passes with weight 0."""


@dataclass(frozen=True)
class CheckProfile:
    """What Great Expectations is shown for one check: values, and how many rows each stands for."""

    values: pd.Series
    weights: NDArray[np.int64]


def validate_with_great_expectations(checked: Sequence[CheckedCandidate], *, on: date) -> tuple[dict[str, object], ...]:
    """Runs every check of every table again and returns what was found, without any cell's value.

    Args:
        checked: tables with the tallies of the vectorised checks.
        on: day of intake, as for reading.

    Raises:
        DropError: Great Expectations counts other rows than the vectorised checks, or cannot judge.
    """
    tallied = [(item, tally) for item in checked for tally in item.tallies]
    if not tallied:
        return ()
    profiles = [_build_profile(item, tally) for item, tally in tallied]
    expectations = [_build_expectation(tally.check, str(number), on) for number, (_, tally) in enumerate(tallied)]
    failing = _count_failing_rows(
        _build_profile_frame(profiles), expectations, [profile.weights for profile in profiles]
    )
    answers: dict[int, list[dict[str, object]]] = {id(item): [] for item in checked}
    for (item, tally), expectation, profile, found in zip(tallied, expectations, profiles, failing, strict=True):
        _compare_totals(item, tally, found)
        answers[id(item)].append(_make_answer(tally, expectation, int(profile.weights.sum())))
    return tuple(_make_table_answer(item, answers[id(item)]) for item in checked)


def _compare_totals(checked: CheckedCandidate, tally: CheckTally, found: int) -> None:
    if found != tally.failing:
        raise DropError(
            f"{checked.candidate.table.file}: two validations differ on {tally.check.name} "
            f"({found} and {tally.failing} rows); nothing is loaded. Keep the drop and report it"
        )


def _make_table_answer(checked: CheckedCandidate, checks: list[dict[str, object]]) -> dict[str, object]:
    table = checked.candidate.table
    return {
        "file": table.file,
        "sheet": table.place or None,
        "entity": checked.candidate.entity,
        "rows": len(table.cells),
        "checks": checks,
    }


def _make_answer(tally: CheckTally, expectation: Any, rows: int) -> dict[str, object]:
    return {
        "check": tally.check.name,
        "column": tally.check.column,
        "rule": str(tally.check.rule),
        "after": tally.check.after,
        "severity": tally.check.severity,
        "expectation": expectation.expectation_type,
        "asked": _describe_expectation(expectation),
        "judged": rows,
        "failing": tally.failing,
    }


def _describe_expectation(expectation: Any) -> dict[str, object]:
    """What the expectation requires: bounds and code lists of the contract, never a value of the drop."""
    kwargs = expectation.configuration.kwargs
    words = ("value_set", "regex", "min_value", "max_value")
    asked = {word: kwargs[word] for word in words if kwargs.get(word) is not None}
    return {word: str(value) if isinstance(value, datetime) else value for word, value in asked.items()}


def _build_profile(checked: CheckedCandidate, tally: CheckTally) -> CheckProfile:
    check = tally.check
    if check.rule in {CheckRule.UNIQUE, CheckRule.REFERENCE}:
        seen = {value: rows for value, rows in tally.weights.items() if rows}
        return CheckProfile(pd.Series(list(seen), dtype="int64"), np.array(list(seen.values()), dtype=np.int64))
    coded = checked.candidate.columns[check.column]
    if check.rule is CheckRule.ORDER:
        return _count_days_between(checked.rows[check.after], checked.rows[check.column])
    if check.rule is CheckRule.RANGE:
        return _count_values(coded.values, coded)
    return _as_words(coded)


def _count_days_between(earlier: pd.Series, later: pd.Series) -> CheckProfile:
    days = (later - earlier).dt.days.dropna().to_numpy(dtype=np.int64)
    values, counts = np.unique(days, return_counts=True)
    return CheckProfile(pd.Series(values), counts.astype(np.int64))


def _as_words(coded: CodedColumn) -> CheckProfile:
    """Distinct values as words: codes as read (unknown ones as sent), yes or no, ISO dates, texts as "text" alone."""
    kind = coded.column.kind
    known = coded.values.notna().to_numpy()
    if kind in {ColumnKind.REF, ColumnKind.TEXT}:
        words = pd.Series("text", index=coded.values.index, dtype="str").where(known)
    elif kind is ColumnKind.DATE:
        words = coded.values.dt.strftime("%Y-%m-%d").astype("str")
    elif kind is ColumnKind.YN:
        words = coded.values.map({True: "yes", False: "no"}).astype("str")
    else:
        sent = coded.raw.where(np.cumsum(~known) <= _WORDS_SHOWN, _UNREADABLE).map(fold_text)
        words = coded.values.where(known, sent.where(sent != ""))
    readable = np.isin(coded.problems.astype(str), ("", "unknown_code", "date_out_of_range"))
    return _count_values(words.where(readable, _UNREADABLE), coded)


def _count_values(values: pd.Series, coded: CodedColumn) -> CheckProfile:
    """Each value once, with the rows of all distinct raw values that came to it."""
    counted = pd.Series(coded.count_rows()).groupby(values.to_numpy(), dropna=False).sum()
    return CheckProfile(pd.Series(counted.index, dtype=values.dtype), counted.to_numpy(dtype=np.int64))


@cache
def load_great_expectations() -> Any:
    """The library, imported late, without telemetry and without the warnings of its own imports."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    logging.getLogger("great_expectations").setLevel(logging.WARNING)  # else it tells of folders it never makes
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # its use of sre_constants
        import great_expectations
        import great_expectations.expectations  # noqa: F401 - a submodule, reached through the library
    return great_expectations


def _build_expectation(check: ColumnCheck, column: str, on: date) -> Any:
    gxe = load_great_expectations().expectations
    spec = ENTITY[check.entity].by_name[check.column]
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
        last = datetime.combine(find_latest_date(on), time())
        return gxe.ExpectColumnValuesToBeBetween(
            **common,
            min_value=datetime(EARLIEST_YEAR, 1, 1),  # noqa: DTZ001 - a day, compared with days
            max_value=last,
        )
    if spec.kind is ColumnKind.DATE:
        return gxe.ExpectColumnValuesToMatchRegex(**common, regex=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
    if spec.kind is ColumnKind.LIST:
        word = "|".join(spec.codes)
        return gxe.ExpectColumnValuesToMatchRegex(**common, regex=f"^(?:{word})(?:;(?:{word}))*$")
    if spec.kind is ColumnKind.YN or spec.codes:
        return gxe.ExpectColumnValuesToBeInSet(**common, value_set=list(spec.codes or ("yes", "no")))
    return gxe.ExpectColumnValuesToNotBeInSet(**common, value_set=[_UNREADABLE])


def _build_profile_frame(profiles: Sequence[CheckProfile]) -> pd.DataFrame:
    """One column a check, filled up to the longest by repeating the first value, which then weighs nothing.

    Columns of a kind lie in one block: Great Expectations copies the whole frame for each check.
    """
    longest = max(len(profile.values) for profile in profiles)
    blocks: dict[str, dict[str, NDArray[Any]]] = {}
    for number, profile in enumerate(profiles):
        values = profile.values.to_numpy()
        if not len(values):
            values = np.array([_HARMLESS[profile.values.dtype.kind]], dtype=values.dtype)
        whole = np.concatenate([values, np.repeat(values[:1], longest - len(values))]) if longest else values[:0]
        blocks.setdefault(profile.values.dtype.kind, {})[str(number)] = whole
    frames = [pd.DataFrame(np.column_stack(list(block.values())), columns=list(block)) for block in blocks.values()]
    return pd.concat(frames, axis="columns")


def _count_failing_rows(
    frame: pd.DataFrame, expectations: Sequence[Any], weights: Sequence[NDArray[np.int64]]
) -> list[int]:
    """Rows that fail each expectation: first which expectations fail, then the values that fail them."""
    first = _run_validation(frame, expectations, "BOOLEAN_ONLY")
    failed = [number for number, result in enumerate(first) if not result.success]
    rows = [0] * len(expectations)
    if failed:
        again = _run_validation(frame, [expectations[number] for number in failed], "COMPLETE")
        for number, result in zip(failed, again, strict=True):
            positions = [at for at in result.result["unexpected_index_list"] if at < len(weights[number])]
            rows[number] = int(weights[number][positions].sum())
    return rows


def _run_validation(frame: pd.DataFrame, expectations: Sequence[Any], result_format: str) -> list[Any]:
    """Results in the order of the expectations."""
    gx = load_great_expectations()
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    asset = context.data_sources.add_pandas("drop").add_dataframe_asset("distinct_values")
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch(batch_parameters={"dataframe": frame})
    outcome = batch.validate(
        gx.ExpectationSuite(name="contract", expectations=list(expectations)), result_format=result_format
    )
    by_column = {}
    for result in outcome.results:
        if _has_raised(result.exception_info):
            raise DropError("the validator could not judge a check; nothing is loaded. Keep the drop and report it")
        by_column[result.expectation_config.kwargs["column"]] = result
    return [by_column[expectation.column] for expectation in expectations]


def _has_raised(exception_info: dict[str, Any]) -> bool:
    """Whether judging failed; the library says so for the whole check, or for each metric under its name."""
    said = exception_info.get("raised_exception")
    return bool(said) if said is not None else any(info["raised_exception"] for info in exception_info.values())
