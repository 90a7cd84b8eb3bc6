"""From records, a policy and a date to one frame of assessments (contract: Assessment).

Chooses the policy version, lets each duty answer over whole columns, and puts the answers into the contract's frame.
Pure: the same input gives the same output.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from due_regard.assessment.assessment_rows import AssessmentClock, AssessmentRows, make_unmeasured_rows
from due_regard.assessment.column_cells import Ints
from due_regard.assessment.condition_truth import YES, evaluate_condition
from due_regard.assessment.derived_roles import add_derived_roles
from due_regard.assessment.duty_kinds import assess_check, assess_deadline, assess_document, build_duty_view
from due_regard.assessment.records_as_at import RecordsAsAt
from due_regard.assessment.recurring_reviews import assess_review
from due_regard.assessment.versions_in_force import Versions, number_occurrences, select_standing_rows
from due_regard.calendars.working_days import WorkingCalendar
from due_regard.policy import CheckDuty, DeadlineDuty, DocumentDuty, Duty, Policy, PolicyHistory, ReviewDuty
from due_regard.records.canonical import ASSESSED_ENTITY_OF_SUBJECT, STATES, Records

_BLOCK = 1 << 12  # rows of a repeated word that share one piece of memory


def assess_records(records: Records, history: PolicyHistory, calendar: WorkingCalendar, as_at: date) -> pd.DataFrame:
    """Every assessment of one landlord's records on `as_at`.

    Returns:
        One row a (rule, subject, occurrence), sorted by rule, subject_ref (code points) and occurrence, with
        ASSESSMENT_COLUMNS (due_on and done_on datetime64[s], blank NaT; days_overdue in the duty's unit,
        working or calendar days; text as str) and `policy_version` (effective_from of the version it rests on).

    Raises:
        CalendarError: a working day outside the calendar's years is needed.
    """
    known = RecordsAsAt(add_derived_roles(records), as_at, history.role_levels)
    clock = AssessmentClock(as_at, calendar)
    answers = [_answer_rule(known, history, rule, clock) for rule in _list_rules(history)]
    return _build_frame(known, history, [answer for answer in answers if answer is not None])


@dataclass(frozen=True)
class _Answer:
    """One rule's rows, and for each row the version of the policy it rests on."""

    rule: str
    rows: AssessmentRows
    version: Versions


def _list_rules(history: PolicyHistory) -> list[str]:
    return sorted({duty.rule for policy in history.versions for duty in policy.duties})


def _answer_rule(records: RecordsAsAt, history: PolicyHistory, rule: str, clock: AssessmentClock) -> _Answer | None:
    parts = list(_answer_versions(records, history, rule, clock))
    if not parts:
        return None
    rows = AssessmentRows.join_rows([rows for _, rows in parts])
    version = np.repeat(np.array([number for number, _ in parts], np.int16), [len(rows.subject) for _, rows in parts])
    if len(history.versions) > 1 and records.is_delivered(find_entity_name(rule)):
        starts = np.array([policy.effective_from for policy in history.versions], dtype="datetime64[D]")
        return _Answer(rule, *select_standing_rows(rows, version, starts))
    return _Answer(rule, number_occurrences(rows) if isinstance(history.find_duty(rule), ReviewDuty) else rows, version)


def _answer_versions(
    records: RecordsAsAt, history: PolicyHistory, rule: str, clock: AssessmentClock
) -> Iterator[tuple[int, AssessmentRows]]:
    """What each version of the policy says of `rule`; of the landlord as a whole, the version in force alone."""
    current = history.find_version(clock.day)
    for number, policy in enumerate(history.versions):
        duty = _find_duty(policy, rule)
        if duty is not None and (policy is current or records.is_delivered(find_entity_name(rule))):
            yield number, _assess_duty(records, policy, duty, clock)


def find_entity_name(rule: str) -> str:
    """Name of the entity of the rule's subjects; blank for the policy document itself."""
    entity = ASSESSED_ENTITY_OF_SUBJECT.get(rule.split(".")[0])
    return "" if entity is None else entity.name


def _assess_duty(records: RecordsAsAt, policy: Policy, duty: Duty, clock: AssessmentClock) -> AssessmentRows:
    if isinstance(duty, DocumentDuty):
        return assess_document(duty, policy, clock)
    if not records.is_delivered(ASSESSED_ENTITY_OF_SUBJECT[duty.subject].name):
        return make_unmeasured_rows(np.array([-1]), np.array([policy.effective_from], dtype="datetime64[D]"))
    if isinstance(duty, CheckDuty):
        return assess_check(records, duty)
    if isinstance(duty, DeadlineDuty):
        return assess_deadline(records, duty, policy.counting, clock)
    return assess_review(records, duty, clock)


def _build_frame(records: RecordsAsAt, history: PolicyHistory, answers: list[_Answer]) -> pd.DataFrame:
    """The contract's frame: rules come in order, and so do a rule's rows, since subjects are numbered in order."""
    words = [_build_text_columns(records, history, answer) for answer in answers]
    starts = np.array([policy.effective_from for policy in history.versions], dtype="datetime64[s]")

    def join_text(name: str) -> pd.Series:
        parts = [part for columns in words for part in columns[name]]
        # The type is said for when no duty answers: there is no part then to tell it from.
        return pd.Series(pd.array(pa.chunked_array(parts, pa.large_string()), dtype="str"))

    def join_numbers(name: str, dtype: str) -> npt.NDArray[Any]:
        return np.concatenate([np.empty(0, dtype), *(getattr(answer.rows, name) for answer in answers)], dtype=dtype)

    columns = {
        **{name: join_text(name) for name in ("landlord", "rule", "subject_type", "subject_ref")},
        "occurrence": join_numbers("occurrence", "int64"),
        "state": join_text("state"),
        "due_on": join_numbers("due", "datetime64[s]"),
        "done_on": join_numbers("done", "datetime64[s]"),
        "days_overdue": join_numbers("late", "int64"),
        **{name: join_text(name) for name in ("severity", "clause", "owner_role")},
        "policy_version": starts[np.concatenate([np.empty(0, np.int16), *(answer.version for answer in answers)])],
    }
    return pd.DataFrame(columns, copy=False)


def _build_text_columns(records: RecordsAsAt, history: PolicyHistory, answer: _Answer) -> dict[str, list[pa.Array]]:
    """One rule's text columns, each as chunks."""
    rows, version = answer.rows, answer.version
    subject_type = answer.rule.split(".")[0]
    size, of_landlord = len(version), bool((rows.subject < 0).any())
    duties = [_find_duty(policy, answer.rule) for policy in history.versions]
    return {
        "landlord": _repeat_word(history.landlord, size),
        "rule": _repeat_word(answer.rule, size),
        "subject_type": _repeat_word("landlord" if of_landlord and subject_type != "policy" else subject_type, size),
        "subject_ref": _repeat_word(history.landlord, size)
        if of_landlord
        else _find_refs(records, subject_type, rows.subject),
        "state": _look_up_words(rows.state, STATES),
        "severity": _find_severity(records, duties, rows, version),
        "clause": _look_up_words(version, [duty.clause if duty else "" for duty in duties]),
        "owner_role": _look_up_words(version, [duty.owner_role if duty else "" for duty in duties]),
    }


def _find_duty(policy: Policy, rule: str) -> Duty | None:
    return next((duty for duty in policy.duties if duty.rule == rule), None)


def _find_severity(
    records: RecordsAsAt, duties: list[Duty | None], rows: AssessmentRows, version: Versions
) -> list[pa.Array]:
    """The duty's severity, softened where the policy says so; what cannot be told softens nothing."""
    levels = ["breach", "explain", "warning", "info"]
    found = np.array([levels.index(duty.severity) if duty else 0 for duty in duties], np.int8)[version]
    for number, duty in enumerate(duties):
        if duty is None or isinstance(duty, DocumentDuty) or (rows.subject < 0).any():
            continue
        for level, condition in duty.severity_where.items():
            holds = evaluate_condition(build_duty_view(records, duty), condition) == YES
            found[(version == number) & holds[rows.subject]] = levels.index(level)
    return _look_up_words(found, levels)


def _find_refs(records: RecordsAsAt, subject_type: str, subject: Ints) -> list[pa.Array]:
    keys = records.list_keys(ASSESSED_ENTITY_OF_SUBJECT[subject_type].name)
    return [keys if len(subject) == len(keys) and (subject == np.arange(len(keys))).all() else keys.take(subject)]


def _look_up_words(numbers: npt.NDArray[np.integer], words: Sequence[str]) -> list[pa.Array]:
    """The word of each number, as chunks of one column."""
    if len(numbers) == 0 or (numbers == numbers[0]).all():
        return _repeat_word(words[numbers[0]] if len(numbers) else "", len(numbers))
    coded = pa.DictionaryArray.from_arrays(pa.array(numbers), pa.array(words, type=pa.large_string()))
    return [coded.cast(pa.large_string())]


def _repeat_word(word: str, size: int) -> list[pa.Array]:
    """One word `size` times over: one block of memory, shown again and again."""
    block = pa.repeat(pa.scalar(word, pa.large_string()), min(size, _BLOCK))
    return [block[: size - done] for done in range(0, size, _BLOCK)] or [block]
